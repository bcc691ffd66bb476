"""The cost of the baseline from probes: half the difference of two, Student's t over more."""

import math

import pytest

from dcase_energy.measure.probed import probed_cost
from dcase_energy.stats import BetweenSessions


def test_one_probe_is_uncertain_by_the_difference_between_sessions():
    mean = probed_cost([2.0])
    assert mean.value == 2.0
    assert mean.half_width() == pytest.approx(
        2.2622 * 0.03 * 2.0, rel=1e-4
    )  # t(9): assumed, as if ten sessions had shown it


def test_two_probes_are_uncertain_by_half_their_difference_as_well():
    mean = probed_cost([1.0, 1.2], BetweenSessions(0.03, 10**9))
    assert mean.value == pytest.approx(1.1)
    assert mean.half_width() == pytest.approx(math.hypot(0.1, 1.96 * 0.03 * 1.1), rel=1e-4)
    assert probed_cost([1.0, 1.0], BetweenSessions(0.0, 5)).half_width() == 0


def test_more_probes_by_students_t_alone():
    values = [1.0, 1.1, 1.2, 1.1]
    mean = probed_cost(values)
    deviation = math.sqrt(sum((value - 1.1) ** 2 for value in values) / 3)
    assert mean.value == pytest.approx(1.1)
    assert mean.half_width() == pytest.approx(3.1824 * deviation / 2, rel=1e-4)


def test_probes_of_which_one_met_other_work_know_their_spread_worse():
    quiet, busy = [1.0, 1.01] * 12, [1.0, 1.01] * 11 + [1.0, 1.5]
    assert probed_cost(quiet).degrees == pytest.approx(23)
    assert probed_cost(busy).degrees < 3
