"""Records computed from journals of replayed traces, against figures worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest

from dcase_energy.calibration.plan import QuickSettings, StoppingRule
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.reference import factors
from dcase_energy.editions.loader import load_edition
from dcase_energy.errors import JournalError, RecordError
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.records import RECORDS, parse_calibration, parse_energy, record_schema
from tests.calibration.replayed import METRICS, Trace, about, journal_of, plan, quick_plan, whole

ROOT = Path(__file__).parent.parent.parent
KWH = 1 / 3.6e6  # of a watt second
POWER_W = 260.0


def record(tmp_path, plan, *traces, **more):
    return record_of(journal_of(tmp_path / "j.jsonl", plan, *traces, **more))


@pytest.fixture
def three(tmp_path):
    return record(tmp_path, plan(), whole(range(1, 4)))


def test_whole_epochs_are_scaled_to_the_recipe(three):
    training = three.stages["training"]
    assert training.energy_kwh == pytest.approx(POWER_W * 180 * KWH)
    assert training.full_recipe_energy_kwh == pytest.approx(POWER_W * 720 * KWH)  # 12 epochs
    assert training.full_recipe_duration_s == pytest.approx(720)
    # Epochs of equal energy: what is left is the difference between sessions, 3 % and t(9).
    bounds, factor = training.full_recipe_energy_interval, math.exp(2.262157 * 0.03)
    assert (bounds.kind, bounds.n) == ("sessions", 3)
    assert bounds.high == pytest.approx(training.full_recipe_energy_kwh * factor)
    assert bounds.low == pytest.approx(training.full_recipe_energy_kwh / factor)
    assert training.within_session_interval.low == pytest.approx(training.full_recipe_energy_kwh)
    assert training.full_recipe_energy_kwh_median == pytest.approx(training.full_recipe_energy_kwh)
    assert training.components["gpu"].full_recipe_energy_kwh == pytest.approx(200 * 720 * KWH)
    assert training.estimated_share == pytest.approx(10 / 260)
    assert (three.complete, three.valid, three.tier.value) == (True, True, "measured")
    assert three.reasons == []


def test_epochs_that_resemble_those_before_them_make_a_wider_interval(tmp_path):
    """The same twelve epochs in two orders: Student's t would not see a difference."""

    def half_width(name, seconds):
        trace = Trace()
        trace.at("begin", "session", **about())
        for number, spent_s in enumerate(seconds, 1):
            trace.epoch(number, spent_s)
        trace.at("end", "session")
        made = plan(epochs=12, stages=("training",))
        training = record_of(journal_of(tmp_path / name, made, trace)).stages["training"]
        assert training.within_session_interval.kind == "epochs-of-session"
        return math.log(training.within_session_interval.high / training.full_recipe_energy_kwh)

    in_turn, in_blocks = [60.0, 66.0] * 6, ([60.0] * 3 + [66.0] * 3) * 2
    assert half_width("blocks.jsonl", in_blocks) > 1.3 * half_width("turn.jsonl", in_turn) > 0.02


def test_phases_are_separable_by_epoch_and_in_all(three):
    training = three.stages["training"]
    shares = {name: phase.energy_kwh / training.energy_kwh for name, phase in training.phases.items()}
    expected = {"training_steps": 0.90, "validation_forward": 0.08, "validation_metrics": 0.02}
    assert shares == pytest.approx(expected)
    for number, row in enumerate(three.epochs_log, 1):
        assert row.epoch == number
        assert {name: phase.energy_kwh / row.energy_kwh for name, phase in row.phases.items()} == pytest.approx(
            expected
        )
        assert row.cumulated_energy_kwh == pytest.approx(number * POWER_W * 60 * KWH)
    assert three.outside["data_preparation"].duration_s == 20.0


def test_the_test_stage_is_inference_alone_and_its_metrics_stand_apart(three):
    test, scoring = three.stages["test"], three.scoring
    assert (test.scope, scoring.scope) == (["inference"], ["scoring"])
    assert test.energy_kwh == test.full_recipe_energy_kwh == pytest.approx(POWER_W * 60 * KWH)
    assert scoring.energy_kwh == scoring.full_recipe_energy_kwh == pytest.approx(POWER_W * 30 * KWH)
    assert (set(test.phases), set(scoring.phases)) == ({"test_forward"}, {"test_metrics"})
    assert test.work == "inference of student and teacher, without metrics, on 4 of 4 dev-test clips"
    assert scoring.work == "all metrics of student and teacher on 4 of 4 dev-test clips"
    assert three.repeats.keys() == {"training", "test"}
    assert three.scores["intersection_f1_05"] == 0.5


