"""CodeCarbon files of a package against its metadata, and those of the system against the baseline's (W)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dcase_energy.documents.codecarbon.identities import several_runs
from dcase_energy.documents.codecarbon.rules import (
    EMISSIONS_DIFFER,
    EMISSIONS_MISSING,
    EMISSIONS_OWN_MISSING,
    EMISSIONS_RUNS,
    EMISSIONS_SCOPE,
    EMISSIONS_UNLIKE,
)
from dcase_energy.findings import Finding, Where, capped
from dcase_energy.submission.checks.processes import processes_added_rightly
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.figures import slip
from dcase_energy.submission.stage_runs import Side, StageRuns, all_runs, figures_of, stages_of
from dcase_energy.text import more, plural

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import EmissionsRun


def _gpu(run: EmissionsRun) -> str:
    """The GPU as listed; that there is none is a value too, where the row has all cells and no GPU energy."""
    row = run.row
    known = not row.partial and any(row.components_kwh.values()) and not row.components_kwh["gpu_energy"]
    return row.texts["gpu_model"] or ("none" if known and not row.gpu_count else "")


# What must be the same in all files; of a version its series.
_SAME: dict[str, Callable[[EmissionsRun], str]] = {
    "tracking mode": lambda run: run.row.texts["tracking_mode"],
    "GPU": _gpu,
    "CPU": lambda run: run.row.texts["cpu_model"],
    "version": lambda run: run.versions,
}
_SERIES = re.compile(r"[0-9]+\.[0-9]+")


@each_system
def emissions_agree(system: System) -> Iterator[Finding]:
    """CodeCarbon's files are there where the edition asks for them, and agree with the metadata and each other.

    An energy record has all that is in them.
    """
    edition = system.edition
    if edition.emissions_csv and system.files.folder is not None:
        fields = [part.energy for stage, part in edition.stages.items() if not system.records.measured_kwh(stage)]
        field = next((field for field in fields if system.metadata.given(field)), None)
        if field is not None and not any(one.rows for one in system.records.emissions.values()):
            yield system.finding(EMISSIONS_MISSING, field, "no CodeCarbon file (*.csv) beside the metadata")
    if not system.records.emissions:
        return
    runs, stages = all_runs(system), stages_of(system)
    pairs = list(_pairs(stages))
    for stage in stages:
        yield from _in_metadata(system, stage)
    yield from _usable(system, stages)
    yield from _from_one_machine(system, runs, pairs)
    for pair in pairs:
        yield from _of_one_scope(system, pair)
    reported = [side.reported() for stage in stages for side in (stage.own, stage.baseline)]
    yield from _appended(system, runs, reported)
    yield from _unreported(system, runs, stages, {id(run.row) for side in reported for run in side})
    yield from processes_added_rightly(system, stages)


def _in_metadata(system: System, stage: StageRuns) -> Iterator[Finding]:
    """The system's figure of a stage, and the baseline's, are in the files of the stage."""
    own, baseline = stage.own, stage.baseline
    named = all(run.of_baseline for run in baseline.runs) and baseline.runs != own.runs
    if own.value_kwh is not None and not own.reported() and not _recorded(system, stage.stage, own):
        held = replace(baseline, runs=own.runs).reported()
        if held:
            message = (
                f"{own.value_kwh:.6g} kWh is in no CodeCarbon file of the system; {held[0].file} has "
                f"{held[0].energy_kwh:.6g} kWh, which is {baseline.field}"
            )
            found = f"{own.value_kwh:.6g}"
            yield system.finding(EMISSIONS_OWN_MISSING, own.field, message, found=found, withholds=(own.field,))
            return
        yield from _differs(system, own)
    if named or own.value_kwh is None:
        yield from _differs(system, baseline)


def _recorded(system: System, stage: str, own: Side) -> bool:
    """Whether an energy record of the package holds the declared figure: then CodeCarbon's files need not."""
    found = system.records.measured_kwh(stage)
    return system.states(own.field, *found, sum(found))


