"""Strict reading of small tab- and comma-separated tables, with line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.rules import (
    TABLE_EMPTY,
    TABLE_ENCODING,
    TABLE_HEADER,
    TABLE_NUMBER,
    TABLE_ROW,
)
from dcase_energy.findings import Capped, Finding, Where

_SHOWN = 200
# Makes the rows that a line holds from its cells; gets the columns, the number of the line, and the cells.
Restore = Callable[[Sequence[str], int, list[str]], list[list[str]]]


@dataclass
class DelimitedTable:
    """A table as read: columns, rows of text and the line each row began on."""

    file: str
    member: str | None = None
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    row_lines: list[int] = field(default_factory=list)
    _found: Capped = field(default_factory=Capped)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the table; findings that come row by row are added by `add`."""
        return self._found.findings

    def add(self, finding: Finding) -> None:
        """Add a finding; of each rule the first few are kept and the others counted."""
        self._found.add(finding)

    def mark(self) -> tuple[int, int]:
        """The findings so far, for `since`."""
        return len(self.findings), len(self._found.left_out)

    def since(self, mark: tuple[int, int]) -> list[Finding]:
        """All findings since a mark, also those that are only counted: a row is judged by what is wrong with it."""
        return [*self.findings[mark[0] :], *self._found.left_out[mark[1] :]]

    def where(self, row: int | None = None, column: str | None = None) -> Where:
        """Place of a row (counted from 0) or of the header; ``column`` names the cell."""
        line = 1 if row is None else self.row_lines[row]
        return Where(self.file, self.member, line, None, column)

    def number(self, row: int, column: str, *, empty: bool = False) -> float | None:
        """Read a cell as a number; a cell that is none becomes a finding and None.

        ``empty`` allows an empty cell, which is None without a finding.
        """
        text = self.rows[row][self.columns.index(column)]
        value = parse_number(text)
        if value is None and not (empty and not text.strip()):
            where = self.where(row, column)
            found = repr(text[:40]) if text else "nothing"
            message = f"column {column!r} is not a number"
            self.add(TABLE_NUMBER.finding(where, message, expected="a finite decimal number", found=found))
        return value


def read_table(
    data: bytes,
    file: str,
    *,
    required: Sequence[str],
    known: Iterable[str] = (),
    delimiter: str = "\t",
    member: str | None = None,
    restore: Restore | None = None,
    header: Sequence[str] | None = None,
) -> DelimitedTable:
    """Read a table whose first line names its columns, or which has the columns ``header`` and no such line.

    Every required column must be there once; others are kept. ``known`` columns may be named in capitals, and with
    spaces or hyphens for underscores. Ragged rows are findings and left out, unless ``restore`` knows what became of
    them. Fields are quoted only in comma-separated tables.
    """
    table = DelimitedTable(file, member)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        table.findings.append(TABLE_ENCODING.finding(Where(file, member, line), message))
        return table
    records = _records(text, delimiter)
    try:
        rows = records if header is None else chain([(0, list(header))], records)
        _fill(table, rows, required, {_plain(name): name for name in known}, restore)
    except csv.Error as error:
        table.add(TABLE_ROW.finding(Where(file, member), f"not a table: {error}"))
    return table


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    if delimiter == "\t":
        # Not splitlines(): it would also break lines at U+2028 and other characters inside a cell.
        for number, line in enumerate(re.split(r"\r\n|[\n\r]", text), 1):
            yield number, line.split("\t")
        return
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    begins = 1
    for record in reader:
        yield begins, record
        begins = reader.line_num + 1


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()


def _fill(
    table: DelimitedTable,
    records: Iterator[tuple[int, list[str]]],
    required: Sequence[str],
    known: Mapping[str, str],
    restore: Restore | None,
) -> None:
    header = next(records, None)
    if header is None or header[1] in ([], [""]):
        table.findings.append(TABLE_EMPTY.finding(Where(table.file, table.member), "no header"))
        return
    columns = [known.get(_plain(cell), cell.strip()) for cell in header[1]]
    counts = Counter(columns)
    problems = {
        "missing ": [name for name in required if name not in counts],
        "more than once: ": sorted(name for name, count in counts.items() if count > 1),
    }
    if any(problems.values()):
        message = "; ".join(what + ", ".join(names)[:_SHOWN] for what, names in problems.items() if names)
        expected, found = ", ".join(required), ", ".join(columns)[:_SHOWN]
        table.findings.append(TABLE_HEADER.finding(table.where(), f"header: {message}", expected=expected, found=found))
        return
    table.columns = columns
    for line, record in records:
        if record and record != [""]:
            for row in restore(columns, line, record) if restore else [record]:
                _take(table, line, row)


def _take(table: DelimitedTable, line: int, row: list[str]) -> None:
    """Keep a row; one with too few or too many cells is a finding."""
    if len(row) == len(table.columns):
        table.rows.append(row)
        table.row_lines.append(line)
    else:
        where = Where(table.file, table.member, line)
        cells = f"{len(table.columns)} cells"
        table.add(TABLE_ROW.finding(where, "ragged row", expected=cells, found=str(len(row))))
