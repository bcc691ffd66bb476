"""Tables 1 and 2 of the paper: means and deviations by batch size, by GPU, and by both.

Definitions. A cell is one GPU and one batch size. The mean of a cell is that of its runs, its deviation the sample
standard deviation (n - 1) of its runs. A row by batch size, or by GPU, is the unweighted mean over its cells of their
means, and of their deviations: the deviation says how far repeated runs differ, not how far GPUs do. A figure that a
run did not reach, or that is not known, is left out of the mean and counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from dcase_energy.study.columns import COLUMNS, Column, Style, style_of
from dcase_energy.study.outcome import Outcome

By = Literal["batch_size", "gpu", "both"]
PANELS: tuple[By, ...] = ("batch_size", "gpu", "both")
Cell = tuple[str, int]
Cells = dict[Cell, list[Outcome]]
T = TypeVar("T")


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
    columns: tuple[Column, ...]
    panels: tuple[Panel, ...]
    styles: dict[str, Style]

    def title(self, column: Column) -> str:
        """Header of a column."""
        return column.title.format(unit=self.styles[column.name].unit)


def make_table(number: int, cells: Cells) -> PaperTable:
    """Table 1 or 2 of all cells."""
    columns = COLUMNS[number]
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


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return math.fsum(values) / len(values) if values else None


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation (n - 1); None of fewer than two values."""
    if len(values) < 2:
        return None
    centre = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def over_cells(cells: Sequence[Sequence[T]], figure: Callable[[T], float | None]) -> tuple[float | None, float | None]:
    """Mean and deviation of a figure as this module defines them."""
    values = [[value for one in outcomes if (value := figure(one)) is not None] for outcomes in cells]
    means = [m for cell in values if (m := mean(cell)) is not None]
    deviations = [d for cell in values if (d := deviation(cell)) is not None]
    return mean(means), mean(deviations)


def _rows(by: By, cells: Cells, columns: Sequence[Column]) -> tuple[Row, ...]:
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


def _best(rows: Sequence[Row], columns: Sequence[Column], styles: dict[str, Style]) -> frozenset[tuple[int, str]]:
    """The best of each column, with all that look like it in print; nothing where there is nothing to compare."""
    best: set[tuple[int, str]] = set()
    for column in columns:
        means = {i: m for i, row in enumerate(rows) if (m := row.figures[column.name].mean) is not None}
        if len(means) > 1:
            winner = max(means.values()) if column.best == "max" else min(means.values())
            printed = styles[column.name].text(winner)
            best |= {(i, column.name) for i, m in means.items() if styles[column.name].text(m) == printed}
    return frozenset(best)
