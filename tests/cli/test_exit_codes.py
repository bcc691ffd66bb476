"""Exit codes and the words that go with them: 0 clean, 1 findings, 2 usage error, 3 internal error, 130 interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dcase_energy.errors import MeterError
from tests.cli.run import ROOT, run, spawn

GOOD = ROOT / "tests/acceptance/positive/M101"
BAD = ROOT / "tests/acceptance/negative/E201"
WARNING = ROOT / "tests/acceptance/negative/E204"
COMMANDS = [
    "doctor",
    "calibrate",
    "measure",
    "records",
    "validate",
    "explain",
    "score",
    "report",
    "rank",
    "editions",
    "schema",
]


def test_clean_is_0():
    result = spawn("validate", GOOD)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "1 metadata file (edition generic): no problems found\n"


def test_findings_are_1():
    result = spawn("validate", BAD)
    assert result.returncode == 1
    assert "E201" in result.stdout
    assert result.stderr == "1 metadata file (edition generic): 1 error, 0 warnings\n"


def test_warnings_alone_are_0_and_strict_makes_them_1():
    assert run("validate", WARNING).returncode == 0
    assert run("validate", WARNING, "--strict").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validate"], "Missing argument 'PATH...'"),
        (["validate", "no/such/file.yaml"], "Path 'no/such/file.yaml' does not exist"),
        (["validate", GOOD, "--editoin", "generic"], "No such option"),
        (["validate", GOOD, "--edition", "dcase2023"], "Did you mean 'dcase2023-task1' or 'dcase2023-task4a'?"),
        (["validate", GOOD, "--format", "xml"], "'xml' is not one of 'text', 'concise'"),
        (["validate", GOOD, "--calibration", GOOD / "Adams_UNI_task4_1.meta.yaml"], "is not JSON"),
        (["explain", "E999"], "no rule 'E999'"),
        (["rank", "no.csv"], "does not exist"),
        (["rank", GOOD, "--formats", "csv,pdf"], "--formats: pdf; choose from"),
        (["report", GOOD, "--ground-truth", GOOD / "Adams_UNI_task4_1.meta.yaml"], "belong together"),
        (["score", GOOD], "Missing option '--ground-truth'"),
        (["calibrate", "--quick", "--epochs", "3"], "--quick and --epochs exclude each other"),
        (["calibrate", "--output", "no/such/folder/c.json"], "the folder no/such/folder does not exist"),
        (["calibrate", "--device", "toaster"], "device"),
        (
            ["measure", "--stage", "training", "--probe-every", "0s", "--", "true"],
            "'0s' is shorter than 30 s",
        ),
        (
            ["measure", "--stage", "training", "--probe", "none", "--probe-every", "5m", "--", "true"],
            "--probe none and --probe-every exclude each other",
        ),
        (["frobnicate"], "No such command 'frobnicate'"),
    ],
    ids=lambda value: " ".join(map(str, value))[:40] if isinstance(value, list) else None,
)
def test_wrong_use_is_2_and_says_what_is_wrong(arguments, words):
    result = run(*arguments)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_bug_of_ours_is_3_with_a_text_to_paste(tmp_path):
    code = (
        "import sys, dcase_energy.cli.main as m\nimport dcase_energy.editions.shipped as shipped\n"
        "def broken(): raise RuntimeError('boom \\x1b[2J')\nshipped.edition_names = broken\n"
        "sys.argv = ['dcase-energy', 'editions']\nm.main()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 3
    assert "This is a bug in dcase-energy" in result.stderr
    assert "boom" in result.stderr
    assert "\x1b" not in result.stderr


def test_interruption_is_130():
    code = "import dcase_energy.cli.main as m, os, signal, sys, dcase_energy.editions.shipped as l\n"
    code += "l.edition_names = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
    code += "sys.argv = ['dcase-energy', 'editions']\nm.main()\n"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 130


def test_a_reader_that_goes_away_is_no_traceback():
    command = f"{sys.executable} -m dcase_energy schema | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.stdout == "{\n"
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert f"Example: dcase-energy {command}" in result.stdout


def test_help_lists_every_command():
    text = run("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in text


def test_json_is_sorted_and_the_same_each_time():
    folder = ROOT / "tests/acceptance/negative"
    first, second = (run("validate", folder, "--format", "json").stdout for _ in range(2))
    assert first == second
    document = json.loads(first)
    findings = document["findings"]
    places = [
        (f["file"], f["member"] or "", f["line"] or 0, f["column"] or 0, f["code"], f["message"]) for f in findings
    ]
    assert places == sorted(places)
    assert document["summary"]["errors"] == sum(f["severity"] == "error" for f in findings)
    keys = [
        "code",
        "severity",
        "file",
        "member",
        "line",
        "column",
        "path",
        "message",
        "expected",
        "found",
        "hint",
        "waived",
        "url",
    ]
    assert all(list(f) == keys for f in findings)


def test_text_shows_the_line_and_points_at_the_value():
    lines = run("validate", BAD).stdout.splitlines()
    assert lines[1] == "   25 |     training: 0.5 kWh"
    assert lines[2] == "      |               ^"


def test_hostile_text_cannot_move_the_cursor(tmp_path):
    path = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    path.write_text('submission:\n  label: "a\\u202eb"\n  na\u200bme: x\n')
    output = run("validate", path).stdout
    assert "\u202e" not in output
    assert "\u200b" not in output
    assert "\\u200b" in output


def test_output_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "findings.json"
    target.write_text("old")
    result = run("validate", BAD, "--format", "json", "--output", target)
    assert result.returncode == 1
    assert json.loads(target.read_text())["summary"]["errors"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["findings.json"]
    result = run("validate", BAD, "--output", tmp_path / "no" / "findings.json")
    assert result.returncode == 2
    assert "cannot write" in result.stderr


def test_python_minus_o_changes_nothing():
    command = [sys.executable, "-O", "-m", "dcase_energy", "validate", str(ROOT / "tests/acceptance/negative")]
    optimised = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}, check=False
    )
    usual = run("validate", ROOT / "tests/acceptance/negative")
    assert (optimised.stdout, optimised.returncode) == (usual.stdout, usual.returncode)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"submission: [", b"- 1\n"], ids=["empty", "utf16", "open", "list"]
)
def test_broken_metadata_is_a_finding_with_a_line(tmp_path, content):
    path = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    path.write_bytes(content)
    result = run("validate", path, "--format", "json")
    assert result.returncode == 1
    findings = json.loads(result.stdout)["findings"]
    assert findings
    assert all(f["line"] for f in findings) or content == b""


@pytest.mark.parametrize("make", ["folder", "fifo", "loop", "dangling"])
def test_metadata_that_is_no_plain_file(tmp_path, make):
    path = tmp_path / "system" / "Adams_UNI_task4_1.meta.yaml"
    path.parent.mkdir()
    match make:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
    started = time.monotonic()
    result = run("validate", path.parent)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert time.monotonic() - started < 20


def test_no_command_writes_into_the_folder_it_reads(tmp_path):
    folder = tmp_path / "packages"
    folder.mkdir()
    path = folder / "Adams_UNI_task4_1.meta.yaml"
    path.write_bytes((GOOD / path.name).read_bytes())
    before = sorted(Path(folder).rglob("*"))
    run("validate", folder)
    run("report", folder)
    assert sorted(Path(folder).rglob("*")) == before


@pytest.mark.parametrize("before", [[], ["-q"], ["--verbose"]])
def test_a_failure_of_measure_is_125_whatever_stands_before_it(before, monkeypatch):
    """Else it would be taken for the exit code of the command."""

    def fail(*_: object, **__: object) -> None:
        raise MeterError("no meter")

    monkeypatch.setattr("dcase_energy.api.energy.measure", fail)
    assert run(*before, "measure", "--stage", "test", "--", "true").returncode == 125
