"""Comma-separated values, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from dcase_energy.study.columns import Column
from dcase_energy.study.tables import Panel, PaperTable, Row
from dcase_energy.writing.escape import csv_text

Value = str | int | float | None


def table_csv(table: PaperTable, f1_criterion: str) -> str:
    """A table of the paper: all its panels one below the other, numbers with all their digits.

    Beside each figure stand its deviation, how many runs have it, and how many never reached the level.
    ``best`` names the columns in which the row is the best of its panel.
    """
    header = ["by", "gpu", "batch_size", "cells", "runs", "f1_criterion"]
    for column in table.columns:
        header += [column.name, f"{column.name}_std", f"{column.name}_known", f"{column.name}_not_reached"]
    rows = [
        _row(table.columns, panel, index, row, f1_criterion)
        for panel in table.panels
        for index, row in enumerate(panel.rows)
    ]
    return write_csv([*header, "best"], rows)


def _row(columns: Sequence[Column], panel: Panel, index: int, row: Row, f1_criterion: str) -> list[Value]:
    values: list[Value] = [panel.by, row.gpu, row.batch_size, row.cells, row.runs, f1_criterion]
    for column in columns:
        figure = row.figures[column.name]
        values += [figure.mean, figure.deviation, figure.known, figure.not_reached]
    return [*values, " ".join(column.name for column in columns if (index, column.name) in panel.best)]


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Write rows; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_text(value) for value in row] for row in rows)
    return out.getvalue()


def _text(value: Value) -> str:
    if value is None:
        return ""
    return csv_text(value) if isinstance(value, str) else repr(value)
