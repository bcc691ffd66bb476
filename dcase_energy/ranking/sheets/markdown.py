"""Markdown, for reports and pages that are rendered from it."""

from __future__ import annotations

from collections.abc import Iterable

from dcase_energy import __version__
from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.tables import Table, describe_formulas, describe_intervals, tables_of
from dcase_energy.writing.escape import markdown


def to_markdown(ranking: Ranking) -> str:
    """Write all tables of a ranking; figures with four significant digits."""
    lines = [f"# {markdown(ranking.edition.title)}", ""]
    for sentence in (*describe_formulas(ranking.edition), *describe_intervals(ranking)):
        lines += [markdown(sentence), ""]
    for table in tables_of(ranking):
        lines += _table(table)
    lines.append(f"Edition {markdown(ranking.edition.name)}, dcase-energy {markdown(__version__)}.")
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    numeric = [
        all(not isinstance(row[place], str) for row in table.rows) and any(row[place] is not None for row in table.rows)
        for place in range(len(table.columns))
    ]
    lines = [f"## {markdown(table.title)}", ""]
    if table.note:
        lines += [markdown(table.note), ""]
    lines.append(_row(markdown(title) for _, title in table.columns))
    lines.append(_row("---:" if number else "---" for number in numeric))
    for index in range(len(table.rows)):
        lines.append(_row(_cell(table, index, place) for place in range(len(table.columns))))
    return [*lines, ""]


def _cell(table: Table, row: int, place: int) -> str:
    text = table.shown(row, place)
    return markdown(text) if isinstance(table.rows[row][place], str) else text


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
