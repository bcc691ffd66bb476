"""What a CodeCarbon file holds, once it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dcase_energy.findings import Finding, Where, capped

# Rows of one tracker begin at the same moment; time stamps are written in whole seconds.
_SAME_START_S = 2.5


@dataclass(frozen=True)
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
        """Whether two runs went on at the same time, for more than half of the shorter one."""
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


@dataclass
class Emissions:
    """A file as read.

    Attributes
    ----------
    versions
        The versions of CodeCarbon that write these columns, in any order; None if they are of no known version.
    rows
        The rows that could be read, in order.
    findings
        What is wrong with the table and within its rows.
    problems
        Rows whose energy cannot be used, each with the finding that says why; they are not among ``findings``.
    """

    file: str
    member: str | None = None
    versions: str | None = None
    rows: list[EmissionsRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[tuple[EmissionsRow, Finding]] = field(default_factory=list)

    def chains(self) -> list[list[EmissionsRow]]:
        """The rows of each run, in order: those of one identifier and task, or those that continue each other."""
        found: list[list[EmissionsRow]] = []
        known: dict[tuple[str, str], list[EmissionsRow]] = {}
        for row in self.rows:
            chain = known.get((row.run, row.task)) if row.run else None
            if chain is None and found and row.continues(found[-1][-1]):
                chain = found[-1]
            if chain is None:
                chain = []
                found.append(chain)
                if row.run:
                    known[row.run, row.task] = chain
            chain.append(row)
        return found

    def runs(self) -> Iterator[EmissionsRow]:
        """The last row of each run whose energy can be used: rows of one run are cumulative."""
        useless = {id(row) for row, _ in self.problems}
        for chain in self.chains():
            if not useless & {id(row) for row in chain}:
                yield chain[-1]

    def all_findings(self) -> list[Finding]:
        """Everything that is to say about the file, whatever it is compared with; of many rows the first few."""
        return [*self.findings, *capped(finding for _, finding in self.problems)]
