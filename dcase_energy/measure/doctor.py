"""What can be measured on this machine, how, and what would make it better."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dcase_energy.errors import MeterError, SessionRunningError
from dcase_energy.locks import only_session
from dcase_energy.measure.counters import Tick
from dcase_energy.measure.gpu import Gpus, list_gpus, load_nvml, mps_server, select_gpus
from dcase_energy.measure.instruments import PERMIT_RAPL, PERMIT_RAPL_FOR_GOOD, instruments_for
from dcase_energy.measure.machine import hidden_settings, host_state, stale_lock
from dcase_energy.measure.meter import COMPONENTS, Meter, Obtained
from dcase_energy.measure.powercap import RaplDomain, rapl_memory, rapl_packages
from dcase_energy.measure.records import GuardState, Tier
from dcase_energy.measure.watch import HostWatch, look

SCHEMA_VERSION = "1.0"
MIN_FREE_GB = 2.0
# What to do where the meter cannot be started, by a word of its message.
_REMEDIES = {
    "cannot be imported": "pip install 'dcase-energy[measure]'",
    "nvidia-smi": "put nvidia-smi on the PATH (of a container: NVIDIA_DRIVER_CAPABILITIES=compute,utility)",
}
# How an estimated processor could be counted, by whether the machine has counters.
_BETTER_CPU = {
    True: f"the counters are there; the administrator of the machine allows reading them with: {PERMIT_RAPL}",
    False: "this machine shows no energy counter (a virtual machine, or a processor without RAPL): use a machine that "
    "has one",
}


@dataclass(frozen=True)
class HowMeasured:
    """How one component will be measured, and how it could be measured better."""

    name: str
    method: str
    detail: str
    better: str | None = None


@dataclass(frozen=True)
class CountersSeen:
    """The counters of one component that are read beside the tracker, or in its place.

    Attributes
    ----------
    name
        The component.
    present, readable
        How many there are, and how many of them this user may read.
    tick
        Their step; None where it was not seen.
    """

    name: str
    present: int
    readable: int
    tick: Tick | None


@dataclass(frozen=True)
class Remark:
    """Something that will matter for a measurement; ``code`` is the guard's."""

    code: str
    state: GuardState
    message: str
    remedy: str | None = None


# What is so just now and may be otherwise in a minute.
_MOMENTARY = {"host-exclusive", "gpu-exclusive", "single-tracker", "steady-state"}


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found."""

    tier: Tier | None
    components: tuple[HowMeasured, ...]
    counters: tuple[CountersSeen, ...]
    remarks: tuple[Remark, ...]
    gpus: tuple[dict[str, Any], ...]

    @property
    def refuses(self) -> bool:
        """Whether a measurement would be refused, not only at this moment."""
        return any(one.state is GuardState.INVALID and one.code not in _MOMENTARY for one in self.remarks)

    def as_json(self) -> dict[str, Any]:
        """The whole as JSON writes it."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}


def diagnose(
    folder: Path, *, gpu: str = "auto", look_s: float = 2.0, sleep: Callable[[float], None] = time.sleep
) -> Diagnosis:
    """Look at everything a measurement will depend on. Nothing is written but a lock that is released again.

    Parameters
    ----------
    folder
        Where records would be written: its free space is looked at.
    gpu
        As `dcase_energy.measure.gpu.select_gpus` takes it.
    look_s
        Seconds for which other work on the machine is watched.
    """
    nvml, packages, remarks = load_nvml(), rapl_packages(), []
    boards, gpus = [], Gpus()
    try:
        boards = list_gpus(nvml)
        gpus = select_gpus(boards, gpu)
    except MeterError as error:
        remarks.append(Remark(error.code, GuardState.INVALID, error.message))
    tier: Tier | None = None
    components: tuple[HowMeasured, ...] = ()
    ticks: Mapping[str, Tick | None] = {}
    try:
        instruments = instruments_for(gpus, allow_estimate=True)
        tier, components = _meter(instruments.meter, gpus, packages, bool(boards))
        ticks = {} if instruments.counters is None else instruments.counters.ticks()
    except MeterError as error:
        remedy = next((fix for word, fix in _REMEDIES.items() if word in error.message), None)
        remarks.append(Remark(error.code, GuardState.INVALID, error.message, remedy))
    remarks += host_remarks(gpus, packages)
    remarks += _exclusive(gpus, nvml, look_s, sleep)
    remarks.append(disk_remark(folder))
    shown = tuple({**asdict(one), "uuid": one.uuid_sha256[:12], "counted": one in gpus.boards} for one in boards)
    return Diagnosis(tier, components, _counters(gpus, packages, ticks), tuple(remarks), shown)


def _counters(gpus: Gpus, packages: Sequence[RaplDomain], ticks: Mapping[str, Tick | None]) -> tuple[CountersSeen, ...]:
    memory = rapl_memory()
    counted = sum(board.counter for board in gpus.boards)
    found = (
        CountersSeen("gpu", counted, counted, ticks.get("gpu")),
        CountersSeen("cpu", len(packages), sum(one.readable for one in packages), ticks.get("cpu")),
        CountersSeen("ram", len(memory), sum(one.readable for one in memory), ticks.get("ram")),
    )
    return tuple(one for one in found if one.present)


def disk_remark(folder: Path) -> Remark:
    """Whether there is room for records and checkpoints."""
    try:
        free_gb = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Remark("disk", GuardState.WARN, f"this folder cannot be looked at: {error.strerror}")
    state = GuardState.OK if free_gb >= MIN_FREE_GB else GuardState.WARN
    return Remark("disk", state, f"{free_gb:.1f} GB free for records and checkpoints")


