"""The columns of the paper's two tables, and how many digits their figures are printed with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
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


MAX_F1 = Column("max_f1_pct", "max F1 (%)", 1, "max")
TABLE1 = (
    MAX_F1,
    Column("duration_s", "time ({unit})", 0, "min", "duration"),
    Column("total_kwh", "total (kWh)", 2, "min"),
    Column("epoch_wh", "an epoch (Wh)", 1, "min"),
    Column("minute_wh", "a minute (Wh)", 1, "min"),
)
TABLE2 = (
    MAX_F1,
    Column("f1_95_pct", "95 % of max F1 (%)", 1, "max"),
    Column("kwh_at_f1_40", "kWh at F1 = 40 %", 2, "min"),
    Column("kwh_at_95", "kWh at 95 % of max F1", 2, "min"),
    Column("kwh_at_max", "kWh at max F1", 2, "min"),
    Column("kwh_last", "kWh at the last epoch", 2, "min"),
    Column("extra_95_to_max_pct", "extra cost, 95 % to max (%)", 0, "min"),
)
COLUMNS = {1: TABLE1, 2: TABLE2}

# Significant digits of the smallest figure where the paper's decimals would print it as zero.
_DIGITS = 3


@dataclass(frozen=True)
class Style:
    """How the figures of one column are printed: all alike, so that they can be compared down the column."""

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


def style_of(column: Column, means: Sequence[float]) -> Style:
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
