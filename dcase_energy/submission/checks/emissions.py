"""CodeCarbon files of a package against its metadata, and those of the system against the baseline's (W)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from dcase_energy.documents.codecarbon.rules import (
    EMISSIONS_DIFFER,
    EMISSIONS_MISSING,
    EMISSIONS_OWN_MISSING,
    EMISSIONS_RUNS,
    EMISSIONS_SCOPE,
    EMISSIONS_UNLIKE,
)
from dcase_energy.findings import Finding, Where, capped
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.figures import agrees, slip
from dcase_energy.submission.stage_runs import Run, Side, StageRuns, all_runs, own_figures, stages_of

_ALIKE: dict[str, Callable[[Run], str]] = {
    "tracking mode": lambda run: run.row.texts["tracking_mode"],
    "GPU": lambda run: _gpu(run),
    "CPU": lambda run: run.row.texts["cpu_model"],
    "version": lambda run: run.version,
}
_SERIES = re.compile(r"[0-9]+\.[0-9]+")


@each_system
def emissions_in_metadata(system: System) -> Iterator[Finding]:
    """The system's figure of a stage, and the baseline's, are in the files of the stage."""
    for stage in stages_of(system):
        found = list(_own_in_files(system, stage))
        yield from found
        named = all(run.of_baseline for run in stage.baseline.runs) and stage.baseline.runs != stage.own.runs
        if (named or stage.own.value_kwh is None) and not any(one.code == EMISSIONS_OWN_MISSING.code for one in found):
            yield from _differs(system, stage.baseline)


def _own_in_files(system: System, stage: StageRuns) -> Iterator[Finding]:
    own, baseline = stage.own, stage.baseline
    if own.value_kwh is None or own.reported() or _recorded(system, stage.stage, own):
        return
    held = replace(baseline, runs=own.runs).reported()
    if not held:
        yield from _differs(system, own)
        return
    message = (
        f"{own.value_kwh:.6g} kWh is in no CodeCarbon file of the system; {held[0].file} has "
        f"{held[0].energy_kwh:.6g} kWh, which is {baseline.field}"
    )
    where = system.where(own.field)
    yield EMISSIONS_OWN_MISSING.finding(where, message, found=f"{own.value_kwh:.6g}", withholds=(own.field,))


def _recorded(system: System, stage: str, own: Side) -> bool:
    """Whether an energy record of the package holds the declared figure: then CodeCarbon's files need not."""
    records = [one.energy_kwh for one in system.records.measured if one.stage == stage]
    return own.value_kwh is not None and any(
        agrees(own.value_kwh, own.text, energy_kwh) for energy_kwh in (*records, sum(records))
    )


def _differs(system: System, side: Side) -> Iterator[Finding]:
    """A declared figure that none of its files has, where one of them has a figure that can be used."""
    usable = [run for run in side.runs if run.problem is None and 0 < run.energy_kwh < float("inf")]
    if side.value_kwh is None or not usable or side.reported():
        return
    held_kwh = usable[0].energy_kwh
    several = f" (and {len(usable) - 1} more runs)" if len(usable) > 1 else ""
    message = f"{side.field} is {side.value_kwh:.6g} kWh; {usable[0].file} has {held_kwh:.6g} kWh{several}"
    reason = slip(side.value_kwh, held_kwh)
    hint = f"{reason}? copy energy_consumed from the file" if reason else None
    where = system.where(side.field)
    found = f"{side.value_kwh:.6g}"
    yield EMISSIONS_DIFFER.finding(where, message, expected=f"{held_kwh:.6g}", found=found, hint=hint)


@each_system
def emissions_usable(system: System) -> Iterator[Finding]:
    """Rows whose energy cannot be used: the figure of their stage is withheld, unless another run has it."""
    needed: dict[int, str] = {}
    for stage in stages_of(system):
        for side in (stage.baseline, stage.own):
            if not side.reported() and (side is stage.own or side.runs != stage.own.runs):
                needed |= {id(run.problem): side.field for run in side.runs if run.problem is not None}
    for name, emissions in system.records.emissions.items():
        problems = (finding for _, finding in emissions.problems)
        found = (one for finding in problems for one in _withholding(system, name, finding, needed.get(id(finding))))
        yield from capped(found, family=lambda one: (one.code, one.where.file, one.where.member, one.withholds))


