"""Figures in the text and in the picture of a page are those that its command prints and draws."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib
import pytest

from benchmarks.normalisation import Run, picture, runs_of_sheet, text, typical_factors

ROOT = Path(__file__).parent.parent.parent
PAGE, PICTURE = ROOT / "docs/explanation/normalise.md", ROOT / "docs/pictures/normalisation.svg"


def test_figures_in_the_text_are_those_of_the_command():
    page, printed = PAGE.read_text(), text()
    assert printed in page, "run: python -m tests.docs.blocks --update docs/explanation/normalise.md"
    prose = page.replace(printed, "")
    figures = [*re.findall(r"×\d+\.\d+|\d+(?:\.\d+)?%", prose), *re.findall(r"([\d.]+) times on one GPU model", prose)]
    assert len(figures) >= 8
    assert [figure for figure in figures if figure not in printed] == []
    powers = {f"{run.power_w:.0f}" for run in runs_of_sheet()}
    named = [
        number for part in re.findall(r"((?:\d+(?: to | and )?)+) W", prose) for number in re.findall(r"\d+", part)
    ]
    assert len(named) >= 7
    assert set(named) <= powers
    energies = [run.energy_kwh for run in runs_of_sheet()]
    assert f"from {min(energies):.2f} to {max(energies):.2f} kWh" in prose


def test_the_picture_is_drawn_from_the_same_figures():
    committed = PICTURE.read_bytes()
    if f"Matplotlib v{matplotlib.__version__}".encode() not in committed:
        pytest.skip("another release of matplotlib draws the same figures with other bytes")
    assert picture() == committed, "run: python benchmarks/normalisation.py --picture docs/pictures/normalisation.svg"


def test_dividing_by_a_baseline_removes_a_machine_whose_power_is_constant():
    """Energies of a design times a machine are predicted exactly once divided."""
    runs = [
        Run(gpu, batch, speed * power * work, speed * work)
        for gpu, speed, power in (("a", 1.0, 0.1), ("b", 2.0, 0.3), ("c", 0.5, 0.2))
        for batch, work in ((4, 8.0), (8, 5.0), (16, 4.0))
    ]
    raw, divided = typical_factors(runs, lambda run: run.energy_kwh)
    assert raw > 1.5
    assert divided == pytest.approx(1.0)
