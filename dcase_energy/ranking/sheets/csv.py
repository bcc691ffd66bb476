"""Comma-separated values, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.order import Ranked
from dcase_energy.ranking.sheet import Cell, columns_of

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(ranked: Sequence[Ranked], edition: Edition) -> str:  # noqa: ARG001 - every sheet is called alike
    """Write a ranking; numbers with all their digits, missing figures as empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    columns = columns_of(ranked)
    writer.writerow(escape(column.name) for column in columns)
    for one in ranked:
        writer.writerow(_cell(column.value(one)) for column in columns)
    return out.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return escape(value) if isinstance(value, str) else repr(value)


def escape(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula: a quote goes before what could begin one (CWE-1236).

    Text that is a plain number stays as it is: a carried column of figures must remain one.
    """
    text = text.replace("\0", "")
    start = unicodedata.normalize("NFKC", text.lstrip(" ")[:1])
    if start in _FORMULA_STARTS and start and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text[-1:].isdigit()
