"""The GPU under check: NVML sampled beside the product, the product's commands, and work that keeps the GPU busy."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from dcase_energy.measure.gpu import ask_nvml
from dcase_energy.measure.journal import read_journal
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.windows import Window, windows_of
from dcase_energy.units import kwh_to_joules

# NVML_FI_DEV_POWER_INSTANT: power now, not its mean over a second; in mW.
_POWER_INSTANT = 186
ROOT = Path(__file__).parents[2]
# Products of matrices for so many seconds; prints first whether it has a GPU. ARGV: seconds.
BURN = """\
import sys, time, torch
print("cuda", torch.cuda.is_available(), flush=True)
if torch.cuda.is_available():
    x, end = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16), time.time() + float(sys.argv[1])
    while time.time() < end:
        for _ in range(5):
            x @ x
        torch.cuda.synchronize()
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """NVML at a moment of the clock that journals use."""

    time_s: float
    energy_j: float
    power_w: float
    instant_w: float
    busy: float
    temperature_c: float


class Samples(list[Sample]):
    """Samples in their order."""

    def between_j(self, begin_s: float, end_s: float) -> float:
        """Energy between two moments, interpolated, which smooths the counter's steps."""
        return self._at(end_s) - self._at(begin_s)

    def _at(self, time_s: float) -> float:
        place = min(max(bisect_left([one.time_s for one in self], time_s), 1), len(self) - 1)
        before, after = self[place - 1], self[place]
        share = (time_s - before.time_s) / max(1e-9, after.time_s - before.time_s)
        return before.energy_j + (after.energy_j - before.energy_j) * share

    def counted_j(self) -> float:
        """By the counter."""
        return self[-1].energy_j - self[0].energy_j

    def integral_j(self, name: str) -> float:
        """By the integral of a power, ``power_w`` or ``instant_w``."""
        return math.fsum(
            (after.time_s - before.time_s) * (getattr(before, name) + getattr(after, name)) / 2
            for before, after in pairwise(self)
        )

    def ticks(self) -> tuple[float, float, float]:
        """Median and longest seconds between two values of the counter, and its smallest step in joules."""
        changes = [after for before, after in pairwise(self) if after.energy_j != before.energy_j]
        gaps = [after.time_s - before.time_s for before, after in pairwise(changes)] or [math.nan]
        steps = [after.energy_j - before.energy_j for before, after in pairwise(self)]
        return statistics.median(gaps), max(gaps), min((step for step in steps if step > 0), default=math.nan)


class Bench:
    """One board, and a folder to work in. Nothing here changes a setting of the GPU.

    Parameters
    ----------
    nvml
        The module ``pynvml``, initialised.
    work, output
        Folders for the records, and for what is kept.
    index
        NVML's index of the board.
    burn_s
        Seconds of load where a command is measured.
    """

    def __init__(self, nvml: Any, work: Path, output: Path, *, index: int = 0, burn_s: float = 4.0) -> None:
        self.nvml, self.index, self.work, self.output, self.burn_s = nvml, index, work, output, burn_s
        self.handle = nvml.nvmlDeviceGetHandleByIndex(index)
        self.samples = Samples()
        self._script = work / "burn.py"
        self._script.write_text(BURN)

    def ask(self, function: str, *arguments: Any) -> Any:
        """What NVML says of the board; None where it does not know."""
        return ask_nvml(self.nvml, function, self.handle, *arguments)

    def ask_system(self, function: str) -> Any:
        """What NVML says of the machine."""
        return ask_nvml(self.nvml, function)

    def uuid(self) -> str:
        """NVML's name of the board."""
        return str(self.ask("nvmlDeviceGetUUID"))

    def processes(self) -> list[int]:
        """Processes that compute on the board."""
        return [one.pid for one in self.ask("nvmlDeviceGetComputeRunningProcesses") or ()]

    def sample(self) -> Sample:
        """The board now."""
        energy_j, now_s = self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle) / 1e3, time.monotonic()
        instant = (self.ask("nvmlDeviceGetFieldValues", [_POWER_INSTANT]) or [None])[0]
        known = instant is not None and instant.nvmlReturn == 0
        return Sample(
            now_s,
            energy_j,
            self.ask("nvmlDeviceGetPowerUsage") / 1e3,
            instant.value.uiVal / 1e3 if known else math.nan,
            self.ask("nvmlDeviceGetUtilizationRates").gpu,
            self.ask("nvmlDeviceGetTemperature", 0),
        )

    @contextmanager
    def sampling(self, every_s: float = 0.01) -> Iterator[Samples]:
        """Sample the board beside the block."""
        self.samples, ended = Samples([self.sample()]), threading.Event()

        def watch() -> None:
            while not ended.wait(every_s):
                self.samples.append(self.sample())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield self.samples
        finally:
            ended.set()
            thread.join()
            self.samples.append(self.sample())

    def environment(self, **changes: str | None) -> dict[str, str]:
        """The caller's variables with changes; None removes one. Records and locks of the user are not touched."""
        own = {"DCASE_ENERGY_DATA": str(self.work / "store"), "DCASE_ENERGY_LOCK": str(self.work / "lock")}
        return {name: value for name, value in {**os.environ, **own, **changes}.items() if value is not None}

    def run(self, command: Sequence[str], timeout_s: float, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        return subprocess.run(
            command,
            env=self.environment(**changes),
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def product(self, *arguments: str) -> list[str]:
        """The command line of the product."""
        return [sys.executable, "-m", "dcase_energy", *arguments]

    def burn(self, seconds: float | None = None) -> list[str]:
        """A command that keeps the GPU busy."""
        return [sys.executable, str(self._script), str(self.burn_s if seconds is None else seconds)]

    def record(self, name: str) -> dict[str, Any] | None:
        """A record of the folder, which is also kept in the output; None where there is none."""
        path = self.work / f"{name}.json"
        if not path.exists():
            return None
        (self.output / path.name).write_bytes(path.read_bytes())
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def windows(self, name: str) -> list[Window]:
        """The windows of the journal beside a record."""
        return windows_of(read_journal(journal_of(self.work / f"{name}.json")))


def gpu_j(window: Window) -> float:
    """Energy of the GPU in a window, as the product counted it."""
    return kwh_to_joules(window.component_kwh("gpu") or 0.0)


def guard_state(record: dict[str, Any], code: str) -> str:
    """What a guard says, the worst of its verdicts."""
    states = {one["state"] for one in record["guards"] if one["code"] == code}
    return next((state for state in ("invalid", "warn", "ok") if state in states), "not evaluated")


def refusals(record: dict[str, Any]) -> str:
    """Why the record is not valid."""
    return "; ".join(record["reasons"]) or "none"