def _differs(system: System, side: Side) -> Iterator[Finding]:
    """A declared figure that none of its files has, where one of them has a figure that can be used."""
    usable = [run for run in side.runs if 0 < run.energy_kwh < float("inf")]
    if side.value_kwh is None or not usable or side.reported():
        return
    held_kwh = usable[0].energy_kwh
    several = more(len(usable) - 1, "runs")
    message = f"{side.field} is {side.value_kwh:.6g} kWh; {usable[0].file} has {held_kwh:.6g} kWh{several}"
    reason = slip(side.value_kwh, held_kwh)
    hint = f"this looks like {reason}: copy energy_consumed from the file" if reason else None
    expected, found = f"{held_kwh:.6g}", f"{side.value_kwh:.6g}"
    yield system.finding(EMISSIONS_DIFFER, side.field, message, expected=expected, found=found, hint=hint)


def _usable(system: System, stages: Sequence[StageRuns]) -> Iterator[Finding]:
    """Rows whose energy cannot be used: the figure of their stage is withheld, unless another run has it."""
    open_sides = [side for stage in stages for side in stage.judged() if not side.reported()]
    needed = {id(run.problems[0]): side.field for side in open_sides for run in side.runs if run.problems}
    found: list[Finding] = []
    runs = [run for emissions in system.records.emissions.values() for run in emissions.runs]
    for run, problem in [(one, problem) for one in runs for problem in one.problems]:
        withholds = (needed[id(problem)],) if id(problem) in needed else ()
        place = _place(system, run, withholds)
        if withholds and place != run.place:
            message = f"{withholds[0]} is withheld: {run.file} has no usable energy"
            found += [problem, replace(problem, where=place, message=message, withholds=withholds)]
        else:
            found.append(replace(problem, withholds=withholds))
    yield from capped(found, family=lambda one: (one.code, one.where.file, one.where.member, one.withholds))


def _place(system: System, run: EmissionsRun, withholds: Sequence[str]) -> Where:
    """The file, or a figure of the stage where other systems share the file: theirs are not withheld."""
    own_of = {part.baseline: part.energy for part in system.edition.stages.values()}
    fields = [field for one in withholds for field in (one, own_of.get(one, one)) if field in system.edition.fields]
    return system.where(fields[0]) if fields and not _is_at_home(system, run) else run.place


def _is_at_home(system: System, run: EmissionsRun) -> bool:
    name = next(name for name in system.records.emissions if system.files.tree.where(name) == run.place)
    return PurePosixPath(name).is_relative_to(system.files.home)


def _pairs(stages: Sequence[StageRuns]) -> Iterator[StageRuns]:
    """The stages whose energies are divided by each other, with the runs that are, each as a side."""
    for stage in stages:
        split = len(stage.judged()) > 1
        own, base = (side.reported() or (side.runs if split else ()) for side in (stage.own, stage.baseline))
        own = tuple(run for run in own if not run.problems)
        base = tuple(run for run in base if not run.problems and run not in own)
        if own and base:
            yield StageRuns(stage.stage, replace(stage.own, runs=own), replace(stage.baseline, runs=base))


def _from_one_machine(system: System, all_of: Sequence[EmissionsRun], pairs: Sequence[StageRuns]) -> Iterator[Finding]:
    """All files come from the same machine, version and tracking mode; a ratio is withheld where they do not."""
    runs = [run for run in all_of if not run.backup]
    for what, value_of in _SAME.items():
        unlike = [pair for pair in pairs if _unlike(what, value_of, pair)]
        first = {value_of(run): run for run in reversed(runs) if value_of(run)}
        if unlike:
            two = [next(run for run in side if value_of(run)) for side in (unlike[0].baseline.runs, unlike[0].own.runs)]
        elif len(first) > 1:
            two = sorted(first.values(), key=lambda run: (str(run.place), value_of(run)))[:2]
        else:
            continue
        withholds = tuple(pair.baseline.field for pair in unlike)
        message = f"{what} " + ", ".join(f"{value_of(run)[:60]} in {run.file}" for run in two)
        yield EMISSIONS_UNLIKE.finding(_place(system, two[1], withholds), message, withholds=withholds)


