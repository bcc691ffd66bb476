"""The interval of a quick calibration holds what a full run costs: the benchmark on recorded traces, and why."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from dcase_energy.stats import sample_mean, steady_mean

ROOT = Path(__file__).parent.parent.parent


def test_on_recorded_traces_the_interval_holds_at_least_19_of_20_times():
    result = subprocess.run(
        [sys.executable, "benchmarks/quick_calibration.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "of 20 times (needed 19)" in result.stdout


def test_independent_values_get_students_interval_and_the_systematic_share():
    chance = random.Random(1)
    values = [100 + chance.gauss(0, 1) * (-1) ** n for n in range(400)]
    plain, steady = sample_mean(values).half_width(), steady_mean(values).half_width()
    assert steady_mean(values, systematic=0.0).half_width() == pytest.approx(plain, rel=0.15)
    assert steady == pytest.approx((plain**2 + 1.0) ** 0.5, rel=0.02)  # 1 % of 100


def test_values_alike_one_after_the_other_get_the_wider_interval_of_their_process():
    """A first-order autoregression of coefficient 0.6: the mean's variance is four times that of independent values."""
    chance, value, values = random.Random(2), 0.0, []
    for _ in range(4000):
        value = 0.6 * value + chance.gauss(0, 1)
        values.append(100 + value)
    ratio = steady_mean(values, systematic=0.0).half_width() / sample_mean(values).half_width()
    assert ratio == pytest.approx(2.0, rel=0.1)


def test_equal_values_and_one_value():
    assert steady_mean([5.0] * 8).half_width() == pytest.approx(0.05, rel=1e-3)
    assert steady_mean([5.0]).half_width() is None
