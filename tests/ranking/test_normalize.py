"""The formulas with figures worked out by hand, and the edges of what they take."""

from __future__ import annotations

import math

import pytest

from dcase_energy.editions.parts import RankedBy, Term
from dcase_energy.ranking.normalize import (
    energy_ratio,
    energy_weighted,
    is_energy,
    is_score,
    kwh_per_point,
    mean_ranks,
    normalised_energy_kwh,
    ranking_score,
    score_deviation,
    weighted_by_ratio,
)

TINY = [
    # score, low, high, weight, clip
    ("accuracy_inference", 0.56, 1, 1, None), ("accuracy_tflite", 0.56, 1, 2, None),
    ("roc_auc_inference", 0.89, 0.97, 0.5, None), ("roc_auc_tflite", 0.89, 0.97, 0.5, None),
    ("model_size", 4755032, 42232, 0.5, None), ("macs_inference", 267313754, 23326923, 0.3, 0),
    ("macs_tflite", 567313754, 3911888, 0.5, 0), ("preprocessing", 477.46, 241.12, 0.3, 0),
    ("model", 2000, 287.53, 0.4, 0), ("total", 2000, 287.53, 0.5, 0), ("ram", 1000000, 95900, 0.5, 0),
]  # fmt: skip
NO_ENERGY = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 0.99e-7, 1.01e9]
NO_SCORE = [None, math.nan, math.inf, -math.inf, -0.001]


@pytest.mark.parametrize("value", NO_ENERGY)
def test_what_is_no_energy_enters_no_formula(value):
    assert not is_energy(value)
    assert energy_ratio(value, 1.0) is None
    assert energy_ratio(1.0, value) is None
    assert normalised_energy_kwh(value, 1.0, 1.0) is None
    assert normalised_energy_kwh(1.0, value, 1.0) is None
    assert energy_weighted(0.5, value, 1.0) is None
    assert kwh_per_point(value, 0.5, 100) is None


@pytest.mark.parametrize("value", NO_SCORE)
def test_what_is_no_score_enters_no_formula(value):
    assert not is_score(value)
    assert energy_weighted(value, 1.0, 1.0) is None
    assert weighted_by_ratio(value, 1.0) is None
    assert kwh_per_point(1.0, value, 100) is None


def mean_of(*references: float) -> RankedBy:
    return RankedBy(terms=tuple(Term(score=f"s{i}", reference=one) for i, one in enumerate(references)))


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", ["ratio_mean", "sum", "min_max"])
def test_a_score_that_is_not_finite_gives_no_ranking_score(kind, value):
    rule = RankedBy(kind=kind, terms=mean_of(1.0, 1.0).terms)
    assert ranking_score([0.5, 0.5], rule) is not None
    assert ranking_score([value, 0.5], rule) is None
    assert ranking_score([0.5, value], rule) is None
    assert ranking_score([], RankedBy(kind=kind)) is None
    assert mean_ranks([[value, 0.5], [0.1, 0.2]], [1, 1]) == [None, 1.0]


def test_weights_of_a_mean_and_of_a_sum():
    terms = (Term(score="a", weight=3.0, reference=0.5), Term(score="b"))
    assert ranking_score([0.5, 0.2], RankedBy(terms=terms)) == pytest.approx((3 * 1.0 + 0.2) / 4)
    assert ranking_score([0.49, 0.73], RankedBy(kind="sum", terms=mean_of(9.0, 9.0).terms)) == pytest.approx(1.22)
    assert ranking_score([0.5, 0.2], RankedBy(kind="sum", terms=terms)) == pytest.approx(1.7)


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ([0.5647, 0.5628, 0.8921, 0.8923, 111408, 23326923, 23315232, 3.11, 330.36, 337.9, 202556], 3.244774),
        ([0.8, 0.78, 0.95, 0.94, 500000, 100000000, 50000000, 300, 600, 900, 300000], 4.609783),
        ([0.5, 0.5, 0.85, 0.85, 5000000, 300000000, 600000000, 500, 2500, 3000, 1200000], -0.935081),
    ],
)
def test_the_ranking_formula_of_biodcase_2026(values, score):
    """The organisers' formula: ``low`` and ``high`` of each term count 0 and 1, some are limited below by 0."""
    terms = [
        Term(score=name, low=low, high=high, weight=weight, clip=(-math.inf if least is None else least, math.inf))
        for name, low, high, weight, least in TINY
    ]
    rule = RankedBy(kind="min_max", terms=tuple(terms))
    assert ranking_score(values, rule) == pytest.approx(score, abs=2e-6)
    # The deviation of a term is scaled as the term is.
    assert score_deviation([0.44, *[0.0] * 10], rule) == pytest.approx(1.0)
    assert score_deviation([*[0.0] * 10, 904100.0], rule) == pytest.approx(0.5)


