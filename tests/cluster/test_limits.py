"""Calibrations that are cut off: at a time limit, by a requeue, by scancel."""

from __future__ import annotations

import json
from pathlib import Path

from dcase_energy.measure.records import Calibration, load_calibration
from tests.cluster.slurm import wait_for
from tests.cluster.test_jobs import TINY, calibrate

# Longer than the shortest time limit, on any machine.
MANY = 20000


def long_recipe(folder: Path) -> Path:
    path = folder / "long.toml"
    path.write_text(TINY.read_text().replace("epochs = 12", f"epochs = {MANY}"))
    return path


def epochs_measured(journal: Path) -> int:
    """How many epochs have ended by what the journal says now."""
    if not journal.exists():
        return 0
    entries = [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]
    ends = [one for one in entries if one.get("phase") == "validation_metrics" and one.get("edge") == "end"]
    return max((one["epoch"] for one in ends), default=0)


def trained(record: Calibration) -> list[tuple[object, ...]]:
    """What the training gave, to the last digit: nothing of the machine or the moment."""
    rows = [(row.epoch, row.train_loss, row.intersection_f1_05, row.intersection_f1_07) for row in record.epochs_log]
    return [*rows, *sorted(record.scores.items())]


def test_at_the_time_limit_the_record_is_ended_and_the_next_job_continues(slurm, tmp_path):
    journal = tmp_path / "calibration.journal.jsonl"
    command = f'exec {calibrate(f"--recipe {long_recipe(tmp_path)} --epochs {MANY} --stage training")} "$@"'
    # The signal comes up to half a minute before five seconds before the end.
    first = slurm.submit(tmp_path, command, "--time=2", "--signal=B:TERM@5").wait()
    assert first.exit_code == 130, first.output
    record = load_calibration(tmp_path / "calibration.json")
    assert (record.complete, record.valid) == (False, False)
    before = epochs_measured(journal)
    assert 0 < before < MANY
    second = slurm.submit(tmp_path, command, arguments=["--resume"])
    second.wait_for("two more epochs", lambda: epochs_measured(journal) > before + 1)
    slurm.call("scancel", second.number)
    second.wait("CANCELLED")
    interrupted = lambda: load_calibration(tmp_path / "calibration.json").interruptions  # noqa: E731
    wait_for("the record of the cancelled job", interrupted, second.known)
    assert {path.name for path in tmp_path.glob("*.json")} == {"calibration.json"}


def test_a_requeued_job_continues_and_trains_the_same(slurm, tmp_path):
    slurm.call("sh", "-c", calibrate("--epochs 12 --output whole.json"), folder=tmp_path)
    job = slurm.submit(tmp_path, f"exec {calibrate('--epochs 12 --resume')}", "--requeue", "--open-mode=append")
    job.wait_for("three epochs", lambda: epochs_measured(tmp_path / "calibration.journal.jsonl") >= 3)
    slurm.call("scontrol", "requeue", job.number)
    wait_for("the requeue of the job", lambda: job.about()["Restarts"] == "1", job.known)
    job.wait()
    assert job.state == "COMPLETED", job.output
    record, whole = (load_calibration(tmp_path / name) for name in ("calibration.json", "whole.json"))
    assert (record.complete, len(record.interruptions), record.batch_job.id) == (True, 1, job.number)
    assert trained(record) == trained(whole)