def _meter(
    meter: Meter, gpus: Gpus, packages: Sequence[RaplDomain], any_gpu: bool
) -> tuple[Tier, tuple[HowMeasured, ...]]:
    """Start the real meter for a moment: what it uses is what will be used."""
    from dcase_energy.measure.view import tier_of

    meter.start()
    meter.stop()
    methods = meter.methods()
    better = {
        "cpu": _BETTER_CPU[bool(packages)] if methods["cpu"].obtained is Obtained.ESTIMATED else None,
        "gpu": None if gpus.boards or not any_gpu else "no GPU is chosen: see --gpu and CUDA_VISIBLE_DEVICES",
        "ram": None if methods["ram"].obtained is Obtained.COUNTED else _better_memory(),
    }
    found = tuple(
        HowMeasured(name, methods[name].obtained.value, methods[name].detail, better[name]) for name in COMPONENTS
    )
    return tier_of({name: {"obtained": how.obtained, "detail": how.detail} for name, how in methods.items()}), found


def _better_memory() -> str:
    """How memory could be counted, or why it is not."""
    domains = rapl_memory()
    if not domains:
        return "this machine shows no memory counter (RAPL dram); the constant is the same for baseline and system"
    if not all(domain.readable for domain in domains):
        return _BETTER_CPU[True]
    return "the memory counters (RAPL dram) of a processor are missing or stand at 0; the constant is used"


def host_remarks(gpus: Gpus, packages: Sequence[RaplDomain]) -> list[Remark]:
    """Everything that stands before a run."""
    host, found = host_state(), []
    closed = [package for package in packages if not package.readable]
    if closed:
        found.append(
            Remark(
                "rapl-permission",
                GuardState.INVALID,
                f"{len(closed)} of {len(packages)} processor counters may not be read; a calibration would stop here",
                f"{PERMIT_RAPL}   (for good: {PERMIT_RAPL_FOR_GOOD}); or estimate with --allow-estimate",
            )
        )
    found += [
        Remark("tracker-config", GuardState.WARN, f"{setting.key}: {setting.source}; it will be overruled")
        for setting in hidden_settings()
    ]
    if gpus.boards and mps_server():
        remedy = "stop it: echo quit | nvidia-cuda-mps-control"
        found.append(Remark("gpu-mode", GuardState.INVALID, "a multi-process server (MPS) runs", remedy))
    for key, code, message in (
        ("other_trackers", "single-tracker", "other trackers run: {}"),
        ("rank", "single-tracker", "this process has local rank {}: only rank 0 may measure"),
        ("container", "virtualised", "this is a container: others' work may be invisible"),
        ("battery", "power-state", "the machine runs on its battery"),
    ):
        if host[key]:
            found.append(Remark(code, GuardState.WARN, message.format(host[key])))
    if stale_lock():
        found.append(Remark("single-tracker", GuardState.OK, "a killed CodeCarbon left its lock; it is not used here"))
    return found


def _exclusive(gpus: Gpus, nvml: Any, look_s: float, sleep: Callable[[float], None]) -> list[Remark]:
    """Who else uses processors and GPUs now."""
    from dcase_energy.measure.guards import BY_CODE
    from dcase_energy.measure.guards.before import graphics_text
    from dcase_energy.measure.guards.model import graded

    found = session_remarks()
    watch = HostWatch(nvml=nvml if gpus.boards else None, indices=gpus.indices)
    share, _, after = look(watch, look_s, sleep)
    if share is not None:
        limits = BY_CODE["host-exclusive"].limits
        message = f"other work uses {share:.0%} of the processors"
        state = graded(share, limits["ok_share"], limits["warn_share"], message).state
        found.append(Remark("host-exclusive", state, message))
    if after.get("gpu_foreign"):
        found.append(Remark("gpu-exclusive", GuardState.INVALID, f"{after['gpu_foreign']} processes use the GPU"))
    elif count := after.get("gpu_graphics"):
        text = graphics_text(count, after["gpu_graphics_utilisation"])
        found.append(Remark("gpu-exclusive", GuardState.WARN, text, "close the desktop, or use a GPU without a screen"))
    elif gpus.boards:
        found.append(Remark("gpu-exclusive", GuardState.OK, "no other process uses the GPU"))
    return [*found, *_throttling(after)]


def _throttling(sample: Mapping[str, Any]) -> list[Remark]:
    """Whether the driver lowers the GPU's clocks now; nothing where it does not say."""
    if (reasons := sample.get("gpu_throttled")) is None:
        return []
    degrees = sample["gpu_temperature_c"]
    where = "the GPU" if degrees is None else f"the GPU at {degrees} C"
    if not reasons:
        return [Remark("steady-state", GuardState.OK, f"no reason to lower the clocks of {where}")]
    message = f"the clocks of {where} are lowered now: {', '.join(reasons)}"
    return [Remark("steady-state", GuardState.WARN, message, "let it cool down, and look at its fans and power limit")]


def session_remarks() -> list[Remark]:
    """Whether another session measures on this machine now; empty where none does."""
    try:
        with only_session():
            return []
    except SessionRunningError:
        message, remedy = "another dcase-energy session measures just now", "wait for it: --wait-idle 10m"
        return [Remark("single-tracker", GuardState.INVALID, message, remedy)]
    except MeterError as error:
        return [Remark(error.code, GuardState.INVALID, error.message)]
