"""The interval of a quick calibration holds what a full run costs: the benchmark on recorded traces, and why."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from dcase_energy.stats import BetweenSessions, median_of_means, sample_mean, steady_mean

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("what", [["--scenarios", "--seeds", "6"], ["--trace", "benchmarks/traces/cpu_smoke.csv"]])
def test_intervals_hold_what_the_training_that_follows_costs_and_are_narrow(what):
    """Machines that warm up, throttle, share their host and drift; the page of benchmarks has 200 of each."""
    command = [sys.executable, "benchmarks/quick_calibration.py", "--seeds", "20", *what]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(result.stdout.splitlines()) == (20 if "--scenarios" in what else 2)


def test_independent_values_get_students_interval():
    chance = random.Random(1)
    values = [100 + chance.gauss(0, 1) for _ in range(400)]
    assert steady_mean(values).half_width() == pytest.approx(sample_mean(values).half_width(), rel=0.15)


def test_values_alike_one_after_the_other_get_the_wider_interval_of_their_process():
    """A first-order autoregression of coefficient 0.6: the mean's variance is four times that of independent values."""
    chance, value, values = random.Random(2), 0.0, []
    for _ in range(4000):
        value = 0.6 * value + chance.gauss(0, 1)
        values.append(100 + value)
    ratio = steady_mean(values).half_width() / sample_mean(values).half_width()
    assert 1.9 < ratio < 2.4


def test_half_of_a_trend_is_in_the_interval():
    """A line from 95 to 105 without noise: the level at which it will end may be five away."""
    assert steady_mean([95 + 10 * place / 20 for place in range(21)]).half_width() == pytest.approx(5.0)
    assert steady_mean([100.0 - (-1) ** place for place in range(21)]).half_width() < 0.5


def test_half_of_the_difference_to_the_windows_before_is_in_the_interval():
    assert steady_mean([100.0] * 20, [110.0] * 20).half_width() == pytest.approx(5.0)
    alike = [100.0 - (-1) ** place for place in range(20)]
    assert steady_mean(alike, [100.1] * 20) == steady_mean(alike)


def test_equal_values_and_one_value():
    assert steady_mean([5.0] * 8).half_width() == 0
    assert steady_mean([5.0]).half_width() is None


def test_sessions_are_assumed_to_differ_until_three_have_shown_it():
    assert BetweenSessions.seen([1.0, 2.0]) == BetweenSessions(0.03, 2)
    seen = BetweenSessions.seen([1.0, 1.01, 0.99])
    assert seen.relative_sd == pytest.approx(0.01, rel=0.01)
    assert seen.of(2.0).half_width() == pytest.approx(4.302653 * 0.02, rel=0.01)  # t(2)
    assert BetweenSessions().of(2.0).half_width() == pytest.approx(2.262157 * 0.06)  # t(9)


def test_a_rare_event_does_not_move_the_median_of_means():
    assert median_of_means([1.0] * 19 + [100.0]) == 1.0
    assert median_of_means([1.0, 2.0]) == 1.5
