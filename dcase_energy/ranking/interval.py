"""Intervals: from where to where, of what kind and at what level. None is ever made up.

A figure computed from others carries the interval that follows when every input lies somewhere in its own: the
formulas rise or fall with each input, so the ends of the inputs give the ends of the figure. That asks neither for
independence nor for a distribution. The energies of a system and of its baseline are measured independently: their
relative intervals of one level add in quadrature. Where several intervals come together, the level that is left is
what Bonferroni's inequality leaves of theirs; ranges over runs have no level, and nothing that they enter has one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from statistics import NormalDist

from dcase_energy.stats import Interval

# What the columns of an interval end in: its ends, and its kind with its level.
ENDS = ("low", "high", "interval")
INTERVAL_KINDS = ("runs", "bootstrap", "subsample", "calibration", "repeats", "windows", "probes")
# Mean range of n normal draws in units of their standard deviation (Tippett 1925): d2 of control charts.
_MEAN_RANGE = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 8: 2.847, 9: 2.970, 10: 3.078}
_RANGES = {"runs", "repeats"}
_LEVEL = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_COUNT = re.compile(r"\b([0-9]+)\b(?!\s*%|\.)")


def standard_deviation(interval: Interval) -> float | None:
    """Standard deviation of a figure if its distribution is normal; None where the interval does not show it.

    Of the mean over the runs for a range, since the mean is the figure; of one interval at a level otherwise. A
    subsample is drawn without replacement and is too narrow to show it.
    """
    if interval.kind in _RANGES:
        if interval.n not in _MEAN_RANGE:
            return None
        return (interval.high - interval.low) / _MEAN_RANGE[interval.n] / math.sqrt(interval.n)
    if interval.level is None or interval.kind not in {"bootstrap", "calibration"}:
        return None
    return (interval.high - interval.low) / (2 * NormalDist().inv_cdf((1 + interval.level) / 2))


def parse_kind(text: str) -> tuple[str, float | None, int | None] | None:
    """Read a declared kind (``range over 3 runs``, ``bootstrap 95 %``, ``calibration, 95 %``); None if it is none.

    Examples
    --------
    >>> parse_kind("range over 3 runs"), parse_kind("bootstrap, 95 %"), parse_kind("sure")
    (('runs', None, 3), ('bootstrap', 0.95, None), None)
    """
    words = re.findall(r"[a-z]+", text.casefold())
    found = [kind for kind in INTERVAL_KINDS if kind in words or kind.removesuffix("s") in words]
    if len(found) != 1:
        return None
    level, count = _LEVEL.search(text), _COUNT.search(text)
    fraction = float(level[1]) / 100 if level else None
    if fraction is not None and not 0 < fraction < 1:
        return None
    runs = int(count[1]) if count and found[0] in _RANGES else None
    return found[0], None if found[0] in _RANGES else fraction, runs


def combined(low: float, high: float, sources: Mapping[str, Interval], joint: Collection[str] = ()) -> Interval:
    """The interval of a figure between the values its inputs' ends give it, with what it rests on.

    ``sources`` are the intervals of the inputs by name; there is at least one. Those of ``joint`` were added in
    quadrature, at their common level: they count once.
    """
    first = [name for name in sources if name in joint][:1]
    levels = [source.level for name, source in sources.items() if name not in joint or name in first]
    known = [level for level in levels if level is not None]
    level = 1 - sum(1 - one for one in known) if len(known) == len(levels) else None
    return Interval(
        low=min(low, high),
        high=max(low, high),
        kind="from " + ", ".join(f"{name} ({source.label})" for name, source in sources.items()),
        level=level if level is not None and level > 0 and len(sources) > 1 else None,
    )
