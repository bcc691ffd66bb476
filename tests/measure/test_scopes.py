"""The test stage compares inference with inference, or inference and scoring with both."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.calibration.comparing import side_by_side
from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.guards.pairs import compare, ratio
from dcase_energy.measure.plan import scope_of
from dcase_energy.measure.records import GuardState, load_calibration, load_energy
from dcase_energy.measure.scopes import holds_scoring, stage_with_scope
from dcase_energy.stats import Interval
from dcase_energy.submission.baseline_choice import recorded
from dcase_energy.submission.evidence import Calibrated

BOTH = ["inference", "scoring"]
RECORD = Path(__file__).parents[1] / "data" / "records" / "1.0" / "calibration.json"


@pytest.fixture
def both():
    """A record of 1.0: its test stage holds inference and all metrics."""
    return load_calibration(RECORD)


def apart(record, *, scored=0.5):
    """The same with the scoring in a stage by itself, which takes ``scored`` times the energy of the test."""
    test = record.stages["test"].model_copy(update={"scope": ["inference"], "full_recipe_energy_interval": around(1)})
    scoring = test.model_copy(
        update={
            "scope": ["scoring"],
            "energy_kwh": scored * test.energy_kwh,
            "full_recipe_energy_kwh": scored * test.full_recipe_energy_kwh,
            "full_recipe_energy_interval": around(scored),
            "phases": {"test_metrics": next(iter(test.phases.values()))},
        }
    )
    return record.model_copy(update={"stages": {**record.stages, "test": test}, "scoring": scoring})


def around(factor):
    return Interval(factor * 0.00038, factor * 0.00043, "mean-of-windows", 0.95, 9)


def test_inference_alone_is_taken_out_of_a_record_that_holds_both(both):
    stage, note = stage_with_scope(both, "test", ["inference"])
    phases = both.stages["test"].phases
    share = phases["test_forward"].energy_kwh / sum(one.energy_kwh for one in phases.values())
    assert stage.full_recipe_energy_kwh == pytest.approx(share * both.stages["test"].full_recipe_energy_kwh)
    assert stage.full_recipe_duration_s < both.stages["test"].full_recipe_duration_s
    assert stage.scope == ["inference"]
    assert f"reduced to inference: x {share:.4f}" in note
    assert stage_with_scope(both, "test", BOTH) == stage_with_scope(both, "test", ()) == (both.stages["test"], None)
    assert stage_with_scope(both, "training", ["inference"])[0] is both.stages["training"]


def test_inference_and_scoring_are_added_with_their_intervals(both):
    record = apart(both)
    stage, note = stage_with_scope(record, "test", BOTH)
    one = record.stages["test"].full_recipe_energy_kwh
    assert stage.full_recipe_energy_kwh == pytest.approx(1.5 * one)
    assert stage.full_recipe_duration_s == pytest.approx(2 * record.stages["test"].full_recipe_duration_s)
    assert stage.components["ram"].full_recipe_energy_kwh > record.stages["test"].components["ram"].energy_kwh
    # What differs between sessions moves both parts the same: they do not average out.
    assert stage.full_recipe_energy_interval.high == pytest.approx(1.5 * 0.00043)
    assert (stage.scope, stage_with_scope(record, "test", ["inference"])[0]) == (BOTH, record.stages["test"])
    assert "sum of inference and scoring" in note
    assert stage_with_scope(record.model_copy(update={"scoring": None}), "test", BOTH) == (None, None)


def test_a_component_that_one_of_two_stages_does_not_have_is_left_out_of_their_sum(both):
    record = apart(both)
    parts = {name: one for name, one in record.scoring.components.items() if name != "ram"}
    record = record.model_copy(update={"scoring": record.scoring.model_copy(update={"components": parts})})
    stage, _ = stage_with_scope(record, "test", BOTH)
    assert list(stage.components) == ["gpu", "cpu"]


def test_the_edition_says_what_is_divided_by(both):
    generic, published = load_edition("generic"), load_edition("dcase2023-task4a")
    assert (generic.stages["test"].scope, published.stages["test"].scope) == (("inference",), ("inference", "scoring"))
    found = recorded(Calibrated(apart(both), "calibration.json"), generic)
    assert found.energy_kwh["test"] == both.stages["test"].full_recipe_energy_kwh
    summed = recorded(Calibrated(apart(both), "calibration.json"), published)
    assert summed.energy_kwh["test"] == pytest.approx(1.5 * found.energy_kwh["test"])


@pytest.mark.parametrize(
    ("stated", "wanted", "state"),
    [
        (["inference"], ["inference"], None),
        (BOTH, BOTH, None),
        (["scoring", "data-preparation"], ["inference"], "invalid"),
        (BOTH, ["inference"], "invalid"),
        (["inference"], BOTH, "invalid"),
        (None, ["inference"], "warn"),
        (["data-preparation"], ["inference"], "warn"),
        (BOTH, (), None),
    ],
)
def test_unlike_scopes_are_not_divided(both, stated, wanted, state):
    stages = {"test": both.stages["test"].model_copy(update={"scope": stated})}
    system = both.model_copy(update={"stages": stages})
    found = [one for one in compare(both, system, wanted) if one.state is not GuardState.OK]
    assert [one.state.value for one in found] == ([] if state is None else [state])
    if state == "invalid":
        assert "measure a command that" in found[0].message
        assert f"measure --stage test --scope {'+'.join(wanted)}" in found[0].message


def test_without_an_edition_the_system_says_what_it_is_divided_by(both):
    record = apart(both, scored=1.0)
    kwh = record.stages["test"].full_recipe_energy_kwh
    assert [ratio(record, kwh, "test", scope)[0] for scope in (None, ["inference"], BOTH)] == [1.0, 1.0, 0.5]


def test_scopes_as_they_are_stated():
    assert scope_of(["inference+scoring"], "test") == ("inference", "scoring")
    assert [holds_scoring(scope) for scope in (BOTH, ["inference"], ["pretraining"], None)] == [True, False, None, None]
    with pytest.raises(ValueError, match="scope 'traning' is not known; choose from inference, scoring"):
        scope_of(["traning"], "training")


def test_a_measured_test_that_does_not_state_its_scope_is_asked_for_it():
    folder = Path(__file__).parents[1] / "data" / "records" / "1.1"
    baseline = load_calibration(folder / "calibration.json").model_copy(update={"valid": True})
    system = load_energy(folder / "energy.json")
    stated = system.stages["test"].model_copy(update={"scope": ["inference"]})
    asked = "does not state its scope: measure --stage test --scope inference does"
    for record, wanted in ((system, True), (system.model_copy(update={"stages": {"test": stated}}), False)):
        assert any(asked in guard.message for guard in side_by_side(baseline, record).guards) == wanted


@pytest.mark.parametrize(
    ("scope", "stage", "why"),
    [("inference", "training", "not that of a training"), ("scoring", "test", "needs inference")],
)
def test_a_scope_that_nothing_is_divided_by_is_refused(scope, stage, why):
    with pytest.raises(ValueError, match=why):
        scope_of([scope], stage)
