"""Changes that `CONTRIBUTING.md` shows: the example of a section is put into a copy of the project and used."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of the program, without what is not needed to run it."""
    for name in ("dcase_energy", "baseline", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def example(heading: str) -> str:
    """The first block of Python below a heading."""
    section = (ROOT / "CONTRIBUTING.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]


def run(tree: Path, *arguments: object) -> str:
    command = [sys.executable, "-P", "-m", "dcase_energy", *map(str, arguments)]
    environment = {"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_sheet_format_is_one_file(tree):
    (tree / "dcase_energy" / "sheets" / "formats" / "tsv.py").write_text(example("Adding a sheet format"))
    table = ROOT / "tests/data/dcase2023_task4a_results_sample.csv"
    printed = run(
        tree, "rank", table, "--edition", "dcase2023-task4a", "--output-dir", tree / "out", "--formats", "tsv"
    )
    assert "ranking.tsv" in printed
    head, first, *_ = (tree / "out" / "ranking.tsv").read_text().splitlines()
    assert head.split("\t")[:3] == ["rank", "label", "team"]
    assert first.split("\t")[:2] == ["1", "Zhang_UCAS_task4_4"]
    assert "tsv" in run(tree, "rank", "--help")


def test_a_new_rule_is_one_file(tree):
    (tree / "dcase_energy" / "submission" / "checks" / "shouting.py").write_text(example("Adding a rule"))
    assert run(tree, "explain", "name-in-capitals").startswith("N199 name-in-capitals (warning)\n")
    meta = ROOT / "tests/acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"
    assert run(tree, "validate", meta, "--select", "N199") == ""
    broken = tree / meta.name
    broken.write_text(re.sub(r"(?m)^(  name: ).*$", r"\1SMALL CRNN", meta.read_text()))
    assert "N199" in run(tree, "validate", broken, "--select", "N199")
