"""A sheet as it is printed: text in cells, the same for every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dcase_energy.study.columns import Column, Style
from dcase_energy.study.tables import By, Panel, PaperTable, Row, Statistic

_BY: dict[By, str] = {
    "batch_size": "By batch size, averaged over GPUs",
    "gpu": "By GPU, averaged over batch sizes",
    "both": "By GPU and batch size",
}


@dataclass(frozen=True)
class Cell:
    """Text of a cell. A deviation is written after the sign of its format; ``note`` in brackets after both."""

    text: str
    deviation: str = ""
    note: str = ""
    best: bool = False
    number: bool = True


@dataclass(frozen=True)
class Block:
    """Rows under one header."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """A named sheet: blocks, with notes below them."""

    name: str
    caption: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]


def label(text: str) -> Cell:
    """A cell that names a row."""
    return Cell(text, number=False)


def sheet_of(table: PaperTable, f1_note: str, notes: Iterable[str]) -> Sheet:
    """A table of the paper as a sheet; ``f1_note`` names the F1 criterion in its caption."""
    caption = f"Table {table.number}. {f1_note}"
    blocks = tuple(_block(table, panel) for panel in table.panels)
    return Sheet(f"table{table.number}", caption, blocks, tuple(notes))


def _block(table: PaperTable, panel: Panel) -> Block:
    names = {"batch_size": ("batch",), "gpu": ("GPU",), "both": ("GPU", "batch")}[panel.by]
    header = (*names, "runs", *(table.title(column) for column in table.columns))
    rows = tuple(
        (*_labels(row), Cell(str(row.runs)), *_cells(table, panel, index, row)) for index, row in enumerate(panel.rows)
    )
    return Block(_BY[panel.by], header, rows)


def _labels(row: Row) -> Sequence[Cell]:
    labels = [] if row.gpu is None else [label(row.gpu)]
    return labels if row.batch_size is None else [*labels, Cell(str(row.batch_size))]


def _cells(table: PaperTable, panel: Panel, index: int, row: Row) -> list[Cell]:
    return [
        _cell(row, column, table.styles[column.name], (index, column.name) in panel.best) for column in table.columns
    ]


def _cell(row: Row, column: Column, style: Style, best: bool) -> Cell:
    figure = row.figures[column.name]
    if figure.mean is None:
        return Cell("", note=_note(figure, row.runs) if figure.not_reached else "")
    spread = "" if figure.deviation is None else style.text(figure.deviation)
    return Cell(style.text(figure.mean), spread, _note(figure, row.runs), best)


def _note(figure: Statistic, runs: int) -> str:
    """How many runs the figure is of, where it is not all of them."""
    return "" if figure.known == runs else f"{figure.known} of {runs}"
