"""The runs of a package's CodeCarbon files, by stage, and which of them the metadata report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcase_energy.documents.codecarbon.names import is_backup, names_baseline, names_no_stage, stage_of
from dcase_energy.findings import Finding
from dcase_energy.measure.plan import STAGES
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.figures import agrees

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import Emissions, EmissionsRow


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a file.

    Attributes
    ----------
    name
        The file in the tree of the package.
    problem
        Why its energy cannot be used; None where it can.
    """

    name: str
    row: EmissionsRow
    emissions: Emissions
    problem: Finding | None = None

    @property
    def file(self) -> str:
        """The name of the file without its folder."""
        return self.name.rpartition("/")[2]

    @property
    def energy_kwh(self) -> float:
        """Its energy; 0 where it cannot be used."""
        return self.row.energy_kwh or 0.0 if self.problem is None else 0.0

    @property
    def version(self) -> str:
        """The version of CodeCarbon, or the versions that write such a file; empty where it is not known."""
        return self.row.texts["codecarbon_version"] or self.emissions.versions or ""

    @property
    def backup(self) -> bool:
        """Whether CodeCarbon had put the file aside."""
        return is_backup(self.file)

    @property
    def of_baseline(self) -> bool:
        """Whether a name says that it is the baseline's."""
        return names_baseline((self.file, self.row.task, self.row.project))

    @property
    def stage(self) -> str | None:
        """The stage that its names say, the file's own name first."""
        return stage_of((self.file, self.row.task, self.row.project))

    @property
    def of_unknown_work(self) -> bool:
        """Whether it has a usable energy, and no name says of what: those that CodeCarbon gives by itself do not."""
        unnamed = self.stage is None and not self.row.task and not self.of_baseline
        return unnamed and self.energy_kwh > 0 and not names_no_stage((self.file, self.row.project))


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
    runs: tuple[Run, ...] = ()

    def reported(self) -> tuple[Run, ...]:
        """The runs that make up the declared figure: one, those of a file, or all, as sum or mean; empty if none do."""
        usable = [run for run in self.runs if run.problem is None]
        by_file: dict[str, list[Run]] = {}
        for run in usable:
            by_file.setdefault(run.name, []).append(run)
        groups = [*([run] for run in usable), *by_file.values(), usable]
        return next((tuple(group) for group in groups if self._is_of(group)), ())

    def is_sum(self) -> bool:
        """Whether the declared figure is the energy of all runs together."""
        return self._agrees(math.fsum(run.energy_kwh for run in self.runs))

    def is_one(self) -> bool:
        """Whether the declared figure is the energy of one run."""
        return any(self._agrees(run.energy_kwh) for run in self.runs)

    def _is_of(self, runs: Sequence[Run]) -> bool:
        if not runs:
            return False
        total = sum(run.energy_kwh for run in runs)
        return self._agrees(total) or self._agrees(total / len(runs))

    def _agrees(self, energy_kwh: float) -> bool:
        return (
            self.value_kwh is not None and 0 < energy_kwh < math.inf and agrees(self.value_kwh, self.text, energy_kwh)
        )


@dataclass(frozen=True)
class StageRuns:
    """The runs of one stage, and the two figures of the metadata that they may be.

    Attributes
    ----------
    own, baseline
        The system's figure and its baseline's.
    """

    stage: str
    own: Side
    baseline: Side


def stages_of(system: System) -> Iterator[StageRuns]:
    """The stages of which a package brings runs."""
    declared = {stage: _declared(system, stage) for stage in STAGES}
    runs: dict[str, list[Run]] = {}
    for run in all_runs(system):
        stage = run.stage
        # The total of a second tracker contains the stages, and is none.
        if stage is None and not run.row.task:
            stage = _by_figure(run, declared)
        if stage is not None:
            runs.setdefault(stage, []).append(run)
    for stage, found in runs.items():
        own, baseline = declared[stage]
        named = [run for run in found if run.of_baseline]
        others = [run for run in found if not run.of_baseline]
        split = bool(named and others)
        # The code of the baseline names its files after itself whatever system it trains: alone, a name says nothing.
        base_side = _side(baseline, named if split else found)
        taken = base_side.reported()
        # Both figures in the files of the other: names that prove nothing do not make it right.
        swapped = split and not taken and bool(_side(baseline, others).reported())
        choices = (others if split else found, named if split else [run for run in found if run not in taken])
        own_side = next(
            (side for runs in choices[: 1 if swapped else 2] if (side := _side(own, runs)).reported()),
            _side(own, choices[0]),
        )
        yield StageRuns(stage, own_side, base_side)


def all_runs(system: System) -> list[Run]:
    """The last row of each run of each file; a run that stands in several files is there once."""
    found: dict[object, dict[str, list[Run]]] = {}
    for name, emissions in system.records.emissions.items():
        problems = {id(row): finding for row, finding in emissions.problems}
        for chain in emissions.chains():
            problem = next((problems[id(row)] for row in chain if id(row) in problems), None)
            run = Run(name, chain[-1], emissions, problem)
            row = run.row
            key = row.run if row.run is not None else (row.ended, row.duration_s, row.energy_kwh)
            by_file = found.setdefault((key, row.task), {})
            others = (runs for file, runs in by_file.items() if file != name)
            known = next((runs for runs in others if _is_same_run(run, runs[0])), None)
            if known is None:
                by_file.setdefault(name, []).append(run)
            elif (row.duration_s or 0.0) > (known[0].row.duration_s or 0.0):
                known[0] = run
    return [run for by_file in found.values() for runs in by_file.values() for run in runs]


def _is_same_run(run: Run, other: Run) -> bool:
    """Whether two files hold one run: a copy, or an earlier state in a backup. Identifiers alone do not show it."""
    first, second = sorted((run, other), key=lambda one: one.row.duration_s or 0.0)
    mine, theirs = ((one.row.duration_s, one.row.energy_kwh, one.row.ended) for one in (first, second))
    if mine == theirs:
        return True
    earlier = run.row.run is not None and (first.row.energy_kwh or 0.0) <= (second.row.energy_kwh or 0.0)
    return earlier and first.row.duration_s != second.row.duration_s and (first.backup or second.backup)


def _declared(system: System, stage: str) -> tuple[Side, Side]:
    own, baseline = f"energy_{stage}_kwh", f"energy_baseline_{stage}_kwh"
    if system.figures.get(baseline) is None and system.figures.get("energy_baseline_kwh") is not None:
        baseline = "energy_baseline_kwh"
    return _figure(system, own), _figure(system, baseline)


def own_figures(system: System) -> dict[str, Side]:
    """The system's own figure of each stage, also where it is not declared."""
    return {stage: _declared(system, stage)[0] for stage in STAGES}


def _figure(system: System, name: str) -> Side:
    value = system.figures.get(name)
    return Side(name, value, None if value is None else system.metadata.text(name))


def _side(side: Side, runs: Iterable[Run]) -> Side:
    return Side(side.field, side.value_kwh, side.text, tuple(runs))


def _by_figure(run: Run, declared: dict[str, tuple[Side, Side]]) -> str | None:
    """The only stage that has a figure of this energy."""
    energy_kwh = run.row.energy_kwh
    if energy_kwh is None or not 0 < energy_kwh < math.inf:
        return None
    stages = {
        stage
        for stage, sides in declared.items()
        for side in sides
        if side.value_kwh is not None and agrees(side.value_kwh, side.text, energy_kwh)
    }
    return stages.pop() if len(stages) == 1 else None