def test_several_windows_of_a_test_give_an_interval(tmp_path):
    trace = quick_trace([4.0] * 8, [1.0] * 5)
    trace.marks, trace.readings = trace.marks[:-5], trace.readings[:-5]
    for seconds in (4.0, 4.4, 3.6):
        trace.phase("test_forward", seconds, clips=16)
    for seconds in (6.0, 6.0):
        trace.phase("test_metrics", seconds, clips=12, metrics=METRICS)
    found = record(tmp_path, quick_plan(), trace)
    test, scoring = found.stages["test"], found.scoring
    assert test.full_recipe_energy_kwh == pytest.approx(POWER_W * 1.0 * KWH)  # a quarter of a second for each of 4
    assert scoring.full_recipe_energy_kwh == pytest.approx(POWER_W * 2.0 * KWH)
    within = test.within_session_interval
    assert (within.kind, within.n) == ("windows-of-session", 3)
    assert test.full_recipe_energy_interval.low < within.low < test.full_recipe_energy_kwh
    assert test.work.endswith("without metrics, on 48 clips, scaled to 4 dev-test clips")
    assert (test.phases["test_forward"].windows, test.clips) == (3, 48)


def test_a_resumed_run_counts_each_epoch_once_and_says_what_was_done_twice(tmp_path):
    first = Trace()
    first.at("begin", "session", **about())
    first.epoch(1)
    first.epoch(2)
    first.phase("training_steps", 54.0, 3, steps=3, clips=24)  # cut off in the third epoch
    second = whole(range(3, 4))
    found = record(tmp_path, plan(), first, second, cut=(1,))
    assert [row.epoch for row in found.epochs_log] == [1, 2, 3]
    assert found.stages["training"].energy_kwh == pytest.approx(POWER_W * 180 * KWH)
    assert found.complete
    assert found.valid
    (cut,) = found.interruptions
    assert cut.gap_s == 30.0
    assert cut.repeated_energy_kwh == pytest.approx(POWER_W * 54 * KWH)
    assert next(guard.state for guard in found.guards if guard.code == "interrupted") == "warn"


def seen_kwh(entries):
    """Energy by the meter, from the first to the last reading of each of its lives."""
    lives = []
    for entry in entries:
        if entry["entry"] == "meter":
            lives.append([])
        elif "reading" in entry:
            lives[-1].append(sum(entry["reading"][f"{name}_kwh"] for name in ("gpu", "cpu", "ram")))
    return sum(rows[-1] - rows[0] for rows in lives if rows)


def in_fields_kwh(found):
    """Energy by the fields of a record that show it."""
    stages = sum(phase.energy_kwh for stage in found.stages.values() for phase in stage.phases.values())
    outside = sum(phase.energy_kwh for phase in found.outside.values())
    repeated = sum(one.repeated_energy_kwh or 0.0 for one in found.interruptions)
    stages += sum(phase.energy_kwh for phase in found.scoring.phases.values())
    assert found.all_energy.stages_kwh == pytest.approx(stages)
    assert found.all_energy.outside_kwh == pytest.approx(outside)
    assert found.all_energy.repeated_kwh == pytest.approx(repeated)
    return stages + outside + repeated + found.all_energy.other_kwh


@pytest.mark.parametrize("moment", range(26))
def test_all_energy_is_in_some_field_whenever_a_run_was_killed(tmp_path, moment):
    """Killed after each mark in turn; it continues at the first epoch that had not ended."""
    first = whole(range(1, 4))
    assert len(first.marks) == 26
    first.marks = first.marks[:moment]
    ended = sum(mark["edge"] == "end" and mark["phase"] == "validation_metrics" for mark in first.marks)
    second = whole(range(ended + 1, 4))
    entries = journal_of(tmp_path / "j.jsonl", plan(), first, second, cut=(1,))
    found = record_of(entries)
    assert found.complete
    assert found.all_energy.energy_kwh == pytest.approx(seen_kwh(entries), rel=1e-12)
    assert in_fields_kwh(found) == pytest.approx(seen_kwh(entries), rel=1e-12)
    (cut,) = found.interruptions
    # Two readings at least: the meter saw something, were it before the first window ended.
    assert (cut.repeated_energy_kwh is None) == (moment < 2)
    assert cut.unseen_s == (None if moment == 0 else 5.0)
    # Everything after the last epoch that counts, and the start and preparation, was done again.
    seconds = (first.readings[moment - 1].time_s - first.readings[0].time_s) if moment else 0
    assert (cut.repeated_energy_kwh or 0.0) == pytest.approx(POWER_W * (seconds - 60 * ended) * KWH)
    guard = next(guard for guard in found.guards if guard.code == "interrupted")
    assert ("at least" in guard.message) == (moment < 2)


