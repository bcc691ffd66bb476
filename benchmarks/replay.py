"""A meter that plays a recorded trace, for tests and for trying out rules on known data."""

from __future__ import annotations

from collections.abc import Sequence

from dcase_energy.errors import MeterError
from dcase_energy.measure.meter import Method, Obtained, Reading


class ReplayMeter:
    """Gives recorded readings one after the other.

    Parameters
    ----------
    trace
        Readings in order; their energies count from the first one.
    counted
        Components that are said to be counted; the others with a figure are said to be estimated.
    """

    def __init__(self, trace: Sequence[Reading], counted: Sequence[str] = ("gpu", "cpu")) -> None:
        self._trace = list(trace)
        self._counted = frozenset(counted)
        self._next = 0

    def start(self) -> None:
        """Begin with the first reading."""
        if not self._trace:
            raise MeterError("the trace is empty")
        self._next = 0

    def read(self) -> Reading:
        """The next reading of the trace."""
        if self._next >= len(self._trace):
            raise MeterError(f"the trace ends after {len(self._trace)} readings")
        self._next += 1
        return self._trace[self._next - 1]

    def stop(self) -> Reading:
        """The reading that is next, or the last one."""
        return self._trace[min(self._next, len(self._trace) - 1)]

    def methods(self) -> dict[str, Method]:
        """Counted or estimated as the caller said; not measured where the trace has no figure."""
        found = {}
        for name in ("gpu", "cpu", "ram"):
            if self._trace[0].component(name) is None:
                found[name] = Method(Obtained.NOT_MEASURED, "not in the trace")
            else:
                obtained = Obtained.COUNTED if name in self._counted else Obtained.ESTIMATED
                found[name] = Method(obtained, "replayed trace")
        return found

    def settings(self) -> dict[str, str | int | float | bool | None]:
        """Name of the meter."""
        return {"meter": "replay"}

    def warnings(self) -> list[str]:
        """None."""
        return []
