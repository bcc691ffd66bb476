"""Markdown tables, as GitHub and Pandoc read them."""

from __future__ import annotations

from collections.abc import Iterable

from dcase_energy.sheets.report import Report, Sheet
from dcase_energy.sheets.table import Cell, Table
from dcase_energy.writing.escape import markdown


def write(report: Report) -> dict[str, bytes]:
    """Write one file for each sheet."""
    return {f"{sheet.name}.md": _sheet(sheet, report.origin).encode() for sheet in report.sheets}


def _sheet(sheet: Sheet, origin: str) -> str:
    parts = [f"# {markdown(sheet.title)}", *(markdown_table(table) for table in sheet.tables)]
    if sheet.notes:
        parts.append("\n".join(f"- {markdown(note)}" for note in sheet.notes))
    if origin:
        parts.append(markdown(origin))
    return "\n\n".join(parts) + "\n"


def markdown_table(table: Table) -> str:
    """Write one table below its title and note."""
    head = [f"## {markdown(table.title)}\n", *([f"{markdown(table.note)}\n"] if table.note else [])]
    rows = [
        _row(markdown(column.title) for column in table.columns),
        _row(":---" if column.kind == "text" else "---:" for column in table.columns),
        *(_row(map(_cell, row)) for row in table.cells),
    ]
    return "\n".join([*head, *rows])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    """The best figure of a column is bold."""
    text = markdown(cell.shown) + (f" ± {markdown(cell.deviation)}" if cell.deviation else "")
    if cell.best:
        text = f"**{text}**"
    return f"{text} ({markdown(cell.note)})".strip() if cell.note else text