def test_all_energy_of_several_runs_of_which_one_was_cut_off(tmp_path):
    entries = journal_of(tmp_path / "j.jsonl", plan(repeats=3), whole(range(1, 4)), whole(range(1, 3), test=False))
    found = record_of(entries)
    assert not found.complete
    assert found.all_energy.energy_kwh == pytest.approx(seen_kwh(entries))
    assert found.all_energy.stages_kwh == pytest.approx(POWER_W * (180 + 90 + 120) * KWH)


def test_a_run_that_was_not_resumed_is_not_complete(tmp_path):
    found = record(tmp_path, plan(), whole(range(1, 3), test=False))
    assert not found.complete
    assert not found.valid


def test_several_runs_give_their_mean_with_an_interval(tmp_path):
    found = record(tmp_path, plan(repeats=3), *(whole(range(1, 4), seconds=s) for s in (59.0, 60.0, 61.0)))
    repeats = found.repeats["training"]
    assert repeats.n == 3
    assert repeats.coefficient_of_variation == pytest.approx(1 / 60)
    training = found.stages["training"]
    assert training.full_recipe_energy_kwh == pytest.approx(POWER_W * 720 * KWH)
    half = 4.302653 / 3**0.5 * POWER_W * 12 * KWH  # t(2) x standard error
    bounds = training.within_session_interval
    assert (bounds.kind, bounds.level, bounds.n) == ("mean-of-runs", 0.95, 3)
    assert training.full_recipe_energy_interval.high > bounds.high
    full = training.full_recipe_energy_kwh
    assert bounds.high == pytest.approx(full * math.exp(half / full), rel=1e-6)
    assert training.work.endswith("mean of 3 runs")
    assert found.complete


def test_one_of_several_runs_is_not_complete(tmp_path):
    assert not record(tmp_path, plan(repeats=2), whole(range(1, 4))).complete


def quick_trace(steps_s, clips_s, metrics_s=2.0):
    """Windows of 2 steps and of 8 clips."""
    trace = Trace()
    trace.at("begin", "session", **about())
    trace.phase("warmup", 5.0)
    for number, seconds in enumerate(steps_s, 1):
        trace.phase("training_window", seconds, number, steps=2, clips=16)
    for number, seconds in enumerate(clips_s, 1):
        trace.phase("validation_window", seconds, number, clips=8)
    trace.phase("validation_metrics", metrics_s, clips=8)
    trace.test()
    trace.at("end", "session")
    return trace


def test_a_quick_calibration_scales_steps_clips_and_metrics(tmp_path):
    found = record(tmp_path, quick_plan(), quick_trace([4.0, 4.2, 3.8, 4.0, 4.0], [1.0] * 5))
    training = found.stages["training"]
    # 12 epochs of 3 steps of 2 s, of 8 clips of 1/8 s, and of metrics of 2 s.
    seconds = 12 * (3 * 2.0 + 1.0 + 2.0)
    assert training.full_recipe_energy_kwh == pytest.approx(POWER_W * seconds * KWH)
    assert training.full_recipe_duration_s == pytest.approx(seconds)
    assert training.components["gpu"].full_recipe_energy_kwh == pytest.approx(200 * seconds * KWH)
    assert training.full_recipe_energy_interval.low < training.full_recipe_energy_kwh
    assert set(training.phases) == {"training_window", "validation_window", "validation_metrics"}
    assert found.quick
    within, whole_of_it = training.within_session_interval, training.full_recipe_energy_interval
    assert within.label == "10 windows of this session, 95 %"
    assert whole_of_it.label == "this session and differences between sessions, 95 %"
    assert whole_of_it.low < within.low < training.full_recipe_energy_kwh < within.high < whole_of_it.high