def _unlike(what: str, value_of: Callable[[EmissionsRun], str], pair: StageRuns) -> bool:
    """Whether system and baseline differ in what makes their energies comparable."""

    def value(run: EmissionsRun) -> str:
        match = _SERIES.match(value_of(run)) if what == "version" else None
        return match[0] if match else value_of(run)

    mine, theirs = ({value(run) for run in runs if value(run)} for runs in (pair.own.runs, pair.baseline.runs))
    return bool(mine and theirs and mine != theirs)


def _of_one_scope(system: System, pair: StageRuns) -> Iterator[Finding]:
    """The system's files count the same components as the baseline's, with the same PUE."""
    parts, (own, base) = [], (pair.own.runs[0], pair.baseline.runs[0])
    mine, theirs = _counted(pair.own.runs), _counted(pair.baseline.runs)
    if _gpu(own) != _gpu(base):
        mine, theirs = mine - {"GPU"}, theirs - {"GPU"}  # another machine, which has its own finding
    if mine and theirs and mine != theirs:
        parts.append((" and ".join(sorted(mine)), " and ".join(sorted(theirs))))
    pues = [{run.row.pue for run in runs if run.row.pue is not None} for runs in (pair.own.runs, pair.baseline.runs)]
    if all(pues) and pues[0] != pues[1]:
        first, second = ("/".join(f"{pue:g}" for pue in sorted(values)) for values in pues)
        parts.append((f"PUE {first}", f"PUE {second}"))
    if parts:
        message = "; ".join(f"{one} in {own.file}, {other} in {base.file}" for one, other in parts)
        yield EMISSIONS_SCOPE.finding(
            _place(system, own, (pair.baseline.field,)), message, withholds=(pair.baseline.field,)
        )


def _counted(runs: Sequence[EmissionsRun]) -> set[str]:
    parts = [part for run in runs for part in run.row.components_kwh.items()]
    return {name.removesuffix("_energy").upper() for name, energy_kwh in parts if energy_kwh and energy_kwh > 0}


def _appended(
    system: System, runs: Sequence[EmissionsRun], reported: Sequence[Sequence[EmissionsRun]]
) -> Iterator[Finding]:
    """Several runs in one file, unless each is a figure of the metadata: then it is known which run is what."""
    alone = {id(side[0].row) for side in reported if len(side) == 1}
    other = {run.place for run in runs if id(run.row) not in alone}
    for emissions in system.records.emissions.values():
        if emissions.runs and emissions.runs[0].place in other:
            yield from several_runs(emissions.usable())


def _unreported(
    system: System, runs: Sequence[EmissionsRun], stages: Sequence[StageRuns], reported: set[int]
) -> Iterator[Finding]:
    """Runs in backups are those that the metadata report, or are named; so are runs of no known stage.

    Those only where an own figure is in no file: it may be theirs, and nothing else compares the two.
    """
    brought = {stage.stage for stage in stages}
    # The system's own figures of whose stage the package brings no run, and no record of them.
    open_fields = [
        f"{own.field} ({own.value_kwh:.6g})"
        for stage, (own, _) in figures_of(system).items()
        if own.value_kwh is not None and stage not in brought and not _recorded(system, stage, own)
    ]
    left: dict[Where, list[EmissionsRun]] = {}
    for run in runs:
        unknown = open_fields and run.of_unknown_work and _is_at_home(system, run)
        if id(run.row) not in reported and (run.backup or unknown):
            left.setdefault(run.place, []).append(run)
    for where, those in left.items():
        count = "a run" if len(those) == 1 else plural(len(those), "run")
        place = " in a backup" if those[0].backup else ""
        energy = f"{sum(run.energy_kwh for run in those):.6g} kWh"
        message = f"{count} of {energy}{place}, which no figure of the metadata reports"
        if not place:
            message += f"; {' and '.join(open_fields)} {'is' if len(open_fields) == 1 else 'are'} in no file"
        yield EMISSIONS_RUNS.finding(where, message)
