"""Tables 1 and 2 of the paper: means and deviations by batch size, by GPU, and by both.

Definitions. A cell is one GPU and one batch size. The mean of a cell is that of its runs, its deviation the sample
standard deviation (n - 1) of its runs. A row by batch size, or by GPU, is the unweighted mean over its cells of their
means, and of their deviations: the deviation says how far repeated runs differ, not how far GPUs do. A figure that a
run did not reach, or that is not known, is left out of the mean and counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal, TypeVar

from dcase_energy.study.outcome import Outcome

By = Literal["batch_size", "gpu", "both"]
PANELS: tuple[By, ...] = ("batch_size", "gpu", "both")
GridCell = tuple[str, int]
Cells = dict[GridCell, list[Outcome]]
_T = TypeVar("_T")


@dataclass(frozen=True)
class PaperColumn:
    """One column.

    Attributes
    ----------
    name
        Of the figure in `Outcome`, and of the column in CSV.
    title
        For people; ``{f1}`` names the F1 criterion, ``{unit}`` the unit of a duration.
    kind
        ``duration`` is held in seconds and printed in hours and minutes, or less.
    decimals
        As the paper prints them; more are printed where the figures would vanish.
    best
        Which end is marked as best.
    """

    name: str
    title: str
    decimals: int
    best: Literal["max", "min"]
    kind: Literal["number", "duration"] = "number"


_MAX_F1 = PaperColumn("max_f1_pct", "max F1 (%)", 1, "max")
PAPER_COLUMNS = {
    1: (
        _MAX_F1,
        PaperColumn("duration_s", "time ({unit})", 0, "min", "duration"),
        PaperColumn("total_kwh", "total (kWh)", 2, "min"),
        PaperColumn("epoch_wh", "per epoch (Wh)", 1, "min"),
        PaperColumn("minute_wh", "per minute (Wh)", 1, "min"),
    ),
    2: (
        _MAX_F1,
        PaperColumn("f1_95_pct", "95 % of max F1 (%)", 1, "max"),
        PaperColumn("kwh_at_f1_40", "kWh at F1 = 40 %", 2, "min"),
        PaperColumn("kwh_at_95", "kWh at 95 % of max F1", 2, "min"),
        PaperColumn("kwh_at_max", "kWh at max F1", 2, "min"),
        PaperColumn("kwh_last", "kWh at the last epoch", 2, "min"),
        PaperColumn("extra_95_to_max_pct", "extra cost, 95 % to max (%)", 0, "min"),
    ),
}

# Significant digits of the smallest figure where the paper's decimals would print it as zero.
_DIGITS = 3


@dataclass(frozen=True)
class Style:
    """How the figures of one column are printed: all in the same way, so that they can be compared down the column."""

    decimals: int
    unit: Literal["", "h:min", "min:s", "s"] = ""

    def text(self, value: float) -> str:
        """A figure as printed.

        Examples
        --------
        >>> Style(2).text(0.926), Style(0, "h:min").text(23_940.0), Style(0, "min:s").text(75.0)
        ('0.93', '6:39', '1:15')
        """
        if self.unit in {"", "s"}:
            return f"{value:.{self.decimals}f}"
        whole = round(value / 60 if self.unit == "h:min" else value)
        return f"{whole // 60}:{whole % 60:02d}"


def style_of(column: PaperColumn, means: Sequence[float]) -> Style:
    """How to print a column that holds these means."""
    if column.kind == "duration":
        shortest = min(means, default=0.0)
        if shortest >= 600:
            return Style(0, "h:min")
        return Style(0, "min:s") if shortest >= 60 else Style(1, "s")
    smallest = min((abs(mean) for mean in means if mean), default=1.0)
    if smallest >= 10.0**-column.decimals:
        return Style(column.decimals)
    return Style(_DIGITS - 1 - math.floor(math.log10(smallest)))


@dataclass(frozen=True)
class Statistic:
    """A mean with its deviation.

    Attributes
    ----------
    mean
        None where no run has the figure.
    deviation
        None where no cell has two runs with the figure.
    known
        Runs that have the figure.
    not_reached
        Runs that never reached the level; the rest, up to the runs of the row, is not known.
    """

    mean: float | None
    deviation: float | None
    known: int
    not_reached: int


@dataclass(frozen=True)
class Row:
    """A row; ``gpu`` or ``batch_size`` is None where it is averaged over."""

    gpu: str | None
    batch_size: int | None
    cells: int
    runs: int
    figures: dict[str, Statistic]


@dataclass(frozen=True)
class Panel:
    """Rows that are compared with each other; ``best`` holds (row, column name) of what is marked."""

    by: By
    rows: tuple[Row, ...]
    best: frozenset[tuple[int, str]]


@dataclass(frozen=True)
class PaperTable:
    """Table 1 or 2, with how its columns are printed."""

    number: int
    columns: tuple[PaperColumn, ...]
    panels: tuple[Panel, ...]
    styles: dict[str, Style]

    def title(self, column: PaperColumn) -> str:
        """Header of a column."""
        return column.title.format(unit=self.styles[column.name].unit)


def make_table(number: int, cells: Cells) -> PaperTable:
    """Table 1 or 2 of all cells."""
    columns = PAPER_COLUMNS[number]
    rows = {by: _rows(by, cells, columns) for by in PANELS}
    means = {
        column.name: [
            mean for panel in rows.values() for row in panel if (mean := row.figures[column.name].mean) is not None
        ]
        for column in columns
    }
    styles = {column.name: style_of(column, means[column.name]) for column in columns}
    panels = tuple(Panel(by, rows[by], _best(rows[by], columns, styles)) for by in PANELS)
    return PaperTable(number, columns, panels, styles)


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Order in which 980 comes before 1080.

    Examples
    --------
    >>> sorted(["RTX 3090", "RTX 980", "A40"], key=natural_key)
    ['A40', 'RTX 980', 'RTX 3090']
    """
    parts = re.split(r"([0-9]+)", re.sub(r"[\s_-]+", "", name))
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part.casefold()) for part in parts]