def windows_until_stopped(rule, phase, energies_j, *, start_s=0.0, temperatures_c=(), window_s=3.0):
    """After how many windows of one step each the rule has enough; None if never."""
    total, time_s = 0.0, start_s
    for number, joules in enumerate(energies_j, 1):
        before = Reading(time_s, None, total * KWH, None)
        rule.go_on({"edge": "begin", "phase": phase}, before)
        total, time_s = total + joules, time_s + window_s
        after = Reading(time_s, None, total * KWH, None)
        sample = {"gpu_temperature_c": temperatures_c[number - 1]} if temperatures_c else None
        if not rule.go_on({"edge": "end", "phase": phase, "steps": 1, "clips": 1}, after, sample):
            return number
    return None


def test_training_windows_last_a_minute_however_narrow_or_wide_they_look():
    """An interval that is looked at until it is narrow covers too seldom: the time is planned before."""
    for energies_j in ([100.0] * 50, [150.0, 50.0] * 25):
        assert windows_until_stopped(StoppingRule(QuickSettings()), "training_window", energies_j) == 20


@pytest.mark.parametrize(
    ("settling_j", "windows"),
    [
        ([100.0] * 100, 20),
        # Windows of 8 %: t(18) x 0.08 / sqrt(20) is 3.8 % where 2 % are wanted, so about 3.5 minutes; 1.5 are allowed.
        ([108.0, 92.0] * 50, 30),
        ([103.0, 97.0] * 50, 20),
    ],
)
def test_the_time_of_training_windows_is_planned_by_how_much_settling_windows_differ(settling_j, windows):
    rule = StoppingRule(QuickSettings())
    settled = windows_until_stopped(rule, "settling_window", settling_j)
    assert settled == 20  # a minute
    assert rule.steady.reached
    assert windows_until_stopped(rule, "training_window", [100.0] * 100, start_s=60.0) == windows


def test_work_counts_once_the_energy_of_a_step_has_stopped_rising():
    rule = StoppingRule(QuickSettings())
    rising = [100.0 - 8 * math.exp(-3.0 * number / 90) for number in range(200)]
    settled = windows_until_stopped(rule, "settling_window", rising)
    # 0.5 % in a minute is reached where 8 % x exp(-t / 90 s) x (exp(60 / 90) - 1) is.
    assert 3 * settled == pytest.approx(60 + 90 * math.log(0.08 * (1 - math.exp(-60 / 90)) / 0.005), abs=20)
    assert rule.steady.reached
    assert abs(rule.steady.trend) < 0.005


def test_a_machine_that_keeps_changing_is_waited_for_five_minutes():
    rule = StoppingRule(QuickSettings())
    assert windows_until_stopped(rule, "settling_window", [100.0 + number for number in range(200)]) == 100
    assert not rule.steady.reached
    assert rule.steady.trend > 0.05


@pytest.mark.parametrize(("window_s", "windows"), [(12.0, 5), (20.0, 5), (50.0, 5), (80.0, 4)])
def test_a_machine_with_few_steps_a_minute_is_steady_by_the_last_five(window_s, windows):
    rule = StoppingRule(QuickSettings())
    assert windows_until_stopped(rule, "settling_window", [100.0] * 50, window_s=window_s) == windows
    assert rule.steady.reached == (windows == 5)


def test_an_even_temperature_of_the_gpu_is_steady_enough():
    rising = [100.0 + number for number in range(200)]
    rule = StoppingRule(QuickSettings())
    assert windows_until_stopped(rule, "settling_window", rising, temperatures_c=[61.0, 60.0] * 100) == 20
    assert (rule.steady.reached, rule.steady.gpu_temperature_c) == (True, 60.0)
    rule = StoppingRule(QuickSettings())
    assert windows_until_stopped(rule, "settling_window", rising, temperatures_c=[61.0, 59.0] * 100) == 100


def test_the_rule_stops_when_the_budget_is_spent():
    assert windows_until_stopped(StoppingRule(QuickSettings(budget_s=20.0)), "training_window", [100.0] * 50) == 5
    assert windows_until_stopped(StoppingRule(QuickSettings(budget_s=1.0)), "test_forward", [100.0] * 50) == 2


def test_phases_that_are_a_small_part_have_five_windows():
    for phase in ("validation_metrics", "test_forward", "test_metrics"):
        assert windows_until_stopped(StoppingRule(QuickSettings()), phase, [100.0] * 50) == 5


