"""What a CodeCarbon CSV holds, once it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcase_energy.findings import Finding, Where


@dataclass(frozen=True)
class EmissionsRow:
    """One row. A figure is None where the column is not there or the cell is empty; 0 is a zero that was written."""

    where: Where
    run: str
    project: str
    duration_s: float
    energy_kwh: float
    emissions_kg: float | None
    emissions_rate: float | None
    components_kwh: dict[str, float | None]
    powers_w: dict[str, float | None]
    ram_total_gb: float | None
    gpu_count: float | None
    texts: dict[str, str]


@dataclass
class Emissions:
    """A file as read.

    Attributes
    ----------
    versions
        The versions of CodeCarbon that write these columns, or what the rows themselves say; None if no version does.
    rows
        The rows that could be read, in order.
    findings
        What is wrong with the table and within its rows.
    """

    file: str
    member: str | None = None
    versions: str | None = None
    rows: list[EmissionsRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def last_of_run(self) -> dict[str, EmissionsRow]:
        """The last row of each run: rows of one run are cumulative."""
        return {row.run: row for row in self.rows}

    @property
    def components(self) -> bool:
        """Whether the file tells CPU, GPU and RAM apart."""
        return self.versions is None or not self.versions.startswith("1.")
