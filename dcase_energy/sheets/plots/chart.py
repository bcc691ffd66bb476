"""The one description of a chart; `svg` draws it inside a page, `files` for documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
PLOT_FORMATS = ("svg", "png", "pdf")
# Colours that people with any colour vision can distinguish (Okabe and Ito); a page has its own for dark screens.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
Colour = int | Literal["grey", "accent", "compared"]


@dataclass(frozen=True, slots=True)
class Series:
    """Points that belong together.

    Attributes
    ----------
    points
        x and y of each; none of a series that only explains a look in the legend.
    label
        Name in the legend; empty: not in it.
    colour
        Index into `PALETTE` (which begins anew behind its last), grey, the colour that is noticed first, or that of
        what others are compared with.
    line, marker
        Indices of a dash (solid, dashed, dash-dotted, dotted) and of a shape (circle, square, triangle, diamond);
        None: not drawn.
    steps
        Whether the line is a staircase: the value of a point holds until the next one.
    ends
        Lower and upper end of the error bar of each point.
    names, rows
        Name of each point, and the row of the overview it leads to.
    named
        Whether the names stand beside the points, as far as there is room.
    """

    points: Sequence[Point]
    label: str = ""
    colour: Colour = 0
    line: int | None = None
    marker: int | None = None
    steps: bool = False
    ends: Sequence[Point] = ()
    names: Sequence[str] = ()
    rows: Sequence[int] = ()
    named: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """A dashed line across a chart at a figure of one axis, with a word beside it."""

    axis: Literal["x", "y"]
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class ChartPart:
    """One bar of every group: values, None where not known, and the ends of their error bars."""

    label: str
    values: Sequence[float | None]
    ends: Sequence[Point | None] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with two axes, or of horizontal bars.

    Attributes
    ----------
    name, title, x_title, y_title
        For the file's name and for people.
    series
        What is drawn between two axes, the last on top.
    groups, parts, stacked
        Of bars: names of the groups, and the bars in each, behind each other (stacked) or below each other.
    x_log, x_ticks
        Whether x is logarithmic; its ticks where they are given.
    ranks
        Whether both axes are ranks: 1 is at the top, and the diagonal means no change.
    x_range, y_range
        Ends of the axes; None: around what is drawn.
    references
        Lines at figures that others are compared with.
    note
        A sentence below it on a page.
    """

    name: str
    title: str
    x_title: str
    y_title: str = ""
    series: Sequence[Series] = ()
    groups: Sequence[str] = ()
    parts: Sequence[ChartPart] = ()
    stacked: bool = False
    x_log: bool = False
    x_ticks: Sequence[float] = ()
    ranks: bool = False
    x_range: Point | None = None
    y_range: Point | None = None
    references: Sequence[ReferenceLine] = ()
    note: str = ""

    @property
    def legend(self) -> list[Series]:
        """What the legend explains: a series with a look for each label."""
        parts = [Series((), part.label, number, marker=1) for number, part in enumerate(self.parts)]
        return [one for one in (*self.series, *parts) if one.label]

    def start(self, group: int, part: int) -> float:
        """Where a bar begins: at zero, or behind those that it is stacked on."""
        return sum(one.values[group] or 0.0 for one in self.parts[:part]) if self.stacked else 0.0

    def across(self, part: int) -> tuple[float, float]:
        """Place of a bar's edge and its thickness across its group, both from 0 to 1."""
        thickness = 0.75 if self.stacked else 0.75 / len(self.parts)
        return (0.0 if self.stacked else part * thickness), thickness
