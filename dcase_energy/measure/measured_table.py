"""The table of what an organiser measured: one row a system; `measure --each` writes it, `rank --measured` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.rules import TABLE_DUPLICATE, TABLE_EMPTY, TABLE_HEADER, TABLE_NUMBER
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.findings import Finding
from dcase_energy.measure.plan import STAGES
from dcase_energy.sheets.formats.csv import table_csv
from dcase_energy.sheets.table import Value, data_table
from dcase_energy.writing.files import write_text

_MAX_BYTES = 10_000_000
# What is measured of a stage, by the field of `StageCost`, and the column that holds it.
COSTS = {
    "energy_kwh": "energy_{stage}_kwh",
    "baseline_kwh": "energy_baseline_{stage}_kwh",
    "duration_s": "duration_{stage}_s",
    "memory_bytes": "memory_{stage}_bytes",
    "gpu_memory_bytes": "gpu_memory_{stage}_bytes",
}
# What holds for all figures of a row.
TEXTS = ("hardware", "tracker", "tier", "baseline", "problem")
COLUMNS = ("label", *(column.format(stage=stage) for stage in STAGES for column in COSTS.values()), *TEXTS)


@dataclass(frozen=True, slots=True)
class StageCost:
    """What one execution of a stage cost; None was not measured.

    Attributes
    ----------
    energy_kwh, duration_s
        Total energy and time of one execution.
    baseline_kwh
        Energy of the baseline's full recipe on the same machine, by probes around this very run where there are some.
    memory_bytes, gpu_memory_bytes
        Highest memory that was seen, of all its processes together, and on all counted GPUs.
    """

    energy_kwh: float | None = None
    baseline_kwh: float | None = None
    duration_s: float | None = None
    memory_bytes: float | None = None
    gpu_memory_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class MeasuredSystem:
    """One row.

    Attributes
    ----------
    label
        Of the system.
    costs
        By stage (``training``, ``test``, ``evaluation``); a stage that was not measured is absent.
    hardware, tracker, tier
        What it was measured on and with; None where the table does not say.
    baseline
        Recipe of the baseline whose energy the table holds, with the beginning of its hash and the execution path.
    problem
        Why a figure is missing, for people.
    line
        Line of the table; 0 in one that was not read.
    """

    label: str
    costs: Mapping[str, StageCost] = field(default_factory=dict)
    hardware: str | None = None
    tracker: str | None = None
    tier: str | None = None
    baseline: str | None = None
    problem: str | None = None
    line: int = 0


def write_measured(path: Path, systems: Iterable[MeasuredSystem]) -> None:
    """Write the table, replacing an older one whole.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    write_text(path, table_csv(data_table("measured", COLUMNS, [_row(system) for system in systems])))


def _row(system: MeasuredSystem) -> Sequence[Value]:
    costs = [system.costs.get(stage, StageCost()) for stage in STAGES]
    return [
        system.label,
        *(getattr(cost, name) for cost in costs for name in COSTS),
        *(getattr(system, name) for name in TEXTS),
    ]


def read_measured(path: Path) -> tuple[list[MeasuredSystem], list[Finding]]:
    """Read such a table, which an organiser may also have written by hand.

    Only the column ``label`` and one energy must be there. An empty cell is a missing figure. A cell that is not a
    number, or not greater than 0, is a finding and counts as missing. A label that stands in several rows is a finding,
    and none of its rows is used.
    """
    data, unread = read_bytes(path, _MAX_BYTES)
    if data is None:
        return [], unread
    table = read_table(data, str(path), required=("label",), known=COLUMNS, delimiter=",")
    if not table.columns:
        return [], table.findings
    energies = [COSTS["energy_kwh"].format(stage=stage) for stage in STAGES]
    if not set(energies) & set(table.columns):
        found = ", ".join(table.columns)[:200]
        message = "header: no column holds a measured energy"
        table.add(TABLE_HEADER.finding(table.where(), message, expected=f"one of {', '.join(energies)}", found=found))
        return [], table.findings
    if not table.rows and not table.findings:
        table.add(TABLE_EMPTY.finding(table.where(), "no rows"))
    systems = [_system(table, index) for index in range(len(table.rows))]
    lines: dict[str, list[int]] = {}
    for system in systems:
        lines.setdefault(system.label, []).append(system.line)
    for index, system in enumerate(systems):
        if lines[system.label][0] != system.line:
            message = f"label {system.label[:80]!r} is also in line {lines[system.label][0]}"
            table.add(TABLE_DUPLICATE.finding(table.where(index, "label"), message))
    return [system for system in systems if len(lines[system.label]) == 1], table.findings


def _system(table: DelimitedTable, index: int) -> MeasuredSystem:
    row = dict(zip(table.columns, table.rows[index], strict=True))
    costs = {
        stage: StageCost(**{name: _figure(table, index, column.format(stage=stage)) for name, column in COSTS.items()})
        for stage in STAGES
    }
    texts = {name: row.get(name, "").strip() or None for name in TEXTS}
    known = {stage: cost for stage, cost in costs.items() if cost != StageCost()}
    return MeasuredSystem(row["label"].strip(), known, **texts, line=table.row_lines[index])


def _figure(table: DelimitedTable, index: int, column: str) -> float | None:
    """A figure greater than 0; None where the cell is empty, absent or a finding."""
    if column not in table.columns:
        return None
    value = table.number(index, column, empty=True)
    if value is not None and value <= 0:
        message = f"column {column!r} is not greater than 0"
        table.add(TABLE_NUMBER.finding(table.where(index, column), message, found=f"{value:g}"))
        return None
    return value
