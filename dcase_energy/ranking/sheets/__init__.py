"""Sheets, one file a format. Each has one escape function for foreign text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.order import Ranked
from dcase_energy.ranking.sheets.csv import to_csv
from dcase_energy.ranking.sheets.html import to_html
from dcase_energy.ranking.sheets.json import to_json

SHEETS: dict[str, Callable[[Sequence[Ranked], Edition], str]] = {"csv": to_csv, "html": to_html, "json": to_json}
