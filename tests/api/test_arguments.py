"""Arguments of public functions: each wrong value is refused before anything is done, by name and with its range."""

from __future__ import annotations

import inspect
import math
from typing import Annotated, Any, get_args, get_origin

import click
import numpy as np
import pytest

import dcase_energy
from dcase_energy.api.calibrating import calibrate, calibrate_command
from dcase_energy.api.codabench import score_codabench
from dcase_energy.api.doctor import examine_machine
from dcase_energy.api.each import measure_each
from dcase_energy.api.energy import measure
from dcase_energy.api.ranking import RankingSheet, ReportSheet
from dcase_energy.api.scores import ConventionChoices, ScoreSheet
from dcase_energy.api.study import StudySheet
from dcase_energy.api.validating import write_letters
from dcase_energy.arguments import Precision, Share, StudyRepeats, _hints, bounds_in, checked
from dcase_energy.cli.parameters import bounded
from dcase_energy.errors import DcaseEnergyError, InputError

# What is given besides, of a right type: it is never looked at.
REQUIRED: dict[Any, dict[str, Any]] = {
    calibrate: {},
    calibrate_command: {"command": ["x"], "edition": "x"},
    measure: {},
    measure_each: {"systems": "x"},
    dcase_energy.EnergyMeter: {},
    dcase_energy.EnergyMeter.phase: {"self": None, "name": "x"},
    dcase_energy.score: {"outputs": "x", "ground_truth": "x"},
    score_codabench: {"input_dir": "x", "output_dir": "x"},
    ScoreSheet.draw: {"self": None, "folder": "x", "formats": []},
    dcase_energy.validate: {"paths": "x"},
    write_letters: {"validation": None, "folder": "x"},
    dcase_energy.fix: {"paths": "x"},
    dcase_energy.pack: {"folder": "x"},
    dcase_energy.rank: {"sources": "x"},
    dcase_energy.report: {"submissions": "x"},
    RankingSheet.write: {"self": None, "output_dir": "x"},
    ReportSheet.write_cards: {"self": None, "folder": "x"},
    dcase_energy.run_study: {},
    dcase_energy.report_study: {"runs": "x"},
    dcase_energy.study_status: {"runs": "x"},
    dcase_energy.import_runs: {"sheets": "x"},
    StudySheet.write: {"self": None, "output_dir": "x"},
    dcase_energy.read_record: {"path": "x"},
    dcase_energy.verify_record: {"path": "x"},
    dcase_energy.compare_records: {"one": "x", "other": "x"},
    dcase_energy.list_records: {},
    dcase_energy.write_receipt: {"found": None, "paths": "x", "output": "x"},
    dcase_energy.check_receipt: {"receipt": "x"},
    examine_machine: {"folder": "x"},
}
ANYTHING = {"self", "found", "validation", "device", "edition", "options", "conventions"}


class Nothing:
    """A value of no type that is expected anywhere."""


def wrong_values(hint: Any) -> list[Any]:
    """Values that no argument of this annotation takes."""
    found: list[Any] = [Nothing()]
    for one in (hint, *get_args(hint)):
        kind, *bounds = get_args(one) if get_origin(one) is Annotated else (one,)
        if kind in (int, float):
            found += [math.nan, math.inf, -math.inf, True, "1", b"1", [1]]
            found += [0.5] if kind is int else []
        for bound in bounds if kind in (int, float) else ():
            found += [bound.low - 1, bound.low] if bound.low_open else [bound.low - 1]
            found += [] if bound.high is None else [bound.high + 1]
        found += [1, "yes"] if one is bool else [1, b"x"] if one is str else []
    return found


def test_every_public_function_is_here():
    public = {getattr(dcase_energy, name) for name in dcase_energy.__all__}
    assert {one for one in public if callable(one) and not isinstance(one, type)} <= set(REQUIRED)


