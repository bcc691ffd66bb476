"""Memory counted by RAPL in place of the constant that the tracker assumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.errors import CounterResetError, MeterError
from dcase_energy.measure.counters import Counter, total_j
from dcase_energy.measure.meter import Meter, Method, Obtained, Reading
from dcase_energy.units import joules_to_kwh


class CountedMemory:
    """A meter that counts all but memory, and counters for memory.

    Parameters
    ----------
    meter
        Not started.
    counters
        Of all memory of the machine.
    """

    def __init__(self, meter: Meter, counters: Sequence[Counter]) -> None:
        self._meter = meter
        self._counters = tuple(counters)

    def start(self) -> None:
        """Begin to count."""
        self._meter.start()
        self._with_memory(self._meter.read())

    def read(self) -> Reading:
        """Energy of each component since the start."""
        return self._with_memory(self._meter.read())

    def stop(self) -> Reading:
        """End counting and give the last reading."""
        return self._with_memory(self._meter.stop())

    def methods(self) -> dict[str, Method]:
        """How each component is obtained."""
        count = len(self._counters)
        detail = "RAPL counter of memory" if count == 1 else f"RAPL counters of memory, {count} processors"
        return {**self._meter.methods(), "ram": Method(Obtained.COUNTED, detail)}

    def settings(self) -> dict[str, str | int | float | bool | None]:
        """Those of the meter."""
        return self._meter.settings()

    def warnings(self) -> list[str]:
        """Those of the meter."""
        return self._meter.warnings()

    def _with_memory(self, reading: Reading) -> Reading:
        try:
            energy_j = total_j(self._counters)
        except CounterResetError as error:
            raise MeterError(str(error), "counter-sane") from None
        return replace(reading, ram_kwh=None if energy_j is None else joules_to_kwh(energy_j))