def _withholding(system: System, name: str, finding: Finding, field: str | None) -> Iterator[Finding]:
    """What is wrong with a row, and the figure that is withheld because of it."""
    if field is None:
        yield finding
    elif _is_at_home(system, name) or not _is_field(system, field):
        yield replace(finding, withholds=(field,))
    else:
        yield finding
        message = f"{field} is withheld: {name.rpartition('/')[2]} has no usable energy"
        yield replace(finding, where=_place(system, name, (field,)), message=message, withholds=(field,))


def _is_at_home(system: System, name: str) -> bool:
    return PurePosixPath(name).is_relative_to(system.files.home)


@each_system
def emissions_there(system: System) -> Iterator[Finding]:
    """Where the edition asks for CodeCarbon's files, the package brings some."""
    if not system.edition.emissions_csv or system.files.folder is None:
        return
    if any(emissions.rows for emissions in system.records.emissions.values()):
        return
    if system.metadata.given("energy_training_kwh"):
        where = system.where("energy_training_kwh")
        yield EMISSIONS_MISSING.finding(where, "no CodeCarbon file (*.csv) beside the metadata")


@dataclass(frozen=True)
class _Pair:
    """The runs that are divided by each other in one stage; ``field`` is the declared baseline's figure."""

    field: str
    own: tuple[Run, ...]
    base: tuple[Run, ...]


@each_system
def emissions_alike(system: System) -> Iterator[Finding]:
    """All files come from the same machine, version and tracking mode; a ratio is withheld where they do not."""
    runs = [run for run in all_runs(system) if not run.backup]
    pairs = _pairs(system)
    for what, value_of in _ALIKE.items():
        unlike = [pair for pair in pairs if _unlike(what, value_of, pair)]
        first = {value_of(run): run for run in reversed(runs) if value_of(run)}
        if unlike:
            two = [next(run for run in side if value_of(run)) for side in (unlike[0].base, unlike[0].own)]
        elif len(first) > 1:
            two = sorted(first.values(), key=lambda run: (run.name, value_of(run)))[:2]
        else:
            continue
        withholds = tuple(pair.field for pair in unlike)
        message = f"{what} " + ", ".join(f"{value_of(run)[:60]} in {run.file}" for run in two)
        where = _place(system, two[1].name, withholds)
        yield EMISSIONS_UNLIKE.finding(where, message, withholds=withholds)


def _pairs(system: System) -> list[_Pair]:
    """For each stage the runs that are the system's energy, and those that are the baseline's."""
    pairs = []
    for stage in stages_of(system):
        split = stage.own.runs != stage.baseline.runs
        own, base = (side.reported() or (side.runs if split else ()) for side in (stage.own, stage.baseline))
        own = tuple(run for run in own if run.problem is None)
        base = tuple(run for run in base if run.problem is None and run not in own)
        if own and base:
            pairs.append(_Pair(f"energy_baseline_{stage.stage}_kwh", own, base))
    return pairs


def _unlike(what: str, value_of: Callable[[Run], str], pair: _Pair) -> bool:
    """Whether system and baseline differ in what makes their energies comparable; of a version its series does."""
    mine, theirs = ({_series(what, value_of(run)) for run in runs if value_of(run)} for runs in (pair.own, pair.base))
    return bool(mine and theirs and mine != theirs)


def _series(what: str, value: str) -> str:
    match = _SERIES.match(value) if what == "version" else None
    return match[0] if match else value


def _place(system: System, name: str, withholds: Sequence[str]) -> Where:
    """The file, or a figure of the stage where other systems share the file: theirs are not withheld."""
    named = [field for one in withholds for field in (one, one.replace("_baseline", ""))]
    fields = [field for field in named if _is_field(system, field)]
    if fields and not _is_at_home(system, name):
        return system.where(fields[0])
    return system.files.tree.where(name)