@pytest.mark.parametrize("function", REQUIRED, ids=lambda one: one.__qualname__)
def test_each_wrong_value_is_refused_by_the_name_of_the_argument(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    form = function.__init__ if isinstance(function, type) else function
    hints = _hints(inspect.unwrap(form))
    judged = 0
    for name in inspect.signature(form).parameters:
        if name in ANYTHING or hints.get(name, Any) is Any:
            continue
        for value in wrong_values(hints[name]):
            with pytest.raises(InputError) as raised:
                function(**{**REQUIRED[function], name: value})
            assert str(raised.value).startswith(f"{name}: expected "), (name, value)
            assert "; found " in str(raised.value)
            judged += 1
    assert judged
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ConventionChoices.__annotations__)
def test_conventions_of_scores_are_judged_too(name):
    for value in wrong_values(_hints(ConventionChoices)[name]):
        with pytest.raises(InputError, match=rf"^{name}: expected .*; found "):
            dcase_energy.score("x", "x", **{name: value})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: calibrate(precision=math.nan), "precision: expected a number above 0 and at most 1; found nan"),
        (lambda: calibrate(precision=0), "precision: expected a number above 0 and at most 1; found 0"),
        (lambda: calibrate(budget_s=0.5), "budget_s: expected a number of at least 1; found 0.5"),
        (lambda: calibrate(batch_size=2), "batch_size: expected a whole number of at least 4; found 2"),
        (lambda: calibrate(quick="yes"), "quick: expected True or False; found 'yes'"),
        (lambda: calibrate(stages="training"), "stages: expected a list of texts; found 'training'"),
        (lambda: calibrate(execution_path="slow"), "execution_path: expected one of fast, reference; found 'slow'"),
        (lambda: dcase_energy.validate(3), "paths: expected a path or a list of paths; found 3"),
        (lambda: dcase_energy.validate("x", log="x"), "log: expected a function; found 'x'"),
        (lambda: dcase_energy.validate("x", edition=3), "edition: expected a name, a path or an Edition; found 3"),
        (lambda: dcase_energy.run_study([4, 2]), "batch_sizes: expected a list of whole numbers of at least 4; found"),
        (lambda: dcase_energy.run_study(repeats=1001), "repeats: expected a whole number from 1 to 1,000; found 1001"),
        (
            lambda: dcase_energy.rank("x", against=["psds1"]),
            "against: expected a list of (a text, a text)",
        ),
        (lambda: dcase_energy.EnergyMeter("tets"), "stage: expected one of training, test, evaluation; found 'tets'"),
        (lambda: dcase_energy.EnergyMeter(scope="inference"), "scope: expected a list of texts; found 'inference'"),
        (lambda: dcase_energy.EnergyMeter("test", scope=["x"]), "scope 'x' is not known; choose from inference"),
    ],
)
def test_messages_say_what_was_expected_and_found(call, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").touch()
    with pytest.raises(DcaseEnergyError) as raised:
        call()
    assert str(raised.value).startswith(says)


def test_what_is_right_is_passed_on_as_python_has_it():
    @checked
    def function(number: int, share: Share, names: dcase_energy.api.shared.Paths) -> tuple[Any, ...]:
        return number, share, names

    number, share, names = function(np.int64(3), np.float32(0.5), (name for name in ("a", "b")))
    assert (type(number), type(share), names) == (int, float, ["a", "b"])
    with pytest.raises(TypeError, match="missing a required argument"):
        function(3)


def test_an_option_of_the_command_line_has_the_range_of_the_argument():
    assert bounded(StudyRepeats).convert("1000", None, None) == 1000
    for alias, text in ((StudyRepeats, "1001"), (StudyRepeats, "0"), (Precision, "0"), (Precision, "nan")):
        with pytest.raises(click.BadParameter):
            bounded(alias).convert(text, None, None)
    assert bounded(Precision).convert("1", None, None) == bounds_in(Precision).high
