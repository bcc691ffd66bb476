"""What a CodeCarbon file holds, once it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dcase_energy.documents.codecarbon.names import is_backup, names_baseline, stage_of
from dcase_energy.findings import Finding, Where, capped

# Rows of one tracker begin at the same moment; time stamps are written in whole seconds.
_SAME_START_S = 2.5


@dataclass(frozen=True, slots=True)
class EmissionsRow:
    """One row. A figure is None where the column is not there or the cell holds no value; 0 is a zero that was written.

    Attributes
    ----------
    run
        The identifier of the run; None where the file has none (``None``, blank, or a version without one).
    task
        The name of the task, in files of tasks.
    ended
        The time stamp, which CodeCarbon takes when it writes the row; None where it cannot be read.
    partial
        Whether only the cells up to the energies are known.
    """

    where: Where
    run: str | None
    project: str
    task: str
    ended: datetime | None
    duration_s: float | None
    energy_kwh: float | None
    emissions_kg: float | None
    emissions_rate: float | None
    components_kwh: dict[str, float | None]
    powers_w: dict[str, float | None]
    ram_total_gb: float | None
    gpu_count: float | None
    pue: float | None
    texts: dict[str, str]
    partial: bool = False

    @property
    def began_s(self) -> float | None:
        """When the tracker was started, in seconds since an arbitrary moment."""
        if self.ended is None or self.duration_s is None:
            return None
        return (self.ended - datetime(2000, 1, 1)).total_seconds() - self.duration_s

    def beside(self, other: EmissionsRow) -> bool:
        """Whether two runs were measured at the same time, for more than half of the shorter one."""
        if self.began_s is None or other.began_s is None or self.duration_s is None or other.duration_s is None:
            return False
        ends = (self.began_s + self.duration_s, other.began_s + other.duration_s)
        return min(ends) - max(self.began_s, other.began_s) > min(self.duration_s, other.duration_s) / 2

    def continues(self, before: EmissionsRow) -> bool:
        """Whether this is a later row of the same run, in a file without identifiers: rows of a run are cumulative."""
        if (self.task, self.project) != (before.task, before.project) or before.run or self.run:
            return False
        if self.began_s is None or before.began_s is None or abs(self.began_s - before.began_s) > _SAME_START_S:
            return False
        mine = (self.duration_s or 0.0, self.energy_kwh or 0.0)
        theirs = (before.duration_s or 0.0, before.energy_kwh or 0.0)
        return mine == theirs or (mine[0] > theirs[0] and mine[1] >= theirs[1])


@dataclass(frozen=True, slots=True, eq=False)
class EmissionsRun:
    """One run of a file.

    Attributes
    ----------
    row
        Its last row: the rows of a run are cumulative.
    versions
        The version of CodeCarbon, or the versions that write such a file; empty where it is not known.
    problems
        Why its energy cannot be used; empty where it can.
    """

    row: EmissionsRow
    versions: str = ""
    problems: tuple[Finding, ...] = ()

    @property
    def place(self) -> Where:
        """The file."""
        return Where(self.row.where.file, self.row.where.member)

    @property
    def file(self) -> str:
        """The name of the file without its folder."""
        return (self.row.where.member or self.row.where.file).rpartition("/")[2]

    @property
    def energy_kwh(self) -> float:
        """Its energy; 0 where it cannot be used."""
        return 0.0 if self.problems else self.row.energy_kwh or 0.0

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
        return stage_of((self.file, self.row.task, self.row.project)) or None

    @property
    def of_unknown_work(self) -> bool:
        """Whether it has a usable energy, and no name says of what: those that CodeCarbon gives by itself do not."""
        named = self.row.task or self.of_baseline or stage_of((self.file, self.row.project)) is not None
        return not named and self.energy_kwh > 0


@dataclass(frozen=True, slots=True)
class Emissions:
    """A file as read.

    Attributes
    ----------
    versions
        The versions of CodeCarbon that write these columns, in any order; None if they are of no known version.
    rows
        The rows that could be read, in order.
    runs
        Its runs, those whose energy cannot be used included.
    """

    versions: str | None = None
    rows: tuple[EmissionsRow, ...] = ()
    runs: tuple[EmissionsRun, ...] = ()

    def problems(self) -> list[Finding]:
        """Why energies of runs cannot be used; of many the first few."""
        return capped(finding for run in self.runs for finding in run.problems)

    def usable(self) -> list[EmissionsRow]:
        """The last row of each run whose energy can be used."""
        return [run.row for run in self.runs if not run.problems]


def chains_of(rows: Iterable[EmissionsRow]) -> list[list[EmissionsRow]]:
    """Return the rows of each run, in order: those of one identifier and task, or those that continue each other."""
    found: list[list[EmissionsRow]] = []
    known: dict[tuple[str, str], list[EmissionsRow]] = {}
    for row in rows:
        chain = known.get((row.run, row.task)) if row.run else None
        if chain is None and found and row.continues(found[-1][-1]):
            chain = found[-1]
        if chain is None:
            chain = []
            found.append(chain)
        if row.run:
            known.setdefault((row.run, row.task), chain)
        chain.append(row)
    return found
