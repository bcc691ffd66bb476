"""How the two programs that a challenge's website runs read a cell, from their documented expressions.

PELDT (when the site is built) writes the text between the tags of a cell; JSDT (in the browser) formats it again.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import yaml

_NUMBER = r"[+-]?\d+(?:\.\d+)"
PELDT_INTERVAL = re.compile(rf"{_NUMBER}\s+\({_NUMBER}\s+-\s+{_NUMBER}\)")
JSDT_INTERVAL = re.compile(
    r"([+-]?([0-9]*[.])?[0-9]+)(\s+)[(]([+-]?([0-9]*[.])?[0-9]+)(\s+)[-](\s+)([+-]?([0-9]*[.])?[0-9]+)[)]"
)


class Head(HTMLParser):
    """The columns of a table's head: attributes and title, and the attributes of the table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.table: dict[str, str] = {}
        self.columns: list[dict[str, str]] = []
        self.spans: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "table":
            self.table = known
        elif tag == "th" and "colspan" in known:
            self.spans.append(int(known["colspan"]))
        elif tag == "th":
            self.columns.append(known)


def peldt_cell(value: Any, kind: str) -> str:
    """The text that PELDT puts into the page."""
    if kind.startswith("int"):
        return str(value)
    if match := re.fullmatch(r"float([1-4])(.*)", kind):
        decimals = int(match[1])
        if "interval" in match[2]:
            if not isinstance(value, str) or not PELDT_INTERVAL.search(value):
                return value if isinstance(value, str) else ""
            numbers = re.findall(_NUMBER, value)
            assert len(numbers) == 3, value
            one, low, high = (f"{float(number):.{decimals}f}" for number in numbers)
            return f"{one} ({low} - {high})"
        return "" if not isinstance(value, int | float) else f"{value:.{decimals}f}"
    # A number without a type is dropped without a message.
    return value if isinstance(value, str) else ""


def jsdt_numbers(text: str) -> list[float]:
    """The figure of a cell, or the figure and the ends of its interval, as the browser takes them."""
    if match := JSDT_INTERVAL.search(text):
        return [float(match[group]) for group in (1, 4, 8)]
    return [float(match[0])] if (match := re.match(r"[+-]?([0-9]*[.])?[0-9]+(e[+-]?[0-9]+)?", text)) else []


def peldt_body(head: str, data: str) -> list[tuple[str, bool, list[str]]]:
    """The rows that PELDT writes: class, whether a line is drawn, cells."""
    columns, rows = Head(head).columns, yaml.safe_load(data)["data"]
    return [
        (
            row.get("row_css") or "",
            bool(row.get("hline")),
            [
                "" if "data-rank" in column or column["data-field"] not in row
                else html.unescape(peldt_cell(row[column["data-field"]], column.get("data-value-type", "")))
                for column in columns
            ],
        )
        for row in rows
    ]  # fmt: skip
