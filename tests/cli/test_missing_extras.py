"""A command whose extra is not installed says which, with the line to type; never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TRUTH = ["--ground-truth", "examples/truth.tsv", "--durations", "examples/durations.tsv"]
TABLE = ["rank", "tests/data/dcase2022_task4_results.csv", "--edition", "dcase2022-task4", "--formats", "csv"]
HIDE = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def without(name, path=None, target=None):
    return None if name.partition(".")[0] in {hidden!r} else find(name, path, target)
PathFinder.find_spec = without
"""
TORCH = ("torch", "torchaudio")
CASES = {
    "calibrate without torch": (["calibrate", "--quick"], TORCH, "train"),
    "calibrate without codecarbon": (["calibrate", "--quick", "--budget", "1"], ("codecarbon",), "measure|train"),
    "measure without codecarbon": (["measure", "--stage", "test", "--", "true"], ("codecarbon",), "measure"),
    "doctor without codecarbon": (["doctor"], ("codecarbon",), "measure"),
    "macs without torch": (["macs", "baseline"], TORCH, "train"),
    "soundscapes without soundfile": (["soundscapes", "out", "--clips", "1"], ("soundfile",), "train"),
    "plots of a ranking": ([*TABLE, "--plots", "svg,png", "--output-dir", "out"], ("matplotlib",), "plots"),
    "plots of scores": (["score", "examples/packages/Baker_LAB", *TRUTH, "--plots", "pdf"], ("matplotlib",), "plots"),
    "a scheduler": (
        ["score", "examples/packages/Baker_LAB", *TRUTH, "--scheduler", "tcp://127.0.0.1:9"],
        ("dask", "distributed"),
        "cluster",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_says_what_to_install(case, tmp_path):
    arguments, hidden, extras = CASES[case]
    (tmp_path / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
    for name in ("examples", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    path = os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "baseline")])
    environment = {**os.environ, "PYTHONPATH": path, "DCASE_ENERGY_DATA": os.devnull}
    command = [sys.executable, "-m", "dcase_energy", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode in {1, 2, 125}, said
    assert any(f"pip install 'dcase-energy[{extra}]'" in said for extra in extras.split("|")), said
    assert "with a rank" not in said, "the lack is known before the work"
    assert "Traceback" not in said
    assert "bug in dcase-energy" not in said
