"""Energy counters read directly, to check what the tracker says, and to count what it cannot.

They are read at the same moments as the tracker. A counter that wraps is counted on; one that falls otherwise was
reset, and what it said before cannot be compared with what it says now.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from dcase_energy.errors import CounterResetError
from dcase_energy.stats import sum_known
from dcase_energy.units import joules_to_kwh

# Fraction of its range in which a counter that wrapped is found again when it is read often enough.
_WRAP_FRACTION = 0.5
# How long the step of a component's counters is looked for, and after how many steps it is known.
TICKS_WITHIN_S = 1.0
_ENOUGH_TICKS = 20
# Between two looks: much shorter than the step of RAPL, about 1 ms.
_LOOK_S = 1e-4


def read_text(path: Path) -> str | None:
    """The text of a file of the kernel; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def read_number(path: Path) -> int | None:
    """Return the number in a file of the kernel; None if it cannot be read."""
    text = read_text(path)
    return int(text) if text is not None and text.isdecimal() else None


@dataclass
class Counter:
    """One counter, read since the first reading, wraps counted.

    One wrap between two readings is found; more cannot be: `wrap_s` of a domain says how often to read.

    Attributes
    ----------
    name
        For people.
    read
        Gives its value now, None where it cannot be read.
    unit, unit_j
        Of the value, and what one is in joules.
    range
        Value at which it wraps to 0; None for one that does not wrap.
    """

    name: str
    read: Callable[[], int | None]
    unit: str
    unit_j: float
    range: int | None = None
    _last: int | None = None
    _total: int = 0

    def total_j(self) -> float | None:
        """Energy since the first reading; None where it cannot be read now.

        Raises
        ------
        CounterResetError
            If it fell, and not because it wrapped.
        """
        value = self.read()
        if value is None:
            return None
        delta = 0 if self._last is None else value - self._last
        if delta < 0:
            if self.range is None or delta + self.range > self.range * _WRAP_FRACTION:
                raise CounterResetError(f"{self.name} fell from {self._last} to {value} {self.unit}")
            delta += self.range
        self._last, self._total = value, self._total + delta
        return self._total * self.unit_j


def total_j(counters: Sequence[Counter]) -> float | None:
    """Energy of several counters since their first reading; None where one of them cannot be read now.

    Raises
    ------
    CounterResetError
        If one was reset.
    """
    # Each is read, also behind one that cannot be: a wrap between two readings must be seen.
    return sum_known([counter.total_j() for counter in counters])


@dataclass(frozen=True, slots=True)
class Tick:
    """The step of a counter, or of several that are added: of intervals the longest, of energies the sum.

    Attributes
    ----------
    interval_s
        Seconds between two of its values, the median.
    energy_kwh
        Its smallest step.
    """

    interval_s: float
    energy_kwh: float


class DirectCounters:
    """All counters beside the tracker's. Once one of a component was reset, it is not read for the rest of the session.

    Parameters
    ----------
    sources
        By component.
    """

    def __init__(self, sources: Mapping[str, Sequence[Counter]]) -> None:
        self._sources = {name: counters for name, counters in sources.items() if counters}
        self.resets: list[str] = []

    def of(self, component: str) -> Sequence[Counter]:
        """Return the counters of a component; none where it has none."""
        return self._sources.get(component, ())

    def read(self) -> dict[str, float | None]:
        """Energy since the first reading by ``gpu_kwh``, ``cpu_kwh``, ...; None where a counter cannot be read now."""
        found: dict[str, float | None] = {}
        for name, counters in list(self._sources.items()):
            try:
                energy_j = total_j(counters)
                found[f"{name}_kwh"] = None if energy_j is None else joules_to_kwh(energy_j)
            except CounterResetError as error:
                self.resets.append(str(error))
                del self._sources[name]
        return found

    def ticks(self) -> dict[str, Tick | None]:
        """Watch the counters of each component until their steps are known, for at most ``TICKS_WITHIN_S`` each.

        None for a component with a counter that moved less than twice.
        """
        return {name: _tick(counters) for name, counters in self._sources.items()}


def _tick(counters: Sequence[Counter]) -> Tick | None:
    """The step of counters that are read in turn."""
    changes: list[list[tuple[float, int]]] = [[] for _ in counters]
    last = [counter.read() for counter in counters]
    began_s = now_s = time.monotonic()
    while now_s - began_s < TICKS_WITHIN_S and min(map(len, changes)) <= _ENOUGH_TICKS:
        time.sleep(_LOOK_S)
        for number, counter in enumerate(counters):
            value, now_s, before = counter.read(), time.monotonic(), last[number]
            if value is not None and before is not None and value != before:
                changes[number].append((now_s, value - before))
            last[number] = value
    if min(map(len, changes)) < 2:
        return None
    interval_s = max(_median_step([when for when, _ in rows]) for rows in changes)
    # The first change may have been under way for long, and one that is negative was a wrap.
    smallest = [
        min((step for _, step in rows[1:] if step > 0), default=0) * counter.unit_j
        for counter, rows in zip(counters, changes, strict=True)
    ]
    return Tick(interval_s, joules_to_kwh(sum(smallest)))


def _median_step(times: Sequence[float]) -> float:
    return statistics.median(after - before for before, after in pairwise(times))
