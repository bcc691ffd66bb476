"""The examples are what their script makes, and do what the README says they do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.run import run

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
TRUTH = ("--ground-truth", EXAMPLES / "truth.tsv", "--durations", EXAMPLES / "durations.tsv")
# Written by `dcase-energy calibrate` on a real machine, not by the script.
MEASURED = {"calibration.json", "calibration.journal.jsonl"}


def test_they_are_what_the_script_makes(tmp_path):
    subprocess.run([sys.executable, EXAMPLES / "make_examples.py", tmp_path], check=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(EXAMPLES): path.read_bytes()
        for part in ("packages", "truth.tsv", "durations.tsv")
        for path in (EXAMPLES / part, *(EXAMPLES / part).rglob("*"))
        if path.is_file() and path.name not in MEASURED
    }
    assert made == kept


def test_the_broken_system_shows_everything_at_once():
    result = run("validate", EXAMPLES / "packages")
    assert result.returncode == 1
    codes = {line.split()[2] for line in result.stdout.splitlines() if ": error " in line or ": warning " in line}
    wanted = "C301 E201 E203 E204 M102 M103 M104 M106 N105 N107 O604 O605 R401"
    assert codes == set(wanted.split())
    assert "Adams" not in result.stdout
    assert "Baker" not in result.stdout


def test_all_but_the_broken_system_are_ranked(tmp_path):
    result = run("rank", EXAMPLES / "packages", *TRUTH, "--output-dir", tmp_path)
    assert result.returncode == 1
    rows = [line.split(",") for line in (tmp_path / "ranking.csv").read_text().splitlines()]
    ranks = {row[1]: row[0] for row in rows[1:]}
    assert ranks == {
        "Baker_LAB_task4_2": "1",
        "Adams_UNI_task4_2": "2",
        "Adams_UNI_task4_1": "3",
        "Baker_LAB_task4_1": "4",
        "Clarke_INST_task4_1": "",
    }
    assert "O601" in result.stderr


def test_the_participants_report_is_as_reviewed():
    result = run("report", EXAMPLES / "packages" / "Baker_LAB", *TRUTH)
    assert result.returncode == 0
    golden = Path(__file__).parent / "report_baker.txt"
    assert result.stdout == golden.read_text()
