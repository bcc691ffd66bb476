"""CodeCarbon's files of every version, also as its defects and editors leave them.

Energies are kWh, powers W, durations s, emissions kg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from dcase_energy.documents.codecarbon.columns import ENERGY_COLUMNS, HEADERS, NEEDED, is_codecarbons, is_nothing
from dcase_energy.documents.codecarbon.identities import judge_rows
from dcase_energy.documents.codecarbon.names import task_of
from dcase_energy.documents.codecarbon.repair import Repairs
from dcase_energy.documents.codecarbon.rows import Emissions, EmissionsRow
from dcase_energy.documents.codecarbon.rules import (
    AS_WRITTEN,
    EMISSIONS_FOREIGN,
    EMISSIONS_HEADER,
    EMISSIONS_UNMEASURED,
    EMISSIONS_VERSION,
)
from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.documents.tables import Table, read_table
from dcase_energy.documents.yaml import load_yaml
from dcase_energy.findings import Where

_POWERS = ("cpu_power", "gpu_power", "ram_power")
_TEXTS = ("tracking_mode", "cpu_model", "gpu_model", "codecarbon_version")
_HEAD = 4096


def read_emissions(data: bytes, file: str, member: str | None = None) -> Emissions | None:
    """Read a file of any version; None where neither its content nor its name says that it is CodeCarbon's.

    Never raises for what it holds.
    """
    name = (member or file).replace("\\", "/").rpartition("/")[2]
    emissions = Emissions(file, member)
    named = "emission" in name.casefold()
    if not data.strip(b"\x00 \t\r\n"):
        if named:
            message = "the file is empty: CodeCarbon up to 3.1.2 writes no run into an empty file (its issue 929)"
            emissions.findings.append(EMISSIONS_UNMEASURED.finding(Where(file, member), message))
        return emissions if named else None
    if task := task_of(name):
        return _read_task(data, emissions, task)
    if not has_codecarbons_header(data):
        return _foreign(emissions) if named else None
    _read_table(data, emissions)
    return emissions


def has_codecarbons_header(data: bytes) -> bool:
    """Whether the first line names CodeCarbon's columns, whatever separates them."""
    return is_codecarbons(_names(data, b",;\t"))


def run_energy(emissions: Emissions) -> float | None:
    """The energy of the one run in a file, in kWh; None where it holds none that can be used, or several.

    `Emissions.all_findings` says why there is none.
    """
    runs = list(emissions.runs())
    return runs[0].energy_kwh if len(runs) == 1 and len(emissions.chains()) == 1 else None


def _names(data: bytes, separators: bytes) -> list[str]:
    """The columns that the first line names, also of UTF-16, which has its own finding later."""
    text = data[:_HEAD].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    header = re.split(rb"[\r\n]", text)[0]
    cells = re.split(rb"[" + re.escape(separators) + rb"]", header)
    return [cell.decode("utf-8", "replace").strip().strip('"') for cell in cells]


def _foreign(emissions: Emissions) -> Emissions:
    message = "not read: the first line is not the header of a CodeCarbon file"
    emissions.findings.append(EMISSIONS_FOREIGN.finding(Where(emissions.file, emissions.member, 1), message))
    return emissions


def _read_table(data: bytes, emissions: Emissions) -> None:
    names = _names(data, b",")
    here = Where(emissions.file, emissions.member, 1)
    missing = [name for name in NEEDED if name not in names]
    if missing:
        message = f"no column {', '.join(missing)}: the file is not as CodeCarbon wrote it"
        if len(names) == 1:
            message = "the columns are not separated by commas: the file was written by another program"
        emissions.findings.append(EMISSIONS_HEADER.finding(here, message))
        return
    repairs = Repairs()
    repairs.note_header(data[:_HEAD].partition(b"\n")[0])
    table = read_table(data, emissions.file, required=NEEDED, delimiter=",", member=emissions.member, restore=repairs)
    _fill(emissions, table, repairs.partial)
    emissions.findings += repairs.findings(emissions.file, emissions.member)
    if not emissions.rows and not emissions.findings:
        hint = "put the file that holds the run into the package"
        emissions.findings.append(EMISSIONS_UNMEASURED.finding(here, "the file has a header and no run", hint=hint))


def _read_task(data: bytes, emissions: Emissions, task: str) -> Emissions | None:
    """Read the energies of one task, a flat mapping with the names of the columns."""
    if b"energy_consumed" not in data:
        return None
    document = load_yaml(data, emissions.file, emissions.member)
    if document.data is None or not set(NEEDED) <= set(document.data):
        problem = document.findings[0].message if document.findings else "duration or energy_consumed is missing"
        message = f"not read: {problem}"
        where = document.findings[0].where if document.findings else Where(emissions.file, emissions.member)
        emissions.findings.append(EMISSIONS_FOREIGN.finding(where, message))
        return emissions
    texts = {name: document.texts.get((name,), "") for name in document.data}
    table = Table(emissions.file, emissions.member, columns=["task_name", *texts])
    table.rows.append([task, *("" if document.data[name] is None else text for name, text in texts.items())])
    table.row_lines.append(document.where(("energy_consumed",)).line or 1)
    _fill(emissions, table, set())
    return emissions


def _fill(emissions: Emissions, table: Table, partial: set[int]) -> None:
    known = (versions for versions, order in HEADERS.items() if set(order) == set(table.columns))
    emissions.versions = next(known, None)
    emissions.rows = list(_rows(table, partial))
    if emissions.versions in {"1.0 to 1.1", "1.2"}:
        low = "CPU energy is 1000 times too low, " if emissions.versions == "1.2" else ""
        message = f"written by CodeCarbon {emissions.versions}: {low}RAM is not counted"
        emissions.findings.append(EMISSIONS_VERSION.finding(table.where(), message, expected="version 2.0 or later"))
    elif emissions.rows and not set(ENERGY_COLUMNS) & set(table.columns):
        message = "no columns of CPU, GPU and RAM energy: what was counted is not known"
        emissions.findings.append(EMISSIONS_VERSION.finding(table.where(), message, hint=AS_WRITTEN))
    emissions.findings += [
        finding if finding.code == TABLE_HEADER.code else replace(finding, hint=AS_WRITTEN)
        for finding in table.findings
    ]
    judge_rows(emissions)


def _rows(table: Table, partial: set[int]) -> Iterator[EmissionsRow]:
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
