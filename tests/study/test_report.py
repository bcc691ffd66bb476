"""What enters a report and what it looks like, from small runs by hand."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dcase_energy import __version__
from dcase_energy.sheets import FORMATS, write_report
from dcase_energy.sheets.plots.svg import chart_svg
from dcase_energy.study.gather import gather
from dcase_energy.study.report import make_report
from dcase_energy.study.runs import (
    EPOCH_COLUMNS,
    Epoch,
    RunFile,
    TrainedWork,
    read_epochs,
    read_run,
    write_epochs,
    write_run,
)
from dcase_energy.study.sheets import report_of as sheets_of
from tests.cli.run import run as dcase_energy

GOLDENS = Path(__file__).parent / "goldens"
HOSTILE = "=1+1|<b>A_100</b> $\\frac{$ & 5 % #"


def write(folder: Path, *, gpu="T4", batch=8, f1=(0.3, 0.5), kwh=1.0, recipe="tiny", start="1", **fields) -> Path:
    """A run of one epoch a value of F1 (criterion 0.7; that of 0.5 is 0.1 higher)."""
    folder.mkdir(parents=True)
    epochs = [
        Epoch(i, 60.0, kwh, cpu_kwh=kwh, intersection_f1_05=value + 0.1, intersection_f1_07=value)
        for i, value in enumerate(f1, 1)
    ]
    write_epochs(folder, epochs)
    about = {"state": "done", "valid": True, "started": start, "specification_sha256": folder.name, **fields}
    write_run(folder, RunFile(gpu=gpu, batch_size=batch, work=TrainedWork(recipe=recipe, epochs=len(f1)), **about))
    return folder


@pytest.fixture
def small(tmp_path) -> Path:
    """Two GPUs, two batch sizes, two runs each; one training never reaches 40 %."""
    for gpu, watt in (("GTX 980", 1.0), ("GTX 1080", 2.0)):
        for batch in (4, 8):
            for repeat in (1, 2):
                f1 = (0.1, 0.3, 0.35) if (batch, repeat) == (4, 2) else (0.2, 0.45, 0.5 + repeat / 100)
                name = f"{gpu[4:]}-{batch}-{repeat}"
                write(
                    tmp_path / "runs" / name, gpu=gpu, batch=batch, repeat=repeat, f1=f1, kwh=watt * (1 + 0.1 * repeat)
                )
    return tmp_path / "runs"


def report_of(*places: Path, **options):
    runs, findings = gather(places, "07", **options)
    return runs, findings, make_report(runs, "07") if runs else None


def texts(report, formats) -> dict[str, str]:
    return {name: content.decode() for name, content in write_report(sheets_of(report), formats).items()}


def test_the_sheets_read_as_reviewed(small):
    *_, report = report_of(small)
    files = texts(report, ["csv", "md", "latex"])
    for name in ("table1.md", "table2.md", "table2.tex", "claims.md"):
        assert files[name].replace(__version__, "VERSION") == (GOLDENS / f"small_{name}").read_text(), name


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_the_sheets(small, name):
    *_, report = report_of(small)
    assert all(write_report(sheets_of(report), [name]).values())


def test_levels_that_were_not_reached_are_counted(small):
    *_, report = report_of(small)
    rows = list(csv.DictReader(io.StringIO(texts(report, ["csv"])["table2.csv"])))
    row = next(row for row in rows if (row["by"], row["gpu"], row["batch_size"]) == ("both", "GTX 980", "4"))
    assert (row["kwh_at_f1_40_known"], row["kwh_at_f1_40_not_reached"], row["runs"]) == ("1", "1", "2")
    assert row["kwh_at_f1_40_std"] == ""
    assert float(row["kwh_at_f1_40"]) == 2.2
    assert row["f1_criterion"] == "07"
    assert "max_f1_pct" not in row["best"].split()
    best = next(row for row in rows if (row["by"], row["batch_size"]) == ("batch_size", "8"))
    assert best["best"].split()[:2] == ["max_f1_pct", "f1_95_pct"]


def test_normalising_takes_away_what_gpus_scale(small):
    *_, report = report_of(small)
    spread = {claim.quantity: claim.value for claim in report.claims if claim.claim == "hardware spread"}
    # One GPU uses twice the energy of the other with every batch size: 100 * sqrt(1/2) / (3/2) %.
    assert spread["before"] == pytest.approx(47.14045)
    assert spread["after dividing by batch 8"] == pytest.approx(0, abs=1e-9)


def test_what_does_not_belong_is_left_out_with_a_reason(small):
    shutil.copytree(small / "980-4-1", small.parent / "copy" / "980-4-1")
    write(small / "invalid", valid=False, reasons=["counter-sane: the counter fell"])
    write(small / "failed", state="failed", error="no memory")
    (small / "torn").mkdir()
    (small / "torn" / "run.json").write_text('{"kind": "study-run", "batch": 8}')
    lost = write(small / "lost", f1=(0.1, 0.2, 0.3))
    text = (lost / "epochs.csv").read_text().splitlines()
    (lost / "epochs.csv").write_text("\n".join([text[0], text[1], text[3], ""]))
    short = write(small / "short", f1=(0.1, 0.2, 0.3))
    (short / "epochs.csv").write_text("\n".join([*text[:3], ""]))
    runs, findings, _ = report_of(small, small.parent / "copy")
    assert len(runs) == 8
    found = {
        (
            finding.code,
            Path(finding.where.file).parent.name
            if "." in Path(finding.where.file).name
            else Path(finding.where.file).name,
        )
        for finding in findings
    }
    assert found == {
        ("U105", "980-4-1"),
        ("U104", "invalid"),
        ("U103", "failed"),
        ("U101", "torn"),
        ("U102", "lost"),
        ("U102", "short"),
    }
    with_invalid, *_ = report_of(small, include_invalid=True)
    assert "invalid" in {Path(run.path).name for run in with_invalid}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,0,1.0,,,,,0.1,0.1", "U102"),
        ("1,60,-1.0,,,,,0.1,0.1", "U102"),
        ("1,60,1e308,,,,,0.1,0.1", "U102"),
        ("1,1e-300,1.0,,,,,0.1,0.1", "U102"),
        ("1,60,nan,,,,,0.1,0.1", "T104"),
        ("1,60,,,,,,0.1,0.1", "T104"),
        ("1,60,1.0,,,,,0.1,1.5", "U102"),
        ("1.5,60,1.0,,,,,0.1,0.1", "U102"),
        ("1,60,1.0", "T103"),
    ],
)
def test_bad_epochs_are_refused(tmp_path, line, code):
    path = tmp_path / "epochs.csv"
    path.write_text(",".join(EPOCH_COLUMNS) + f"\n{line}\n")
    _, findings = read_epochs(path)
    assert [finding.code for finding in findings] == [code]


def test_missing_and_zero_stay_apart_through_a_file(tmp_path):
    epochs = (Epoch(1, 1.5, 0.0, gpu_kwh=None, cpu_kwh=0.0, train_loss=None, intersection_f1_07=0.0),)
    write_epochs(tmp_path, epochs)
    assert read_epochs(tmp_path / "epochs.csv") == (epochs, [])
    write_run(tmp_path, RunFile(state="done", gpu="T4", batch_size=8, work=TrainedWork()))
    assert read_run(tmp_path)[0].epochs == epochs


def test_runs_of_different_work_are_not_averaged(small):
    write(small / "other", recipe="dcase2023")
    _, findings, _ = report_of(small)
    assert [(f.code, f.severity) for f in findings if f.code == "U106"] == [("U106", "error")]
    result = dcase_energy("study", "report", small, "--output-dir", small.parent / "out")
    assert result.returncode == 2
    assert "--mixed" in result.stderr
    result = dcase_energy(
        "study", "report", small, "--output-dir", small.parent / "out", "--mixed", "--figures", "none"
    )
    assert (result.returncode, "warning U106" in result.stderr) == (0, True)


def test_gaps_of_the_grid_are_named(small):
    shutil.rmtree(small / "1080-4-1")
    assert report_of(small)[1] == []
    shutil.rmtree(small / "1080-4-2")
    (finding,) = report_of(small)[1]
    assert (finding.code, finding.found) == ("U107", "no run of GTX 1080: 4")


def test_the_f1_criterion_is_chosen_and_named(small):
    report = make_report(gather([small], "05")[0], "05")
    files = texts(report, ["csv", "html", "md"])
    assert "DTC = GTC = 0.5" in files["table1.md"].splitlines()[0]
    assert files["report.html"].count("DTC = GTC = 0.5") == 6  # above each panel of both tables
    row = next(csv.DictReader(io.StringIO(files["table1.csv"])))
    assert row["f1_criterion"] == "05"
    assert float(row["max_f1_pct"]) == pytest.approx((61.0 + 45.0) / 2)


def test_foreign_text_stays_text(tmp_path):
    write(tmp_path / "runs" / "a", gpu=HOSTILE)
    write(tmp_path / "runs" / "b", gpu="B")
    *_, report = report_of(tmp_path / "runs")
    files = texts(report, ["csv", "md", "latex"])
    rows = list(csv.DictReader(io.StringIO(files["table1.csv"])))
    assert "'" + HOSTILE in {row["gpu"] for row in rows}
    for row in (line for line in files["table1.md"].splitlines() if "1+1" in line):
        assert re.search(r"(?<!\\)[<|$#]", row.strip("|").replace(" | ", "  ")) is None
    for line in (line for line in files["table1.tex"].splitlines() if "1+1" in line):
        assert re.search(r"(?<!\\)[#%$_](?!\\pm)", line.replace("$\\pm$", "")) is None
    assert "<b>A" not in texts(report, ["html"])["report.html"]


def test_control_characters_in_a_name_are_refused(tmp_path):
    run = write(tmp_path / "a")
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text.replace('"T4"', '"T4\\u001b[31m"'))
    assert [finding.code for finding in read_run(run)[1]] == ["U101"]


def test_charts_show_each_gpu_and_batch_size(small):
    *_, report = report_of(small)
    charts = {chart.name: chart for chart in sheets_of(report).charts}
    assert list(charts) == ["energy_per_minute", "f1_against_energy", "energy_to_levels"]
    assert [one.label for one in charts["energy_per_minute"].legend] == ["GTX 980", "GTX 1080"]
    assert [len(one.points) for one in charts["energy_per_minute"].series] == [2, 2]
    curves = [one for one in charts["f1_against_energy"].series if one.points]
    assert len(curves) == 8
    assert curves[0].points[-1] == (pytest.approx(3.3), pytest.approx(51.0))
    assert charts["energy_to_levels"].groups == ["GTX 980, 4", "GTX 980, 8", "GTX 1080, 4", "GTX 1080, 8"]
    assert charts["energy_to_levels"].parts[0].values[0] == pytest.approx(2.2)
    assert all(ET.fromstring(chart_svg(chart)) is not None for chart in charts.values())


def test_json_on_stdout_is_that_of_the_sheets(small, tmp_path):
    options = ("--output-dir", tmp_path / "out", "--formats", "json", "--plots", "none", "--format", "json")
    result = dcase_energy("study", "report", small, *options)
    (sheet,) = (tmp_path / "out").glob("*.json")
    assert result.stdout == sheet.read_text(encoding="utf-8")
    assert str(sheet) in result.stderr


def test_the_command_writes_every_file_and_a_page_on_its_own(small, tmp_path):
    out = tmp_path / "out"
    result = dcase_energy("study", "report", small, "--output-dir", out)
    assert (result.returncode, result.stderr) == (0, "8 runs in 4 cells of GPU and batch size\n")
    assert sorted(Path(line).name for line in result.stdout.splitlines()) == sorted(path.name for path in out.iterdir())
    assert {"table1.csv", "table1.md", "table1.tex", "table2.csv", "claims.csv", "curves.csv", "report.html"} <= {
        path.name for path in out.iterdir()
    }
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 3
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "EMPTY"], "no run folder was found"),
        (["report", "EMPTY", "--formats", "pdf"], f"choose from {', '.join(FORMATS)}"),
        (["report", "EMPTY", "--figures", "jpg"], "choose from svg, png, pdf"),
        (["status", "EMPTY"], "no run folder was found"),
        (["run", "--batch-sizes", "4,x"], "list of batch sizes"),
        (["run", "--batch-sizes", "6", "--device", "cpu"], "multiple of 4"),
        (["run", "--recipe", "smok"], "smok"),
        (["run", "--device", "gpu"], "not a device"),
        (["run", "--data", "nowhere"], "does not exist"),
        (["run", "--edition", "dcase1999"], "no edition"),
        (["import"], "Missing argument"),
    ],
)
def test_wrong_use_says_what_to_do(tmp_path, arguments, message):
    result = dcase_energy("study", *[str(tmp_path) if word == "EMPTY" else word for word in arguments])
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_scheduler_that_is_not_there_is_a_failure(tmp_path):
    options = ["--batch-sizes", "4", "--output", tmp_path, "--scheduler", str(tmp_path / "nowhere.json")]
    result = dcase_energy("study", "run", *options)
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert "nowhere.json" in result.stderr


def test_importing_by_command(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("gpu,batch_size,total_kwh\nT4,8,0.9\nT4,8,x\n")
    result = dcase_energy("study", "import", sheet, "--output", tmp_path / "runs")
    assert result.returncode == 1
    assert "T104" in result.stderr
    assert "2 runs of 1 GPU and" in result.stderr
    state = json.loads(next((tmp_path / "runs").glob("*/run.json")).read_text())
    assert state["figures"]["f1_criterion"] is None
