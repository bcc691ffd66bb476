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


def test_a_researcher_alone_from_the_grid_to_its_tables(tmp_path):
    """The whole journey: run, look, run again, ask for more, report in each format, read the tables."""
    runs, out = tmp_path / "runs", tmp_path / "out"
    result = run("study", "run", *GRID, "--repeats", "1", "--output", runs)
    assert result.returncode == 0, result.stderr
    assert "2 runs, 2 to train" in result.stderr
    check(runs, tmp_path / "checked", 1)
    again = run("study", "run", *GRID, "--repeats", "1", "--output", runs)
    assert (again.returncode, "2 runs, 0 to train" in again.stderr) == (0, True)
    more = run("study", "run", *GRID[:2], "--batch-sizes", "4", *GRID[4:], "--repeats", "2", "--output", runs)
    assert (more.returncode, "2 runs, 1 to train" in more.stderr) == (0, True), more.stderr
    status = run("study", "status", runs).stdout
    assert "3 runs: 3 done" in status
    assert status.count("  done      3/3  ") == 3, status

    # Whether runs are valid depends on what else the machine does: those that are not are named, with what helps.
    done = run("study", "report", runs, "--output-dir", out, "--plots", "none")
    left_out = done.stderr.count("warning U104 the run is not valid; it is left out")
    assert left_out == status.count(": not valid; ")
    assert done.returncode == int(left_out == 3), done.stderr
    assert not left_out or "--include-invalid shows the tables with it" in done.stderr
    options = ("--include-invalid", "--output-dir", out, "--formats", "csv,html,json,latex,md,xlsx", "--plots", "svg")
    done = run("study", "report", runs, *options)
    assert done.returncode == 0, done.stderr
    written = {Path(line).name for line in done.stdout.splitlines()}
    assert {"table1.md", "table2.tex", "claims.csv", "report.html", "report.xlsx", "f1_against_energy.svg"} <= written
    text = (out / "table1.md").read_text()
    assert "| 4 | 2 |" in text
    assert "| 8 | 1 |" in text
    assert "- Epochs of a training: 3." in text


def test_through_dask(tmp_path):
    runs = tmp_path / "runs"
    with cluster(tmp_path, 2, "--resources", "measure=1") as (scheduler, _):
        result = run("study", "run", *GRID, "--repeats", "1", "--output", runs, "--scheduler", scheduler)
    assert result.returncode == 0, result.stderr
    check(runs, tmp_path / "out", 1)
