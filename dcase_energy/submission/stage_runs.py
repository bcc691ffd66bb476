"""The runs of a package's CodeCarbon files, by stage, and which of them the metadata report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dcase_energy.submission.checks.system import System
from dcase_energy.submission.figures import agrees

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import EmissionsRun


@dataclass(frozen=True)
class Side:
    """A figure of the metadata and the runs that may account for it.

    Attributes
    ----------
    field
        The canonical name of the figure.
    value_kwh, text
        The figure, also as it was written; None where it is not declared.
    runs
        Runs that neither their names nor the other figure exclude.
    """

    field: str
    value_kwh: float | None
    text: str | None
    runs: tuple[EmissionsRun, ...] = ()

    def reported(self) -> tuple[EmissionsRun, ...]:
        """The runs that make up the declared figure: one, those of a file, or all, as sum or mean; empty if none do."""
        usable = [run for run in self.runs if not run.problems]
        files = [[run for run in usable if run.place == place] for place in dict.fromkeys(run.place for run in usable)]
        for group in (*([run] for run in usable), *files, usable):
            total_kwh = sum(run.energy_kwh for run in group)
            if group and (self.is_figure(total_kwh) or self.is_figure(total_kwh / len(group))):
                return tuple(group)
        return ()

    def is_figure(self, energy_kwh: float | None) -> bool:
        """Whether the declared figure is this energy."""
        if self.value_kwh is None or energy_kwh is None or not 0 < energy_kwh < math.inf:
            return False
        return agrees(self.value_kwh, self.text, energy_kwh)


@dataclass(frozen=True)
class StageRuns:
    """The runs of one stage, and the two figures of the metadata that they may account for.

    Attributes
    ----------
    own, baseline
        The system's figure and its baseline's.
    """

    stage: str
    own: Side
    baseline: Side

    def judged(self) -> tuple[Side, ...]:
        """Both figures, or only the system's own where the runs of both are the same."""
        return (self.own,) if self.own.runs == self.baseline.runs else (self.baseline, self.own)


def figures_of(system: System) -> dict[str, tuple[Side, Side]]:
    """Return the system's own figure and the baseline's of each stage, also where they are not declared."""

    def side(field: str) -> Side:
        value = system.figures.get(field)
        return Side(field, value, None if value is None else system.metadata.text(field))

    return {name: (side(stage.energy), side(stage.baseline)) for name, stage in system.edition.stages.items()}


def stages_of(system: System) -> list[StageRuns]:
    """Return the stages of which a package brings runs."""
    declared = figures_of(system)
    runs: dict[str, list[EmissionsRun]] = {}
    for run in all_runs(system):
        stage = run.stage
        # The total of a second tracker contains the stages, and is not one.
        if stage is None and not run.row.task:
            fitting = [
                name for name, sides in declared.items() if any(one.is_figure(run.row.energy_kwh) for one in sides)
            ]
            stage = fitting[0] if len(fitting) == 1 else None
        if stage in declared:
            runs.setdefault(stage, []).append(run)
    return [_split(stage, *declared[stage], found) for stage, found in runs.items()]


def _split(stage: str, own: Side, baseline: Side, found: Sequence[EmissionsRun]) -> StageRuns:
    """Which runs of a stage are the system's, and which the baseline's."""
    named = [run for run in found if run.of_baseline]
    others = [run for run in found if not run.of_baseline]
    # The code of the baseline names its files after itself whatever system it trains: alone, a name says nothing.
    if not named or not others:
        base_side = replace(baseline, runs=tuple(found))
        taken = base_side.reported()
        choices = [found, [run for run in found if run not in taken]]
    else:
        base_side = replace(baseline, runs=tuple(named))
        # Both figures in the files of the other: names that prove nothing do not make it right.
        swapped = not base_side.reported() and replace(baseline, runs=tuple(others)).reported()
        choices = [others] if swapped else [others, named]
    own_sides = [replace(own, runs=tuple(runs)) for runs in choices]
    return StageRuns(stage, next((side for side in own_sides if side.reported()), own_sides[0]), base_side)


def all_runs(system: System) -> list[EmissionsRun]:
    """Return each run of each file; a run that is in several files is there once."""
    found: dict[object, list[EmissionsRun]] = {}
    for run in (run for emissions in system.records.emissions.values() for run in emissions.runs):
        row = run.row
        key = row.run if row.run is not None else (row.ended, row.duration_s, row.energy_kwh)
        known = found.setdefault((key, row.task), [])
        same = next((at for at, one in enumerate(known) if one.place != run.place and _is_same_run(run, one)), None)
        if same is None:
            known.append(run)
        elif (row.duration_s or 0.0) > (known[same].row.duration_s or 0.0):
            known[same] = run
    return [run for runs in found.values() for run in runs]


def _is_same_run(run: EmissionsRun, other: EmissionsRun) -> bool:
    """Whether two files hold one run: a copy, or an earlier state in a backup. Identifiers alone do not show it."""
    first, second = sorted((run, other), key=lambda one: one.row.duration_s or 0.0)
    mine, theirs = ((one.row.duration_s, one.row.energy_kwh, one.row.ended) for one in (first, second))
    if mine == theirs:
        return True
    earlier = run.row.run is not None and (first.row.energy_kwh or 0.0) <= (second.row.energy_kwh or 0.0)
    return earlier and first.row.duration_s != second.row.duration_s and (first.backup or second.backup)
