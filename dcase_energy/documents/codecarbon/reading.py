"""CodeCarbon's files of every version, also as its defects and editors leave them.

Energies are kWh, powers W, durations s, emissions kg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from dcase_energy.documents.codecarbon.columns import ENERGY_COLUMNS, HEADERS, NEEDED, is_codecarbons, is_nothing
from dcase_energy.documents.codecarbon.identities import row_findings, run_problems
from dcase_energy.documents.codecarbon.names import task_of
from dcase_energy.documents.codecarbon.repair import Repairs
from dcase_energy.documents.codecarbon.rows import Emissions, EmissionsRow, EmissionsRun, chains_of
from dcase_energy.documents.codecarbon.rules import (
    AS_WRITTEN,
    EMISSIONS_FOREIGN,
    EMISSIONS_HEADER,
    EMISSIONS_UNMEASURED,
    EMISSIONS_VERSION,
)
from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.documents.yaml import load_yaml
from dcase_energy.findings import Finding, Where, capped

_POWERS = ("cpu_power", "gpu_power", "ram_power")
_TEXTS = ("tracking_mode", "cpu_model", "gpu_model", "codecarbon_version")
_HEAD = 4096
_Read = tuple[Emissions, list[Finding]]
_NOT_READ = "not read: the first line is not the header of a CodeCarbon file"


def read_emissions(data: bytes, file: str, member: str | None = None) -> tuple[Emissions | None, list[Finding]]:
    """Read a file of any version; None where neither its content nor its name says that it is CodeCarbon's.

    Findings are about the table and within its rows; why the energy of a run cannot be used is with the run. Never
    raises for what the file holds.
    """
    name = (member or file).replace("\\", "/").rpartition("/")[2]
    named, where = "emission" in name.casefold(), Where(file, member)
    task = task_of(name)
    if data.strip(b"\x00 \t\r\n"):
        if task and b"energy_consumed" in data:
            return _read_task(data, where, task)
        if not task and has_codecarbons_header(data):
            return _read_table(data, where)
        found = [] if task else [EMISSIONS_FOREIGN.finding(replace(where, line=1), _NOT_READ)]
    else:
        message = "the file is empty: CodeCarbon up to 3.1.2 writes no run into an empty file (CodeCarbon issue 929)"
        found = [EMISSIONS_UNMEASURED.finding(where, message)]
    return (Emissions(), found) if named and found else (None, [])


def has_codecarbons_header(data: bytes) -> bool:
    """Whether the first line names CodeCarbon's columns, whatever separates them."""
    return is_codecarbons(_names(data, b",;\t"))


def _names(data: bytes, separators: bytes) -> list[str]:
    """The columns that the first line names, also of UTF-16, which has its own finding later."""
    text = data[:_HEAD].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    cells = re.split(rb"[" + re.escape(separators) + rb"]", re.split(rb"[\r\n]", text)[0])
    return [cell.decode("utf-8", "replace").strip().strip('"') for cell in cells]


def _read_table(data: bytes, where: Where) -> _Read:
    names, here = _names(data, b","), replace(where, line=1)
    if missing := [name for name in NEEDED if name not in names]:
        message = f"no column {', '.join(missing)}: the file is not as CodeCarbon wrote it"
        if len(names) == 1:
            message = "the columns are not separated by commas: the file was written by another program"
        return Emissions(), [EMISSIONS_HEADER.finding(here, message)]
    repairs = Repairs(data[:_HEAD].partition(b"\n")[0])
    table = read_table(data, where.file, required=NEEDED, delimiter=",", member=where.member, restore=repairs)
    emissions, findings = _judged(table, repairs.partial)
    findings += repairs.findings(where)
    if not emissions.rows and not findings:
        hint = "put the file that holds the run into the package"
        findings.append(EMISSIONS_UNMEASURED.finding(here, "the file has a header and no run", hint=hint))
    return emissions, findings


def _read_task(data: bytes, where: Where, task: str) -> _Read:
    """Read the energies of one task, a flat mapping with the names of the columns."""
    document = load_yaml(data, where.file, where.member)
    if document.data is None or not set(NEEDED) <= set(document.data):
        missing = EMISSIONS_FOREIGN.finding(where, "duration or energy_consumed is missing")
        problem = next(iter(document.findings), missing)
        return Emissions(), [EMISSIONS_FOREIGN.finding(problem.where, f"not read: {problem.message}")]
    texts = {name: document.texts.get((name,), "") for name in document.data}
    cells = ["" if document.data[name] is None else text for name, text in texts.items()]
    table = DelimitedTable(where.file, where.member, columns=["task_name", *texts], rows=[[task, *cells]])
    table.row_lines.append(document.where(("energy_consumed",)).line or 1)
    return _judged(table, set())


def _judged(table: DelimitedTable, partial: set[int]) -> _Read:
    """The rows and runs of a table, and what is wrong with it and within its rows."""
    versions = next((versions for versions, order in HEADERS.items() if set(order) == set(table.columns)), None)
    rows, findings = tuple(_rows(table, partial)), []
    if versions in {"1.0 to 1.1", "1.2"}:
        low = "CPU energy is 1000 times too low, " if versions == "1.2" else ""
        message = f"written by CodeCarbon {versions}: {low}RAM is not counted"
        findings.append(EMISSIONS_VERSION.finding(table.where(), message, expected="version 2.0 or later"))
    elif rows and not set(ENERGY_COLUMNS) & set(table.columns):
        message = "no columns of CPU, GPU and RAM energy: what was counted is not known"
        findings.append(EMISSIONS_VERSION.finding(table.where(), message, hint=AS_WRITTEN))
    runs = tuple(
        EmissionsRun(chain[-1], chain[-1].texts["codecarbon_version"] or versions or "", tuple(run_problems(chain)))
        for chain in chains_of(rows)
    )
    emissions = Emissions(versions, rows, runs)
    findings += [one if one.code == TABLE_HEADER.code else replace(one, hint=AS_WRITTEN) for one in table.findings]
    findings += capped(finding for row in rows for finding in row_findings(row, versions))
    return emissions, findings


def _rows(table: DelimitedTable, partial: set[int]) -> Iterator[EmissionsRow]:
    at = {name: index for index, name in enumerate(table.columns)}
    identifier = "run_id" if "run_id" in at else "experiment_id"

    def text(row: int, name: str) -> str:
        cell = table.rows[row][at[name]].strip() if name in at else ""
        return "" if is_nothing(cell) else cell

    def number(row: int, name: str) -> float | None:
        return table.number(row, name) if text(row, name) else None

    for row, line in enumerate(table.row_lines):
        duration_s, energy_kwh = (number(row, name) for name in NEEDED)
        if any(value is None and text(row, name) for name, value in zip(NEEDED, (duration_s, energy_kwh), strict=True)):
            continue  # the table has a finding for the cell
        yield EmissionsRow(
            where=table.where(row),
            run=text(row, identifier) or None,
            project=text(row, "project_name"),
            task=text(row, "task_name"),
            ended=_moment(text(row, "timestamp")),
            duration_s=duration_s,
            energy_kwh=energy_kwh,
            emissions_kg=number(row, "emissions"),
            emissions_rate=number(row, "emissions_rate"),
            components_kwh={name: number(row, name) for name in ENERGY_COLUMNS},
            powers_w={name: number(row, name) for name in _POWERS},
            ram_total_gb=number(row, "ram_total_size"),
            gpu_count=number(row, "gpu_count"),
            pue=number(row, "pue"),
            texts={name: text(row, name) for name in _TEXTS},
            partial=line in partial,
        )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None
