"""Comma-separated values, safe to open in a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache

from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.sheet import Cell, columns_of
from dcase_energy.ranking.tables import Table, sensitivity_tables
from dcase_energy.ranking.views import views_of
from dcase_energy.writing.escape import csv_text


def to_csv(ranking: Ranking) -> str:
    """Write a ranking; numbers with all their digits, missing figures as empty cells."""
    columns = columns_of(ranking)
    names = [column.name for column in columns]
    return _write(names, ([column.value(one) for column in columns] for one in ranking.systems))


def views_csv(ranking: Ranking) -> str:
    """Write all views below each other; ``figure`` is what the view is ordered by, or its front is against."""
    names = ["view", "place", "label", "team", "ranking_score", "figure"]
    return _write(
        names,
        (
            [view.name, place, one.entry.label, one.entry.team, one.figures.ranking_score, view.figure(one)]
            for view in views_of(ranking)
            for place, one in view.rows
        ),
    )


def sensitivity_csv(ranking: Ranking) -> str | None:
    """Write the sensitivity to the baseline energy, both stages below each other; None if there is none."""
    tables = sensitivity_tables(ranking)
    if not tables:
        return None
    names = ["stage", *(name for name, _ in tables[0].columns)]
    return _write(names, ([_stage(table), *row] for table in tables for row in table.rows))


def _stage(table: Table) -> str:
    return table.name.rpartition("_")[2]


def _write(names: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    out = io.StringIO()
    for row in (names, *rows):
        out.write(",".join([_cell(value) for value in row]) + "\n")
    return out.getvalue()


def _cell(value: Cell) -> str:
    """One cell. The standard writer leaves a lone carriage return unquoted, which readers take for a line end."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    return _text(value)


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    """Kinds of intervals, teams and codes come again in every row."""
    text = csv_text(value)
    quoted = any(c in text for c in ',"\r\n') or text != text.strip()
    return '"' + text.replace('"', '""') + '"' if quoted else text
