"""Rows whose cells do not stand under their columns, put back where CodeCarbon's own defects are known.

Three are known. Issue 1304: an appended row lacks the cells that have no value. Issue 43: two rows stand in one line,
because the first did not end in a line break. Since 3.1.2 a row may be appended in another order than the header's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice

from dcase_energy.documents.codecarbon.columns import NEEDED, fits, is_nothing, order_of_a_release
from dcase_energy.documents.codecarbon.rules import EMISSIONS_EDITOR, EMISSIONS_RESTORED
from dcase_energy.documents.numbers import parse_number
from dcase_energy.findings import Finding, Where
from dcase_energy.text import plural

# Columns that CodeCarbon fills with None, and so loses.
_DROPPABLE = ("region", "gpu_count", "gpu_model", "longitude", "latitude")
# Of a row the ways of filling it, of a file the rows for which none fits, and columns: CodeCarbon has 38.
_MOST_TRIES = 200
_MOST_SEARCHES = 20
_MOST_COLUMNS = 100
# What a row begins with: a time stamp, or the identifier of the run.
_BEGINS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{8,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$")
# Rows, and what was done to them, if anything.
_Restored = tuple[list[list[str]], str | None]
_DROPPED = "CodeCarbon wrote {rows} without empty cells (CodeCarbon issue 1304); the energies are intact"
_REORDERED = "CodeCarbon appended {rows} in another order than the header; the cells are read in their own order"
_JOINED = "two rows in one line (CodeCarbon issue 43): both are read ({rows})"
_CUT = "two rows in one line (CodeCarbon issue 43): only the first can be read ({rows})"


class Repairs:
    """Restores the rows of one file, and remembers what it did.

    Parameters
    ----------
    header
        The first line as it was written: an editor pads its names as it pads the cells.

    Attributes
    ----------
    partial
        Lines whose cells after the energies are unknown.
    """

    def __init__(self, header: bytes) -> None:
        self.partial: set[int] = set()
        names = header.decode("utf-8", "replace").strip("\r\n\ufeff").split(",")
        self._padded = any(name != name.strip() for name in names)
        self._first: dict[str, str] | None = None
        self._done: dict[str, list[int]] = {}
        # The columns that fitted before, by their number.
        self._gone: dict[int, tuple[str, ...]] = {}
        self._searched = 0

    def __call__(self, columns: Sequence[str], line: int, record: list[str]) -> list[list[str]]:
        """The rows that a line holds, each with as many cells as there are columns if it could be restored."""
        cells = [cell.strip() for cell in record]
        if len(cells) == len(columns):
            at = [columns.index(name) for name in NEEDED]
            self._padded = self._padded or any(record[index] != cells[index] for index in at)
            rows, kind = self._in_order(columns, cells)
        elif cells in ([], [""]) or len(columns) > _MOST_COLUMNS:
            rows, kind = [cells], None
        elif len(cells) < len(columns):
            rows, kind = self._filled(columns, line, cells)
        else:
            rows, kind = self._parted(columns, cells)
        if kind is not None:
            self._done.setdefault(kind, []).append(line)
        if self._first is None and rows and len(rows[0]) == len(columns):
            self._first = dict(zip(columns, rows[0], strict=True))
        return rows

    def findings(self, where: Where) -> Iterator[Finding]:
        """One finding for each kind of repair."""
        if self._padded:
            message = "cells are padded with spaces: the file was re-formatted by an editor; it is read anyway"
            yield EMISSIONS_EDITOR.finding(replace(where, line=1), message)
        for kind, lines in self._done.items():
            yield EMISSIONS_RESTORED.finding(replace(where, line=lines[0]), kind.format(rows=plural(len(lines), "row")))

    def _in_order(self, columns: Sequence[str], cells: list[str]) -> _Restored:
        order = order_of_a_release(columns)
        if order is None or order == columns or fits(columns, cells) or not fits(order, cells):
            return [cells], None
        row = dict(zip(order, cells, strict=True))
        return [[row[name] for name in columns]], _REORDERED

    def _filled(self, columns: Sequence[str], line: int, cells: list[str]) -> _Restored:
        """Put spaces where the columns that were dropped would stand; failing that, keep the cells before them."""
        count = len(columns) - len(cells)
        known = self._gone.get(count)
        if known and fits(columns, row := _with_blanks(columns, cells, known)):
            return [row], _DROPPED
        empty = [name for name in columns if self._first is None or is_nothing(self._first[name])]
        for candidates in ([name for name in _DROPPABLE if name in empty], empty if self._first else []):
            if self._searched >= _MOST_SEARCHES:
                break
            tried = islice(combinations(candidates, count), _MOST_TRIES)
            fitting = {tuple(row): gone for gone in tried if fits(columns, row := _with_blanks(columns, cells, gone))}
            if len(fitting) == 1:
                restored, self._gone[count] = fitting.popitem()
                return [list(restored)], _DROPPED
        self._searched += 1
        intact = min((columns.index(name) for name in (*_DROPPABLE, *empty) if name in columns), default=0)
        short = count > max(len(_DROPPABLE), len(empty) if self._first else 0)
        row = [*cells[:intact], *[""] * (len(columns) - intact)]
        energies = not short and intact > max(columns.index(name) for name in NEEDED)
        if not energies or not fits(columns, row) or parse_number(row[columns.index("energy_consumed")]) is None:
            return [cells], None
        self.partial.add(line)
        return [row], _DROPPED

    def _parted(self, columns: Sequence[str], cells: list[str]) -> _Restored:
        """Part a line that holds a second row: the last cell of the first is joined to the first of the second."""
        count = len(columns)
        joint = _BEGINS.search(cells[count - 1])
        first = [*cells[: count - 1], cells[count - 1][: joint.start()] if joint else ""]
        if len(cells) < 2 * count - 1 or not fits(columns, first):
            return [cells], None
        second = [joint[1] if joint else "", *cells[count:]]
        if joint is None or len(second) != count or not fits(columns, second):
            return [first], _CUT
        return [first, second], _JOINED


def _with_blanks(columns: Sequence[str], cells: Sequence[str], gone: Sequence[str]) -> list[str]:
    rest = iter(cells)
    return ["" if name in gone else next(rest) for name in columns]
