"""The library from a program: the same results as the commands', nothing printed, errors that say what to do."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import dcase_energy
from dcase_energy import InputError, rank, report, score, validate
from dcase_energy.api.energy import measure
from dcase_energy.measure.records import load_energy
from tests.cli.run import run

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
TABLE = ROOT / "tests/data/dcase2022_task4_results.csv"
BAKER = EXAMPLES / "packages" / "Baker_LAB"
TRUTH = {"ground_truth": EXAMPLES / "truth.tsv", "durations": EXAMPLES / "durations.tsv"}


def test_every_public_name_is_there():
    for name in dcase_energy.__all__:
        assert getattr(dcase_energy, name) is not None
        assert name in dir(dcase_energy)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dcase_energy.nothing  # noqa: B018


def test_validate_finds_what_the_command_finds():
    path = EXAMPLES / "packages" / "Clark_INST"
    shown = json.loads(run("validate", path, "--format", "json").stdout)["findings"]
    found = validate(path).findings
    assert [one["code"] for one in shown] == [one.code for one in found]
    assert found


def test_score_gives_what_the_command_gives():
    shown = json.loads(
        run(
            "score",
            BAKER,
            "--ground-truth",
            TRUTH["ground_truth"],
            "--durations",
            TRUTH["durations"],
            "--format",
            "json",
        ).stdout
    )
    found = score(BAKER, **TRUTH)
    assert not found.findings
    for metric in ("psds1", "psds2", "collar_f1", "segment_f1"):
        assert {name: values[metric] for name, values in found.values.items()} == {
            one["system"]: one[metric] for one in shown["systems"]
        }


TABLE = ROOT / "tests" / "data" / "dcase2022_task4_results.csv"
GIVEN = ["--ground-truth", TRUTH["ground_truth"], "--durations", TRUTH["durations"]]


def copied(folder: Path, name: str, rows: int) -> Path:
    path = folder / name
    path.write_text("".join(TABLE.read_text().splitlines(keepends=True)[: rows + 1]))
    return path


@pytest.mark.parametrize(
    "case", ["a table", "duplicate labels", "a package with ground truth", "a table and a package"]
)
def test_rank_writes_the_sheets_of_the_command(tmp_path, case):
    sources, arguments = {
        "a table": ([TABLE], {"edition": "dcase2022-task4"}),
        "duplicate labels": ([copied(tmp_path, "a.csv", 9), copied(tmp_path, "b.csv", 4)], {}),
        "a package with ground truth": ([BAKER], TRUTH),
        "a table and a package": ([copied(tmp_path, "a.csv", 9), BAKER], {"edition": "generic", **TRUTH}),
    }[case]
    options = [word for name, value in arguments.items() for word in (f"--{name.replace('_', '-')}", value)]
    command = run("rank", *sources, *options, "--output-dir", tmp_path / "command", "--formats", "csv,json")
    sheet = rank(sources, **arguments)
    paths = sheet.write(tmp_path / "api", ["csv", "json"])
    assert (tmp_path / "api" / "ranking.csv") in paths
    for path in paths:
        assert path.read_bytes() == (tmp_path / "command" / path.name).read_bytes()
    codes = {finding.code for finding in sheet.findings}
    assert all(f" {code} " in command.stderr for code in codes)
    assert ("T106" in codes) == (case == "duplicate labels")


def test_of_a_label_in_a_table_and_a_package_the_one_that_is_given_first_is_ranked(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("label,psds1,psds2,energy_training_kwh,energy_test_kwh\nBaker_LAB_task4_1,0.3,0.5,2.0,0.04\n")
    found = [rank(sources, edition="generic") for sources in ([table, BAKER], [BAKER, table])]
    origins = [{one.entry.label: one.entry.scores_are for one in sheet.systems} for sheet in found]
    assert [one["Baker_LAB_task4_1"] for one in origins] == ["given", "stated"]


@pytest.mark.parametrize("given", [{}, TRUTH, {**TRUTH, "field": TABLE}], ids=["stated", "scored", "field"])
def test_report_gives_what_the_command_gives(given):
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
    shown = run("report", BAKER, *options, "--format", "csv")
    found = report(BAKER, **given)
    rows = {row["label"]: row for row in csv.DictReader(shown.stdout.splitlines())}
    assert {one.entry.label for one in found.own} <= set(rows)
    for one in found.systems:
        assert rows[one.entry.label]["rank"] == ("" if one.rank is None else str(one.rank))
    assert shown.returncode == 0


def test_rank_scores_packages(tmp_path):
    sheet = rank(BAKER, **TRUTH)
    sheet.write(tmp_path, ["csv"])
    rows = list(csv.DictReader((tmp_path / "ranking.csv").open()))
    assert [row["label"] for row in rows] == ["Baker_LAB_task4_2", "Baker_LAB_task4_1"]
    assert rows[0]["scores_are"] == "scored"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: validate("nowhere"), "nowhere does not exist"),
        (lambda: validate([]), "no path was given"),
        (lambda: validate(BAKER, edition="generc"), "Did you mean 'generic'"),
        (lambda: validate(BAKER, calibration="none.json"), "cannot be read"),
        (lambda: rank(BAKER, ground_truth=TRUTH["ground_truth"]), "belong together"),
        (lambda: score(BAKER, TRUTH["durations"], TRUTH["durations"]), "ground truth cannot be used"),
        (lambda: score(BAKER, **TRUTH, like="sed_eavl"), "like: expected one of .*sed_eval; found 'sed_eavl'"),
        (lambda: score(BAKER, **TRUTH, empty_clips="dorp"), "empty_clips: expected one of keep, drop; found 'dorp'"),
        (lambda: score(BAKER, **TRUTH, threshold=float("nan")), "threshold: expected a number from 0 to 1; found nan"),
        (lambda: score(BAKER, **TRUTH, seed=-1), "seed: expected a whole number from 0 to 4,294,967,295; found -1"),
        (
            lambda: score(BAKER, **TRUTH, class_thresholds={"Dog": 2}),
            "class_thresholds: expected a mapping of texts",
        ),
        (lambda: score(BAKER, **TRUTH, interval="some"), "interval: expected one of bootstrap"),
        (
            lambda: score(BAKER, **TRUTH, resamples=-3),
            "resamples: expected a whole number from 0",
        ),
        (lambda: validate(BAKER, select=["E2O1"]), "select: no rule begins with 'E2O1'"),
        (lambda: dcase_energy.calibrate(stages=["tets"]), "stages: expected training or test, or both; found tets"),
        (lambda: dcase_energy.calibrate(device="toaster"), "'toaster' is not a device"),
        (lambda: dcase_energy.run_study(device="toaster"), "'toaster' is not a device"),
        (lambda: measure("true", stage="test"), "command: expected a list of texts; found 'true'"),
    ],
)
def test_what_cannot_be_used_is_said(call, says, capsys):
    with pytest.raises(InputError, match=says):
        call()
    assert capsys.readouterr() == ("", "")


def test_codes_of_rules_are_a_list_or_a_text_as_of_the_command():
    """A text was taken for its letters: all rules that begin with one of them."""
    bad = ROOT / "tests/acceptance/negative/E201"
    every = validate(bad).findings
    assert [one.code for one in validate(bad, select="E201").findings] == ["E201"]
    assert validate(bad, select=["energy-not-positive"]).findings == validate(bad, select=["E201"]).findings
    assert validate(bad, ignore="e201, M").findings == [
        one for one in every if one.code != "E201" and one.code[0] != "M"
    ]


def test_a_format_that_is_not_known_is_refused_by_its_name(tmp_path):
    sheet = rank(TABLE, edition="dcase2022-task4")
    with pytest.raises(InputError, match=r"formats: expected some of csv, .*; found 'foo'"):
        sheet.write(tmp_path, ["csv", "foo"])
    with pytest.raises(InputError, match=r"plots: expected some of svg, .*; found 'foo'"):
        sheet.write(tmp_path, ["csv"], ["foo"])
    assert list(tmp_path.iterdir()) == []


def test_fix_and_pack_do_what_the_commands_do(tmp_path):
    folder = shutil.copytree(BAKER, tmp_path / "Baker_LAB")
    (meta, *_) = sorted(folder.rglob("*.meta.yaml"))
    correct = meta.read_text()
    meta.write_text(correct.replace("label:", "lable:", 1))
    seen = []
    (shown,) = dcase_energy.fix(folder, write=False, on_change=seen.append)
    assert seen == [shown]
    assert "+  label:" in shown.diff
    assert "lable:" in meta.read_text()
    refused, nothing = dcase_energy.pack(folder, tmp_path / "none.zip")
    assert refused.findings
    assert nothing is None
    assert not (tmp_path / "none.zip").exists()
    assert [one.what for one in dcase_energy.fix(folder)] == [shown.what]
    assert meta.read_text() == correct
    found, packed = dcase_energy.pack(folder)
    assert not found.findings
    assert packed.path == tmp_path / "Baker_LAB.zip"
    assert run("pack", folder, "--output", tmp_path / "same.zip").returncode == 0
    assert (tmp_path / "same.zip").read_bytes() == packed.path.read_bytes()


def test_calibrate_gives_the_record_before_it_reports_files(monkeypatch, tmp_path):
    record = SimpleNamespace(complete=False, valid=False)
    monkeypatch.setattr("dcase_energy.api.calibrating.run_calibration", lambda *_, resume, host: record)
    seen = []
    dcase_energy.calibrate(tmp_path / "c.json", edition="dcase2022-task4", log=seen.append, on_end=seen.append)
    assert seen.index(record) == len(seen) - 2
    assert seen[-1].startswith(f"record: {tmp_path / 'c.json'}")


@pytest.mark.parametrize("command", [["calibrate", "--quick"], ["study", "run"]])
def test_more_threads_than_the_machine_has_are_refused_at_once(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    found = run(*command, "--threads", "100000")
    assert found.returncode == 2
    assert re.search(r"^Error: threads: this process may use \d+ of this machine, found 100,000$", found.stderr, re.M)
    assert not list(tmp_path.iterdir())


def test_calibrate_hands_its_options_on(monkeypatch, tmp_path):
    seen = {}
    monkeypatch.setattr(
        "dcase_energy.api.calibrating.run_calibration",
        lambda plan, output, progress, *, resume, host: seen.update(plan=plan, output=output, resume=resume),
    )
    dcase_energy.calibrate(tmp_path / "c.json", edition="dcase2022-task4", quick=True, threads=1, seed=7, resume=True)
    plan = seen["plan"]
    assert (plan.edition, plan.recipe, plan.execution_path) == ("dcase2022-task4", "dcase2022", "reference")
    assert (plan.quick is not None, plan.threads, plan.seed, seen["resume"]) == (True, 1, 7, True)


def test_the_plain_loop_writes_a_record(tmp_path):
    pytest.importorskip("codecarbon")
    command = [sys.executable, EXAMPLES / "plain_loop.py", "--epochs", "2", "--output", tmp_path / "t.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = load_energy(tmp_path / "t.json")
    assert record.complete
    assert record.stages["training"].phases["training_steps"].windows == 2
