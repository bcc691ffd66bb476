"""A record of 1.0 with too few validated clips is scaled by every command that divides by it, and each says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.run import run

ROOT = Path(__file__).parent.parent.parent
OLD = ROOT / "tests" / "data" / "whole_epochs_1_0"
SCALED_KWH = 1.64175  # 200 epochs of 113.67 s at 260 W; as measured 1.04722
WORDS = "its validation of 638 clips an epoch was scaled to the 2658 of the recipe"


def test_init_fills_in_the_scaled_energy(tmp_path):
    target = tmp_path / "x.yaml"
    result = run("init", "Adams_UNI_task4_1", "--calibration", OLD / "calibration.json", "--output", target)
    assert result.returncode == 0, result.stderr
    assert f"baseline_training: {SCALED_KWH}" in target.read_text()
    assert WORDS in result.stderr


@pytest.mark.parametrize("given", [False, True])
def test_report_divides_by_the_scaled_energy(tmp_path, given):
    package = tmp_path / "Adams_UNI"
    shutil.copytree(ROOT / "examples" / "packages" / "Adams_UNI", package)
    for name in ("calibration.json", "calibration.journal.jsonl"):
        shutil.copy(OLD / name, package / name)
    result = run("report", package, *(["--calibration", OLD / "calibration.json"] if given else []))
    assert f"baseline  {SCALED_KWH:.4g} kWh" in result.stdout
    assert WORDS in result.stdout
