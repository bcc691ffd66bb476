"""Guards: what could make the number wrong, looked at in the journal. Each says ok, warn or invalid and why.

Thresholds are data (`THRESHOLDS`). A guard never changes a figure and never hides one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.records import Guard, GuardState, Stage, Tier

CODECARBON_VERSION = "3.3"
THRESHOLDS = {"min_duration_s": 60.0, "ram_share": 0.30, "max_gap_s": 15.0}


@dataclass(frozen=True)
class JournalView:
    """What guards look at."""

    header: Mapping[str, Any]
    meter: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    stages: Mapping[str, Stage]
    tier: Tier
    warnings: Sequence[str]
    complete: bool


def tier_of(methods: Mapping[str, Mapping[str, Any]]) -> Tier:
    """How much is counted of the devices the work ran on. Memory is always estimated and does not decide."""
    used = [m["obtained"] for name, m in methods.items() if name != "ram" and m["obtained"] != Obtained.NOT_MEASURED]
    counted = [obtained == Obtained.COUNTED for obtained in used]
    if counted and all(counted):
        return Tier.MEASURED
    return Tier.MIXED if any(counted) else Tier.ESTIMATED


def judge(view: JournalView) -> list[Guard]:
    """Run all guards."""
    return [guard for check in GUARDS for guard in check(view)]


def validity(guards: Sequence[Guard]) -> dict[str, Any]:
    """``valid`` and ``reasons`` of a record."""
    reasons = [f"{guard.code}: {guard.message}" for guard in guards if guard.state is GuardState.INVALID]
    return {"valid": not reasons, "reasons": reasons}


def _tracker_version(view: JournalView) -> Iterator[Guard]:
    version = view.meter["settings"].get("codecarbon_version")
    if version is None:
        return
    good = str(version).startswith(CODECARBON_VERSION + ".")
    state = GuardState.OK if good else GuardState.INVALID
    yield Guard(
        code="tracker-version",
        state=state,
        value=str(version),
        message=f"CodeCarbon {version}"
        + ("" if good else f"; other versions than {CODECARBON_VERSION} differ up to 2x"),
    )


def _backend_tier(view: JournalView) -> Iterator[Guard]:
    estimated = [
        name
        for name, method in view.meter["methods"].items()
        if name != "ram" and method["obtained"] == Obtained.ESTIMATED
    ]
    state = GuardState.WARN if estimated else GuardState.OK
    message = f"{view.tier}: " + (
        f"{', '.join(estimated)} estimated by a model, no sensor is read" if estimated else "devices read by sensors"
    )
    yield Guard(code="backend-tier", state=state, value=view.tier.value, message=message)


def _interrupted(view: JournalView) -> Iterator[Guard]:
    yield Guard(
        code="interrupted",
        state=GuardState.OK if view.complete else GuardState.INVALID,
        value=not view.complete,
        message="ran to its end" if view.complete else "the run did not reach its end",
    )


def _min_duration(view: JournalView) -> Iterator[Guard]:
    wanted = THRESHOLDS["min_duration_s"]
    for name, stage in view.stages.items():
        short = stage.duration_s < wanted
        message = f"{name}: {stage.duration_s:.0f} s measured" + (f", {wanted:.0f} s are wanted" if short else "")
        state = GuardState.WARN if short else GuardState.OK
        yield Guard(code="min-duration", state=state, value=round(stage.duration_s, 3), message=message)


def _sampling_gap(view: JournalView) -> Iterator[Guard]:
    times = [entry["reading"]["time_s"] for entry in view.entries if "reading" in entry]
    gap = max((b - a for a, b in pairwise(times)), default=0.0)
    wide = gap > THRESHOLDS["max_gap_s"]
    message = f"longest time between two readings {gap:.1f} s"
    state = GuardState.WARN if wide else GuardState.OK
    yield Guard(code="sampling-gap", state=state, value=round(gap, 3), message=message)


def _counter_sane(view: JournalView) -> Iterator[Guard]:
    readings = [entry["reading"] for entry in view.entries if "reading" in entry]
    falls = [
        name
        for name in ("gpu_kwh", "cpu_kwh", "ram_kwh")
        for before, after in pairwise(readings)
        if before[name] is not None and (after[name] is None or after[name] < before[name])
    ]
    state = GuardState.INVALID if falls else GuardState.OK
    message = f"{', '.join(sorted(set(falls)))} fell or vanished" if falls else "no energy ever fell"
    yield Guard(code="counter-sane", state=state, value=len(falls), message=message)


def _energy_zero(view: JournalView) -> Iterator[Guard]:
    for name, stage in view.stages.items():
        zero = [
            component
            for component, energy in stage.components.items()
            if energy.method is not Obtained.NOT_MEASURED and not energy.energy_kwh
        ]
        if zero:
            message = f"{name}: {', '.join(zero)} gave 0 kWh although measured"
            yield Guard(code="tracker-started", state=GuardState.INVALID, value=", ".join(zero), message=message)


def _scope(view: JournalView) -> Iterator[Guard]:
    for name, stage in view.stages.items():
        ram = stage.components["ram"].energy_kwh
        if ram is None or not stage.energy_kwh:
            continue
        share = ram / sum(c.energy_kwh for c in stage.components.values() if c.energy_kwh is not None)
        large = share > THRESHOLDS["ram_share"]
        message = f"{name}: {share:.0%} of the energy is the constant assumed for memory"
        state = GuardState.WARN if large else GuardState.OK
        yield Guard(code="scope", state=state, value=round(share, 4), message=message)


def _warnings(view: JournalView) -> Iterator[Guard]:
    count = len(view.warnings)
    state = GuardState.WARN if count else GuardState.OK
    message = f"{count} warnings of the tracker, in the record" if count else "the tracker gave no warning"
    yield Guard(code="warnings-captured", state=state, value=count, message=message)


GUARDS: tuple[Callable[[JournalView], Iterator[Guard]], ...] = (
    _tracker_version,
    _energy_zero,
    _backend_tier,
    _interrupted,
    _min_duration,
    _sampling_gap,
    _counter_sane,
    _scope,
    _warnings,
)