def _is_field(system: System, field: str) -> bool:
    return field in system.edition.fields


def _gpu(run: Run) -> str:
    """The GPU as listed; that there is none is a value too, where the row has all cells and no GPU energy."""
    row = run.row
    known = not row.partial and any(row.components_kwh.values()) and not row.components_kwh["gpu_energy"]
    return row.texts["gpu_model"] or ("none" if known and not row.gpu_count else "")


@each_system
def emissions_of_one_scope(system: System) -> Iterator[Finding]:
    """The system's files count the same components as the baseline's, with the same PUE."""
    for pair in _pairs(system):
        parts = []
        mine, theirs = _counted(pair.own), _counted(pair.base)
        if _gpu(pair.own[0]) != _gpu(pair.base[0]):
            mine, theirs = mine - {"GPU"}, theirs - {"GPU"}  # another machine, which has its own finding
        if mine and theirs and mine != theirs:
            parts.append((" and ".join(sorted(mine)), " and ".join(sorted(theirs))))
        pues = [{run.row.pue for run in runs if run.row.pue is not None} for runs in (pair.own, pair.base)]
        if all(pues) and pues[0] != pues[1]:
            first, second = ("/".join(f"{pue:g}" for pue in sorted(values)) for values in pues)
            parts.append((f"PUE {first}", f"PUE {second}"))
        if parts:
            own, base = pair.own[0], pair.base[0]
            message = "; ".join(f"{one} in {own.file}, {other} in {base.file}" for one, other in parts)
            where = _place(system, own.name, (pair.field,))
            yield EMISSIONS_SCOPE.finding(where, message, withholds=(pair.field,))


def _counted(runs: Sequence[Run]) -> set[str]:
    return {
        name.removesuffix("_energy").upper()
        for run in runs
        for name, value in run.row.components_kwh.items()
        if value is not None and value > 0
    }


@each_system
def emissions_appended(system: System) -> Iterator[Finding]:
    """Several runs in one file, unless each is a figure of the metadata: then it is known which run is what."""
    reported = [side.reported() for stage in stages_of(system) for side in (stage.own, stage.baseline)]
    alone = {id(runs[0].row) for runs in reported if len(runs) == 1}
    other = {run.name for run in all_runs(system) if id(run.row) not in alone}
    for name, emissions in system.records.emissions.items():
        if name in other:
            yield from (one for one in emissions.findings if one.code == EMISSIONS_RUNS.code)


@each_system
def emissions_unreported(system: System) -> Iterator[Finding]:
    """Runs in backups are those that the metadata report, or are named; so are runs of no known stage.

    Those only where an own figure is in no file: it may be theirs, and nothing else compares the two.
    """
    stages = list(stages_of(system))
    reported = {id(run.row) for stage in stages for side in (stage.own, stage.baseline) for run in side.reported()}
    open_fields = _in_no_file(system, stages)
    left: dict[str, list[Run]] = {}
    for run in all_runs(system):
        unknown = bool(open_fields) and run.of_unknown_work and _is_at_home(system, run.name)
        if id(run.row) not in reported and (run.backup or unknown):
            left.setdefault(run.name, []).append(run)
    for name, runs in left.items():
        energy_kwh = sum(run.energy_kwh for run in runs)
        count = "a run" if len(runs) == 1 else f"{len(runs)} runs"
        place = " in a backup" if runs[0].backup else ""
        message = f"{count} of {energy_kwh:.6g} kWh{place}, which no figure of the metadata reports"
        if not runs[0].backup:
            message += f"; {' and '.join(open_fields)} {'is' if len(open_fields) == 1 else 'are'} in no file"
        yield EMISSIONS_RUNS.finding(system.files.tree.where(name), message)


def _in_no_file(system: System, stages: Sequence[StageRuns]) -> list[str]:
    """The system's own figures, with their values, of whose stage the package brings no run, and no record of them."""
    brought = {stage.stage for stage in stages}
    return [
        f"{own.field} ({own.value_kwh:.6g})"
        for stage, own in own_figures(system).items()
        if own.value_kwh is not None and stage not in brought and not _recorded(system, stage, own)
    ]
