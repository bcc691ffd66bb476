"""Whole epochs and a quick calibration of a machine of fixed power give the same figures of the full recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dcase_baseline import recipe
from dcase_baseline.recipe import load_recipe, recipe_names
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.calibration.plan import QuickSettings
from dcase_energy.calibration.prepare import check_memory, clips_of
from dcase_energy.calibration.recipe_identity import why_another_recipe
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.rescaling import rescaled
from dcase_energy.errors import CalibrationError
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.records import load_calibration
from dcase_energy.submission.recomputing import difference
from tests.calibration.replayed import METRICS, TINY, Trace, about, journal_of, plan

POWER_W = 260.0
SECONDS = {"step": 0.5, "forward": 0.05, "metrics": 0.001, "test": 0.06, "scoring": 0.02}
seconds = st.fixed_dictionaries({name: st.floats(1e-4, 10.0) for name in SECONDS})


def of_recipe(name, **fields):
    """A plan as `calibrate` completes it."""
    found = plan(recipe=name, **fields)
    return replace(found, clips=clips_of(found, load_recipe(name)))


def begun():
    trace = Trace()
    trace.at("begin", "session", **about())
    return trace


def with_test(trace, clips, cost):
    """Five windows of each phase, each several times over all clips."""
    for number, times in enumerate((3, 2, 4, 3, 3), 1):
        trace.phase("test_forward", times * clips * cost["test"], number, clips=times * clips)
    for number, times in enumerate((9, 7, 9, 8, 9), 1):
        amount = times * clips
        trace.phase("test_metrics", amount * cost["scoring"], number, clips=amount, metrics=METRICS)
    trace.at("end", "session")
    return trace


def whole_run(plan, epochs, cost):
    """What `dcase_baseline.train` does and marks."""
    recipe, trace, pools = load_recipe(plan.recipe), begun(), plan.clips
    trace.phase("warmup", 5.0)
    scored = pools["strong_validation"]
    validated = pools["weak_validation"] + scored
    steps = recipe.steps_per_epoch
    for epoch in range(1, epochs + 1):
        losses = {"total": 1.0}
        trace.phase(
            "training_steps", steps * cost["step"], epoch, steps=steps, clips=recipe.training_clips, losses=losses
        )
        trace.phase("validation_forward", validated * cost["forward"], epoch, clips=validated)
        metrics_s = scored * cost["metrics"]
        trace.phase("validation_metrics", metrics_s, epoch, event_clips=scored, metrics=METRICS)
    return with_test(trace, pools["test"], cost)


def quick_run(plan, cost):
    """What `dcase_baseline.probe` and `dcase_baseline.measured` do and mark."""
    recipe, trace = load_recipe(plan.recipe), begun()
    trace.phase("warmup", 5.0)
    for phase, steps in (("settling_window", (1, 2, 2, 2, 2)), ("training_window", (2, 2, 2, 3, 2, 2, 2, 2))):
        for number, amount in enumerate(steps, 1):
            work = {"steps": amount, "clips": amount * recipe.batch.total}
            trace.phase(phase, amount * cost["step"], number, **work)
    for number, clips in enumerate((48, 96, 48, 48, 96), 1):
        trace.phase("validation_window", clips * cost["forward"], number, clips=clips)
    for number, times in enumerate((20, 20, 30, 20, 20), 1):
        scored = times * plan.clips["strong_validation"]
        work = {"clips": scored, "event_clips": scored}
        trace.phase("validation_metrics", scored * cost["metrics"], number, **work)
    return with_test(trace, plan.clips["test"], cost)


def in_full(recipe, cost):
    """Seconds of training, test and scoring of the full recipe, worked out by hand."""
    validated = recipe.validation_clips * cost["forward"] + recipe.data.strong_validation_clips * cost["metrics"]
    training = recipe.epochs * (recipe.steps_per_epoch * cost["step"] + validated)
    test, scoring = (recipe.data.test_clips * cost[name] for name in ("test", "scoring"))
    return {"training": training, "test": test, "scoring": scoring}


@pytest.mark.parametrize("name", [*recipe_names(), str(TINY)], ids=[*recipe_names(), "tiny"])
@settings(max_examples=10)
@given(cost=seconds, epochs=st.integers(1, 4))
def test_whole_epochs_and_a_quick_calibration_give_the_full_recipes_energy(name, tmp_path_factory, cost, epochs):
    folder = tmp_path_factory.mktemp("journals")
    long, short = of_recipe(name, epochs=epochs), of_recipe(name, quick=QuickSettings())
    whole = record_of(journal_of(folder / "whole.jsonl", long, whole_run(long, epochs, cost)))
    quick = record_of(journal_of(folder / "quick.jsonl", short, quick_run(short, cost)))
    for stage, full_s in in_full(load_recipe(name), cost).items():
        for record in (whole, quick):
            found = record.scoring if stage == "scoring" else record.stages[stage]
            assert found.full_recipe_energy_kwh == pytest.approx(POWER_W * full_s / 3.6e6)
            assert found.full_recipe_duration_s == pytest.approx(full_s)
            assert found.components["gpu"].full_recipe_energy_kwh == pytest.approx(200 * full_s / 3.6e6)
            assert found.components["ram"].full_recipe_energy_kwh == pytest.approx(10 * full_s / 3.6e6)
    for found, other in ((one.stages, two.stages) for one, two in ((whole, quick), (quick, whole))):
        for stage in ("training", "test"):
            bounds = found[stage].full_recipe_energy_interval
            assert bounds is None or bounds.low <= other[stage].full_recipe_energy_kwh <= bounds.high


def test_the_pools_of_the_published_recipes_are_cut_and_the_record_says_so(tmp_path):
    whole = of_recipe("dcase2023", epochs=2)
    record = record_of(journal_of(tmp_path / "j.jsonl", whole, whole_run(whole, 2, SECONDS)))
    assert "each with 638 of 2658 validated clips, scaled to all of them" in record.stages["training"].work
    run, recipe = record.measured_work, record.recipe_work
    assert (run.validation_clips, recipe.validation_clips) == (638, 2658)
    assert (run.epochs, recipe.epochs, run.steps_per_epoch, recipe.steps_per_epoch) == (2, 200, 118, 118)
    assert (run.batch_size, recipe.batch_size, run.test_clips, recipe.test_clips) == (48, 48, 480, 1168)


def as_1_0(entries, path):
    """The same journal as version 1.0 wrote it."""
    journal = JournalWriter(path)
    for entry in entries:
        fields = {key: value for key, value in entry.items() if key not in {"entry", "previous", "event_clips"}}
        fields.pop("schema_version", None)
        for method in fields.get("methods", {}).values():
            method.pop("constant_w", None)
        journal.write(entry["entry"], **fields)
    journal.close()
    return read_journal(path)


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_record_of_1_0_is_scaled_when_it_is_a_denominator(tmp_path, repeats):
    long = of_recipe("dcase2023", epochs=2, repeats=repeats)
    traces = [whole_run(long, 2, {**SECONDS, "step": 0.5 + 0.005 * number}) for number in range(repeats)]
    today = journal_of(tmp_path / "j.jsonl", long, *traces)
    old = record_of(as_1_0(today, tmp_path / "old.jsonl"))
    measured = old.stages["training"]
    assert old.schema_version == "1.0"
    assert measured.full_recipe_energy_kwh == pytest.approx(measured.energy_kwh * 100), "by the formula of 1.0"
    record, note = rescaled(old)
    assert "638 clips an epoch was scaled to the 2658 of the recipe" in note
    training, right = record.stages["training"], record_of(today).stages["training"]
    # Metrics are scaled by all clips: 1.0 does not say how many had events. Of several runs the first is looked at.
    assert training.full_recipe_energy_kwh == pytest.approx(right.full_recipe_energy_kwh, rel=0.01)
    assert training.full_recipe_duration_s == pytest.approx(right.full_recipe_duration_s, rel=0.01)
    factor = training.full_recipe_energy_kwh / measured.full_recipe_energy_kwh
    assert factor > 1.1
    assert training.components["gpu"].full_recipe_energy_kwh == pytest.approx(
        factor * measured.components["gpu"].full_recipe_energy_kwh
    )
    bounds, before = training.full_recipe_energy_interval, measured.full_recipe_energy_interval
    assert (bounds.low, bounds.high) == pytest.approx((factor * before.low, factor * before.high))
    assert record.stages["test"] == old.stages["test"]


def test_what_the_last_program_of_1_0_wrote_is_verified_by_its_formulas_and_then_scaled():
    """Three epochs of 60, 58 and 59 s of steps, 12.76 s of validation, 0.24 s of metrics, 0.5 s of checkpoint."""
    folder = Path(__file__).parent.parent / "data" / "whole_epochs_1_0"
    stored = load_calibration(folder / "calibration.json")
    assert difference(stored, record_of(read_journal(folder / "calibration.journal.jsonl"))) is None
    epoch_s = 59 + 12.76 + 0.24 + 0.5
    assert stored.stages["training"].full_recipe_energy_kwh == pytest.approx(POWER_W * 200 * epoch_s / 3.6e6)
    scaled, note = rescaled(stored)
    right_s = epoch_s + (2658 / 638 - 1) * 13
    assert scaled.stages["training"].full_recipe_energy_kwh == pytest.approx(POWER_W * 200 * right_s / 3.6e6)
    assert note.endswith("x 1.5677 (records of version 1.0 do not do so)")


@pytest.mark.parametrize("kind", ["today", "quick", "not cut", "without training"])
def test_what_is_scaled_already_is_left_as_it_is(tmp_path, kind):
    recipe = "smoke" if kind == "not cut" else "dcase2023"
    stages = ("test",) if kind == "without training" else ("training", "test")
    if kind == "quick":
        made = of_recipe(recipe, quick=QuickSettings())
        trace = quick_run(made, SECONDS)
    else:
        made = of_recipe(recipe, epochs=2, stages=stages)
        trace = whole_run(made, 2, SECONDS)
    entries = journal_of(tmp_path / "j.jsonl", made, trace)
    record = record_of(entries if kind == "today" else as_1_0(entries, tmp_path / "old.jsonl"))
    assert rescaled(record) == (record, None)


@pytest.mark.parametrize("named", ["dcase2023", "copied.toml"])
def test_a_recipe_is_known_by_its_hash_however_it_was_named(tmp_path, monkeypatch, named):
    """In a folder that has one of the recipe's name, and as a file of the same content."""
    monkeypatch.chdir(tmp_path)
    Path("dcase2023").mkdir()
    text = (Path(recipe.__file__).parent / "recipes" / "dcase2023.toml").read_text(encoding="utf-8")
    Path("copied.toml").write_text(text, encoding="utf-8")
    trace = Trace()
    trace.at("begin", "session", **about())
    trace.epoch(1)
    entries = journal_of(tmp_path / "j.jsonl", of_recipe(named, stages=("training",), epochs=1), trace)
    entries = [{**entry, "clips": 3 * 48} if entry.get("phase") == "training_steps" else entry for entry in entries]
    assert why_another_recipe(record_of(entries), entries, "dcase2023") is None
    assert str(tmp_path) not in str(entries[0])


def test_the_smallest_batch_is_not_advised_to_be_smaller(monkeypatch):
    class Nothing:
        available = 0

    monkeypatch.setattr("psutil.virtual_memory", Nothing)
    with pytest.raises(CalibrationError, match="are free; use another machine"):
        check_memory(plan(recipe="dcase2023", device="cpu"), load_recipe("dcase2023").with_batch_size(4))
