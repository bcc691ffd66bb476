"""What every record says beside its figures: devices, idle power, interruptions, verdict. From the journal alone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from dcase_energy.measure.guards import judge_guards, validity
from dcase_energy.measure.journal import journal_digest
from dcase_energy.measure.machine import Flat, fingerprint
from dcase_energy.measure.meter import COMPONENTS, Obtained
from dcase_energy.measure.record_parts import (
    AllEnergy,
    Basis,
    BatchJob,
    ComponentEnergy,
    CounterTick,
    Environment,
    Idle,
    PhaseEnergy,
    Repeats,
    Stage,
)
from dcase_energy.measure.view import JournalView, is_1_0, version_of
from dcase_energy.measure.windows import Span, Window, of_phase, segments_of
from dcase_energy.stats import LEVEL, Interval, Mean, sample_mean, sum_known

# Bases that leave out what no sensor counts.
PARTIAL_BASES = (Basis.COUNTED, Basis.GPU)
_SOFTWARE = ("python", "torch", "numpy", "cuda", "cudnn", "front_end", "threads")


def evidence(view: JournalView) -> dict[str, Any]:
    """The fields of `dcase_energy.measure.records.Evidence`, from a journal and what was computed from it."""
    header, about, guards = view.header, view.session, judge_guards(view)
    hardware = {**header["hardware"], **_device(view)}
    environment, job = header.get("environment"), header.get("batch_job")
    return {
        "schema_version": version_of(header),
        "run_id": header["run_id"],
        "created": header["created"],
        "complete": view.complete,
        "tier": view.tier,
        **validity(guards),
        "hardware": hardware,
        "hardware_sha256": fingerprint(hardware),
        "software": {
            **header["software"],
            **{name: about[name] for name in _SOFTWARE if name in about},
            **view.settings,
        },
        "backends": about.get("backends"),
        "environment": None if environment is None else Environment(**environment),
        "batch_job": None if job is None else BatchJob(**job),
        "constants_w": {n: how["constant_w"] for n, how in view.methods.items() if "constant_w" in how},
        "counter_ticks": {name: CounterTick(**tick) for name, tick in view.ticks.items() if tick is not None},
        "steady_state": view.steady,
        "devices": view.gpus,
        "idle": view.idle,
        "interruptions": view.interruptions,
        "all_energy": _all_energy(view),
        "guards": guards,
        "warnings": view.warnings,
        "journal_sha256": journal_digest(view.entries),
    }


def _device(view: JournalView) -> Flat:
    """The device in one line; identifiers of GPUs only as hashes."""
    about, devices = view.session, view.gpus
    uuids: list[str | None] = [str(board["uuid_sha256"]) for board in devices] or [about.get("gpu_uuid_sha256")]
    names: list[str | None] = list(dict.fromkeys(str(board["name"]) for board in devices)) or [about.get("gpu_name")]
    return {
        "device": about.get("device") or ("cuda" if devices else "cpu"),
        "gpu_count": len(devices),
        "gpu_name": ", ".join(name for name in names if name) or None,
        "gpu_uuid_sha256": ",".join(sorted(uuid for uuid in uuids if uuid)) or None,
    }


def _all_energy(view: JournalView) -> AllEnergy | None:
    """All energy that the meter saw, and where it is in the record; None where it saw nothing, and in 1.0."""
    known = [one.energy_kwh for one in segments_of(view.entries) if one.energy_kwh is not None]
    if not known or is_1_0(view.header):
        return None
    total = math.fsum(known)
    repeated = math.fsum(max(0.0, one) for one in view.repeated_kwh if one is not None)
    parts = (view.stages_kwh, view.outside_kwh, repeated, view.failed_kwh, view.probes_kwh)
    return AllEnergy(
        energy_kwh=max(0.0, total),
        stages_kwh=max(0.0, view.stages_kwh),
        outside_kwh=max(0.0, view.outside_kwh),
        repeated_kwh=repeated,
        failed_kwh=max(0.0, view.failed_kwh),
        probes_kwh=max(0.0, view.probes_kwh),
        other_kwh=max(0.0, math.fsum([total, *(-part for part in parts)])),
    )


Energies = Callable[[str], float | None]  # of a component by its name; None where it was not measured


def components(methods: Mapping[str, Any], measured: Energies, full_recipe: Energies) -> dict[str, ComponentEnergy]:
    """Energy of each component as it was measured, and of the whole recipe."""
    return {
        name: ComponentEnergy(
            energy_kwh=measured(name),
            full_recipe_energy_kwh=full_recipe(name),
            method=Obtained(methods[name]["obtained"]),
            detail=methods[name]["detail"],
        )
        for name in COMPONENTS
    }


def phases_of(windows: Sequence[Window]) -> dict[str, PhaseEnergy]:
    """Energy and time of each phase, in order of appearance."""
    return {
        phase: PhaseEnergy(
            energy_kwh=math.fsum(window.energy_kwh for window in rows),
            components=Span(tuple(rows)).components_kwh,
            duration_s=math.fsum(window.duration_s for window in rows),
            windows=len(rows),
            steps=_work_in(rows, "steps"),
            clips=_work_in(rows, "clips"),
            own_cpu_s=sum_known(window.own_cpu_s for window in rows),
        )
        for phase in dict.fromkeys(window.phase for window in windows)
        if (rows := of_phase(windows, phase))
    }


def with_ticks(phases: Mapping[str, PhaseEnergy], tick_s: float | None) -> dict[str, PhaseEnergy]:
    """Phases with how often the slowest counter moved in each, where that is known."""
    steps = {} if tick_s is None else {name: {"ticks": phase.duration_s / tick_s} for name, phase in phases.items()}
    return {name: phase.model_copy(update=steps.get(name, {})) for name, phase in phases.items()}


def _work_in(windows: Sequence[Window], unit: str) -> int | None:
    """Steps or clips in windows; None where one does not state them as a number."""
    values = [window.payload.get(unit) for window in windows]
    return sum(values) if all(type(value) is int for value in values) else None  # type: ignore[arg-type]


def bases_of(methods: Mapping[str, Any], own_cpu_s: float | None) -> list[Basis]:
    """What a ratio of energies measured by these methods can be made of."""
    how = {name: methods[name]["obtained"] for name in ("gpu", "cpu")}
    found = [Basis.TOTAL]
    if how["gpu"] == Obtained.COUNTED:
        found.insert(0, Basis.GPU)
    if how["cpu"] == Obtained.COUNTED and how["gpu"] != Obtained.ESTIMATED:
        found.insert(0, Basis.COUNTED)
    return found if own_cpu_s is None else [*found, Basis.WORK]


def components_of(basis: Basis, methods: Mapping[str, Obtained]) -> list[str]:
    """The components whose energies a ratio of a basis is made of: those that are counted, or the GPU alone."""
    return [n for n in COMPONENTS if methods.get(n) is Obtained.COUNTED and (basis is not Basis.GPU or n == "gpu")]


def basis_intervals(
    methods: Mapping[str, Any], interval_of: Callable[[Callable[[Window | Span], float | None]], Interval | None]
) -> dict[Basis, Interval]:
    """The intervals of the energies that ratios of counted components, and of the GPU alone, are made of.

    ``interval_of`` gives the interval of a quantity of windows for the full recipe.
    """
    obtained = {name: Obtained(one["obtained"]) for name, one in methods.items()}
    found: dict[Basis, Interval] = {}
    for basis in bases_of(methods, None):
        if basis in PARTIAL_BASES:
            names = components_of(basis, obtained)
            bounds = interval_of(partial(_kwh_of, names))
            found |= {} if bounds is None else {basis: bounds}
    return found


def _kwh_of(names: Sequence[str], window: Window | Span) -> float | None:
    return sum_known(window.component_kwh(name) for name in names)


def basis_kwh(stage: Stage, basis: Basis) -> float | None:
    """The energy of the full recipe that a ratio of a basis is made of; None where the stage does not have it."""
    if basis is Basis.TOTAL:
        return stage.full_recipe_energy_kwh
    names = components_of(basis, stage.methods)
    known = [stage.components[name].full_recipe_energy_kwh for name in names]
    return sum_known(known) if basis in stage_bases(stage) else None


def stage_bases(stage: Stage) -> list[Basis]:
    """The bases of a stage; records of 1.0 do not state them."""
    methods = dict.fromkeys(COMPONENTS, Obtained.NOT_MEASURED) | stage.methods
    return stage.bases or bases_of({name: {"obtained": one} for name, one in methods.items()}, stage.own_cpu_s)


def net_kwh(found: Mapping[str, ComponentEnergy], duration_s: float, idle: Idle) -> float | None:
    """Energy of the counted components without their idle power; None where idle power was not measured."""
    watts = idle.before_w
    counted = {name: one.energy_kwh for name, one in found.items() if one.method is Obtained.COUNTED}
    if watts is None or not counted:
        return None
    if any(energy is None or watts.get(name) is None for name, energy in counted.items()):
        return None
    return sum(max(0.0, (kwh or 0.0) - (watts[name] or 0.0) * duration_s / 3.6e6) for name, kwh in counted.items())


def estimated_share(found: Mapping[str, ComponentEnergy]) -> float | None:
    """The part of the energy that no sensor measured."""
    known = [(one.energy_kwh, one.method) for one in found.values() if one.energy_kwh is not None]
    total = math.fsum(energy for energy, _ in known)
    if total <= 0:
        return None
    return min(1.0, math.fsum(energy for energy, method in known if method is Obtained.ESTIMATED) / total)


def repeats_of(values_kwh: Sequence[float], own_cpu_s: Sequence[float | None] = ()) -> Repeats:
    """Mean, standard deviation and coefficient of variation of runs; from five on also without best and worst."""
    mean = statistics.fmean(values_kwh)
    deviation = statistics.stdev(values_kwh) if len(values_kwh) > 1 else None
    return Repeats(
        n=len(values_kwh),
        values_kwh=list(values_kwh),
        values_own_cpu_s=list(own_cpu_s),
        mean_kwh=mean,
        standard_deviation_kwh=deviation,
        coefficient_of_variation=deviation / mean if deviation is not None and mean else None,
        olympic_mean_kwh=statistics.fmean(sorted(values_kwh)[1:-1]) if len(values_kwh) >= 5 else None,
    )


def interval_of_mean(mean: Mean, kind: str, n: int) -> Interval | None:
    """The 95 % interval of a mean of ``n`` energies; None where no standard error is known."""
    half = mean.half_width()
    return None if half is None else Interval(max(0.0, mean.value - half), mean.value + half, kind, LEVEL, n)


def interval_of_windows(values_kwh: Sequence[float]) -> Interval | None:
    """The 95 % interval of the mean of windows; None for one."""
    return interval_of_mean(sample_mean(values_kwh), "mean-of-windows", len(values_kwh))
