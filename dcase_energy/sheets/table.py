"""What sheets show: tables of typed cells, and the report they belong to. Every format writes these alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dcase_energy.sheets.plots.chart import Chart
from dcase_energy.units import format_significant

if TYPE_CHECKING:
    from dcase_energy.sheets.site import SiteTable

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
        return [[one if isinstance(one, Cell) else Cell(one) for one in row] for row in self.rows]

    @property
    def values(self) -> list[list[Value]]:
        """All rows as plain values, for programs."""
        return [[one.value if isinstance(one, Cell) else one for one in row] for row in self.rows]

    @property
    def records(self) -> list[dict[str, Value]]:
        """All rows by column name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.values]


def data_table(name: str, names: Iterable[str], rows: Iterable[Sequence[Cell | Value]]) -> Table:
    """Return a table for programs alone."""
    return Table(name, name, [Column(one, one) for one in names], list(rows))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Tables for people under one title, with notes below them."""

    name: str
    title: str
    tables: Sequence[Table]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PageView:
    """One order of the rows of an overview.

    Attributes
    ----------
    name, title
        For the address of the page, and for people.
    sort, direction
        The column to sort by, 1 or -1.
    columns
        What is shown with it.
    rows
        Its rows; None: all.
    menu, note
        Title of the list that it is chosen from (empty: it has a button), and what its title leaves out.
    """

    name: str
    title: str
    sort: str
    direction: int
    columns: Sequence[str]
    rows: Collection[int] | None = None
    menu: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """How long the bars of a column are.

    Attributes
    ----------
    log
        Whether lengths are of logarithms.
    reference
        The figure that is marked by a line, and where bars begin if they are logarithmic; None without one.
    """

    log: bool = False
    reference: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The table of a page that can be sorted and searched.

    Attributes
    ----------
    table
        Its columns: those that are shown first, then others group by group.
    summary
        A sentence above it.
    cards
        What is to be known first: a figure or a name, what it is, and an anchor or nothing.
    views
        Orders to choose from; the first is shown.
    label, choose, rank
        Names of the columns that name a row, that rows are marked by, and whose lowest figure is first.
    phone
        Columns that fit on a phone.
    bars
        Columns with bars.
    reasons
        Rows that have no place, and why.
    references
        Rows that others are compared with, and what they are called.
    marked
        What is marked by the column ``choose`` until another is chosen; empty: nothing.
    """

    table: Table
    summary: str
    cards: Sequence[tuple[str, str, str]]
    views: Sequence[PageView]
    label: str
    choose: str
    rank: str
    phone: Collection[str] = ()
    bars: Mapping[str, Bar] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    references: Mapping[int, str] = field(default_factory=dict)
    marked: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one set of sheets shows; each format takes what it can write.

    Attributes
    ----------
    name, title
        Beginning of the file names, and heading.
    sheets
        For people: a file each in md and latex.
    data
        For programs: a file each in csv.
    facts
        For programs: the content of the JSON file; empty: the records of ``data``.
    book
        Tables of a workbook; empty: ``data``.
    page
        Tables below the overview and the charts of a page.
    overview, charts
        For a page.
    site
        A table for a website, beside those of the other formats.
    origin
        A sentence at the end: edition and program.
    fragments
        Whether LaTeX files are parts for another document, not documents.
    """

    name: str
    title: str
    sheets: Sequence[Sheet] = ()
    data: Sequence[Table] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    book: Sequence[Table] = ()
    page: Sequence[Table] = ()
    overview: Overview | None = None
    charts: Sequence[Chart] = ()
    site: SiteTable | None = None
    origin: str = ""
    fragments: bool = False


def show(value: Value) -> str:
    """Return a value for people: a float with four significant digits, a count with separators, nothing for None."""
    if isinstance(value, float):
        return format_significant(value)
    return f"{value:,}" if isinstance(value, int) else value or ""
