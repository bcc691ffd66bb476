"""Sheets of a study, one file a format. Each has one escape function for foreign text."""

from __future__ import annotations

from collections.abc import Callable

from dcase_energy.study.sheet import Sheet
from dcase_energy.study.sheets.latex import to_latex
from dcase_energy.study.sheets.markdown import to_markdown

# Formats with a file a sheet; csv holds the figures themselves, html all sheets on one page.
TEXT_SHEETS: dict[str, tuple[str, Callable[[Sheet], str]]] = {"md": ("md", to_markdown), "latex": ("tex", to_latex)}
FORMATS = ("csv", *TEXT_SHEETS, "html")
