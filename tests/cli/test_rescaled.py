"""A record of 1.0 with too few validated clips is scaled by every command that divides by it, and each says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dcase_energy.api.records import beside_baseline
from dcase_energy.api.shared import read_calibration
from dcase_energy.calibration.reference import factors
from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.records import load_calibration, load_energy
from tests.cli.run import run

ROOT = Path(__file__).parent.parent.parent
OLD = ROOT / "tests" / "data" / "whole_epochs_1_0"
RECORDS = ROOT / "tests" / "data" / "records" / "1.1"
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


def test_a_calibration_that_a_command_was_given_is_scaled_once():
    """It was scaled when it was read and again when it was divided by: 2.57 kWh in place of 1.64."""
    given, system = read_calibration(OLD / "calibration.json"), load_energy(RECORDS / "energy.json")
    trained = system.model_copy(update={"stage": "training", "stages": {"training": system.stages["test"]}})
    compared = beside_baseline(trained, given)
    assert compared.stages[0].first.full_recipe_energy_kwh == pytest.approx(SCALED_KWH, rel=1e-5)
    assert WORDS in compared.notes[0]
    here = load_calibration(RECORDS / "calibration.json")
    (training, *_) = factors(here, given, load_edition("generic"))
    full_kwh = here.stages["training"].full_recipe_energy_kwh
    assert training.factor == pytest.approx(SCALED_KWH / full_kwh, rel=1e-5)


def test_two_calibrations_are_compared_by_their_full_recipes():
    result = run("records", "compare", OLD / "calibration.json", RECORDS / "calibration.json")
    assert f"first: {WORDS}" in result.stdout
    assert f"{SCALED_KWH:.4g} kWh" in result.stdout
