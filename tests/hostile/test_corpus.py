"""Every hostile input ends in findings: never a traceback, never above 512 MB or 60 seconds of CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile import cases_packages, cases_scores, cases_tables, cases_yaml
from tests.hostile.case import Case

ROOT = Path(__file__).parent.parent.parent
CASES = [*cases_yaml.CASES, *cases_scores.CASES, *cases_packages.CASES, *cases_tables.CASES]
PEAK_MB = 512


@pytest.fixture(scope="module")
def server():
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "OPENBLAS_NUM_THREADS": "1",
        "NO_COLOR": "1",
    }
    command = [sys.executable, "-m", "tests.hostile.server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        yield process
        process.stdin.close()


def ask(server: subprocess.Popen[str], name: str, *argv: object) -> dict:
    server.stdin.write(json.dumps({"id": name, "argv": [os.fspath(part) for part in argv]}) + "\n")
    server.stdin.flush()
    answer = json.loads(server.stdout.readline())
    assert answer["id"] == name
    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_input(case: Case, server, tmp_path):
    path = case.make(tmp_path)
    before = listing(tmp_path)
    answer = ask(server, case.name, "validate", path, "--format", "json")
    assert answer["code"] in {0, 1}, answer["err"]
    assert "Traceback" not in answer["err"]
    assert answer["peak_mb"] < PEAK_MB
    assert listing(tmp_path) == before, "validate wrote where it reads"
    findings = json.loads(answer["out"])["findings"]
    codes = {finding["code"] for finding in findings}
    assert set(case.codes) <= codes, findings
    assert (not codes) == case.clean, findings
    assert case.words in " ".join(f"{one['message']} {one['hint']} {one['found']}" for one in findings)
    # People get the same as text, and nothing in it can move a cursor or forge a line.
    if len(findings) < 100:
        text = ask(server, case.name, "validate", path)
        assert text["code"] == answer["code"]
        assert not set("\x1b\x07\x08\x00\u202e\u2028\x85") & set(text["out"])


def listing(folder: Path) -> list[tuple[str, int]]:
    found = []
    for directory, folders, names in os.walk(folder):
        found += [(f"{directory}/{name}", Path(directory, name).lstat().st_size) for name in (*folders, *names)]
    return sorted(found)


def test_no_two_cases_have_one_name():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
