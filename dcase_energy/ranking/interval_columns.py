"""Reading intervals from a table of results: `psds1_low`, `psds1_high` and the kind that is declared for them."""

from __future__ import annotations

from collections.abc import Mapping

from dcase_energy.documents.numbers import half_unit, parse_number
from dcase_energy.documents.tables import DelimitedTable
from dcase_energy.ranking.interval import parse_kind
from dcase_energy.ranking.rules import INTERVAL_ENDS, INTERVAL_KIND
from dcase_energy.stats import Interval


class IntervalColumns:
    """The intervals of a table.

    Parameters
    ----------
    table
        The table; findings about its intervals are added to it.
    figures
        Figures that may have one, by name, with the least value that each can have.
    declared
        Kinds by figure, for tables that do not say it in a column ``<figure>_interval``.
    """

    def __init__(self, table: DelimitedTable, figures: Mapping[str, float], declared: Mapping[str, str]):
        self._table = table
        self._declared = declared
        self._least = figures
        at = {name: place for place, name in enumerate(table.columns)}
        self._ends = {
            name: (at[f"{name}_low"], at[f"{name}_high"], at.get(f"{name}_interval"))
            for name in figures
            if f"{name}_low" in at and f"{name}_high" in at
        }
        for name in [name for name, (_, _, kind) in self._ends.items() if kind is None and name not in declared]:
            message = f"{name}_low and {name}_high are not used: nothing says of what kind they are"
            table.findings.append(INTERVAL_KIND.finding(table.where(column=f"{name}_low"), message))
            del self._ends[name]

    def read(self, index: int, values: Mapping[str, float | None]) -> dict[str, Interval]:
        """The intervals of a row whose figures are known; cells that make none are findings."""
        found = {}
        for name, (low_at, high_at, kind_at) in self._ends.items():
            row = self._table.rows[index]
            low_text, high_text = row[low_at].strip(), row[high_at].strip()
            value = values.get(name)
            if value is None or not (low_text or high_text):
                continue
            stated = "" if kind_at is None else row[kind_at].strip()
            kind = parse_kind(stated or self._declared.get(name, ""))
            low, high = parse_number(low_text), parse_number(high_text)
            where = self._table.where(index, f"{name}_low")
            if kind is None:
                message = f"the interval of {name} is not used: its kind is not known"
                self._table.findings.append(INTERVAL_KIND.finding(where, message, found=repr(stated[:60])))
            elif (
                low is None
                or high is None
                or not self._least[name] <= low <= high
                or not _holds(value, low_text, high_text)
            ):
                message = f"the interval of {name} is not used: it does not hold the figure"
                text = f"{value:g}, {low_text[:20]} to {high_text[:20]}"
                self._table.findings.append(INTERVAL_ENDS.finding(where, message, found=text))
            else:
                # An end that was rounded past its own figure goes no further than that figure.
                found[name] = Interval(min(low, value), max(high, value), *kind)
        return found


def _holds(value: float, low: str, high: str) -> bool:
    """Whether a figure lies between two ends that may be rounded to the digits they are printed with."""
    # A little more for the binary fraction that a decimal one becomes.
    below, above = (half_unit(text) * (1 + 1e-9) for text in (low, high))
    return float(low) - below <= value <= float(high) + above
