"""The real results of DCASE 2022 and 2023: every published figure comes out, from the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.run import run

DATA = Path(__file__).parent.parent / "data"
YEARS = {
    "dcase2022-task4": ("dcase2022_task4_results.csv", 101, 81),
    "dcase2023-task4a": ("dcase2023_task4a_results_sample.csv", 49, 49),
}
RENAMED = {
    "published_ranking_score": "ranking_score",
    "published_ew_ranking_training": "ew_ranking_score_training",
    "published_ew_ranking_test": "ew_ranking_score_test",
}


@pytest.fixture(scope="module", params=YEARS)
def sheet(request, tmp_path_factory):
    table, systems, with_energy = YEARS[request.param]
    folder = tmp_path_factory.mktemp("rank")
    result = run("rank", DATA / table, "--edition", request.param, "--output-dir", folder, "--formats", "csv")
    assert result.returncode == 0, result.stderr
    with (folder / "ranking.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == systems
    return rows, with_energy, folder


def test_every_published_figure_comes_out(sheet):
    rows, with_energy, _ = sheet
    published = [name for name in rows[0] if name.startswith("published_")]
    assert len(published) >= 7
    compared = 0
    for row in rows:
        for name in published:
            ours = row[RENAMED.get(name, name.removeprefix("published_"))]
            if row[name] == "":
                assert ours == "", f"{row['label']}: {name} is not published"
            else:
                assert float(ours) == pytest.approx(float(row[name]), rel=1e-9), f"{row['label']}: {name}"
                compared += name.endswith("_training") and "ew_psds1" in name
    assert compared == with_energy


def test_f1_is_filled_in(sheet):
    rows, _, _ = sheet
    assert all(float(row["collar_f1"]) > 0 for row in rows)


def test_ranks_follow_the_scores(sheet):
    rows, _, _ = sheet
    scores = [float(row["ranking_score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert [int(row["rank"]) for row in rows] == [sum(other > score for other in scores) + 1 for score in scores]


def test_nothing_of_the_input_is_lost(sheet):
    rows, _, _ = sheet
    table = next(name for name, systems, _ in YEARS.values() if systems == len(rows))
    with (DATA / table).open(newline="") as file:
        inputs = {row["label"]: row for row in csv.DictReader(file)}
    for row in rows:
        for name, value in inputs[row["label"]].items():
            same = row[name] == value or (value and _number(row[name]) == _number(value))
            assert same, f"{row['label']}: {name}"


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.removeprefix("'")
