"""A calibration of toy size in a separate process, with a meter that counts a fixed power by the machine's clock.

``python -m tests.calibration.killable OUTPUT EPOCHS [REPEATS]`` continues where it was killed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from dcase_energy.calibration.plan import Plan
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.meter import Method, Obtained, Reading
from dcase_energy.measure.recorder import Instruments

TINY = Path(__file__).parent / "data" / "tiny.toml"
POWER_W = {"cpu": 50.0, "ram": 10.0}


class FixedPowerMeter:
    """50 W processor, 10 W memory, from its start on."""

    def start(self) -> None:
        self._began_s = time.monotonic()

    def read(self) -> Reading:
        now = time.monotonic()
        kwh = {name: power * (now - self._began_s) / 3.6e6 for name, power in POWER_W.items()}
        return Reading(now, None, kwh["cpu"], kwh["ram"])

    stop = read

    def methods(self) -> dict[str, Method]:
        return {
            "gpu": Method(Obtained.NOT_MEASURED, "no such component"),
            "cpu": Method(Obtained.COUNTED, "pretended"),
            "ram": Method(Obtained.ESTIMATED, "pretended"),
        }

    def settings(self) -> dict[str, str | int | float | bool | None]:
        return {"meter": "fixed power", "codecarbon_version": "3.3.2"}

    def warnings(self) -> list[str]:
        return []


def plan(epochs: int, repeats: int = 1) -> Plan:
    return Plan("generic", str(TINY), epochs=epochs, threads=1, repeats=repeats, idle_s=0.0, device="cpu", window_s=0.0)


if __name__ == "__main__":
    run_calibration(
        plan(int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1),
        Path(sys.argv[1]),
        resume=True,
        make_instruments=lambda mark: Instruments(FixedPowerMeter()),
    )
