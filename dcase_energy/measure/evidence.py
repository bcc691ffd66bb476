"""What every record says beside its figures: devices, idle power, interruptions, verdict. From the journal alone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dcase_energy.errors import JournalError
from dcase_energy.measure.guards import JournalView, judge, tier_of, validity
from dcase_energy.measure.journal import journal_digest
from dcase_energy.measure.machine import fingerprint
from dcase_energy.measure.meter import COMPONENTS, Obtained
from dcase_energy.measure.recorder import POLL_S
from dcase_energy.measure.records import (
    VERSIONS,
    AllEnergy,
    Basis,
    BatchJob,
    ComponentEnergy,
    Environment,
    EpochRow,
    Flat,
    Idle,
    Interruption,
    PhaseEnergy,
    Repeats,
    Stage,
    Tier,
)
from dcase_energy.measure.windows import Segment, Span, Window, of_phase, segments_of, sum_known
from dcase_energy.stats import LEVEL, Interval, Mean, sample_mean

Entries = Sequence[Mapping[str, Any]]


def version_of(header: Mapping[str, Any]) -> str:
    """The version of records by whose formulas a journal with this first entry is computed.

    Raises
    ------
    JournalError
        If this program does not know it.
    """
    version = header.get("schema_version", VERSIONS[0])  # journals did not state it before 1.1
    if version not in VERSIONS:
        raise JournalError(f"the journal is of records {version!s:.20}; this program knows {' and '.join(VERSIONS)}")
    return str(version)


def of_kind(entries: Entries, *kinds: str) -> list[Mapping[str, Any]]:
    """The entries of some kinds, in order."""
    return [entry for entry in entries if entry["entry"] in kinds]


@dataclass(frozen=True)
class Outcome:
    """What was computed from a journal.

    Attributes
    ----------
    stages, epochs, repeats
        Figures of the record to be.
    complete
        Whether the work reached its end.
    failure
        Why nothing, or not all, was measured: a guard's code, a colon, a reason.
    exit_reason
        Why the work did not reach its end, for people.
    repeated_kwh
        For each resumption, energy of work that was done again after it; None where it is not known.
    stages_kwh, outside_kwh, failed_kwh
        Energy measured in stages, around them, and in repetitions that failed.
    """

    stages: Mapping[str, Stage]
    complete: bool
    epochs: Sequence[EpochRow] = ()
    repeats: Mapping[str, Repeats] = field(default_factory=dict)
    failure: str | None = None
    exit_reason: str | None = None
    repeated_kwh: Sequence[float | None] = ()
    stages_kwh: float = 0.0
    outside_kwh: float = 0.0
    failed_kwh: float = 0.0


def evidence(header: Mapping[str, Any], entries: Entries, outcome: Outcome) -> dict[str, Any]:
    """The fields of `dcase_energy.measure.records.Evidence`, from the journal's first entry, all, and the outcome."""
    meters = of_kind(entries, "meter")
    about = next((e for e in of_kind(entries, "mark") if e["phase"] == "session"), {})
    devices = devices_of(meters)
    hardware = {**header["hardware"], **_device(about, devices)}
    warnings = list(dict.fromkeys(e["message"] for e in of_kind(entries, "warning")))
    tier = tier_of(meters[-1]["methods"]) if meters else Tier.ESTIMATED
    found_idle, cuts = idle_of(entries), interruptions(header, entries, outcome.repeated_kwh)
    view = JournalView(
        header={**header, "exit_reason": outcome.exit_reason},
        meters=meters,
        entries=entries,
        stages=outcome.stages,
        tier=tier,
        warnings=warnings,
        complete=outcome.complete,
        epochs=outcome.epochs,
        repeats=outcome.repeats,
        idle=found_idle,
        interruptions=cuts,
        failure=outcome.failure,
    )
    guards = judge(view)
    return {
        "run_id": header["run_id"],
        "created": header["created"],
        "complete": outcome.complete,
        "tier": tier,
        **validity(guards),
        "hardware": hardware,
        "hardware_sha256": fingerprint(hardware),
        **_surroundings(header, about, meters),
        "devices": devices,
        "idle": found_idle,
        "interruptions": cuts,
        "all_energy": all_energy(header, entries, outcome),
        "guards": guards,
        "warnings": warnings,
        "journal_sha256": journal_digest([dict(entry) for entry in entries]),
    }


def _surroundings(header: Mapping[str, Any], about: Mapping[str, Any], meters: Entries) -> dict[str, Any]:
    """Version, software and settings, and how the machine was used."""
    methods = meters[-1]["methods"] if meters else {}
    environment, job = header.get("environment"), header.get("batch_job")
    return {
        "schema_version": version_of(header),
        "software": {**header["software"], **_software(about), **(meters[-1]["settings"] if meters else {})},
        "backends": about.get("backends"),
        "environment": None if environment is None else Environment(**environment),
        "batch_job": None if job is None else BatchJob(**job),
        "constants_w": {name: how["constant_w"] for name, how in methods.items() if "constant_w" in how},
    }


def devices_of(meters: Entries) -> list[Flat]:
    """The GPUs that were counted; empty for work on the processor."""
    return [dict(board) for board in meters[-1].get("about", {}).get("gpus", [])] if meters else []


