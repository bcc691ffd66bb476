"""The formulas, and nothing else.

A figure that is missing gives a figure that is missing: None in, None out. Nothing is ever divided by zero, by a
negative number, by NaN, by a figure that rounding has made zero, or by one that cannot be an energy: training a
system takes more than a third of a joule and less than a thousand gigawatt-hours.

Sources: Serizel, Cornell and Turpault, "Performance above all?" (ICASSP 2023), for the ratio to the baseline on the
same hardware; Ronchini and Serizel, "Performance and energy balance" (ICASSP 2024, arXiv 2310.03455), for the
energy-weighted PSDS; the published results of 2022 and 2023 for rounding and constants, which editions hold as data.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeGuard

from dcase_energy.editions.parts import RankedBy, Term

SMALLEST_KWH = 1e-7
LARGEST_KWH = 1e9


def is_energy(value_kwh: float | None) -> TypeGuard[float]:
    """Whether a figure can be the energy of a stage; neither None nor NaN nor an absurd one can."""
    return value_kwh is not None and SMALLEST_KWH <= value_kwh <= LARGEST_KWH


def is_score(value: float | None) -> TypeGuard[float]:
    """Whether a figure can be weighted by energy: finite and not negative."""
    return value is not None and 0 <= value < math.inf


def energy_ratio(system_kwh: float | None, baseline_kwh: float | None) -> float | None:
    """Energy of a system over energy of the baseline, both of one stage on one machine: E_system / E_baseline."""
    if not is_energy(system_kwh) or not is_energy(baseline_kwh):
        return None
    return system_kwh / baseline_kwh


def normalised_energy_kwh(
    system_kwh: float | None, baseline_kwh: float | None, reference_kwh: float, decimals: int | None = None
) -> float | None:
    """Energy on the common reference hardware: E_system x E_reference / E_baseline, rounded to ``decimals`` places.

    The product comes first, as in the published figures: it decides how exact ties are rounded.
    """
    if not is_energy(system_kwh) or not is_energy(baseline_kwh):
        return None
    normalised = system_kwh * reference_kwh / baseline_kwh
    return normalised if decimals is None else round(normalised, decimals)


def energy_weighted(score: float | None, energy_kwh: float | None, reference_kwh: float) -> float | None:
    """Score x E_reference / E: the score weighted by how much less energy than the reference the system took."""
    if not is_score(score) or not is_energy(energy_kwh):
        return None
    return score * reference_kwh / energy_kwh


def weighted_by_ratio(score: float | None, ratio: float | None) -> float | None:
    """Score / ratio: the same with the baseline on the system's own hardware as the reference."""
    if not is_score(score) or ratio is None or not ratio > 0:
        return None
    return score / ratio


def ranking_score(values: Sequence[float | None], rule: RankedBy) -> float | None:
    """The ranking score of one system from its scores, in the order of the terms; None where one is missing.

    ``ratio_mean``: weighted mean of score / reference. ``harmonic_mean``: sum of weights / sum of weight / score; 0
    where a score is 0, None where one is negative. ``sum``: sum of weight x score. ``min_max``: sum of weight x
    (score - low) / (high - low), limited by ``clip``. ``mean_rank`` needs all systems: see `mean_ranks`.
    """
    if not values or rule.kind == "mean_rank":
        return None
    parts = [_part(term, value, rule) for term, value in zip(rule.terms, values, strict=True)]
    known = [(term.weight, part) for term, part in zip(rule.terms, parts, strict=True) if part is not None]
    if len(known) < len(parts):
        return None
    weights = sum(weight for weight, _ in known)
    if rule.kind == "harmonic_mean":
        return weights / sum(weight / part for weight, part in known) if all(part for _, part in known) else 0.0
    total = sum(weight * part for weight, part in known)
    return total / weights if rule.kind == "ratio_mean" else total


def _part(term: Term, value: float | None, rule: RankedBy) -> float | None:
    """What a score counts before it is weighted; None where that is not known."""
    least, most = term.clip
    if value is None or not math.isfinite(value):
        return least if rule.missing == "least" and math.isfinite(least) else None
    if rule.kind == "harmonic_mean":
        return value if value >= 0 else None
    if rule.kind == "sum":
        return value
    if rule.kind == "ratio_mean":
        return value / term.reference
    return min(max((value - term.low) / (term.high - term.low), least), most)


def mean_ranks(
    systems: Sequence[Sequence[float | None]], weights: Sequence[float], ties: Literal["smallest", "mean"] = "smallest"
) -> list[float | None]:
    """Weighted mean of the ranks that each system has by each of its scores, of shape (systems, scores).

    Lower scores are better: the sign of the others is changed before. Equal scores share the smallest of their ranks,
    or the mean of them. A system without one of the scores has none, and counts in no other's ranks.
    """
    known = [[value for value in row if value is not None and math.isfinite(value)] for row in systems]
    columns = [sorted(column) for column in zip(*(row for row in known if len(row) == len(weights)), strict=True)]

    def rank(column: Sequence[float], value: float) -> float:
        first = 1 + bisect_left(column, value)
        return first if ties == "smallest" else (first + bisect_right(column, value)) / 2

    def mean(row: Sequence[float]) -> float:
        ranks = [rank(column, value) for column, value in zip(columns, row, strict=True)]
        return sum(weight * place for weight, place in zip(weights, ranks, strict=True)) / sum(weights)

    return [mean(row) if row and len(row) == len(weights) else None for row in known]


def score_deviation(deviations: Sequence[float | None], rule: RankedBy) -> float | None:
    """Standard deviation of the ranking score from those of its scores, taken as fully correlated.

    They come from the same outputs. Limits by ``clip`` are left out; None for ranks and harmonic means, and where one
    is not known.
    """
    if rule.kind == "harmonic_mean":
        return None
    if rule.kind == "min_max":
        scaled = [replace(term, weight=term.weight / abs(term.high - term.low)) for term in rule.terms]
        rule = RankedBy(kind="sum", terms=tuple(scaled))
    return ranking_score(deviations, rule)


def kwh_per_point(energy_kwh: float | None, score: float | None, points: int) -> float | None:
    """Energy per point of a score, of which a score of 1 has so many: E / (points x score), kWh."""
    if not is_energy(energy_kwh) or not is_score(score) or score == 0:
        return None
    return energy_kwh / (points * score)