def empty_cells(cells: Collection[GridCell]) -> str:
    """The batch sizes that GPUs have no run of although others have, in words; empty where there are none."""
    gpus, batches = sorted({gpu for gpu, _ in cells}, key=natural_key), sorted({batch for _, batch in cells})
    gaps = {gpu: [str(batch) for batch in batches if (gpu, batch) not in cells] for gpu in gpus}
    return "; ".join(f"{gpu}: {', '.join(gone)}" for gpu, gone in gaps.items() if gone)


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return fmean(values) if values else None


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation (n - 1); None of fewer than two values."""
    return stdev(values) if len(values) > 1 else None


def over_cells(
    cells: Sequence[Sequence[_T]], figure: Callable[[_T], float | None]
) -> tuple[float | None, float | None]:
    """Mean and deviation of a figure as this module defines them."""
    values = [[value for one in outcomes if (value := figure(one)) is not None] for outcomes in cells]
    means = [m for cell in values if (m := mean(cell)) is not None]
    deviations = [d for cell in values if (d := deviation(cell)) is not None]
    return mean(means), mean(deviations)


def _rows(by: By, cells: Cells, columns: Sequence[PaperColumn]) -> tuple[Row, ...]:
    groups: dict[tuple[str | None, int | None], list[list[Outcome]]] = {}
    for (gpu, batch_size), outcomes in cells.items():
        key = (None if by == "batch_size" else gpu, None if by == "gpu" else batch_size)
        groups.setdefault(key, []).append(outcomes)
    ordered = sorted(groups.items(), key=lambda item: (natural_key(item[0][0] or ""), item[0][1] or 0))
    return tuple(
        Row(gpu, batch, len(members), sum(map(len, members)), {c.name: _statistic(members, c.name) for c in columns})
        for (gpu, batch), members in ordered
    )


def _statistic(cells: Sequence[Sequence[Outcome]], name: str) -> Statistic:
    def figure(outcome: Outcome) -> float | None:
        value: float | None = getattr(outcome, name)
        return value

    outcomes = [outcome for cell in cells for outcome in cell]
    return Statistic(
        *over_cells(cells, figure),
        known=sum(figure(outcome) is not None for outcome in outcomes),
        not_reached=sum(name in outcome.not_reached for outcome in outcomes),
    )


def _best(rows: Sequence[Row], columns: Sequence[PaperColumn], styles: dict[str, Style]) -> frozenset[tuple[int, str]]:
    """The best of each column, with all that look like it in print; nothing where there is nothing to compare."""
    best: set[tuple[int, str]] = set()
    for column in columns:
        means = {i: m for i, row in enumerate(rows) if (m := row.figures[column.name].mean) is not None}
        if len(means) > 1:
            winner = max(means.values()) if column.best == "max" else min(means.values())
            printed = styles[column.name].text(winner)
            best |= {(i, column.name) for i, m in means.items() if styles[column.name].text(m) == printed}
    return frozenset(best)
