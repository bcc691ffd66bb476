"""Where on an axis a value lies, and which values get a tick."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dcase_energy.units import format_significant


@dataclass(frozen=True)
class Axis:
    """A range of values drawn between two places, ``start`` being that of ``low``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies."""
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def rank_ticks(self) -> list[tuple[float, str]]:
        """The same for ranks: the first is 1."""
        return [(1.0, "1"), *((value, text) for value, text in self.ticks() if value >= 2 and value == round(value))]

    def ticks(self) -> list[tuple[float, str]]:
        """Values and texts of at most about eight ticks."""
        values = _log_ticks(self.low, self.high) if self.log else _ticks(self.low, self.high)
        return [(value, short(value)) for value in values]


def axis_of(values: Sequence[float], start: float, end: float, *, log: bool = False, exact: bool = False) -> Axis:
    """An axis around some values with a little room, or exactly between them; positive ones if it is logarithmic."""
    low, high = min(values), max(values)
    if exact:
        return Axis(low, high, start, end, log)
    if log:
        low, high = low / 1.5, high * 1.5
        return Axis(low, high, start, end, log=True)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    return Axis(low - room if low < 0 or low > room else min(0.0, low), high + room, start, end)


def short(value: float) -> str:
    """A tick's text: `0.05`, `20`, `5 k`, `10 G`."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            scaled = value / limit if unit != "k" else value / 1e3
            return f"{_trimmed(scaled)} {unit}"
    return _trimmed(value)


def _trimmed(value: float) -> str:
    text = format_significant(value, 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 5
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw)
    first = math.ceil(low / step)
    return [round(count * step, 12) for count in range(first, math.floor(high / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = max(1, math.ceil(len(decades) / 7))
    factors = (1, 2, 5) if len(decades) <= 3 else (1,)
    values = [factor * 10.0**decade for decade in decades if decade % every == 0 for factor in factors]
    return [value for value in values if low <= value <= high]
