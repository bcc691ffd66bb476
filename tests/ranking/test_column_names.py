"""Columns of a table of results, as organisers name them."""

from __future__ import annotations

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.measured_table import read_measured
from dcase_energy.ranking.results_table import labels_of, read_results
from dcase_energy.submission.waivers import read_waivers

COLUMNS = (
    "label", "psds1", "psds2", "energy_training_kwh", "energy_test_kwh",
    "energy_baseline_training_kwh", "energy_baseline_test_kwh",
)  # fmt: skip
ROW = ("Adams_UNI_task4_1", "0.4", "0.6", "2.0", "0.02", "1.0", "0.01")


def read(tmp_path, names, row=ROW):
    path = tmp_path / "results.csv"
    path.write_text(",".join(names) + "\n" + ",".join(row) + "\n")
    return path, *read_results(path, load_edition("generic"))


def test_capitals_spaces_and_hyphens_do_not_matter(tmp_path):
    names = ("Label", "PSDS1", "Psds2", "Energy training kWh", "energy-test-kWh", *COLUMNS[5:])
    path, (entry,), findings = read(tmp_path, names)
    assert findings == []
    assert entry.scores["psds1"] == 0.4
    assert entry.energy_kwh == {"training": 2.0, "test": 0.02}
    assert labels_of(path) == [ROW[0]]


def test_other_tables_of_organisers_are_read_in_the_same_way(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Label,Energy training kWh\nAdams_UNI_task4_1,2.0\n")
    (system,), findings = read_measured(path)
    assert (system.costs["training"].energy_kwh, findings) == (2.0, [])
    path.write_text("Code,LABEL,Reason\nE203,Adams_UNI_task4_1,no record here\n")
    waivers, findings = read_waivers(path, {"E203": "E203"})
    assert (waivers.of("Adams_UNI_task4_1"), findings) == ({"E203": "no record here"}, [])


def test_two_spellings_of_one_column_are_not_chosen_from(tmp_path):
    _, entries, findings = read(tmp_path, (*COLUMNS, "PSDS1"), (*ROW, "0.5"))
    assert entries == []
    assert [one.message for one in findings] == ["header: more than once: psds1"]


@pytest.mark.parametrize(
    ("meant", "written", "hint"),
    [
        ("energy_baseline_training_kwh", "energy_baseline_train_kwh", "energy_baseline_training_kwh, in kWh"),
        # Not a spelling: the figures are of another unit.
        ("energy_baseline_test_kwh", "energy_baseline_test_wh", "energy_baseline_test_kwh, in kWh"),
        ("psds2", "psds_2", "psds2"),
    ],
)
def test_a_column_near_to_a_known_one_is_named(tmp_path, meant, written, hint):
    _, (entry,), findings = read(tmp_path, [written if name == meant else name for name in COLUMNS])
    assert entry.extra == {written: ROW[COLUMNS.index(meant)]}
    assert [(str(one.severity), one.code, one.hint) for one in findings] == [
        ("warning", "T102", f"did you mean {hint}?")
    ]


@pytest.mark.parametrize(
    "name", ["energy_training_gpu_kwh", "energy_baseline_kwh", "psds1_low", "accuracy", "hardware", "remarks"]
)
def test_other_columns_are_not_called_misspelt(tmp_path, name):
    _, _, findings = read(tmp_path, (*COLUMNS, name), (*ROW, "0.1"))
    assert findings == []
