"""Small inputs that once gave a wrong figure, a wrong message or no message, each with what is right.

``builders/`` makes the inputs; ``expected/<family>/<case>.toml`` says what the commands must print for each:

    [[run]]
    command = "score {C}/scores {TD}"   # {C}: folder of the case, {EX}: examples/, {TD}: their truth and durations
    cwd = "{C}"                         # default: the repository
    exit = 1
    findings = ["clip07.tsv:42 error T103"]  # all findings: file name, line where there is one, severity, code
    some_findings = []                  # or some of them
    says = ["a blank line"]             # texts in stdout or stderr
    never_says = ["columns missing"]
    process = true                      # the command is a shell line in a separate process (limits, closed streams)
    [run.environment]
    DCASE_ENERGY_DATA = "{C}/data"
    [run.rows.Adams_UNI_task4_1]        # row of {C}/ranking/ranking.csv; numbers are compared to 4 digits, "" is empty
    energy_ratio_training = 0.7129
    findings = "~K801"                  # ~: contains this text; !~: does not
    [run.files]                         # texts in files that the command leaves; "": there is no such file
    "{C}/r.json" = '"complete": true'

``only = true`` in ``[run.rows]``: the sheet has no other rows.
"""

from __future__ import annotations

import csv
import math
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dcase_energy.cli.main as program
from tests.cases import make_cases
from tests.cli.run import ROOT

HERE = Path(__file__).parent
# What the cases edit: a calibration of version 1.0, whose figures they were worked out with.
CALIBRATION = ROOT / "tests" / "data" / "example_1_0"
SEEN = re.compile(r"^(?P<place>\S[^\n]*?): (?P<severity>error|warning|info) (?P<code>[A-Z]\d{3})\b", re.MULTILINE)
EXPECTED = sorted((HERE / "expected").rglob("*.toml"))
KEYS = {
    *("command", "cwd", "process", "environment", "exit"),
    *("findings", "some_findings", "says", "never_says", "rows", "files"),
}
make_cases.add_copied_cases()


def name_of(path: Path) -> str:
    return path.relative_to(HERE / "expected").with_suffix("").as_posix()


def places(text: str) -> list[str]:
    """All findings as ``file[:line] severity code``, each as often as it is printed."""
    found = []
    for match in SEEN.finditer(text):
        file, *numbers = re.split(r":(?=\d)", match["place"])
        name = file.replace("!", "/").replace("\\", "/").rstrip("/").rpartition("/")[2]
        found.append(" ".join([":".join([name, *numbers[:1]]), match["severity"], match["code"]]))
    return sorted(found)


def in_process(arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["dcase-energy", *arguments])
    capfd.readouterr()
    with pytest.raises(SystemExit) as left:
        program.main()
    out, err = capfd.readouterr()
    return left.value.code, out + "\n" + err


def in_shell(line: str) -> tuple[int, str]:
    command = line.replace("dcase-energy ", f"{shlex.quote(sys.executable)} -m dcase_energy ")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + "\n" + done.stderr


def check_rows(rows: dict, ranking: Path):
    with ranking.open(newline="") as file:
        found = {row["label"]: row for row in csv.DictReader(file)}
    if rows.pop("only", False):
        assert set(found) == set(rows)
    for label, cells in rows.items():
        for column, wanted in cells.items():
            cell = found[label][column]
            if isinstance(wanted, str) and wanted.startswith("~"):
                assert wanted[1:] in cell, (label, column, cell)
            elif isinstance(wanted, str) and wanted.startswith("!~"):
                assert wanted[2:] not in cell, (label, column, cell)
            elif isinstance(wanted, str):
                assert cell == wanted, (label, column)
            else:
                assert math.isclose(float(cell), wanted, rel_tol=2e-4), (label, column, cell)


def test_every_case_has_what_is_right():
    assert sorted(map(name_of, EXPECTED)) == sorted(make_cases.CASES)


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True)
    shutil.copytree(CALIBRATION, folder / "packages" / "Adams_UNI", dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize("path", EXPECTED, ids=name_of)
def test_case(path, tmp_path, capfd, monkeypatch, examples):
    expected = tomllib.loads(path.read_text())
    folder = tmp_path / name_of(path).partition("/")[2]
    folder.mkdir()
    make_cases.CASES[name_of(path)](folder, examples)
    truth = f"--ground-truth {examples}/truth.tsv --durations {examples}/durations.tsv"

    def filled(text: str) -> str:
        return text.replace("{C}", str(folder)).replace("{EX}", str(examples)).replace("{TD}", truth)

    for run in expected["run"]:
        assert set(run) <= KEYS
        with monkeypatch.context() as patch:
            patch.chdir(filled(run.get("cwd", str(ROOT))))
            patch.setenv("NO_COLOR", "1")
            patch.delenv("GITHUB_ACTIONS", raising=False)
            patch.setenv("DCASE_ENERGY_DATA", "/dev/null")
            for name, value in run.get("environment", {}).items():
                patch.setenv(name, filled(value))
            line = filled(run["command"])
            code, text = in_shell(line) if run.get("process") else in_process(shlex.split(line), capfd, patch)
        assert code == run["exit"], text
        if "findings" in run:
            assert places(text) == sorted(run["findings"]), text
        assert set(run.get("some_findings", [])) <= set(places(text)), text
        for words in run.get("says", []):
            assert filled(words) in text, text
        for words in [*run.get("never_says", []), "Traceback", "This is a bug"]:
            assert filled(words) not in text, text
        if "rows" in run:
            check_rows(run["rows"], folder / "ranking/ranking.csv")
        for name, words in run.get("files", {}).items():
            file = Path(filled(name))
            assert words in file.read_text() if words else not file.exists(), name
