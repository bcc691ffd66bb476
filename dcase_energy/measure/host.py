"""The state of the host that can move a figure: batteries, governors, containers, schedulers, other trackers."""

from __future__ import annotations

import configparser
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dcase_energy.measure.counters import rapl_packages
from dcase_energy.measure.journal import sha256_text

_SYS = Path("/sys")
_PROC = Path("/proc")
_OTHER_TRACKERS = ("codecarbon", "zeusd", "scaphandre", "carbontracker", "powerapi")
_RANKS = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID")

# The batch system, and the variable in which it states the job's number.
_JOBS = {
    "SLURM_JOB_ID": "slurm",
    "SLURM_JOBID": "slurm",
    "PBS_JOBID": "pbs",
    "LSB_JOBID": "lsf",
    "COBALT_JOBID": "cobalt",
    "OAR_JOB_ID": "oar",
}

Value = str | int | float | bool | None


@dataclass(frozen=True)
class HiddenSetting:
    """A setting of CodeCarbon that stands where nobody looks.

    Attributes
    ----------
    key
        Its name.
    source
        ``home``, ``working folder`` or the variable's name: no path, which would name a user.
    """

    key: str
    source: str


def hidden_settings(
    home: Path | None = None, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> list[HiddenSetting]:
    """Settings in ``.codecarbon.config`` files and in variables. All are overruled; all are recorded."""
    environment = os.environ if environment is None else environment
    found: list[HiddenSetting] = []
    for place, name in ((home or _home(), "home"), (folder or _working_folder(), "working folder")):
        if place is not None:
            found += [HiddenSetting(key, f".codecarbon.config in the {name}") for key in _config_keys(place)]
    for variable in sorted(environment):
        if variable.casefold().startswith("codecarbon_") and variable != "CODECARBON_LOG_LEVEL":
            found.append(HiddenSetting(variable.casefold().removeprefix("codecarbon_"), f"variable {variable}"))
    return list(dict.fromkeys(found))


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None


def _config_keys(folder: Path) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(folder / ".codecarbon.config", encoding="utf-8")
        return sorted(parser["codecarbon"]) if "codecarbon" in parser else []
    except (configparser.Error, UnicodeDecodeError):
        return ["unreadable"]


def rank() -> int | None:
    """The local rank that a launcher gave this process; None outside one."""
    for name in _RANKS:
        text = os.environ.get(name, "")
        if text.isdecimal():
            return int(text)
    return None


def batch_job(environment: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """The batch system and the number of its job; None outside one. What follows a dot would name a server."""
    environment = os.environ if environment is None else environment
    for name, system in _JOBS.items():
        if number := environment.get(name, "").partition(".")[0]:
            return {"system": system, "id": number}
    return None


def other_trackers(proc: Path = _PROC) -> list[str]:
    """Names of other energy trackers that run on this machine, without our own process and its parents."""
    found: set[str] = set()
    for folder in proc.glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")[:3]
        except OSError:
            continue
        names = {Path(word.decode(errors="replace")).name.casefold() for word in words}
        found |= {name for name in _OTHER_TRACKERS if name in names}
    return sorted(found)


def stale_lock() -> bool:
    """Whether a killed CodeCarbon left its lock. We do not use that lock: a session takes one the kernel releases."""
    return (Path(tempfile.gettempdir()) / ".codecarbon.lock").exists()


def facts(sys_root: Path = _SYS, proc: Path = _PROC) -> dict[str, Value]:
    """What guards need to know about the host, as plain values for the journal."""
    packages = rapl_packages()
    boot = _text(proc / "sys/kernel/random/boot_id")
    return {
        "rapl_packages": len(packages),
        "rapl_readable": sum(package.readable for package in packages),
        "sockets": sockets(proc),
        "container": in_container(proc),
        "battery": on_battery(sys_root),
        "governor": governor(sys_root),
        "boot_sha256": None if boot is None else sha256_text(boot),
        "other_trackers": ", ".join(other_trackers(proc)) or None,
        "rank": rank(),
    }


def sockets(proc: Path = _PROC) -> int | None:
    """Number of processor packages; None where the system does not tell."""
    text = _text(proc / "cpuinfo") or ""
    ids = {line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("physical id")}
    return len(ids) or None


def in_container(proc: Path = _PROC) -> bool | None:
    """Whether this process runs in a container; None where the system does not tell."""
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "container" in os.environ:
        return True
    text = _text(proc / "1/cgroup")
    return None if text is None else any(word in text for word in ("docker", "kubepods", "lxc", "containerd"))


def on_battery(sys_root: Path = _SYS) -> bool | None:
    """Whether the machine runs on its battery; None where it has none or does not tell."""
    folder = sys_root / "class/power_supply"
    kinds = {path: _text(path / "type") for path in folder.glob("*")}
    if "Battery" not in kinds.values():
        return None
    mains = [path for path, kind in kinds.items() if kind in {"Mains", "USB"}]
    if mains:
        return not any(_text(path / "online") == "1" for path in mains)
    return any(_text(path / "status") == "Discharging" for path in kinds)


def governor(sys_root: Path = _SYS) -> str | None:
    """The processors' frequency governors, with commas between if they differ."""
    found = {_text(path) for path in sys_root.glob("devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")}
    return ",".join(sorted(name for name in found if name)) or None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
