"""Intervals, and the little statistics that measuring needs: means with Student's t and Welch's degrees of freedom.

Means, medians and deviations of plain values come from the standard library's ``statistics`` or from NumPy.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dcase_energy.student import t_quantile

LEVEL = 0.95
_SYSTEMATIC_1_0 = 0.01  # a 95 % half-width
_NORMAL_975 = 1.959964
ENOUGH_SESSIONS = 3
_ASSUMED_SESSIONS = 10
_KNOWN = 1e9  # degrees of freedom of an error that is not estimated from the values

_WORDS = {
    "runs": "range over {n} runs",
    "repeats": "range over {n} repeats",
    "mean-of-epochs": "mean over epochs (Student's t)",
    "mean-of-windows": "mean of {n} windows (Student's t)",
    "mean-of-runs": "mean of {n} runs (Student's t)",
    "probes": "probes of the baseline around the run",
    "quotient": "both intervals in quadrature",
    "welch-of-windows": "means over windows (Welch; correlation of windows, 1 % systematic)",  # records of 1.0
    "windows-of-session": "{n} windows of this session",
    "epochs-of-session": "{n} epochs of this session",
    "sessions": "this session and differences between sessions",
}


def sum_known(values: Iterable[float | None]) -> float | None:
    """The sum; None if there is no value or one is not known."""
    found = list(values)
    return None if not found or None in found else math.fsum(value for value in found if value is not None)


def times(value: float | None, factor: float) -> float | None:
    """A value scaled; None stays None."""
    return None if value is None else value * factor


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

    def interval(self, kind: str, n: int | None = None, other: Mean | None = None) -> Interval | None:
        """The 95 % interval of a mean above 0, as a factor up and down; None where no standard error is known.

        The half-width of ``other``, an error of another source, is added in quadrature.
        """
        half = self.half_width()
        if half is None:
            return None
        half = math.hypot(half, (other.half_width() or 0.0) if other is not None else 0.0)
        factor = math.exp(half / self.value) if self.value > 0 else 1.0
        return Interval(self.value / factor, self.value * factor, kind, LEVEL, n)

    def half_width(self, level: float = LEVEL) -> float | None:
        """Half of the two-sided interval by Student's t; None where no standard error is known."""
        if self.standard_error is None or self.degrees is None:
            return None
        return t_quantile((1 + level) / 2, self.degrees) * self.standard_error


@dataclass(frozen=True, slots=True)
class BetweenSessions:
    """How much sessions of the same work on one machine differ.

    Coefficients of variation of the same training are 1.4 % on A100 to 28 % on T4 (ICASSP 2023, table 1). From
    `ENOUGH_SESSIONS` on, a machine's own are known; before that 3 % is assumed, as if ten sessions had shown it.

    Attributes
    ----------
    relative_sd
        Standard deviation of the energy between sessions, over its mean.
    sessions
        From how many it was computed; below `ENOUGH_SESSIONS` it is assumed.
    """

    relative_sd: float = 0.03
    sessions: int = 0

    def of(self, value: float) -> Mean:
        """The error of one session that measured ``value``, as a mean of 0 that is added to it."""
        known = self.sessions >= ENOUGH_SESSIONS
        return Mean(0.0, abs(value) * self.relative_sd, (self.sessions if known else _ASSUMED_SESSIONS) - 1)

    @classmethod
    def seen(cls, energies_kwh: Sequence[float]) -> BetweenSessions:
        """From the energies of earlier sessions, shape (n,), all above 0."""
        if len(energies_kwh) < ENOUGH_SESSIONS:
            return cls(sessions=len(energies_kwh))
        return cls(statistics.stdev(map(math.log, energies_kwh)), len(energies_kwh))


def first_reaching(values: Sequence[float | None], level: float) -> int | None:
    """Index of the first of values, shape (n,), that is at least ``level``; None if there is none.

    Unknown values reach nothing. A level that is a product, such as 0.95 x the highest, is not missed by its last bit.

    Examples
    --------
    >>> first_reaching([0.1, None, 0.4, 0.3, 0.5], 0.4), first_reaching([0.1], 0.4)
    (2, None)
    """
    floor = level * (1 - 1e-12)
    return next((i for i, value in enumerate(values) if value is not None and value >= floor), None)


def sample_mean(values: Sequence[float]) -> Mean:
    """Mean of values, shape (n,), n at least 1."""
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Mean(mean)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Mean(mean, math.sqrt(variance / n), n - 1)


@dataclass(frozen=True, slots=True)
class Trend:
    """The least-squares line through values at equal distances.

    Attributes
    ----------
    change
        From the first to the last value, in their unit.
    standard_error
        Of the change, for independent residuals; None for fewer than three values.
    residuals
        The values without the line.
    """

    change: float
    standard_error: float | None
    residuals: tuple[float, ...]