def test_the_mean_of_ranks_of_2023():
    """Four invented systems with a tie, which takes the smallest rank: accuracy (higher is better), memory, MACs."""
    rows = [[-62.7, 120000, 29.4], [-60.8, 54000, 16.7], [-58.0, 54000, 5.0], [-47.9, 90000, 29.2]]
    assert mean_ranks(rows, [0.5, 0.25, 0.25]) == [2.5, 1.75, 2.0, 3.5]
    assert mean_ranks(rows, [1, 1, 1]) == pytest.approx([3.0, 5 / 3, 5 / 3, 10 / 3])
    assert ranking_score(rows[0], RankedBy(kind="mean_rank", terms=mean_of(1.0, 1.0, 1.0).terms)) is None
    # A system without a score counts in no other's ranks.
    assert mean_ranks([*rows, [-99.0, None, 1.0]], [0.5, 0.25, 0.25]) == [2.5, 1.75, 2.0, 3.5, None]


def test_deviations_go_through_the_formula():
    assert score_deviation([0.03, 0.01], mean_of(0.6, 0.1)) == pytest.approx(0.075)
    assert score_deviation([None, 0.01], mean_of(0.6, 0.1)) is None


def test_the_ends_of_what_can_be():
    assert is_energy(1e-7)
    assert is_energy(1e9)
    assert is_score(0.0)
    assert is_score(1.0)
    # Energy-weighted scores exceed 1.
    assert is_score(44.0)


@pytest.mark.parametrize("ratio", [None, math.nan, 0.0, -1.0, -math.inf])
def test_nothing_is_weighted_by_what_is_no_ratio(ratio):
    assert weighted_by_ratio(0.5, ratio) is None


def test_each_formula():
    assert energy_ratio(3.0, 2.0) == 1.5
    assert normalised_energy_kwh(3.0, 2.0, 0.5) == 0.75
    assert energy_weighted(0.5, 4.0, 2.0) == 0.25
    assert weighted_by_ratio(0.5, 4.0) == 0.125
    assert weighted_by_ratio(0.5, 0.25) == 2.0
    assert ranking_score([0.3, 0.2], mean_of(0.6, 0.1)) == 1.25
    assert kwh_per_point(3.0, 0.5, 100) == 0.06


def test_zero_is_a_score_and_no_divisor():
    assert energy_weighted(0.0, 1.0, 1.0) == 0.0
    assert weighted_by_ratio(0.0, 1.0) == 0.0
    assert ranking_score([0.0, 0.0], mean_of(1.0, 1.0)) == 0.0
    assert kwh_per_point(1.0, 0.0, 100) is None


def test_rounding_is_to_the_places_asked_for_and_only_then():
    assert normalised_energy_kwh(1.23456, 1.0, 1.0) == 1.23456
    assert normalised_energy_kwh(1.23456, 1.0, 1.0, 3) == 1.235
    assert normalised_energy_kwh(1.23456, 1.0, 1.0, decimals=0) == 1.0


def test_the_product_comes_first():
    """0.009 x 0.032 / 0.192 is 0.0015, a tie: the order of the operations decides where it falls."""
    assert round(0.009 * (0.032 / 0.192), 3) == 0.001
    assert normalised_energy_kwh(0.009, 0.192, 0.032, 3) == 0.002
