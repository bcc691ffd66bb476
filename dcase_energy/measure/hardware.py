"""What machine this is, without anything that names it or its user."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from dcase_energy.measure.journal import canonical_json, sha256_text

_CPUINFO = Path("/proc/cpuinfo")
_MEMINFO = Path("/proc/meminfo")

Flat = dict[str, str | int | float | bool | None]


def describe_host() -> Flat:
    """Processor, memory, operating system; no host name, no user, no address."""
    info = _cpuinfo()
    return {
        "cpu_model": info.get("model name") or platform.processor() or platform.machine(),
        "cpu_threads": os.cpu_count(),
        "cpu_threads_usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "virtualised": "hypervisor" in info.get("flags", "").split() if info else None,
    }


def fingerprint(hardware: Flat) -> str:
    """Hash of what must be equal for two measurements to be of the same hardware: devices, not kernel or load."""
    stable = ("cpu_model", "cpu_threads", "memory_gib", "machine", "device", "gpu_name", "gpu_uuid_sha256")
    return sha256_text(canonical_json({name: hardware.get(name) for name in stable}))


def _cpuinfo() -> dict[str, str]:
    """The first processor's lines of /proc/cpuinfo; empty where there is none."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    first = text.split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _memory_gib() -> int | None:
    try:
        text = _MEMINFO.read_text(encoding="ascii")
    except OSError:
        return None
    kib = next((int(line.split()[1]) for line in text.splitlines() if line.startswith("MemTotal:")), None)
    return None if kib is None else round(kib / 1024**2)
