"""Two records side by side: their figures, the ratio, and everything else in which they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dcase_energy.calibration.reference import why_indicative
from dcase_energy.calibration.rescaling import rescaled
from dcase_energy.measure.compared import Compared, compared
from dcase_energy.measure.guards.pairs import compare, denominator, ratio
from dcase_energy.measure.plan import INFERENCE
from dcase_energy.measure.probed import probed
from dcase_energy.measure.records import Calibration, Energy, Evidence, Guard, GuardState, Stage
from dcase_energy.stats import Interval, quotient_ends

Record = Calibration | Energy


@dataclass(frozen=True, slots=True)
class StagePair:
    """One stage of two records.

    Attributes
    ----------
    name
        Stage of the second record.
    first, second
        The stage in each.
    ratio
        Energy of the second over that of the first, of full recipes; None where a guard refuses it or the first is 0.
    interval
        Of the ratio (`dcase_energy.stats.quotient_ends`); None where neither energy has one.
    duration_ratio
        Likewise of the durations.
    compared
        What ratios by other bases are made of; None where a guard refuses them.
    """

    name: str
    first: Stage
    second: Stage
    ratio: float | None
    interval: Interval | None
    duration_ratio: float | None
    compared: Compared | None = None


@dataclass(frozen=True, slots=True)
class UnlikeValue:
    """A value in which two records differ; None where one does not state it."""

    group: str
    name: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What `side_by_side` finds.

    Attributes
    ----------
    names, first, second
        The records and what to call them; of a calibration and an energy record the calibration is first.
    stages
        Those that both have.
    differing
        Machine, software, surroundings and work, as far as they differ.
    guards
        What the guards say of dividing the second by the first; empty where the first is not a calibration.
    indicative
        Why the ratio of two calibrations is only indicative; empty where it is exact, and for other records.
    notes
        How calibrations were scaled to the full recipe; that of a baseline, also by its probes.
    """

    names: tuple[str, str]
    first: Record
    second: Record
    stages: tuple[StagePair, ...]
    differing: tuple[UnlikeValue, ...]
    guards: tuple[Guard, ...]
    indicative: tuple[str, ...]
    notes: tuple[str, ...] = ()


def side_by_side(one: Record, other: Record, names: tuple[str, str] = ("first", "second")) -> SideBySide:
    """Set two records side by side, under ``names``."""
    first, second = one, other
    if isinstance(other, Calibration) and isinstance(one, Energy):
        first, second, names = other, one, (names[1], names[0])
    if isinstance(first, Calibration) and isinstance(second, Energy):
        stages, guards, notes = _divided(first, second)
    else:
        # Calibrations of two machines are compared to see what the machines differ in: there a guard refuses nothing.
        full, notes = _of_full_recipes(first, second)
        ours, theirs = map(with_scoring, full)
        stages = [_pair(name, ours[name], stage) for name, stage in theirs.items() if name in ours]
        guards = compare(first, second) if isinstance(first, Calibration) else []
    return SideBySide(
        names=names,
        first=first,
        second=second,
        stages=tuple(stages),
        differing=tuple(_differing(first, second)),
        guards=tuple(guards),
        indicative=tuple(why_indicative(second, first))
        if isinstance(first, Calibration) and isinstance(second, Calibration)
        else (),
        notes=tuple(notes),
    )


def _of_full_recipes(*records: Record) -> tuple[list[Record], list[str]]:
    """Records with the energy of their full recipe, and what was scaled for that in those of version 1.0."""
    full: list[Record] = []
    notes = []
    for which, record in zip(("first", "second"), records, strict=True):
        scaled, note = rescaled(record) if isinstance(record, Calibration) else (record, None)
        full.append(scaled)
        notes += [] if note is None else [f"{which}: {note}"]
    return full, notes


def with_scoring(record: Record) -> dict[str, Stage]:
    """The stages of a record, scoring among them."""
    scoring = record.scoring if isinstance(record, Calibration) else None
    return {**record.figures, **({} if scoring is None else {"scoring": scoring})}