def _device(about: Mapping[str, Any], devices: Sequence[Flat]) -> Flat:
    """The device in one line; identifiers of GPUs only as hashes."""
    uuids: list[str | None] = [str(board["uuid_sha256"]) for board in devices] or [about.get("gpu_uuid_sha256")]
    names: list[str | None] = list(dict.fromkeys(str(board["name"]) for board in devices)) or [about.get("gpu_name")]
    return {
        "device": about.get("device") or ("cuda" if devices else "cpu"),
        "gpu_count": len(devices),
        "gpu_name": ", ".join(name for name in names if name) or None,
        "gpu_uuid_sha256": ",".join(sorted(uuid for uuid in uuids if uuid)) or None,
    }


def _software(about: Mapping[str, Any]) -> Flat:
    names = ("python", "torch", "numpy", "cuda", "cudnn", "front_end", "threads")
    return {name: about[name] for name in names if name in about}


def idle_of(entries: Entries) -> Idle:
    """Idle power as it was measured first before the work and last after it."""
    rows = of_kind(entries, "idle")
    before = next((row["power_w"] for row in rows if row["when"] == "before"), None)
    after = next((row["power_w"] for row in reversed(rows) if row["when"] == "after"), None)
    return Idle(before_w=before, after_w=after)


def interruptions(
    header: Mapping[str, Any], entries: Entries, repeated_kwh: Sequence[float | None]
) -> list[Interruption]:
    """One for each time the run was resumed; records of 1.0 do not say how long nothing was read before it."""
    bounded = version_of(header) != VERSIONS[0]
    cut = [segment for segment in segments_of(entries) if segment.resumed]
    found: list[Interruption] = []
    for number, entry in enumerate(of_kind(entries, "resume")):
        repeated = repeated_kwh[number] if number < len(repeated_kwh) else None
        found.append(
            Interruption(
                resumed=entry["at"],
                gap_s=entry["gap_s"],
                repeated_energy_kwh=None if repeated is None else max(0.0, repeated),
                unseen_s=_unseen_s(cut[number], entry["gap_s"]) if bounded else None,
            )
        )
    return found


def _unseen_s(segment: Segment, gap_s: float | None) -> float | None:
    """At most so many seconds before a segment was cut off are in no reading; None where it has none at all."""
    if segment.ended or not segment.readings:
        return 0.0 if segment.ended else None
    return POLL_S if gap_s is None else min(POLL_S, gap_s)


def all_energy(header: Mapping[str, Any], entries: Entries, outcome: Outcome) -> AllEnergy | None:
    """All energy that the meter saw, and where it is in the record; None where it saw nothing, and in 1.0."""
    known = [one.energy_kwh for one in segments_of(entries) if one.energy_kwh is not None]
    if not known or version_of(header) == VERSIONS[0]:
        return None
    total = math.fsum(known)
    repeated = math.fsum(max(0.0, one) for one in outcome.repeated_kwh if one is not None)
    parts = (outcome.stages_kwh, outcome.outside_kwh, repeated, outcome.failed_kwh)
    return AllEnergy(
        energy_kwh=max(0.0, total),
        stages_kwh=max(0.0, outcome.stages_kwh),
        outside_kwh=max(0.0, outcome.outside_kwh),
        repeated_kwh=repeated,
        failed_kwh=max(0.0, outcome.failed_kwh),
        other_kwh=max(0.0, math.fsum([total, *(-part for part in parts)])),
    )


def components(whole: Span, scale: float, methods: Mapping[str, Any]) -> dict[str, ComponentEnergy]:
    """Energy of each component in a span, and scaled."""
    found = {}
    for name in COMPONENTS:
        energy = whole.component_kwh(name)
        found[name] = ComponentEnergy(
            energy_kwh=energy,
            full_recipe_energy_kwh=None if energy is None else energy * scale,
            method=Obtained(methods[name]["obtained"]),
            detail=methods[name]["detail"],
        )
    return found


def phases_of(windows: Sequence[Window]) -> dict[str, PhaseEnergy]:
    """Energy and time of each phase, in order of appearance."""
    return {
        phase: PhaseEnergy(
            energy_kwh=math.fsum(window.energy_kwh for window in rows),
            duration_s=math.fsum(window.duration_s for window in rows),
            windows=len(rows),
            steps=_work_in(rows, "steps"),
            clips=_work_in(rows, "clips"),
            own_cpu_s=sum_known(window.own_cpu_s for window in rows),
        )
        for phase in dict.fromkeys(window.phase for window in windows)
        if (rows := of_phase(windows, phase))
    }


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


def parts_only(windows: Sequence[Window]) -> Span:
    """The windows themselves, without what lies between them."""
    return Span(tuple(windows))


def net_kwh(found: Mapping[str, ComponentEnergy], duration_s: float, idle: Idle) -> float | None:
    """Energy of the counted components without their idle power; None where idle power was not measured."""
    watts = idle.before_w
    counted = {name: one.energy_kwh for name, one in found.items() if one.method is Obtained.COUNTED}
    if watts is None or not counted:
        return None
    net = 0.0
    for name, energy in counted.items():
        power = watts.get(name)
        if power is None or energy is None:
            return None
        net += max(0.0, energy - power * duration_s / 3.6e6)
    return net


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


def interval_of(mean: Mean, kind: str, n: int) -> Interval | None:
    """The 95 % interval of a mean of ``n`` energies; None where no standard error is known."""
    half = mean.half_width()
    return None if half is None else Interval(max(0.0, mean.value - half), mean.value + half, kind, LEVEL, n)


def interval_of_runs(values_kwh: Sequence[float], kind: str) -> Interval | None:
    """The 95 % interval of the mean of runs; None for one."""
    return interval_of(sample_mean(values_kwh), kind, len(values_kwh))
