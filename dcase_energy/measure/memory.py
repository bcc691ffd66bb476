"""How much memory measured work took at most: of the processes of a session, and on its GPUs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dcase_energy.measure.counters import read_text
from dcase_energy.measure.windows import Window

# What a sample of the host says of memory, in bytes.
SESSION, STARTED, ON_GPU = "session_memory_bytes", "started_memory_bytes", "gpu_own_memory_bytes"


def memory_of(pids: Collection[int], proc: Path) -> int | None:
    """The memory of some processes in bytes, now or, if more, the most that one of them has had; None where none is
    known.

    Pages that several of them share count once where the kernel says how they are shared.
    """
    now, most = [], []
    for pid in pids:
        status = _kib(proc / str(pid) / "status")
        shared = _kib(proc / str(pid) / "smaps_rollup").get("Pss")
        if (held := shared if shared is not None else status.get("VmRSS")) is not None:
            now.append(held)
            most.append(status.get("VmHWM", held))
    return 1024 * max(sum(now), max(most)) if now else None


def _kib(path: Path) -> dict[str, int]:
    """The lines ``name: number kB`` of a file of the kernel."""
    found = {}
    for line in (read_text(path) or "").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdecimal():
            found[name] = int(words[0])
    return found


def highest(entries: Iterable[Mapping[str, Any]], windows: Sequence[Window], *names: str) -> int | None:
    """The highest sum of some quantities of samples within windows, pauses left out; None where none was sampled."""
    seen = []
    for entry in entries:
        sample = entry.get("sample") or {}
        known = [sample[name] for name in names if sample.get(name) is not None]
        if known and any(_within(window, entry["reading"]["time_s"]) for window in windows):
            seen.append(sum(known))
    return max(seen, default=None)


def _within(window: Window, time_s: float) -> bool:
    paused = any(pause.begin.time_s < time_s < pause.end.time_s for pause in window.pauses)
    return window.begin.time_s < time_s < window.end.time_s and not paused
