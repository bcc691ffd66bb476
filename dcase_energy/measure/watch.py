"""Who else used the machine: load of all processes against our own, foreign work on the GPU, clocks.

A sample is plain numbers for the journal; guards judge them later, and again when the record is checked.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dcase_energy.measure.counters import read_text

_PROC = Path("/proc")
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: what /proc/stat counts besides idle and iowait


class ProcessTree:
    """The CPU time of a process and all its descendants, those that have ended included.

    A process once seen below the root stays ours when its parent ends before it.
    """

    def __init__(self, root: int, proc: Path = _PROC) -> None:
        self._root = root
        self._proc = proc
        self._last: dict[tuple[int, str], float] = {}
        self._adopted: set[tuple[int, str]] = set()
        self._ticks = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
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
            rows[int(folder.name)] = (int(fields[1]), fields[19], spent / self._ticks)
        return rows


def busy_s(proc: Path = _PROC) -> float | None:
    """CPU seconds that all processes of the machine have used since it started; None where it does not say."""
    text = read_text(proc / "stat")
    if not text:
        return None
    values = [int(value) for value in text.splitlines()[0].split()[1:]]
    ticks = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
    return sum(values[index] for index in _BUSY if index < len(values)) / ticks


def boottime_s() -> float | None:
    """Seconds since the machine started, those asleep included; None where there is no such clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else None


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
        self._tree = ProcessTree(os.getpid() if root_pid is None else root_pid, proc)
        self._proc = proc
        self._nvml = nvml
        self._indices = frozenset(indices)

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
            **self._gpu(),
        }

    def _gpu(self) -> dict[str, Any]:
        """Counts only: identifiers of other people's processes do not belong in a record."""
        if self._nvml is None or not self._indices:
            return {}
        try:
            boards = range(self._nvml.nvmlDeviceGetCount())
        except self._nvml.NVMLError:  # the driver is lost: the meter says so, and the work continues
            return {}
        counted, elsewhere, foreign = 0, 0, 0
        for index in boards:
            pids = self._pids(index)
            own = pids & self._tree.pids
            if index in self._indices:
                counted += len(own)
                foreign += len(pids - own)
            else:
                elsewhere += len(own)
        return {"gpu_own": counted, "gpu_own_elsewhere": elsewhere, "gpu_foreign": foreign, **self._power()}

    def _pids(self, index: int) -> set[int]:
        nvml, found = self._nvml, set()
        for name in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
            try:
                handle = nvml.nvmlDeviceGetHandleByIndex(index)
                found |= {int(process.pid) for process in getattr(nvml, name)(handle)}
            except (AttributeError, nvml.NVMLError):
                continue
        return found

    def _power(self) -> dict[str, float | None]:
        """Power of the counted GPUs together, watts; None where one does not say."""
        nvml = self._nvml
        try:
            handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in self._indices]
            return {"gpu_power_w": sum(nvml.nvmlDeviceGetPowerUsage(handle) for handle in handles) / 1000}
        except nvml.NVMLError:
            return {"gpu_power_w": None}
