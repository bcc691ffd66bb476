"""What the last 5 % of a score cost."""

from __future__ import annotations

import csv
import shutil

import pytest

from dcase_energy.ranking.epochs import EpochLog
from tests.cli.run import ROOT, run


@pytest.mark.parametrize(
    ("energies", "scores", "share"),
    [
        ([1, 1, 1, 1], [0.2, 0.57, 0.58, 0.6], 0.5),
        ([1, 1, 2, 4], [0.2, 0.5, 0.6, 0.59], 0.5),
        ([1, 1], [0.6, 0.1], 0.5),
        ([1, 1], [0.0, 0.6], 0.0),
        ([0, 0], [0.5, 0.6], None),
        ([1, 1], [0.0, 0.0], None),
        ([1, 1, 1], [0.1, 0.3838, 0.404], 1 / 3),  # 0.95 x 0.404 is a little more than 0.3838 in binary
    ],
)
def test_share_of_the_last(energies, scores, share):
    assert EpochLog(tuple(energies), tuple(scores)).share_of_last == share


@pytest.mark.parametrize(
    ("last_row", "cell", "why"),
    [
        ("3,2,0.6", "0.5", None),
        ("3,2,", "", "'intersection_f1_05' is not a number"),
        ("3,-2,0.6", "", "energy_kwh is out of range"),
        ("4,2,0.6", "", "epochs are not counted from 1 without a gap"),
        ("3,1e308,0.6", "", "energy_kwh is out of range"),
        ("3,2,60", "", "intersection_f1_05 is not a fraction"),
        ("3,2", "", "ragged row"),
    ],
)
def test_from_a_log_beside_the_metadata(tmp_path, last_row, cell, why):
    system = tmp_path / "packages" / "Adams_UNI_task4_1"
    shutil.copytree(ROOT / "tests/acceptance/positive/M101", system)
    (system / "epochs.csv").write_text(f"epoch,energy_kwh,intersection_f1_05\n1,1,0.2\n2,1,0.58\n{last_row}\n")
    result = run("rank", system, "--edition", "generic", "--output-dir", tmp_path / "r", "--formats", "csv")
    with (tmp_path / "r" / "ranking.csv").open(newline="") as file:
        system_row = next(csv.DictReader(file))
    assert system_row["training_share_last_5_percent"] == cell, result.stderr
    assert (system_row["rank"], "K812" in result.stderr) == ("1", why is not None)
    assert why is None or f"epochs.csv:4: warning K812 {why}" in result.stderr or why in result.stderr
