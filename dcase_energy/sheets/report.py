"""Everything that one set of sheets shows: tables for people and programs, a page, a website's table, and charts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dcase_energy.sheets.plots.chart import Chart
from dcase_energy.sheets.table import Table, Value

# A figure, or one between the ends of its interval.
SiteValue = Value | tuple[float, float, float]


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
class SiteColumn:
    """One column.

    Attributes
    ----------
    field, title
        For programs and for people.
    kind
        What its cells hold; ``key`` is that of an entry of a bibliography.
    group
        Heading above it and its neighbours.
    axis
        Title of an axis; empty: the column is in no chart.
    low_is_best
        Whether the lowest figure comes first.
    """

    field: str
    title: str
    kind: Literal["text", "key", "integer", "number"] = "number"
    group: str = ""
    axis: str = ""
    low_is_best: bool = False


@dataclass(frozen=True, slots=True)
class SiteTable:
    """A table for a website.

    Attributes
    ----------
    columns, rows
        The first text column names a row.
    source
        Path of the data in the sources of the website.
    sort, descending
        The field that rows are sorted by.
    scatter
        Fields of the axes of a scatter plot; None without one.
    numbered
        Whether the number of a row is its rank.
    highlighted
        By row ``info``, ``active``, ``warning`` and so on.
    references
        Rows that others are compared with.
    text, tables
        Paragraphs above it on a page, and tables below it.
    """

    columns: Sequence[SiteColumn]
    rows: Sequence[Sequence[SiteValue]]
    source: str
    sort: str
    descending: bool = True
    scatter: tuple[str, str] | None = None
    numbered: bool = False
    highlighted: Mapping[int, str] = field(default_factory=dict)
    references: Collection[int] = ()
    text: Sequence[str] = ()
    tables: Sequence[Table] = ()


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

    @property
    def notes(self) -> list[str]:
        """The notes of all sheets, each once."""
        return list(dict.fromkeys(note for sheet in self.sheets for note in sheet.notes))
