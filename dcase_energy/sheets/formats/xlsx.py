"""A workbook of all tables. Text is only ever text, never a formula or a link."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.sheets.report import Report
from dcase_energy.sheets.table import Table, Value

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

# A cell holds no more than this; the format says so, and programs call a file with more damaged.
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]|^'|'$")
# What is shown of a number, about four significant digits; the cell has all of them.
NUMBER_FORMATS = {"integer": "#,##0", "number": "[>=1000]#,##0;[>=1]0.000;0.0000##"}
# So many columns can be read on the width of one page.
FIT_ONE_PAGE = 14
# The first date the format can hold: the same report gives the same bytes.
_NO_DATE = datetime.datetime(1980, 1, 1)


class _Exact(float):
    """A number that is written with all its digits: the library formats with 16, and 17 are needed."""

    def __format__(self, spec: str) -> str:
        return repr(float(self)) if spec.upper().endswith("G") else format(float(self), spec)


def write(report: Report) -> dict[str, bytes]:
    """Write one workbook; numbers with all their digits, missing figures as empty cells."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": report.title, "comments": report.origin, "created": _NO_DATE})
    looks = {"head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})}
    looks |= {kind: book.add_format({"num_format": text}) for kind, text in NUMBER_FORMATS.items()}
    tables = report.book or report.data
    for name, table in zip(_sheet_names([table.name for table in tables]), tables, strict=True):
        _table(book.add_worksheet(name), table, looks)
    about = book.add_worksheet("about")
    about.set_column(0, 0, 120)
    for row, line in enumerate((report.title, *report.notes, report.origin)):
        about.write_string(row, 0, line)
    book.close()
    return {f"{report.name}.xlsx": out.getvalue()}


def _sheet_names(names: Sequence[str]) -> list[str]:
    """The names as those of worksheets: short, of allowed characters, each once whatever its case."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        allowed = _NOT_IN_NAMES.sub("_", name)
        taken = {"about", *(one.casefold() for one in found)}
        if len(allowed) > LONGEST_SHEET_NAME or allowed.casefold() in taken:
            number = f"~{place}"
            allowed = allowed[: LONGEST_SHEET_NAME - len(number)] + number
        found.append(allowed)
    return found


def _table(sheet: Worksheet, table: Table, looks: Mapping[str, Any]) -> None:
    rows = table.values
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, _cut(column.name), looks["head"])
        longest = max((len(text) for row in rows if isinstance(text := row[place], str)), default=8)
        sheet.set_column(place, place, min(40, max(9, longest, len(column.name) / 2)))
    for index, row in enumerate(rows, 1):
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _cell(sheet, index, place, value, looks.get("integer" if isinstance(value, int) else column.kind))
    sheet.freeze_panes(1, 2)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(table.columns) - 1)
    _paper(sheet, len(rows), len(table.columns))


def _paper(sheet: Worksheet, rows: int, columns: int) -> None:
    """Landscape A4 with the head and the names on every page; few columns fit the width of one."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.print_area(0, 0, rows, columns - 1)
    sheet.repeat_rows(0)
    if columns <= FIT_ONE_PAGE:
        sheet.fit_to_pages(1, 0)
    else:
        sheet.repeat_columns(0, 1)
        sheet.set_print_scale(70)
        sheet.print_across()


def _cell(sheet: Worksheet, row: int, place: int, value: Value, look: Any) -> None:
    if isinstance(value, str):
        text = _cut(value)
        if text.startswith("<r>") and text.endswith("</r>"):
            # The library takes such text for its own markup and does not escape it. Fragments, of which it wants three,
            # it escapes.
            sheet.write_rich_string(row, place, text[:1], text[1:2], text[2:])
        else:
            sheet.write_string(row, place, text)
    elif value is not None:
        sheet.write_number(row, place, _Exact(value), look)


def _cut(text: str) -> str:
    """Cut text to what a cell can hold; a cut text says so."""
    if len(text) <= LONGEST_TEXT:
        return text
    note = f" (cut, {len(text)} characters)"
    return text[: LONGEST_TEXT - len(note)] + note
