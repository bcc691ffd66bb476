"""What sheets show: tables of typed cells. Every format writes these and the `Report` they belong to alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dcase_energy.units import format_significant

Value = str | int | float | None
ColumnKind = Literal["text", "integer", "number"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name
        For programs: heading in CSV, key in JSON.
    title
        Heading for people, with the unit.
    kind
        What its cells hold; text is on the left, figures on the right.
    group
        What it belongs to, on pages that show some columns at a time.
    """

    name: str
    title: str
    kind: ColumnKind = "number"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with an explanation.

    Attributes
    ----------
    text, tip
        The word, and what it means.
    kind
        How much it matters: ``error``, ``warning`` or ``info``.
    target
        Anchor of a cell of the same report that explains it; empty without one.
    """

    text: str
    tip: str = ""
    kind: str = "info"
    target: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with what people see beside it.

    Attributes
    ----------
    value
        The figure or text; None is missing.
    text
        How people read it; None: as `show` writes it.
    deviation
        Written after the sign ±.
    note
        Written small or in brackets: the ends of an interval, how many runs the figure is of.
    best
        Whether it is the best of its column.
    basis
        A word on a page beside the figure: what it is made of.
    change
        By how many places a rank is better than the one it is compared with; None: compared with none.
    badges
        What a page shows in place of the text.
    anchor
        Where badges of a page lead to; empty: nowhere.
    """

    value: Value
    text: str | None = None
    deviation: str = ""
    note: str = ""
    best: bool = False
    basis: str = ""
    change: int | None = None
    badges: Sequence[Badge] = ()
    anchor: str = ""

    @property
    def shown(self) -> str:
        """The value for people."""
        return show(self.value) if self.text is None else self.text


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under one head.

    Attributes
    ----------
    name, title, note
        For programs, for a heading, and a sentence below it (may be empty).
    columns
        The columns.
    rows
        Cells, or plain values where nothing stands beside them.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | Value]]
    note: str = ""

    def place(self, name: str) -> int:
        """The place of a column."""
        return [column.name for column in self.columns].index(name)

    @property
    def cells(self) -> list[list[Cell]]:
        """All rows as cells."""
        return [list(map(cell_of, row)) for row in self.rows]

    @property
    def values(self) -> list[list[Value]]:
        """All rows as plain values, for programs."""
        return [[one.value if isinstance(one, Cell) else one for one in row] for row in self.rows]

    @property
    def records(self) -> list[dict[str, Value]]:
        """All rows by column name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.values]


def cell_of(one: Cell | Value) -> Cell:
    """Return a cell; a plain value has nothing beside it."""
    return one if isinstance(one, Cell) else Cell(one)


def data_table(name: str, names: Iterable[str], rows: Iterable[Sequence[Cell | Value]]) -> Table:
    """Return a table for programs alone."""
    return Table(name, name, [Column(one, one) for one in names], list(rows))


def show(value: Value) -> str:
    """Return a value for people: a float with four significant digits, a count with separators, nothing for None."""
    if isinstance(value, float):
        return format_significant(value)
    return f"{value:,}" if isinstance(value, int) else value or ""