def trend_of(values: Sequence[float]) -> Trend:
    """The trend of values, shape (n,), n at least 1; of one value there is none."""
    n, mean = len(values), math.fsum(values) / len(values)
    places = [place - (n - 1) / 2 for place in range(n)]
    square = math.fsum(place * place for place in places)
    slope = math.fsum(x * (y - mean) for x, y in zip(places, values, strict=True)) / square if square else 0.0
    residuals = tuple(y - mean - slope * x for x, y in zip(places, values, strict=True))
    if n < 3:
        return Trend(slope * (n - 1), None, residuals)
    variance = math.fsum(one * one for one in residuals) / (n - 2)
    return Trend(slope * (n - 1), math.sqrt(variance / square) * (n - 1), residuals)


def correlation_factor(residuals: Sequence[float]) -> float:
    """How many times the variance of a mean is that of independent values, at least 1.

    The initial monotone positive sequence of autocovariances, added in pairs (Geyer 1992, Practical Markov chain Monte
    Carlo, section 3.3), up to half of the values. ``residuals``, shape (n,), have the mean 0.
    """
    n = len(residuals)

    def covariance(lag: int) -> float:
        return math.fsum(a * b for a, b in zip(residuals, residuals[lag:], strict=False)) / n

    variance = covariance(0)
    if variance <= 0:
        return 1.0
    total, last = 0.0, math.inf
    for pair in range(n // 4 + 1):
        both = covariance(2 * pair) + covariance(2 * pair + 1)
        if both <= 0:
            break
        last = min(last, both)
        total += last
    return max(1.0, (2 * total - variance) / variance)


def steady_mean(values: Sequence[float], settled: Sequence[float] = ()) -> Mean:
    """Mean of a process seen for a short time, shape (n,), n at least 1, as an estimate of its mean over the session.

    The error of the mean of the values without their trend, for as many of them as are effectively independent
    (`correlation_factor`). Half of the trend is added in quadrature where it is more than twice its error: the level
    at which it will end is not known. So is half the difference to ``settled``, the values before these by which the
    process was found steady, where it is more than the half-width.
    """
    n = len(values)
    if n < 4:
        return sample_mean(values)
    mean, line = math.fsum(values) / n, trend_of(values)
    factor = correlation_factor(line.residuals)
    variance = math.fsum(one * one for one in line.residuals) / (n - 2)
    found = Mean(mean, math.sqrt(variance * factor / n), max(2.0, (n - 2) / factor))
    if abs(line.change) > 2 * math.sqrt(factor) * (line.standard_error or 0.0):
        found = widened(found, line.change / 2)
    difference = math.fsum(settled) / len(settled) - mean if settled else 0.0
    return widened(found, difference / 2) if abs(difference) > (found.half_width() or 0.0) else found


def widened(mean: Mean, half_width: float) -> Mean:
    """A mean with a 95 % half-width added in quadrature that is not estimated from its values."""
    return weighted_sum([(1.0, mean), (1.0, Mean(0.0, abs(half_width) / _NORMAL_975, _KNOWN))])


def steady_mean_1_0(values: Sequence[float]) -> Mean:
    """As records of version 1.0 have it, shape (n,), n at least 1: they are computed again by their own formula.

    The variance of the mean is multiplied by (1 + r) / (1 - r), r the correlation at lag 1, corrected for its bias and
    held within 0 to 0.9; 1 % of the mean is added in quadrature.
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
    return widened(own, plain.value * _SYSTEMATIC_1_0)


def degrees_of_freedom(values: Sequence[float]) -> float:
    """Degrees of freedom of the variance of independent values, shape (n,), n at least 2; at most n - 1.

    Where a few values are far from the others, as rare other work leaves them, the variance is known worse than of
    normal ones: 2 n / (k - (n - 3) / (n - 1)), k their kurtosis (O'Neill 2014, Some useful moment results in sampling
    problems, The American Statistician 68, section 3).
    """
    n, mean = len(values), math.fsum(values) / len(values)
    square = math.fsum((value - mean) ** 2 for value in values) / n
    if square <= 0:
        return n - 1
    kurtosis = math.fsum((value - mean) ** 4 for value in values) / n / square**2
    spread = kurtosis - (n - 3) / (n - 1)
    return max(1.0, min(n - 1, 2 * n / spread)) if spread > 0 else n - 1


def median_of_means(values: Sequence[float], blocks: int = 5) -> float:
    """Median of the means of successive blocks of values, shape (n,): one rare event does not move it."""
    blocks = min(blocks, len(values))
    ends = [round(len(values) * end / blocks) for end in range(blocks + 1)]
    return statistics.median(statistics.fmean(values[a:b]) for a, b in pairwise(ends))


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
