"""A calibration that is killed again and again ends in one complete record."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.run import run_calibration
from dcase_energy.errors import CalibrationError
from dcase_energy.measure.journal import read_journal
from dcase_energy.measure.record_file import RecordFile, journal_of
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_calibration
from dcase_energy.measure.windows import of_phase, windows_of
from tests.calibration.killable import FixedPowerMeter, plan

ROOT = Path(__file__).parent.parent.parent
EPOCHS = 16
# Each costs the time in which torch is loaded; `make test-long` kills ten times.
KILLS = int(os.environ.get("DCASE_ENERGY_KILLS", "4"))


def start(output: Path, epochs: int = EPOCHS) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.calibration.killable", str(output), str(epochs)],
        cwd=ROOT,
        env={**os.environ, "DCASE_ENERGY_LOCK": str(output.with_suffix(".lock"))},
        stderr=subprocess.PIPE,
    )


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def segments(entries):
    """The readings of each meter's life."""
    found = []
    for entry in entries:
        if entry["entry"] == "meter":
            found.append([])
        elif "reading" in entry:
            found[-1].append(entry["reading"])
    return [rows for rows in found if rows]


def span_kwh(rows):
    return sum(rows[-1][name] - rows[0][name] for name in ("cpu_kwh", "ram_kwh"))


@pytest.mark.slow
def test_kills_at_random_moments_end_in_one_complete_record(tmp_path):
    output, chance = tmp_path / "c.json", random.Random(20261123)
    journal = journal_of(output)
    kills = 0
    while kills < KILLS:
        session = start(output)
        # So many lines later: moments anywhere in the work, on a machine of any speed.
        wanted = lines(journal) + chance.randint(1, 16)
        while session.poll() is None and lines(journal) < wanted:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        if session.poll() is not None:
            break  # it got through before it could be killed
        session.send_signal(signal.SIGKILL)
        session.communicate()
        kills += 1
    assert kills == KILLS
    last = start(output)
    _, errors = last.communicate(timeout=120)
    assert last.returncode == 0, errors.decode()

    record = load_calibration(output)
    entries = read_journal(journal)
    assert record == record_of(entries)
    assert record.complete
    assert record.valid, record.reasons
    assert [row.epoch for row in record.epochs_log] == list(range(1, EPOCHS + 1))
    resumed = [entry for entry in entries if entry["entry"] == "resume"]
    assert len(record.interruptions) == len(resumed) > 0
    assert all(one.gap_s is not None and one.gap_s >= 0 for one in record.interruptions)
    guard = next(guard for guard in record.guards if guard.code == "interrupted")
    assert (guard.state, guard.value) == ("warn", len(resumed))
    # 50 W and 10 W all the time: what was kept and what was done again are all that was measured of the epochs.
    training = record.stages["training"]
    assert training.energy_kwh == pytest.approx(60 * training.duration_s / 3.6e6)
    assert training.energy_kwh == pytest.approx(sum(row.energy_kwh for row in record.epochs_log))
    measured = sum(
        window.energy_kwh
        for window in windows_of(entries)
        if window.phase in {"training_steps", "validation_forward", "validation_metrics", "checkpoint"}
    )
    kept = sum(phase.energy_kwh for phase in training.phases.values())
    lost = sum(one.repeated_energy_kwh or 0.0 for one in record.interruptions)
    # Lost is also what no mark had ended yet.
    assert kept + lost >= measured * (1 - 1e-9)
    seen = sum(span_kwh(segment) for segment in segments(entries))
    assert lost <= seen - kept
    parts = record.all_energy.model_dump(exclude={"energy_kwh"})
    assert sum(parts.values()) == pytest.approx(record.all_energy.energy_kwh) == pytest.approx(seen)
    assert (parts["repeated_kwh"], parts["failed_kwh"]) == (pytest.approx(lost), 0.0)
    assert all(one.unseen_s is None or one.unseen_s <= 5.0 for one in record.interruptions)
    assert not output.with_name("c.checkpoints").exists()
    assert of_phase(windows_of(entries), "test_forward")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a calibration of one epoch."""
    output = tmp_path_factory.mktemp("finished") / "c.json"
    session = start(output, epochs=1)
    _, errors = session.communicate(timeout=120)
    assert session.returncode == 0, errors.decode()
    return output


def test_what_is_complete_is_not_run_again(finished):
    before = journal_of(finished).read_bytes()
    first = load_calibration(finished)
    finished.unlink()
    assert run_calibration(plan(1), finished, resume=True) == first == load_calibration(finished)
    assert journal_of(finished).read_bytes() == before


def test_a_second_calibration_that_is_cut_off_leaves_the_first_and_goes_on(finished, tmp_path):
    output = tmp_path / "c.json"
    for path in (finished, journal_of(finished)):
        shutil.copy(path, tmp_path)
    first = output.read_bytes(), journal_of(output).read_bytes()

    def interrupt(mark, reading):
        if (mark["edge"], mark["phase"]) == ("end", "checkpoint"):
            raise KeyboardInterrupt

    def run(resume, progress=None):
        run_calibration(
            plan(2), output, progress, resume=resume, make_instruments=lambda mark: Instruments(FixedPowerMeter())
        )

    with pytest.raises(KeyboardInterrupt):
        run(False, interrupt)
    second = tmp_path / "c.2.json"
    assert not load_calibration(second).complete
    run(True)
    record = load_calibration(second)
    assert record.complete
    assert [row.epoch for row in record.epochs_log] == [1, 2]
    assert len(record.interruptions) == 1
    assert (output.read_bytes(), journal_of(output).read_bytes()) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("c.2.journal.jsonl", "c.2.json", "c.journal.jsonl", "c.json"),
    ]


def test_another_plan_does_not_go_on(finished):
    with pytest.raises(CalibrationError, match="seed: was 42, is 43"):
        run_calibration(replace(plan(1), seed=43), finished, resume=True)


def test_a_changed_journal_does_not_go_on(tmp_path):
    output = tmp_path / "c.json"
    journal_of(output).write_text('{"entry":"calibration","previous":"1"}\n')
    with pytest.raises(CalibrationError, match="the journal was changed"):
        run_calibration(plan(1), output, resume=True)


def test_a_journal_that_was_cut_off_is_moved_aside_not_lost(tmp_path):
    output = tmp_path / "c.json"
    for number in (1, 2):
        journal = RecordFile(output).begin()
        journal.write("energy", number=number)
        journal.close()
    RecordFile(output).begin().close()
    moved = [read_journal(tmp_path / f"c.interrupted-{number}.jsonl") for number in (1, 2)]
    assert [entries[0]["number"] for entries in moved] == [1, 2]
    assert read_journal(tmp_path / "c.journal.jsonl") == []


def test_an_interruption_is_passed_on_where_no_record_can_be_computed(tmp_path, monkeypatch):
    """The computation's own error took its place, and said nothing of how to continue."""

    def interrupted(*_):
        raise KeyboardInterrupt

    def impossible(entries):
        raise ValueError("energy is less than 0")

    monkeypatch.setattr("dcase_energy.calibration.run._run_all", interrupted)
    monkeypatch.setattr("dcase_energy.calibration.run.record_of", impossible)
    with pytest.raises(KeyboardInterrupt):
        run_calibration(plan(1), tmp_path / "c.json")
    assert journal_of(tmp_path / "c.json").exists()
