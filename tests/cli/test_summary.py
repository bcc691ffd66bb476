"""The last lines of `calibrate` and `measure`: figure, how sure it is, verdict, what to do next, and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dcase_energy.calibration.comparing import side_by_side
from dcase_energy.calibration.store import keep
from dcase_energy.cli.render.closing import after_calibration, after_measurement, ratio_lines, usable_for
from dcase_energy.cli.render.record import guard_lines, record_text
from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.guards import BY_CODE
from dcase_energy.measure.records import Calibration, Energy, Guard, GuardState, Tier, load_calibration, load_energy
from dcase_energy.stats import BetweenSessions, Interval
from dcase_energy.submission.baseline_choice import kept_for
from dcase_energy.units import format_duration, format_energy
from tests.cli.run import ROOT

FOLDER = ROOT / "tests" / "data" / "records" / "1.1"
ADAMS = ROOT / "examples" / "packages" / "Adams_UNI" / "calibration.json"


def calibration(path: Path = FOLDER / "calibration.json", **changes: object) -> Calibration:
    return load_calibration(path).model_copy(update={"valid": True, "reasons": [], "guards": [], **changes})


def energy(**changes: object) -> Energy:
    return load_energy(FOLDER / "energy.json").model_copy(
        update={"valid": True, "reasons": [], "guards": [], **changes}
    )


def ends(bounds: Interval) -> str:
    return f"{format_energy(bounds.low)} to {format_energy(bounds.high)}"


def test_a_quick_calibration_is_summed_up_in_25_lines_and_the_figures_come_last():
    record, generic = load_calibration(FOLDER / "calibration.json"), load_edition("generic")
    lines = record_text(record, [usable_for(record, generic), after_calibration(record)]).splitlines()
    assert len(lines) <= 25
    assert all(len(line) < 200 for line in lines)
    summary = lines[lines.index("") + 1 :]
    stage = record.stages["training"]
    assert summary[0] == (
        f"training: {format_energy(stage.full_recipe_energy_kwh)} for the full recipe in "
        f"{format_duration(stage.full_recipe_duration_s)}; {ends(stage.full_recipe_energy_interval)}, "
        f"this session alone {ends(stage.within_session_interval)}"
    )
    assert summary[3] == "interval: this session and differences between sessions, 95 %"
    assert summary[4].startswith("sessions are assumed to differ by 3.0% (known after 3 calibrations here, 0 so far)")
    assert summary[5].startswith("tier: estimated: no sensor is read")
    # A minute does not show everything, and the text says so.
    assert "throttling that sets in later" in summary[6]
    assert summary[7] == "INVALID: host-exclusive; this record is not used as evidence"
    assert summary[8].startswith("usable as the baseline of no edition; for generic: ")
    assert summary[9:] == [f"next: {BY_CODE['host-exclusive'].fix}"]


def test_usual_warnings_are_named_and_printed_by_show():
    record = load_calibration(FOLDER / "calibration.json")
    short, full = record_text(record), record_text(record, full=True)
    assert "  warn    virtualised, warnings-captured, scope: as usual on such a machine, " in short
    assert "the constant assumed for memory" not in short
    assert "scores of this run" not in short
    assert "the constant assumed for memory" in full
    assert "scores of this run" in full
    assert "as usual" not in full


def test_warnings_of_the_tracker_are_printed_once_where_they_matter():
    text = record_text(load_calibration(FOLDER / "calibration.json"))
    assert text.count("the tracker does not know this processor and assumes a power") == 1
    assert "Falling back" not in text
    assert "the tracker" not in record_text(calibration(warnings=["No CPU tracking mode found."]))


def test_what_a_minute_does_not_show_is_not_said_of_whole_epochs():
    assert "throttling" not in record_text(calibration(quick=False))


def test_sessions_that_are_known_are_counted():
    record = calibration(between_sessions=BetweenSessions(0.012, 4))
    assert "\n4 sessions of this machine differ by 1.2%\n" in record_text(record)


def test_an_interval_that_has_one_part_is_printed_once():
    record = calibration()
    stage = record.stages["training"]
    bounds = replace(stage.full_recipe_energy_interval, kind="windows-of-session", n=12)
    stage = stage.model_copy(update={"full_recipe_energy_interval": bounds, "within_session_interval": bounds})
    text = record_text(record.model_copy(update={"stages": {"training": stage}, "scoring": None}))
    assert text.count(ends(bounds)) == 1
    assert "\ninterval: 12 windows of this session, 95 %\n" in text
    assert "this session alone" not in text


def test_a_valid_calibration_says_which_editions_and_what_next():
    record = load_calibration(ADAMS)
    assert usable_for(record, load_edition("generic")).startswith("usable as the baseline of: generic")
    assert after_calibration(record).startswith("next: `dcase-energy measure --stage training")


def test_guards_that_refuse_come_first_and_usual_ones_last():
    verdicts = [("scope", "warn"), ("min-duration", "warn"), ("min-duration", "warn"), ("host-exclusive", "invalid")]
    guards = [
        Guard(code=code, state=GuardState(state), value=None, message=f"{code} {number}")
        for number, (code, state) in enumerate(verdicts)
    ]
    assert guard_lines([*guards, Guard(code="privacy", state=GuardState.OK, value=None, message="fine")]) == [
        "  invalid host-exclusive: host-exclusive 3",
        "  warn    min-duration: min-duration 1; min-duration 2",
        "  warn    scope: scope 0",
    ]


def test_a_measurement_ends_with_its_ratio():
    baseline, system = calibration(), energy()
    lines = after_measurement(system, side_by_side(baseline, system, ("calibration.json", "this record")))
    assert lines[0].startswith("test: ")
    assert "times the baseline's energy" in lines[0]
    assert lines[0].endswith("times its time; baseline: calibration.json")
    assert lines[-1].startswith("next: `dcase-energy init LABEL`")


def test_other_bases_and_a_power_that_is_unlike_stand_below_the_ratio():
    baseline, system = calibration(tier=Tier.MIXED), energy(tier=Tier.MIXED)
    stage = system.stages["test"]
    stage = stage.model_copy(update={"full_recipe_duration_s": 2 * stage.full_recipe_duration_s})
    (_, bases, power, *_) = ratio_lines(side_by_side(baseline, system.model_copy(update={"stages": {"test": stage}})))
    assert bases.startswith("  basis total, constants included; beside it work (CPU time) ")
    assert "times the baseline's mean power: compare clocks" in power


def test_a_ratio_that_a_guard_refuses_is_followed_by_how_to_see_why():
    lines = after_measurement(energy(), side_by_side(calibration(constants_w={"ram": 58.0}), energy()))
    assert lines[0].startswith("test: not divided by the baseline's energy")
    assert lines[-1].startswith("next: `dcase-energy records compare`")


def test_a_record_without_figures_has_no_tier():
    assert "tier" not in record_text(energy(stages={}, repeats={}))


def test_without_a_calibration_a_measurement_says_how_to_get_a_ratio():
    (line,) = after_measurement(energy(), None)
    assert "dcase-energy calibrate --quick" in line
    assert "dcase-energy records compare" in line


def test_an_invalid_measurement_has_no_ratio():
    guards = [
        Guard(code="tracker-started", state=GuardState.INVALID, value=None, message="no figure"),
        Guard(code="gpu-mode", state=GuardState.INVALID, value=None, message="cut into instances"),
    ]
    system = energy(valid=False, guards=guards, reasons=["gpu-mode: cut into instances"])
    lines = after_measurement(system, side_by_side(calibration(), system))
    assert lines == ["not divided by a baseline's energy, as it is not valid", f"next: {BY_CODE['gpu-mode'].fix}"]
    assert "times the baseline" not in record_text(system, lines)


@pytest.mark.parametrize("case", ["newest", "of its probes", "of another device", "none"])
def test_the_kept_calibration_of_the_same_device_is_the_baseline(tmp_path, monkeypatch, case):
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path))
    monkeypatch.setattr("dcase_energy.calibration.store.made_on", lambda record, host: True)
    record = load_calibration(ADAMS)
    older = record.model_copy(update={"created": "2026-11-20T11:00:51+00:00"}).seal()
    for one in () if case == "none" else (older, record):
        keep(one)
    system = energy(calibration_digest=older.digest if case == "of its probes" else None)
    if case == "of another device":
        system = system.model_copy(update={"hardware": {**system.hardware, "device": "cuda", "gpu_name": "A100"}})
    found = kept_for(system)
    assert found == {"newest": record, "of its probes": older}.get(case)
