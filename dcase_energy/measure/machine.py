"""The machine: what it is, without anything that names it or its user, and the state of it that can move a figure."""

from __future__ import annotations

import configparser
import contextlib
import datetime
import os
import platform
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dcase_energy import __version__
from dcase_energy.measure.counters import read_text
from dcase_energy.measure.journal import canonical_json, sha256_text
from dcase_energy.measure.powercap import rapl_packages
from dcase_energy.parallel import usable_threads

Flat = dict[str, str | int | float | bool | None]

_SYS = Path("/sys")
_PROC = Path("/proc")
_OTHER_TRACKERS = ("codecarbon", "zeusd", "scaphandre", "carbontracker", "powerapi")
_RANKS = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID")
_HOST = ("cpu_model", "cpu_threads", "memory_gib", "machine")
_MEMORY_GROWS = 0.1
_CONTAINERS = ("docker", "kubepods", "lxc", "containerd")

# The batch system, and the variable in which it states the job's number.
_JOBS = {
    "SLURM_JOB_ID": "slurm",
    "SLURM_JOBID": "slurm",
    "PBS_JOBID": "pbs",
    "LSB_JOBID": "lsf",
    "COBALT_JOBID": "cobalt",
    "OAR_JOB_ID": "oar",
}


@dataclass(frozen=True)
class HiddenSetting:
    """A setting of CodeCarbon in a place that users forget.

    Attributes
    ----------
    key
        Its name.
    source
        ``home``, ``working folder`` or the variable's name: not a path, which would name a user.
    """

    key: str
    source: str


def session_header(locked: bool) -> dict[str, Any]:
    """What the first entry of every journal says about program, machine and moment."""
    return {
        "run_id": str(uuid.uuid4()),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "locked": locked,
        "host": host_state(),
        "batch_job": batch_job(),
        "hidden_settings": [asdict(one) for one in hidden_settings()],
        "hardware": describe_host(),
        "software": {"dcase_energy": __version__, "platform": platform.system()},
    }


def describe_host() -> Flat:
    """Processor, memory, operating system; no host name, no user, no address."""
    first = (read_text(_PROC / "cpuinfo") or "").split("\n\n")[0]  # the lines of the first processor
    pairs = (line.partition(":") for line in first.splitlines())
    info = {name.strip(): value.strip() for name, _, value in pairs}
    memory = (read_text(_PROC / "meminfo") or "").splitlines()
    kib = next((int(line.split()[1]) for line in memory if line.startswith("MemTotal:")), None)
    return {
        "cpu_model": info.get("model name") or platform.processor() or platform.machine(),
        "cpu_threads": os.cpu_count(),
        "cpu_threads_usable": usable_threads(),
        "memory_gib": None if kib is None else round(kib / 1024**2),
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "virtualised": "hypervisor" in info.get("flags", "").split() if info else None,
    }


def fingerprint(hardware: Flat) -> str:
    """Hash of what must be equal for two measurements to be of the same hardware: devices, not kernel or load."""
    stable = ("cpu_model", "cpu_threads", "memory_gib", "machine", "device", "gpu_name", "gpu_uuid_sha256")
    return sha256_text(canonical_json({name: hardware.get(name) for name in stable}))


def unlike_host(one: Flat, other: Flat) -> list[str]:
    """Return the fields of `describe_host` by which two records are of two machines.

    The memory of some virtual machines grows while they run, so it may differ by ``_MEMORY_GROWS``.
    """
    found = [name for name in _HOST if one.get(name) != other.get(name)]
    sizes = [one.get("memory_gib"), other.get("memory_gib")]
    known = [float(size) for size in sizes if isinstance(size, int | float)]
    if len(known) == len(sizes) and max(known) - min(known) <= _MEMORY_GROWS * max(known):
        found = [name for name in found if name != "memory_gib"]
    return found


def host_state() -> Flat:
    """What guards need to know about the host, as plain values for the journal."""
    packages = rapl_packages()
    boot = read_text(_PROC / "sys/kernel/random/boot_id")
    cpuinfo = (read_text(_PROC / "cpuinfo") or "").splitlines()
    sockets = {line.partition(":")[2].strip() for line in cpuinfo if line.startswith("physical id")}
    governors = {read_text(path) for path in _SYS.glob("devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")}
    return {
        "rapl_packages": len(packages),
        "rapl_readable": sum(package.readable for package in packages),
        "sockets": len(sockets) or None,
        "container": _in_container(),
        "battery": _on_battery(),
        "governor": ",".join(sorted(name for name in governors if name)) or None,
        "boot_sha256": None if boot is None else sha256_text(boot),
        "other_trackers": ", ".join(_other_trackers()) or None,
        "rank": process_rank(),
    }


def hidden_settings() -> list[HiddenSetting]:
    """Settings in ``.codecarbon.config`` files and in variables. All are overruled; all are recorded."""
    found: list[HiddenSetting] = []
    for place, name in ((Path.home, "home"), (Path.cwd, "working folder")):
        with contextlib.suppress(RuntimeError, OSError):  # there is no such folder
            found += [HiddenSetting(key, f".codecarbon.config in the {name}") for key in _config_keys(place())]
    for variable in sorted(os.environ):
        if variable.casefold().startswith("codecarbon_") and variable != "CODECARBON_LOG_LEVEL":
            found.append(HiddenSetting(variable.casefold().removeprefix("codecarbon_"), f"variable {variable}"))
    return list(dict.fromkeys(found))


def _config_keys(folder: Path) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(folder / ".codecarbon.config", encoding="utf-8")
        return sorted(parser["codecarbon"]) if "codecarbon" in parser else []
    except (configparser.Error, UnicodeDecodeError):
        return ["unreadable"]


def process_rank() -> int | None:
    """The local rank that a launcher gave this process; None outside one."""
    return next((int(text) for name in _RANKS if (text := os.environ.get(name, "")).isdecimal()), None)


def batch_job(environment: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """The batch system and the number of its job; None outside one. What follows a dot would name a server."""
    environment = os.environ if environment is None else environment
    jobs = ((system, environment.get(name, "").partition(".")[0]) for name, system in _JOBS.items())
    return next(({"system": system, "id": number} for system, number in jobs if number), None)


def stale_lock() -> bool:
    """Whether a killed CodeCarbon left its lock. We do not use that lock: a session takes one the kernel releases."""
    return (Path(tempfile.gettempdir()) / ".codecarbon.lock").exists()


def _other_trackers() -> list[str]:
    """Names of other energy trackers that run on this machine, without our own process."""
    found: set[str] = set()
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            words = (folder / "cmdline").read_bytes().split(b"\0")[:3] if int(folder.name) != os.getpid() else []
            names = {Path(word.decode(errors="replace")).name.casefold() for word in words}
            found |= names.intersection(_OTHER_TRACKERS)
    return sorted(found)


def _in_container() -> bool | None:
    """Whether this process runs in a container; None where that is not known."""
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "container" in os.environ:
        return True
    text = read_text(_PROC / "1/cgroup")
    return None if text is None else any(word in text for word in _CONTAINERS)


def _on_battery() -> bool | None:
    """Whether the machine runs on its battery; None where it has none or that is not known."""
    kinds = {path: read_text(path / "type") for path in (_SYS / "class/power_supply").glob("*")}
    if "Battery" not in kinds.values():
        return None
    mains = [path for path, kind in kinds.items() if kind in {"Mains", "USB"}]
    if mains:
        return not any(read_text(path / "online") == "1" for path in mains)
    return any(read_text(path / "status") == "Discharging" for path in kinds)
