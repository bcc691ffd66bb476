"""The study on the nodes of a cluster: workers and schedulers that die, and nodes with other hardware."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import psutil
import pytest

from tests.cluster.slurm import OTHER_PROCESSOR, Job, Slurm, wait_for
from tests.cluster.test_guides import blocks
from tests.cluster.test_jobs import TINY

GRID = (
    "--recipe",
    TINY,
    "--batch-sizes",
    "4,8",
    "--repeats",
    "1",
    "--epochs",
    "12",
    "--device",
    "cpu",
    "--threads",
    "1",
)
SCRIPT = blocks()["docs/how-to/study.md 1"]
# Energies and durations are of the machine and the moment; these are of the training.
RESULTS = ("epoch", "train_loss", "intersection_f1_05", "intersection_f1_07")


def results(runs: Path) -> dict[str, list[tuple[str, ...]]]:
    """What each run's training gave, epoch by epoch, to the last digit; the weights of its best epoch."""
    found = {}
    for folder in sorted(runs.glob("b*")):
        with (folder / "epochs.csv").open(newline="") as file:
            rows = [tuple(row[name] for name in RESULTS) for row in csv.DictReader(file)]
        found[folder.name] = [*rows, ((folder / "best.pt").read_bytes().hex(),)]
    return found


def states(runs: Path) -> dict[str, str]:
    return {path.parent.name: json.loads(path.read_text())["state"] for path in sorted(runs.glob("b*/run.json"))}


def study(slurm: Slurm, folder: Path, runs: str, *options: str, more: tuple[str, ...] = ()) -> Job:
    """Submit the guide's script; its runs are in a folder of the test."""
    script = SCRIPT.replace('runs="$HOME/runs"', f'runs="$HOME/{runs}"')
    return slurm.submit(folder, script, "--nodes=2", *options, arguments=(*GRID, *more))


def in_training(runs: Path, epochs: int = 2) -> list[psutil.Process]:
    """The process of a run that has trained some epochs, and those above it; none where there is no such run."""
    for path in runs.glob("b*/run.json"):
        about = json.loads(path.read_text())
        if about["state"] == "running" and (about["progress"] or {}).get("epochs", 0) >= epochs:
            for process in psutil.process_iter(["cmdline"]):
                if str(path.parent) in (process.info["cmdline"] or ()) and process.is_running():
                    return [process, *process.parents()]
    return []


@pytest.fixture(scope="module")
def local(_cluster) -> dict[str, list[tuple[str, ...]]]:
    """The same study on this machine alone."""
    _cluster.call("dcase-energy", "study", "run", *GRID, "--output-dir", _cluster.home / "local")
    return results(_cluster.home / "local")


def test_a_worker_that_is_killed_loses_nothing(slurm, tmp_path, local):
    runs = slurm.home / "killed"
    job = study(slurm, tmp_path, "killed")
    found: list[psutil.Process] = []
    job.wait_for("a run that has trained two epochs", lambda: found or found.extend(in_training(runs)) or found)
    training, worker = found[:2]
    worker.kill()
    job.succeed()
    assert not training.is_running()
    assert set(states(runs).values()) == {"done"}
    assert results(runs) == local


def test_a_scheduler_that_is_lost_ends_the_job_and_loses_nothing(slurm, tmp_path, local):
    runs = slurm.home / "lost"
    job = study(slurm, tmp_path, "lost")
    begun: list[psutil.Process] = []
    job.wait_for("a run that has trained two epochs", lambda: begun or begun.extend(in_training(runs)) or begun)
    (scheduler,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if {"scheduler", str(runs / f"scheduler-{job.number}.json")} <= set(process.info["cmdline"] or ())
    ]
    scheduler.kill()
    job.wait("FAILED")
    assert "was lost; the same command trains what is missing" in job.output
    wait_for("the trainings of the job to end", lambda: not in_training(runs), job.known)
    study(slurm, tmp_path, "lost").succeed()
    assert results(runs) == local


def test_nodes_of_one_kind_share_the_runs_and_a_node_of_another_kind_is_refused(slurm, tmp_path):
    runs = slurm.home / "mixed"
    nodes = ("--partition=all", "--nodelist=n1,other")
    job = study(slurm, tmp_path, "mixed", *nodes, more=("--repeats", "3")).wait()
    about = [json.loads(path.read_text()) for path in sorted(runs.glob("b*/run.json"))]
    failed = [one for one in about if one["state"] == "failed"]
    assert (job.state, job.exit_code) == ("FAILED", 1)
    assert len(failed) > 0
    assert all("run the study once for each kind of GPU" in one["error"] for one in failed)
    assert any(OTHER_PROCESSOR in one["error"] for one in failed)
    assert {one["state"] for one in about} <= {"done", "failed"}
