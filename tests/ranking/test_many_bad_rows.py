"""A row is judged by its own cells, however many rows before it have the same fault."""

from __future__ import annotations

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.results_table import read_results
from dcase_energy.study.runs import EPOCH_COLUMNS, read_epochs

ROWS = 12


@pytest.mark.parametrize("cell", ["abc", "-1", "0"])
def test_each_row_with_a_bad_energy_is_left_without_rank(tmp_path, cell):
    lines = ["label,psds1,psds2,energy_training_kwh,energy_test_kwh"]
    lines += [f"Team_U{number}_task4_1,0.4,0.6,{cell if number % 2 else 1.5},0.1" for number in range(2 * ROWS)]
    path = tmp_path / "results.csv"
    path.write_text("\n".join(lines) + "\n")
    entries, findings = read_results(path, load_edition("dcase2022-task4"))
    without = [entry.label for entry in entries if entry.excluded]
    assert without == [f"Team_U{number}_task4_1" for number in range(1, 2 * ROWS, 2)]
    assert findings


def test_no_epoch_with_a_bad_cell_is_used(tmp_path):
    path = tmp_path / "epochs.csv"
    rows = [
        ",".join({"epoch": str(number), "energy_kwh": "x"}.get(name, "1") for name in EPOCH_COLUMNS)
        for number in range(1, ROWS + 1)
    ]
    path.write_text("\n".join([",".join(EPOCH_COLUMNS), *rows]) + "\n")
    epochs, findings = read_epochs(path)
    assert epochs == ()
    assert findings
