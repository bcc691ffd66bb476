"""Comma-separated values, safe to open in a spreadsheet: numbers with all their digits, None as an empty cell."""

from __future__ import annotations

import csv

from dcase_energy.sheets.report import Report
from dcase_energy.sheets.table import Table, Value
from dcase_energy.writing.escape import csv_text


class _Lines(list[str]):
    """Rows that end in CR LF for the writer, so that it quotes a lone carriage return, and in LF in the file."""

    def write(self, row: str) -> None:
        self.append(row.removesuffix("\r\n"))


def write(report: Report) -> dict[str, bytes]:
    """Write one file for each table of data."""
    return {f"{table.name}.csv": table_csv(table).encode() for table in report.data}


def table_csv(table: Table) -> str:
    """Write one table."""
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow([column.name for column in table.columns])
    writer.writerows([_cell(value) for value in row] for row in table.values)
    return "\n".join([*lines, ""])


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return csv_text(value) if isinstance(value, str) else repr(value)
