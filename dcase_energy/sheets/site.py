"""What the table of a challenge's website shows; the format `datatable` writes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dcase_energy.sheets.table import Table, Value

# A figure, or one between the ends of its interval.
SiteValue = Value | tuple[float, float, float]


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
