"""The journeys in examples/ run from begin to end: as programs, and as notebooks without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
RECORD = EXAMPLES / "packages" / "Adams_UNI" / "calibration.json"


def start(script: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, EXAMPLES / script, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "baseline")]), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_participant_arrives(tmp_path):
    pytest.importorskip("codecarbon")
    done = start("participant.py", "--calibration", RECORD, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {path.name for path in (tmp_path / "journey").iterdir()}
    assert {"training.json", "Baker_LAB_task4_1.meta.yaml", "Baker_LAB.zip"} <= made
    assert "EW-PSDS1" in done.stdout


def test_the_organiser_has_sheets_in_the_morning(tmp_path):
    done = start("organiser.py", "--bootstrap", 20, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 Baker_LAB_task4_2" in done.stdout
    assert "Clark_INST   1 systems, 12 errors" in done.stdout
    assert len(list((tmp_path / "night").glob("ranking*"))) >= 6


def test_the_organiser_without_a_valid_package_fails(tmp_path):
    (tmp_path / "in").mkdir()
    assert start("organiser.py", tmp_path / "in", folder=tmp_path).returncode == 1


def test_notebooks_are_stored_as_their_script_executes_them(tmp_path):
    """Their programs to the letter; of the outputs what does not depend on the version of pandas."""
    nbformat = pytest.importorskip("nbformat")
    for name in ("nbclient", "ipykernel"):
        pytest.importorskip(name)
    done = start("make_notebooks.py", tmp_path, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for name, last in (("participant", "Baker_LAB_task4_2"), ("organiser", "ranking.html")):
        made, stored = (nbformat.read(folder / f"{name}.ipynb", as_version=4) for folder in (tmp_path, EXAMPLES))
        nbformat.validate(stored)
        assert [cell.source for cell in made.cells] == [cell.source for cell in stored.cells]
        for document in (made, stored):
            code = [cell for cell in document.cells if cell.cell_type == "code"]
            assert all(cell.execution_count for cell in code)
            assert last in str(code[-1].outputs)
