"""Figures that the organiser measured: they override declared ones, both are shown, and nothing unlike is divided."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from dcase_energy.api.ranking import rank
from dcase_energy.errors import InputError
from dcase_energy.measure.measured_table import MeasuredSystem, StageCost, write_measured
from tests.cli.run import ROOT, run

HEAD = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_training_kwh,energy_baseline_test_kwh"
DECLARED = ["A_X_task4_1,0.4,0.6,2,0.1,1,0.01", "B_X_task4_1,0.4,0.6,3,0.3,1,0.01"]
TEST = StageCost(0.05, 0.02, 12.5, 3e9, 1e9)


def declared(folder: Path, *rows: str) -> Path:
    path = folder / "results.csv"
    path.write_text("\n".join([HEAD, *(rows or DECLARED)]) + "\n")
    return path


def measured(folder: Path, **systems: dict[str, StageCost]) -> Path:
    path = folder / "measured.csv"
    rows = [MeasuredSystem(f"{name}_X_task4_1", costs, hardware="A100", baseline="dcase2023")
            for name, costs in systems.items()]  # fmt: skip
    write_measured(path, rows)
    return path


def rows_of(folder: Path, *options: object) -> dict[str, dict[str, object]]:
    done = run("rank", *options, "--formats", "json,csv,html,md,latex,datatable", "--output-dir", folder / "out")
    assert done.returncode == 0, done.stderr
    return {row["label"]: row for row in json.loads((folder / "out/ranking.json").read_text())["systems"]}


def test_measured_figures_override_declared_ones_and_both_are_shown(tmp_path):
    table = measured(tmp_path, A={"training": StageCost(4.0, 2.0), "test": TEST}, B={"training": StageCost(3.0, 2.0)})
    rows = rows_of(tmp_path, declared(tmp_path), "--edition", "generic", "--measured", table)
    a, b = rows["A_X_task4_1"], rows["B_X_task4_1"]
    assert (a["energy_training_kwh"], a["energy_training_declared_kwh"]) == (4.0, 2.0)
    assert a["energy_training_measured_over_declared"] == 2.0
    assert a["energy_test_measured_over_declared"] == 0.5
    assert (a["energy_ratio_training"], a["energy_ratio_test"]) == (2.0, 2.5)
    assert (a["duration_test_s"], a["memory_test_bytes"], a["gpu_memory_test_bytes"]) == (12.5, 3e9, 1e9)
    assert (a["baseline_evidence"], a["gpu_model"]) == ("measured", "A100")
    assert a["baseline_source"] == "the table of measured systems (dcase2023)"
    # A stage that was not measured keeps what is declared.
    assert (b["energy_test_kwh"], b["energy_test_declared_kwh"], b["energy_ratio_test"]) == (0.3, None, 30.0)
    for file in (tmp_path / "out").iterdir():
        if file.name.startswith(("ranking.", "ranking_datatable")):
            assert "declared" in file.read_text(), file.name
    data = yaml.safe_load((tmp_path / "out/ranking_datatable.yaml").read_text())["data"]
    assert {row["code"]: row["energy_training_declared"] for row in data} == {"A_X_task4_1": 2.0, "B_X_task4_1": 3.0}


def test_without_the_table_its_columns_are_not_there(tmp_path):
    rows = rows_of(tmp_path, declared(tmp_path), "--edition", "generic")
    assert not [name for name in rows["A_X_task4_1"] if "declared_kwh" in name or "memory" in name]


def test_a_measured_energy_is_not_divided_by_the_participants_baseline(tmp_path):
    table = measured(tmp_path, A={"training": StageCost(4.0), "test": TEST}, B={"test": TEST})
    sheet = rank(declared(tmp_path), edition="generic", measured=table)
    a, b = sorted(sheet.systems, key=lambda one: one.entry.label)
    assert a.figures.energy_ratio == {"training": None, "test": 2.5}
    assert "no baseline is known of the same machine" in a.entry.not_comparable["training"]
    assert b.figures.energy_ratio["training"] == 3.0
    # The evidence of both stages is that of the weaker one.
    assert (b.entry.baseline_evidence, b.entry.baseline_source) == (
        "declared",
        "the table (training), the table of measured systems (dcase2023) (test)",
    )


def test_with_an_organisers_calibration_it_is_divided_by_that(tmp_path):
    record = ROOT / "examples/packages/Adams_UNI/calibration.json"
    package = ROOT / "examples/packages/Adams_UNI"
    costs = {"training": StageCost(2.0)}
    table = tmp_path / "measured.csv"
    write_measured(table, [MeasuredSystem("Adams_UNI_task4_1", costs), MeasuredSystem("Adams_UNI_task4_2", costs)])
    sheet = rank(package, edition="generic", measured=table, calibration=record)
    for one in sheet.systems:
        assert one.figures.energy_ratio["training"] == pytest.approx(2.0 / one.entry.baseline_kwh["training"])
        assert "energy_training_kwh" not in one.entry.intervals
        assert one.entry.compared.keys() <= {"test"}


def test_one_baseline_figure_for_all_stages_is_that_of_the_first(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_kwh\n"
                    "A_X_task4_1,0.4,0.6,2,0.1,1.5\n")  # fmt: skip
    table = measured(tmp_path, A={"training": StageCost(4.0, 2.0), "test": TEST})
    (one,) = rank(path, edition="dcase2023-task4a", measured=table).systems
    assert one.entry.baseline_kwh == {"training": 2.0, "test": 2.0}


def test_an_error_in_a_declared_figure_does_not_exclude_a_measured_system(tmp_path):
    shutil.copytree(ROOT / "examples/packages/Baker_LAB", tmp_path / "Baker_LAB")
    meta = tmp_path / "Baker_LAB/Baker_LAB_task4_1/Baker_LAB_task4_1.meta.yaml"
    meta.write_text(meta.read_text().replace("    test: ", "    test: minus ", 1))
    assert [one.rank for one in rank(tmp_path / "Baker_LAB", edition="generic").systems] == [1, None]
    table = tmp_path / "measured.csv"
    write_measured(table, [MeasuredSystem(f"Baker_LAB_task4_{n}", {"training": StageCost(2.0, 1.0), "test": TEST})
                           for n in (1, 2)])  # fmt: skip
    sheet = rank(tmp_path / "Baker_LAB", edition="generic", measured=table)
    assert [one.rank for one in sheet.systems] == [1, 2]
    assert [one.waived for one in sheet.findings if one.code == "E201"] == ["measured by the organiser"]


def test_what_the_table_lacks_is_named(tmp_path):
    table = tmp_path / "measured.csv"
    write_measured(table, [
        MeasuredSystem("A_X_task4_1", {"training": StageCost(4.0, 2.0)}, problem="test: out of memory"),
        MeasuredSystem("C_X_task4_1", {"test": TEST}),
    ])  # fmt: skip
    sheet = rank(declared(tmp_path), edition="generic", measured=table)
    assert [one.message for one in sheet.findings if one.code == "K811"] == [
        "A_X_task4_1 was not measured whole: test: out of memory",
        "measured, and no such system is ranked: 'C_X_task4_1'",
        "A_X_task4_1: the test energy was not measured, the declared one is used",
        "B_X_task4_1: the training and test energy was not measured, the declared one is used",
    ]


def test_a_table_with_a_mistake_is_not_used(tmp_path):
    table = tmp_path / "measured.csv"
    for text, expected in (
        ("label,energy_test_kwh\nA_X_task4_1,-1\n", "not greater than 0"),
        ("label,energy_test_kwh\nA_X_task4_1,1e-30\n", "is not a possible energy of a system"),
        ("label\nA_X_task4_1\n", "no column holds a measured energy"),
    ):
        table.write_text(text)
        with pytest.raises(InputError, match=expected):
            rank(declared(tmp_path), edition="generic", measured=table)
