"""The table that `measure --each` writes and `rank --measured` reads."""

from __future__ import annotations

from dcase_energy.measure.measured_table import COLUMNS, MeasuredSystem, StageCost, read_measured, write_measured


def read(tmp_path, text):
    path = tmp_path / "measured.csv"
    path.write_text(text)
    return read_measured(path)


def test_what_is_written_is_read_again(tmp_path):
    systems = [
        MeasuredSystem(
            "Adams_UNI_task4_1",
            {"training": StageCost(1.25, 2.5, 3600.5, 1e9, None), "test": StageCost(0.01)},
            "NVIDIA A100", "CodeCarbon 3.3.2", "measured", "dcase2023",
        ),
        MeasuredSystem("Baker_LAB_task4_1", problem="training: the command ended with exit code 3, 'x, y'"),
    ]  # fmt: skip
    path = tmp_path / "measured.csv"
    write_measured(path, systems)
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    again, findings = read_measured(path)
    assert findings == []
    assert [(one.line, one.costs, one.problem) for one in again] == [
        (line, one.costs, one.problem) for line, one in enumerate(systems, 2)
    ]
    assert (again[0].hardware, again[0].baseline, again[1].hardware) == ("NVIDIA A100", "dcase2023", None)


def test_a_table_by_hand_needs_a_label_and_an_energy(tmp_path):
    systems, findings = read(tmp_path, "label,energy_test_kwh,remark\nA,0.5,x\nB,,y\n")
    assert findings == []
    assert [one.costs for one in systems] == [{"test": StageCost(0.5)}, {}]
    _, [finding] = read(tmp_path, "label,energy_train_kwh\nA,0.5\n")
    assert finding.code == "T102"
    assert "energy_training_kwh" in finding.expected
    assert [one.code for one in read(tmp_path, "label,energy_test_kwh\n")[1]] == ["T105"]
    assert [one.code for one in read_measured(tmp_path / "absent.csv")[1]] == ["T107"]


def test_impossible_figures_are_missing(tmp_path):
    systems, findings = read(tmp_path, "label,energy_test_kwh,duration_test_s\nA,-1,2\nB,0.5 kWh,0\n")
    assert [one.costs for one in systems] == [{"test": StageCost(duration_s=2.0)}, {}]
    assert [(one.code, one.where.line, one.where.path) for one in findings] == [
        ("T104", 2, "energy_test_kwh"), ("T104", 3, "energy_test_kwh"), ("T104", 3, "duration_test_s"),
    ]  # fmt: skip


def test_a_label_twice_is_not_used(tmp_path):
    systems, findings = read(tmp_path, "label,energy_test_kwh\nA,1\nB,2\nA,3\n")
    assert [one.label for one in systems] == ["B"]
    assert [(one.code, one.where.line) for one in findings] == [("T106", 4)]
