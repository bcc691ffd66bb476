"""Intervals, and the little statistics that measuring needs: means with Student's t and Welch's degrees of freedom.

Means, medians and deviations of plain values come from the standard library's ``statistics`` or from NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LEVEL = 0.95
# What repeating for a minute cannot show: slow drift, rare events, the counters' own error. As a 95 % half-width.
SYSTEMATIC = 0.01
_NORMAL_975 = 1.959964
_KNOWN = 1e9  # degrees of freedom of an error that is not estimated from the values

_WORDS = {
    "runs": "range over {n} runs",
    "repeats": "range over {n} repeats",
    "mean-of-epochs": "mean over epochs (Student's t)",
    "mean-of-windows": "mean of {n} windows (Student's t)",
    "mean-of-runs": "mean of {n} runs (Student's t)",
    "probes": "probes of the baseline around the run",
    "quotient": "both intervals in quadrature",
    "welch-of-windows": "means over windows (Welch; correlation of windows, 1 % systematic)",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of a figure.

    Attributes
    ----------
    low, high
        Its ends, in the unit of the figure.
    kind
        How it was computed: ``runs``, ``bootstrap``, ``mean-of-windows``, ...
    level
        Probability that it covers, as a fraction; None where that is not known, as with a range over runs.
    n
        How many values (runs, resamples, epochs, windows, probes) it was computed from; None where that is not known.
    """

    low: float
    high: float
    kind: str
    level: float | None = None
    n: int | None = None

    @property
    def label(self) -> str:
        """Kind and level in words: ``bootstrap, 95 %``, ``range over 3 runs``."""
        words = _WORDS.get(self.kind, self.kind).replace("{n} " if self.n is None else "{n}", str(self.n or ""))
        return words if self.level is None else f"{words}, {100 * self.level:.4g} %"


def quotient_ends(above: float, below: float, of_above: Interval | None, of_below: Interval | None) -> Interval | None:
    """The interval of a quotient of two independent figures, greater than 0.

    The logarithms of both intervals add in quadrature, side by side, so that one interval alone gives its own ends.
    None where neither is known, where they have different levels or one has none, and where no upper end follows.
    """
    known = [one for one in (of_above, of_below) if one is not None]
    if not known or not above > 0 or not below > 0 or len({one.level for one in known}) > 1:
        return None
    if len(known) == 2 and known[0].level is None:
        return None
    # A figure that is known exactly is its own interval.
    a = of_above or Interval(above, above, "exact")
    b = of_below or Interval(below, below, "exact")
    down = math.hypot(_log(above, a.low), _log(b.high, below))
    up = math.hypot(_log(a.high, above), _log(below, b.low))
    value = above / below
    return (
        None if math.isinf(up) else Interval(value * math.exp(-down), value * math.exp(up), "quotient", known[0].level)
    )


def _log(over: float, under: float) -> float:
    return math.log(over / under) if under > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its standard error and degrees of freedom; both None for fewer than two values."""

    value: float
    standard_error: float | None = None
    degrees: float | None = None

    def half_width(self, level: float = LEVEL) -> float | None:
        """Half of the two-sided interval by Student's t; None where no standard error is known."""
        if self.standard_error is None or self.degrees is None:
            return None
        return t_quantile((1 + level) / 2, self.degrees) * self.standard_error


def sample_mean(values: Sequence[float]) -> Mean:
    """Mean of values, shape (n,), n at least 1."""
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Mean(mean)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Mean(mean, math.sqrt(variance / n), n - 1)


def steady_mean(values: Sequence[float], systematic: float = SYSTEMATIC) -> Mean:
    """Mean of a process seen for a short time, shape (n,), n at least 1, as an estimate of its mean over a long time.

    Successive values of one run are correlated: the variance of the mean is multiplied by (1 + r) / (1 - r), r their
    correlation at lag 1 (Bartlett's formula of a first-order autoregression; r is corrected for its own bias, 1 / n,
    and held within 0 to 0.9). ``systematic``, a share of the mean, is added in quadrature.
    """
    plain = sample_mean(values)
    if plain.standard_error is None:
        return plain
    n = len(values)
    squares = math.fsum((value - plain.value) ** 2 for value in values)
    products = math.fsum((a - plain.value) * (b - plain.value) for a, b in pairwise(values))
    lag = min(0.9, max(0.0, products / squares + 1 / n)) if squares > 0 else 0.0
    inflation = (1 + lag) / (1 - lag)
    own = Mean(plain.value, plain.standard_error * math.sqrt(inflation), max(2.0, (n - 1) / inflation))
    return weighted_sum([(1.0, own), (1.0, Mean(0.0, abs(plain.value) * systematic / _NORMAL_975, _KNOWN))])


def weighted_sum(terms: Sequence[tuple[float, Mean]]) -> Mean:
    """Sum of independent means times constants, with Welch and Satterthwaite's degrees of freedom.

    A term without a standard error leaves the sum without one.
    """
    value = math.fsum(weight * mean.value for weight, mean in terms)
    variances: list[float] = []
    shares: list[float] = []
    for weight, mean in terms:
        if mean.standard_error is None or mean.degrees is None:
            return Mean(value)
        variance = (weight * mean.standard_error) ** 2
        variances.append(variance)
        shares.append(variance**2 / mean.degrees)
    total = math.fsum(variances)
    if total == 0:
        return Mean(value, 0.0, min(mean.degrees or 1 for _, mean in terms))
    return Mean(value, math.sqrt(total), total**2 / math.fsum(shares))


def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t, by bisection of its distribution function.

    Examples
    --------
    >>> round(t_quantile(0.975, 4), 4), round(t_quantile(0.975, 30), 4)
    (2.7764, 2.0423)
    """
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        if 1 - _beta_tail(middle, degrees) / 2 < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_tail(t: float, degrees: float) -> float:
    """P(|T| > t): the regularised incomplete beta function at nu / (nu + t^2), a = nu / 2, b = 1 / 2."""
    x = degrees / (degrees + t * t)
    a, b = degrees / 2, 0.5
    if x >= 1:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # The continued fraction converges fast on one side of the mean of the distribution; the other is its mirror.
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Lentz's evaluation of the incomplete beta function's continued fraction (DLMF 8.17.22)."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    result = d
    for m in range(1, 300):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + numerator / c
            c = c if abs(c) > tiny else tiny
            result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return result