def test_a_whole_calibration_never_stops_by_the_rule():
    rule = StoppingRule(None)
    assert rule.go_on({"edge": "end", "phase": "training_steps"}, Reading(0, None, 0, None))


def test_an_empty_journal_is_no_record(tmp_path):
    with pytest.raises(JournalError, match="nothing was measured"):
        record_of([])
    entries = journal_of(tmp_path / "j.jsonl", plan(), whole(range(1, 4)))
    with pytest.raises(JournalError, match="before the first reading"):
        record_of(entries[:2])
    with pytest.raises(JournalError, match="before a stage was complete"):
        record_of(entries[:5])


def test_no_identifier_of_a_gpu_is_in_the_journal(tmp_path):
    journal_of(tmp_path / "j.jsonl", plan(), whole(range(1, 4)))
    text = (tmp_path / "j.jsonl").read_text()
    assert '"GPU-1"' not in text
    assert "gpu_uuid_sha256" in text


# --- records as files


def test_a_record_read_again_is_the_same(three):
    text = three.model_dump_json(indent=2)
    assert parse_calibration(text.encode(), "c.json") == three


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"valid": True, "complete": True, "tier": "mixed"}, "its digest does not match"),
        ({"schema_version": "9.9"}, "schema version '9.9'"),
        ({"kind": "energy"}, "not a calibration record"),
        ({"surprise": 1}, "surprise"),
        ({"schema_version": "9" * 100_000}, "schema version '999"),
        ({"\x1b[2J" + "x" * 100_000: 1}, r"\\x1b\[2Jxxx"),
        ({"hardware": {"\x1b[2J" + "x" * 100_000: []}}, r"\\x1b\[2Jxxx"),
    ],
)
def test_a_changed_record_is_refused(three, change, words):
    document = {**json.loads(three.model_dump_json()), **change}
    with pytest.raises(RecordError, match=words) as error:
        parse_calibration(json.dumps(document).encode(), "c.json")
    assert len(str(error.value)) < 400


def test_a_calibration_is_no_energy_record(three):
    with pytest.raises(RecordError, match="not an energy record"):
        parse_energy(three.model_dump_json().encode(), "c.json")


@pytest.mark.parametrize("kind", RECORDS)
def test_the_schema_that_is_shipped_is_that_of_the_models(kind):
    shipped = json.loads((ROOT / "schemas" / "records" / f"{kind}.schema.json").read_text())
    assert shipped == record_schema(kind), f"run: dcase-energy schema --record {kind} --output schemas/records/..."


def test_a_record_meets_its_schema(three):
    schema = record_schema("calibration")
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(three.model_dump_json())
    jsonschema.Draft202012Validator(schema).validate(document)
    del document["stages"]
    assert not jsonschema.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("change", [{"low": -1.0}, {"level": None}, {"level": 1.5}, {"n": -1}, {"unit": "kWh"}])
def test_an_interval_that_no_record_can_have_does_not_meet_the_schema(three, change):
    document = json.loads(three.model_dump_json())
    interval = {"low": 1.0, "high": 2.0, "kind": "mean-of-epochs", "level": 0.95, "n": 3}
    validator = jsonschema.Draft202012Validator(record_schema("calibration"))
    document["stages"]["training"]["energy_interval"] = interval
    assert validator.is_valid(document)
    document["stages"]["training"]["energy_interval"] = {**interval, **change}
    assert not validator.is_valid(document)


# --- reference machines


def test_a_reference_of_the_same_work_is_exact(tmp_path, three):
    other = record_of(journal_of(tmp_path / "o.jsonl", plan(), whole(range(1, 4), seconds=120.0)))
    found = factors(three, other, load_edition("generic"))
    training, test = found
    assert (training.stage, training.exact, training.factor) == ("training", True, pytest.approx(2.0))
    assert test.factor == pytest.approx(1.0)


def test_a_reference_of_another_path_or_of_unknown_work_is_indicative(three):
    path = three.implementation.model_copy(update={"execution_path": "reference/1"})
    (training, _) = factors(three, three.model_copy(update={"implementation": path}), load_edition("generic"))
    assert not training.exact
    assert training.reasons == ("execution path: here fast/1, there reference/1",)
    (published,) = factors(three, None, load_edition("dcase2023-task4a"))
    assert not published.exact
    assert published.factor == pytest.approx(0.032 / three.stages["training"].full_recipe_energy_kwh)
    assert factors(three, None, load_edition("generic")) == []
