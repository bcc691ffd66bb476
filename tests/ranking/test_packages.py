"""Packages: runs and bootstraps become intervals, records become evidence, work is spread without changing a digit."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.run import ROOT, run

PACKAGES = ROOT / "examples" / "packages"
TRUTH = ("--ground-truth", ROOT / "examples" / "truth.tsv", "--durations", ROOT / "examples" / "durations.tsv")


def ranked(folder: Path, *arguments: object) -> dict[str, dict[str, str]]:
    result = run("rank", PACKAGES, *TRUTH, "--output-dir", folder, "--formats", "csv", *arguments)
    assert result.returncode == 1, result.stderr
    with (folder / "ranking.csv").open(newline="") as file:
        return {row["label"]: row for row in csv.DictReader(file)}


def test_runs_give_a_range(tmp_path):
    rows = ranked(tmp_path)
    several = rows["Adams_UNI_task4_2"]
    assert several["psds1_interval"] == "range over 3 runs"
    assert float(several["psds1_low"]) <= float(several["psds1"]) <= float(several["psds1_high"])
    assert several["ranking_score_interval"] == "from psds1 (range over 3 runs), psds2 (range over 3 runs)"
    assert rows["Baker_LAB_task4_1"]["psds1_interval"] == ""


def test_a_bootstrap_gives_intervals_and_probabilities(tmp_path):
    rows = ranked(tmp_path, "--bootstrap", 50)
    for label in ("Baker_LAB_task4_1", "Baker_LAB_task4_2", "Adams_UNI_task4_2"):
        assert rows[label]["psds1_interval"] == "bootstrap, 90 %"
        assert float(rows[label]["psds1_low"]) <= float(rows[label]["psds1"]) <= float(rows[label]["psds1_high"])
    first = next(row for row in rows.values() if row["rank"] == "1")
    assert first["beats_next_basis"] == "paired bootstrap, 50 replicates"
    assert 0.5 < float(first["beats_next_probability"]) <= 1


def test_jobs_change_nothing(tmp_path):
    ranked(tmp_path / "one", "--bootstrap", 10)
    ranked(tmp_path / "two", "--bootstrap", 10, "--jobs", 2)
    assert (tmp_path / "one" / "ranking.csv").read_bytes() == (tmp_path / "two" / "ranking.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bootstrap", "10"], "it needs --ground-truth"),
        (["--formats", "csv,doc"], "--formats: doc; choose from"),
        (["--plots", "gif"], "--plots: gif; choose from svg, png, pdf"),
        (["--interval", "psds1=sure"], "write FIGURE=KIND"),
        (["--jobs", "0"], "0 is not in the range"),
    ],
)
def test_wrong_use(tmp_path, arguments, words):
    result = run("rank", PACKAGES, "--output-dir", tmp_path / "r", *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert not (tmp_path / "r").exists()


def test_sheets_of_an_earlier_run_are_told_of(tmp_path):
    ranked(tmp_path)
    result = run("rank", PACKAGES, "--output-dir", tmp_path, "--formats", "md")
    assert "of an earlier run, and left as they are: ranking.csv" in result.stderr
