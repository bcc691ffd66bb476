"""Who else used the machine: load of all processes against our own, foreign work on the GPU, clocks.

A sample is plain numbers for the journal; guards judge them later, and again when the record is checked.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dcase_energy.measure.counters import read_text
from dcase_energy.measure.gpu import ask_nvml
from dcase_energy.measure.memory import ON_GPU, SESSION, STARTED, memory_of

_PROC = Path("/proc")
# The kernel counts in steps of a hundredth of a second: a shorter look shows nothing.
LEAST_LOOK_S = 0.5
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: what /proc/stat counts besides idle and iowait

# Why a driver lowers clocks: the bits of nvmlDeviceGetCurrentClocksEventReasons in nvml.h. Left out are 1 (idle) and 2
# (clocks chosen by the user), which slow nothing down.
_THROTTLING = {
    4: "software power cap",
    8: "hardware slowdown",
    16: "sync boost",
    32: "software thermal slowdown",
    64: "hardware thermal slowdown",
    128: "hardware power brake",
    256: "display clock setting",
}


class ProcessTree:
    """The CPU time of a process and all its descendants, those that have ended included.

    A process once seen below the root stays ours when its parent ends before it.
    """

    def __init__(self, root: int, proc: Path = _PROC) -> None:
        self._root = root
        self._proc = proc
        self._last: dict[tuple[int, str], float] = {}
        self._adopted: set[tuple[int, str]] = set()
        self._gone_s = 0.0
        self.pids: set[int] = {root}

    def cpu_s(self) -> float | None:
        """CPU seconds of the tree so far; None where the system does not say."""
        rows = self._rows()
        if not rows:
            return None
        self.pids = self._family(rows)
        now = {(pid, rows[pid][1]): rows[pid][2] for pid in self.pids if pid in rows}
        # An ended process is in its parent's sum of children; one whose parent was not ours is kept here.
        self._gone_s += sum(spent for key, spent in self._last.items() if key not in now and key in self._adopted)
        self._adopted = {(pid, rows[pid][1]) for pid in self.pids if pid in rows and rows[pid][0] not in self.pids}
        self._last = now
        return self._gone_s + sum(now.values())

    def _family(self, rows: Mapping[int, tuple[int, str, float]]) -> set[int]:
        ours = {pid for pid, start in self._last if pid in rows and rows[pid][1] == start} | {self._root}
        while more := {pid for pid, (parent, _, _) in rows.items() if parent in ours and pid not in ours}:
            ours |= more
        return ours

    def _rows(self) -> dict[int, tuple[int, str, float]]:
        """Parent, start time and CPU seconds, those of ended children included, of every process."""
        rows: dict[int, tuple[int, str, float]] = {}
        for folder in self._proc.glob("[0-9]*"):
            fields = (read_text(folder / "stat") or "").rpartition(")")[2].split()
            if not fields:  # it has ended
                continue
            spent = sum(int(value) for value in fields[11:15])  # utime, stime, cutime, cstime: proc(5)
            rows[int(folder.name)] = (int(fields[1]), fields[19], spent / TICKS_PER_S)
        return rows


def busy_s(proc: Path = _PROC) -> float | None:
    """CPU seconds that all processes of the machine have used since it started; None where it does not say."""
    text = read_text(proc / "stat")
    if not text:
        return None
    values = [int(value) for value in text.splitlines()[0].split()[1:]]
    return sum(values[index] for index in _BUSY if index < len(values)) / TICKS_PER_S


def boottime_s() -> float | None:
    """Seconds since the machine started, those asleep included; None where there is no such clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else None


def foreign_cpu_s(first: Mapping[str, Any], last: Mapping[str, Any]) -> float | None:
    """CPU seconds of other work between two samples of a host; None where one does not state them."""
    values: list[Any] = [sample.get(key) for sample in (first, last) for key in ("cpu_busy_s", "cpu_own_s")]
    return None if None in values else max(0.0, (values[2] - values[0]) - (values[3] - values[1]))


def foreign_share(first: Mapping[str, Any], last: Mapping[str, Any], spent_s: float) -> float | None:
    """The share of all processors that other work used between two samples; None where it is not known."""
    foreign_s = foreign_cpu_s(first, last)
    return None if foreign_s is None else min(1.0, foreign_s / spent_s / (os.cpu_count() or 1))


