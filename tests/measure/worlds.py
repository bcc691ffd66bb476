"""Pretended meters and work for tests of sessions."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from dcase_energy.measure.meter import Method, Obtained, Reading


class ClockMeter:
    """Counts a fixed power by its own clock, which the test sets: no real time passes."""

    def __init__(self, gpu_w: float | None = 100.0, cpu_w: float = 50.0, ram_w: float = 10.0) -> None:
        self.power_w = {"gpu": gpu_w, "cpu": cpu_w, "ram": ram_w}
        self.now_s = 0.0
        self.reads = 0
        self.stopped = False

    def start(self) -> None:
        self.now_s = 1000.0

    def read(self) -> Reading:
        self.reads += 1
        self.now_s += 10.0
        return self._reading()

    def stop(self) -> Reading:
        self.stopped = True
        return self._reading()

    def _reading(self) -> Reading:
        kwh = {
            f"{name}_kwh": None if power is None else power * (self.now_s - 1000.0) / 3.6e6
            for name, power in self.power_w.items()
        }
        return Reading(self.now_s, **kwh)

    def methods(self) -> dict[str, Method]:
        return {
            "gpu": Method(Obtained.COUNTED if self.power_w["gpu"] is not None else Obtained.NOT_MEASURED, "pretended"),
            "cpu": Method(Obtained.COUNTED, "pretended"),
            "ram": Method(Obtained.ESTIMATED, "pretended"),
        }

    def settings(self) -> dict[str, str | int | float | bool | None]:
        return {"meter": "clock", "codecarbon_version": "3.3.2"}

    def warnings(self) -> list[str]:
        return []


def work(folder: Path, body: str) -> list[str]:
    """A command that runs ``body`` with ``marks`` at hand."""
    script = folder / "work.py"
    script.write_text(
        "from dcase_energy.measure.marks import Marks\nmarks = Marks.from_environment()\n" + textwrap.dedent(body)
    )
    return [sys.executable, str(script)]
