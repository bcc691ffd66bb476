"""A real miniature grid, trained and measured on this machine: alone, and through Dask. A tiny recipe, real energy."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from tests.cli.run import run
from tests.study.clusters import cluster

TINY = Path(__file__).parent / "tiny.toml"
GRID = ["--recipe", TINY, "--batch-sizes", "4,8", "--epochs", "3", "--device", "cpu", "--threads", "1"]
pytestmark = pytest.mark.slow


def check(runs: Path, out: Path, repeats: int) -> None:
    """All runs have three measured epochs, and the report has them in two cells."""
    folders = sorted(path.name.rpartition("-")[0] for path in runs.iterdir())
    assert folders == [f"b{batch}-r{repeat + 1}" for batch in (4, 8) for repeat in range(repeats)]
    for folder in runs.iterdir():
        with (folder / "epochs.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == ["1", "2", "3"]
        assert all(float(row["energy_kwh"]) > 0 and float(row["duration_s"]) > 0 for row in rows)
        assert all(0 <= float(row["intersection_f1_07"]) <= 1 for row in rows)
        assert (folder / "record.json").exists()
        best = torch.load(folder / "best.pt", weights_only=True)
        assert {"epoch", "student", "teacher"} <= set(best)
        assert 1 <= best["epoch"] <= 3
        assert not (folder / "record.checkpoints").exists()
    result = run("study", "report", runs, "--output-dir", out, "--figures", "none", "--include-invalid")
    assert result.returncode == 0, result.stderr
    assert f"{2 * repeats} runs in 2 cells" in result.stderr
    with (out / "table1.csv").open(newline="") as file:
        both = [row for row in csv.DictReader(file) if row["by"] == "both"]
    assert [(row["batch_size"], row["runs"]) for row in both] == [("4", str(repeats)), ("8", str(repeats))]
    assert all(row["total_kwh_known"] == str(repeats) and float(row["total_kwh"]) > 0 for row in both)


def test_alone(tmp_path):
    runs = tmp_path / "runs"
    result = run("study", "run", *GRID, "--repeats", "2", "--output", runs)
    assert result.returncode == 0, result.stderr
    check(runs, tmp_path / "out", 2)
    assert "4 done" in run("study", "status", runs).stdout
    again = run("study", "run", *GRID, "--repeats", "2", "--output", runs)
    assert (again.returncode, "4 runs, 0 to train" in again.stderr) == (0, True)


def test_through_dask(tmp_path):
    runs = tmp_path / "runs"
    with cluster(tmp_path, 2, "--resources", "measure=1") as (scheduler, _):
        result = run("study", "run", *GRID, "--repeats", "1", "--output", runs, "--scheduler", scheduler)
    assert result.returncode == 0, result.stderr
    check(runs, tmp_path / "out", 1)
