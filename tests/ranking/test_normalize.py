"""The formulas with figures worked out by hand, and the edges of what they take."""

from __future__ import annotations

import math

import pytest

from dcase_energy.ranking.normalize import (
    energy_ratio,
    energy_weighted_psds,
    energy_weighted_psds_of_ratio,
    is_energy,
    is_score,
    kwh_per_psds_point,
    normalised_energy_kwh,
    ranking_score,
)

NO_ENERGY = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 0.99e-7, 1.01e9]
NO_SCORE = [None, math.nan, math.inf, -math.inf, -0.001]


@pytest.mark.parametrize("value", NO_ENERGY)
def test_what_is_no_energy_enters_no_formula(value):
    assert not is_energy(value)
    assert energy_ratio(value, 1.0) is None
    assert energy_ratio(1.0, value) is None
    assert normalised_energy_kwh(value, 1.0, 1.0) is None
    assert normalised_energy_kwh(1.0, value, 1.0) is None
    assert energy_weighted_psds(0.5, value, 1.0) is None
    assert kwh_per_psds_point(value, 0.5) is None


@pytest.mark.parametrize("value", NO_SCORE)
def test_what_is_no_score_enters_no_formula(value):
    assert not is_score(value)
    assert energy_weighted_psds(value, 1.0, 1.0) is None
    assert energy_weighted_psds_of_ratio(value, 1.0) is None
    assert ranking_score(value, 0.5, 1.0, 1.0) is None
    assert ranking_score(0.5, value, 1.0, 1.0) is None
    assert kwh_per_psds_point(1.0, value) is None


def test_the_ends_of_what_can_be():
    assert is_energy(1e-7)
    assert is_energy(1e9)
    assert is_score(0.0)
    assert is_score(1.0)
    # Energy-weighted scores exceed 1.
    assert is_score(44.0)


@pytest.mark.parametrize("ratio", [None, math.nan, 0.0, -1.0, -math.inf])
def test_nothing_is_weighted_by_what_is_no_ratio(ratio):
    assert energy_weighted_psds_of_ratio(0.5, ratio) is None


def test_each_formula():
    assert energy_ratio(3.0, 2.0) == 1.5
    assert normalised_energy_kwh(3.0, 2.0, 0.5) == 0.75
    assert energy_weighted_psds(0.5, 4.0, 2.0) == 0.25
    assert energy_weighted_psds_of_ratio(0.5, 4.0) == 0.125
    assert energy_weighted_psds_of_ratio(0.5, 0.25) == 2.0
    assert ranking_score(0.3, 0.2, 0.6, 0.1) == 1.25
    assert kwh_per_psds_point(3.0, 0.5) == 0.06


def test_zero_is_a_score_and_no_divisor():
    assert energy_weighted_psds(0.0, 1.0, 1.0) == 0.0
    assert energy_weighted_psds_of_ratio(0.0, 1.0) == 0.0
    assert ranking_score(0.0, 0.0, 1.0, 1.0) == 0.0
    assert kwh_per_psds_point(1.0, 0.0) is None


def test_rounding_is_to_the_places_asked_for_and_only_then():
    assert normalised_energy_kwh(1.23456, 1.0, 1.0) == 1.23456
    assert normalised_energy_kwh(1.23456, 1.0, 1.0, 3) == 1.235
    assert normalised_energy_kwh(1.23456, 1.0, 1.0, decimals=0) == 1.0


def test_the_product_comes_first():
    """0.009 x 0.032 / 0.192 is 0.0015, a tie: the order of the operations decides where it falls."""
    assert round(0.009 * (0.032 / 0.192), 3) == 0.001
    assert normalised_energy_kwh(0.009, 0.192, 0.032, 3) == 0.002