class HostWatch:
    """Samples of the host.

    Parameters
    ----------
    root_pid
        The session's process: it and what it starts are ours.
    nvml
        The module ``pynvml``, initialised, or None.
    indices
        NVML indices of the counted GPUs.
    proc
        The kernel's process tree.
    """

    def __init__(
        self, root_pid: int | None = None, nvml: Any = None, indices: Sequence[int] = (), proc: Path = _PROC
    ) -> None:
        self._root = os.getpid() if root_pid is None else root_pid
        self._tree = ProcessTree(self._root, proc)
        self._proc = proc
        self._nvml = nvml
        self._indices = frozenset(indices)

    @property
    def own_pids(self) -> frozenset[int]:
        """The processes that were the session's at the last sample."""
        return frozenset(self._tree.pids)

    def own_cpu_s(self) -> float | None:
        """CPU seconds of the session and all it started; None where the system does not say."""
        return self._tree.cpu_s()

    def sample(self) -> dict[str, Any]:
        """Clocks, CPU seconds of the machine and of ours, and counts of processes on GPUs."""
        own = self._tree.cpu_s()
        return {
            "boottime_s": boottime_s(),
            "cpu_busy_s": None if own is None else busy_s(self._proc),
            "cpu_own_s": own,
            SESSION: memory_of({self._root}, self._proc),
            STARTED: memory_of(self._tree.pids - {self._root}, self._proc),
            **self._gpu(),
        }

    def _gpu(self) -> dict[str, Any]:
        """Counts only: identifiers of other people's processes do not belong in a record."""
        if self._nvml is None or not self._indices:
            return {}
        try:
            handles = [self._nvml.nvmlDeviceGetHandleByIndex(i) for i in range(self._nvml.nvmlDeviceGetCount())]
        except self._nvml.NVMLError:  # the driver is lost: the meter says so, and the work continues
            return {}
        ours, counted, own, foreign, elsewhere = self._tree.pids, [], 0, 0, 0
        memory: dict[tuple[int, int], int | None] = {}
        drawing: list[tuple[Any, set[int]]] = []
        for index, handle in enumerate(handles):
            compute = self._pids("Compute", handle)
            graphics = self._pids("Graphics", handle) - compute  # with both kinds of context a process computes
            if index not in self._indices:
                elsewhere += len((compute | graphics) & ours)
                continue
            counted.append(handle)
            memory |= {(index, pid): used for pid, used in self._gpu_memory(handle).items() if pid in ours}
            own += len((compute | graphics) & ours)
            foreign += len(compute - ours)
            drawing += [(handle, graphics - ours)] if graphics - ours else []
        return {
            "gpu_own": own,
            "gpu_own_elsewhere": elsewhere,
            "gpu_foreign": foreign,
            ON_GPU: None if not memory or None in memory.values() else sum(filter(None, memory.values())),
            "gpu_graphics": sum(len(pids) for _, pids in drawing),
            "gpu_graphics_utilisation": self._utilisation(drawing, computing=bool(own)),
            **self._state(counted),
        }

    def _gpu_memory(self, handle: Any) -> dict[int, int | None]:
        """Bytes of GPU memory that each computing process has; None where the driver does not say."""
        running = ask_nvml(self._nvml, "nvmlDeviceGetComputeRunningProcesses", handle) or ()
        return {int(process.pid): getattr(process, "usedGpuMemory", None) for process in running}

    def _pids(self, kind: str, handle: Any) -> set[int]:
        running = ask_nvml(self._nvml, f"nvmlDeviceGet{kind}RunningProcesses", handle)
        return {int(process.pid) for process in running or ()}

    def _utilisation(self, drawing: Sequence[tuple[Any, set[int]]], *, computing: bool) -> float | None:
        """The largest share of a GPU's time that graphics of other processes take; None where it is not known.

        A board that does not count by process says how busy it is: that is theirs where our own work is not on it.
        """
        shares: list[float | None] = []
        for handle, pids in drawing:
            samples = ask_nvml(self._nvml, "nvmlDeviceGetProcessUtilization", handle, 0)
            board = ask_nvml(self._nvml, "nvmlDeviceGetUtilizationRates", handle)
            if samples is not None:
                newest = {int(one.pid): one.smUtil for one in sorted(samples, key=lambda one: one.timeStamp)}
                shares.append(min(100, sum(percent for pid, percent in newest.items() if pid in pids)) / 100)
            else:
                shares.append(None if computing or board is None else board.gpu / 100)
        known = [share for share in shares if share is not None]
        return max(known) if known and len(known) == len(shares) else None

    def _state(self, handles: Sequence[Any]) -> dict[str, Any]:
        """Power of the counted GPUs together, the highest temperature, and, where known, why clocks are lowered."""
        nvml = self._nvml
        power_mw = [ask_nvml(nvml, "nvmlDeviceGetPowerUsage", handle) for handle in handles]
        degrees = [ask_nvml(nvml, "nvmlDeviceGetTemperature", handle, nvml.NVML_TEMPERATURE_GPU) for handle in handles]
        found = {
            "gpu_power_w": None if None in power_mw else sum(power_mw) / 1000,
            "gpu_temperature_c": max((one for one in degrees if one is not None), default=None),
        }
        known = [bits for handle in handles if (bits := self._clock_reasons(handle)) is not None]
        if len(known) < len(handles):
            return found
        return {
            **found,
            "gpu_throttled": [name for bit, name in _THROTTLING.items() if any(one & bit for one in known)],
        }

    def _clock_reasons(self, handle: Any) -> int | None:
        for name in ("ClocksEventReasons", "ClocksThrottleReasons"):  # the latter in older drivers
            found: int | None = ask_nvml(self._nvml, f"nvmlDeviceGetCurrent{name}", handle)
            if found is not None:
                return found
        return None


def look(
    watch: HostWatch, look_s: float, sleep: Callable[[float], None] = time.sleep
) -> tuple[float | None, float, dict[str, Any]]:
    """Look for a moment at what others use.

    Returns
    -------
    share
        Of all processors; None where it is not known, as after less than ``LEAST_LOOK_S``.
    spent_s
        How long it took.
    sample
        The last one.
    """
    began_s, before = time.monotonic(), watch.sample()
    sleep(look_s)
    spent_s, after = time.monotonic() - began_s, watch.sample()
    return foreign_share(before, after, spent_s) if spent_s >= LEAST_LOOK_S else None, spent_s, after
