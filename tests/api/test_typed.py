"""The public functions are typed: none takes what it does not name."""

from __future__ import annotations

import inspect

import pytest

import dcase_energy
from dcase_energy import EnergyMeter, score
from dcase_energy.api.codabench import score_codabench
from dcase_energy.api.each import MeasureChoices, measure_each
from dcase_energy.api.energy import measure
from dcase_energy.api.scores import ConventionChoices, ScoreChoices
from dcase_energy.integrations.stages import MeterChoices, StageMeter, measured
from dcase_energy.scoring.conventions import Conventions

FUNCTIONS = {name: getattr(dcase_energy, name) for name in dcase_energy.__all__ if name != "__version__"}
FUNCTIONS |= {one.__name__: one for one in (measure, measure_each, score_codabench, StageMeter, measured)}


def parameters(function) -> dict[str, str]:
    return {name: one.annotation for name, one in inspect.signature(function).parameters.items()}


@pytest.mark.parametrize("name", [name for name, one in FUNCTIONS.items() if not isinstance(one, type(ValueError))])
def test_no_argument_of_a_public_function_is_anything(name):
    assert [argument for argument, text in parameters(FUNCTIONS[name]).items() if text in {"Any", inspect._empty}] == []


@pytest.mark.parametrize(
    ("choices", "function", "others"),
    [
        (ConventionChoices, Conventions, {"scores", "interval", "resamples", "set_of", "joined"}),
        (ScoreChoices, score, {"outputs", "ground_truth", "durations", "curves", "progress", "conventions"}),
        (
            MeasureChoices,
            measure,
            {
                "command", "stage", "output", "scope", "folder", "from_journal", "force",
                "gpu", "probe", "calibration", "log",
            },
        ),
        (MeterChoices, EnergyMeter, {"stage", "output"}),
    ],
)  # fmt: skip
def test_choices_are_the_arguments_that_they_represent(choices, function, others):
    own = ConventionChoices.__annotations__ if choices is ScoreChoices else {}
    assert set(choices.__annotations__) - set(own) == set(parameters(function)) - others
