"""Sheets made elsewhere: the organisers' own, CodeCarbon's, and bad ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dcase_energy.api.study import import_runs
from dcase_energy.errors import InputError
from dcase_energy.study.gather import gather
from dcase_energy.study.report import make_report
from tests.cli.run import run
from tests.study.paper import DATA

GOLDENS = Path(__file__).parent / "goldens"
SHEET = DATA / "desed_energy_runs.csv"


def sheet(folder: Path, *lines: str) -> Path:
    path = folder / "sheet.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def import_sheet(path: Path, output: Path, **given: object):
    (found,) = import_runs(path, output, **given)
    return list(found.runs.values()), found.findings


def codes(findings) -> list[str]:
    return [finding.code for finding in findings if finding.code != "U204"]


def test_the_organisers_sheet_gives_the_means_of_a_hand_calculation(tmp_path):
    # The golden was added up from the CSV by another program, without this package.
    runs, _ = import_sheet(SHEET, tmp_path, epochs=200)
    assert len(runs) == 31
    runs, _ = gather([tmp_path], "07")
    tables = make_report(runs, "07").tables
    lines = []
    for by, title in (("batch_size", "By batch size"), ("gpu", "By GPU")):
        lines.append(title)
        first, second = (next(p.rows for p in table.panels if p.by == by) for table in tables)
        for one, two in sorted(zip(first, second, strict=True), key=lambda r: (r[0].batch_size or 0, r[0].gpu or "")):
            mean = {name: figure.mean for row in (one, two) for name, figure in row.figures.items()}
            lines.append(
                f"{one.gpu or one.batch_size} | runs {one.runs} | max F1 {mean['max_f1_pct']:.4f} % | "
                f"time {mean['duration_s'] / 60:.4f} min | total {mean['total_kwh']:.6f} kWh | "
                f"minute {mean['minute_wh']:.6f} Wh | at 40 % {mean['kwh_at_f1_40']:.6f} kWh | "
                f"at 95 % {mean['kwh_at_95']:.6f} kWh | at max {mean['kwh_at_max']:.6f} kWh | "
                f"extra {mean['extra_95_to_max_pct']:.4f} %"
            )
    assert "\n".join([*lines, ""]) == (GOLDENS / "desed_energy_runs_means.txt").read_text()


def test_what_the_sheet_lacks_is_named(tmp_path):
    _, findings = import_sheet(SHEET, tmp_path)
    assert {finding.code for finding in findings} == {"U204"}
    text = "\n".join(finding.message for finding in findings)
    for missing in ("epochs: no curves", "repeated runs", "criterion of F1", "number of epochs", "A100: 4, 8, 48"):
        assert missing in text
    told, findings = import_sheet(SHEET, tmp_path, epochs=200, f1="05")
    assert "criterion" not in "\n".join(finding.message for finding in findings)
    assert told[0].figures.f1_criterion == "05"
    assert told[0].batch_size == 4  # a batch unit of 1


def test_importing_twice_gives_the_same_folders(tmp_path):
    import_sheet(SHEET, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    import_sheet(SHEET, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_sheets_of_one_name_are_not_copies_of_each_other(tmp_path):
    for lab, kwh in (("a", "0.8"), ("b", "0.9")):
        (tmp_path / lab).mkdir()
        import_sheet(
            sheet(tmp_path / lab, "gpu,batch_size,total_kwh", f"T4,8,{kwh}"), tmp_path / "runs", earlier="keep"
        )
    runs, findings = gather([tmp_path / "runs"], "07")
    assert {run.about.figures.total_kwh for run in runs} == {0.8, 0.9}
    assert codes(findings) == ["U105"]
    assert "sheet.csv:2" in findings[0].message
    shutil.copytree(tmp_path / "runs", tmp_path / "copy")
    runs, findings = gather([tmp_path / "runs", tmp_path / "copy"], "07")
    assert (len(runs), codes(findings)) == (2, ["U105"] * 3)


def test_a_corrected_sheet_is_not_counted_beside_the_one_before(tmp_path):
    """It may be another sheet of the same name: nothing is written until the user says which."""
    runs = tmp_path / "runs"
    header = "gpu,batch_size,total_kwh"
    import_sheet(sheet(tmp_path, header, "T4,8,0.8", "T4,8,7.0", "T4,16,0.7"), runs)
    (tmp_path / "other.csv").write_bytes(sheet(tmp_path, header, "P4,8,0.5").read_bytes())
    import_sheet(tmp_path / "other.csv", runs)
    corrected = sheet(tmp_path, header, "T4,8,0.8", "T4,8,0.7")
    before = sorted(runs.rglob("*"))
    with pytest.raises(InputError, match=r"has 3 runs of an earlier sheet\.csv; give --earlier replace if"):
        import_sheet(corrected, runs)
    assert sorted(runs.rglob("*")) == before
    messages = []
    import_sheet(corrected, runs, earlier="replace", log=messages.append)
    assert "3 runs of the earlier sheet removed" in messages[0]
    found, findings = gather([runs], "07")
    assert sorted(one.about.figures.total_kwh for one in found) == [0.5, 0.7, 0.8]
    assert "U105" not in codes(findings)
    # Nothing to replace is nothing to ask about, and a sheet that cannot be read replaces nothing.
    import_sheet(corrected, runs)
    import_sheet(sheet(tmp_path, "a,b", "1,2"), runs, earlier="replace")
    assert len(gather([runs], "07")[0]) == 3


def test_names_of_columns_are_read_as_in_other_tables(tmp_path):
    (run_,), findings = import_sheet(sheet(tmp_path, "GPU,Batch size,Total kWh", "T4,8,0.8"), tmp_path / "runs")
    assert (run_.gpu, run_.batch_size, run_.figures.total_kwh, codes(findings)) == ("T4", 8, 0.8, [])


def test_sheets_of_one_name_may_be_given_together(tmp_path):
    for lab, kwh in (("a", "0.8"), ("b", "0.9")):
        (tmp_path / lab).mkdir()
        sheet(tmp_path / lab, "gpu,batch_size,total_kwh", f"{lab},8,{kwh}")
    for _ in range(2):
        import_runs([tmp_path / "a/sheet.csv", tmp_path / "b/sheet.csv"], tmp_path / "runs")
        assert len(gather([tmp_path / "runs"], "07")[0]) == 2


def test_a_name_of_which_nothing_can_be_seen_is_none(tmp_path):
    path = sheet(tmp_path, "gpu,batch_size,total_kwh", "\u200b,8,0.8", "T4\u2028X,8,0.9")
    runs, findings = import_sheet(path, tmp_path / "runs")
    assert codes(findings) == ["U201"]
    assert [run.gpu for run in runs] == ["T4 X"]
    runs, _ = import_sheet(path, tmp_path / "others", gpu="A100\a" + "x" * 300)
    assert {run.gpu for run in runs} == {"A100 " + "x" * 195}


def test_figures_beyond_arithmetic_are_findings(tmp_path):
    path = sheet(
        tmp_path,
        "gpu,batch_unit,total_kwh,epoch_kwh,duration_s",
        "T4,1e300,1e308,1e11,1e-300",
        "T4,1,1,0,0",
    )
    runs, findings = import_sheet(path, tmp_path / "runs")
    assert sorted(codes(findings)) == ["U201"] + ["U202"] * 4
    assert [run.figures.epoch_wh for run in runs] == [0.0]


def test_repeated_rows_of_a_cell_are_repeats(tmp_path):
    path = sheet(tmp_path, "gpu,batch_size,total_kwh", "T4,8,0.8", "T4,8,1.0")
    runs, _ = import_sheet(path, tmp_path / "runs")
    assert [run.repeat for run in runs] == [1, 2]
    figure = make_report(gather([tmp_path / "runs"], "07")[0], "07").tables[0].panels[0].rows[0].figures["total_kwh"]
    assert (figure.mean, round(figure.deviation, 6)) == (0.9, 0.141421)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("a,b", "1,2"), ["U201"]),
        (("gpu,batch_size,total_kwh", ",8,0.9"), ["U201"]),
        (("gpu,batch_size,total_kwh", "T4,,0.9"), ["U201"]),
        (("gpu,batch_size,total_kwh", "T4,2.5,0.9"), ["U201", "U202"]),
        (("gpu,batch_size,total_kwh", "T4,8,-0.9"), ["U202"]),
        (("gpu,batch_size,total_kwh", "T4,8,0.9 kWh"), ["T104"]),
        (("gpu,batch_size,total_kwh", "T4,8"), ["T103"]),
        (("gpu,batch_size,total_kwh,time_hh_mm", "T4,8,0.9,8.28"), ["U202"]),
        (("gpu,batch_size,total_kwh,max_f1_pct", "T4,8,0.9,491"), ["U202"]),
        (("gpu,batch_size,total_kwh,kwh_at_best", "T4,8,0.40,0.47"), ["U203"]),
        (("gpu,batch_size,total_kwh,time_hh_mm,minute_kwh", "T4,8,0.85,07:34,0.0021"), ["U203"]),
        (("gpu,batch_size,total_kwh,time_hh_mm,minute_kwh", "T4,8,0.85,07:34,0.0019"), []),
        (("gpu,batch_size,max_f1_pct,f1_95_pct,total_kwh", "T4,8,54.2,48.8,0.85"), ["U203"]),
        ((), ["T105"]),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) and value else None,
)
def test_bad_sheets_are_refused_where_they_are_bad(tmp_path, lines, expected):
    _, findings = import_sheet(sheet(tmp_path, *lines), tmp_path / "runs")
    assert sorted(codes(findings)) == expected


HEADER = (
    "timestamp,project_name,run_id,duration,energy_consumed,cpu_energy,gpu_energy,ram_energy,"
    "cpu_model,gpu_count,gpu_model"
)


def test_codecarbon_rows_become_runs(tmp_path):
    path = sheet(
        tmp_path,
        HEADER,
        "2026-01-01T00:00:00,codecarbon,a,1800.5,0.40,0.1,0.25,0.05,Xeon,1,1 x NVIDIA A100",
        "2026-01-01T01:00:00,codecarbon,a,3600.5,0.90,0.2,0.6,0.1,Xeon,1,1 x NVIDIA A100",
        "2026-01-01T02:00:00,codecarbon,b,100.0,0.05,0.04,0.0,0.01,Xeon,,",
    )
    runs, findings = import_sheet(path, tmp_path / "runs", batch_size=8, epochs=200)
    assert codes(findings) == []
    # The first two rows are one run, written twice as it went; the last had no GPU.
    assert [(run.gpu, run.figures.total_kwh, run.figures.duration_s) for run in runs] == [
        ("NVIDIA A100", 0.9, 3600.5),
        ("Xeon", 0.05, 100.0),
    ]
    assert any("the highest F1 in all rows" in finding.message for finding in findings)


def test_codecarbon_rows_need_a_batch_size_and_say_what_is_odd(tmp_path):
    path = sheet(
        tmp_path,
        HEADER,
        "t,c,a,10,0.9,0.2,0.0,0.1,Xeon,2,2 x NVIDIA A100",
    )
    runs, findings = import_sheet(path, tmp_path / "runs")
    assert (runs, codes(findings)) == ([], ["U201"])
    runs, findings = import_sheet(path, tmp_path / "runs", gpu="A100", batch_size=8)
    assert runs[0].gpu == "A100"
    # Components that do not add up, a GPU without energy: what validation says of such a file.
    assert sorted(codes(findings)) == ["W802", "W808"]
    runs, findings = import_sheet(path, tmp_path / "runs", batch_size=8)
    assert runs[0].gpu == "2 x NVIDIA A100"
    assert sorted(codes(findings)) == ["U203", "W802", "W808"]


def test_status_of_imported_runs_alone(tmp_path):
    result = run("study", "import", SHEET, "--epochs", 200, "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    status = run("study", "status", tmp_path)
    assert status.returncode == 0
    assert "31 imported runs, with nothing left to do" in status.stderr
    assert status.stdout == "no run was made here\n"