def _divided(baseline: Calibration, system: Energy) -> tuple[list[StagePair], list[Guard], list[str]]:
    """A system's stages over those of a baseline with the same scope, what guards say, and how it was made the same."""
    baseline, scale = rescaled(baseline)
    scaled, probes = probed(baseline, system)
    # Without an edition the system says what its figure holds; of a test it should.
    scopes = [stage.scope or (INFERENCE,) for name, stage in system.figures.items() if name != "training"]
    guards, pairs = compare(baseline, system, scopes[0] if scopes else ()), []
    refused = any(guard.state is GuardState.INVALID for guard in guards)
    for name, stage in system.figures.items():
        base = denominator(scaled, name, stage.scope)
        if base is not None:
            guards += ratio(scaled, stage.full_recipe_energy_kwh, name, stage.scope)[1]
            tiers = {one.tier.value for one in (baseline, system)}
            beside = None if refused else compared(stage, base, estimated="estimated" in tiers)
            pairs.append(replace(_pair(name, base, stage, refused=refused), compared=beside))
    return pairs, guards, [note for note in (scale, probes) if note is not None]


def _pair(name: str, first: Stage, second: Stage, *, refused: bool = False) -> StagePair:
    energies = second.full_recipe_energy_kwh, first.full_recipe_energy_kwh
    return StagePair(
        name,
        first,
        second,
        None if refused else _over(*energies),
        None if refused else quotient_ends(*energies, bounds_of(second), bounds_of(first)),
        _over(second.full_recipe_duration_s, first.full_recipe_duration_s),
    )


def bounds_of(stage: Stage) -> Interval | None:
    """The interval of a stage's full recipe, of a command that of one execution."""
    return stage.full_recipe_energy_interval or stage.energy_interval


def _over(value: float, base: float) -> float | None:
    return value / base if base > 0 else None


def _differing(first: Record, second: Record) -> Iterator[UnlikeValue]:
    """Yield what differs; of records of two kinds only what both kinds state."""
    ours, theirs = _facts(first), _facts(second)
    for group in dict.fromkeys([*ours, *theirs]):
        here, there = ours.get(group, {}), theirs.get(group, {})
        if here and there:
            names = dict.fromkeys([*here, *there])
            shared = [name for name in names if first.kind == second.kind or (name in here and name in there)]
            for name in shared:
                if here.get(name) != there.get(name):
                    yield UnlikeValue(group, name, here.get(name), there.get(name))
        elif (here or there) and first.kind == second.kind:
            yield UnlikeValue(group, "all", *("recorded" if one else "not recorded" for one in (here, there)))


def _facts(record: Record) -> dict[str, Mapping[str, Any]]:
    """What may differ besides the figures, by group and name; an empty group was not recorded."""
    groups: dict[str, Mapping[str, Any]] = {
        "hardware": record.hardware,
        "devices": _devices(record),
        "software": record.software,
        "backends": record.backends or {},
        "environment": _environment(record),
        "measured": {
            "tier": record.tier.value,
            "batch system": None if record.batch_job is None else record.batch_job.system,
        },
        "constant watts": dict(record.constants_w.items()),
    }
    if isinstance(record, Calibration):
        groups["work"] = {
            "recipe": record.recipe,
            "recipe's hash": record.recipe_sha256,
            "implementation": f"{record.implementation.name} {record.implementation.version}",
            "execution path": record.implementation.execution_path,
            "quick": record.quick,
        }
        groups["recipe"] = {} if record.recipe_work is None else record.recipe_work.model_dump()
        groups["as run"] = {} if record.measured_work is None else record.measured_work.model_dump()
    return groups


def _devices(record: Evidence) -> dict[str, Any]:
    """The counted GPUs, each value once where all have the same."""
    names = ("name", "driver", "limit_w")
    found = {name: sorted({str(board[name]) for board in record.devices if name in board}) for name in names}
    return {"count": len(record.devices), **{name: ", ".join(values) or None for name, values in found.items()}}


def _environment(record: Evidence) -> dict[str, Any]:
    about = record.environment
    if about is None:
        return {}
    # Kept and dropped variables are only names; those that were passed or set can change the work.
    return {"kept": ", ".join(about.kept), "passed": ", ".join(about.passed), **dict(about.set)}
