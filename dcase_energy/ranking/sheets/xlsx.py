"""A workbook: all columns on the first sheet, then each view. Text is only ever text, never a formula or a link."""

from __future__ import annotations

import datetime
import io
from typing import TYPE_CHECKING, Any

from dcase_energy import __version__
from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.sheet import Cell, columns_of
from dcase_energy.ranking.tables import (
    Table,
    describe_formulas,
    describe_intervals,
    sensitivity_tables,
    view_tables,
)

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

# A cell holds no more than this; the format says so, and programs call a file with more damaged.
LONGEST_TEXT = 32_767
# The first date the format can hold: the same ranking gives the same bytes.
_NO_DATE = datetime.datetime(1980, 1, 1)


class _Exact(float):
    """A number that is written with all its digits: the library formats with 16, and 17 are needed."""

    def __format__(self, spec: str) -> str:
        return repr(float(self)) if spec.upper().endswith("G") else format(float(self), spec)


def to_xlsx(ranking: Ranking) -> bytes:
    """Write a ranking; numbers with all their digits, missing figures as empty cells.

    Row by row to a temporary file each sheet: cells kept as objects would take 60 KB a system.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    about_tool = f"dcase-energy {__version__}"
    book.set_properties({"title": ranking.edition.title, "comments": about_tool, "created": _NO_DATE})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    columns = columns_of(ranking)
    main = Table(
        "ranking",
        "Ranking",
        [(column.name, column.title) for column in columns],
        [[column.value(one) for column in columns] for one in ranking.systems],
    )
    for table in (main, *sensitivity_tables(ranking), *view_tables(ranking)):
        _write(book.add_worksheet(table.name), table, bold)
    about = book.add_worksheet("about")
    about.set_column(0, 0, 120)
    lines = (*describe_formulas(ranking.edition), *describe_intervals(ranking))
    for row, line in enumerate((ranking.edition.title, *lines, about_tool)):
        about.write_string(row, 0, line)
    book.close()
    return out.getvalue()


def _write(sheet: Worksheet, table: Table, bold: Any) -> None:
    for place, (name, _) in enumerate(table.columns):
        sheet.write_string(0, place, cut(name), bold)
        longest = max((len(str(row[place])) for row in table.rows if isinstance(row[place], str)), default=8)
        sheet.set_column(place, place, min(40, max(9, longest, len(name) / 2)))
    for index, row in enumerate(table.rows, 1):
        for place, value in enumerate(row):
            _cell(sheet, index, place, value)
    sheet.freeze_panes(1, 2)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)


def _cell(sheet: Worksheet, row: int, place: int, value: Cell) -> None:
    if isinstance(value, str):
        text = cut(value)
        if text.startswith("<r>") and text.endswith("</r>"):
            # The library takes such text for markup of its own and does not escape it. Fragments, of which it wants
            # three, it escapes.
            sheet.write_rich_string(row, place, text[:1], text[1:2], text[2:])
        else:
            sheet.write_string(row, place, text)
    elif value is not None:
        sheet.write_number(row, place, _Exact(value))


def cut(text: str) -> str:
    """Text that a cell can hold; what is cut says so."""
    if len(text) <= LONGEST_TEXT:
        return text
    note = f" (cut, {len(text)} characters)"
    return text[: LONGEST_TEXT - len(note)] + note
