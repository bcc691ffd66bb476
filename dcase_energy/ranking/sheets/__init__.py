"""Sheets, one file a format. Each has one escape function for foreign text (`escape`)."""

from __future__ import annotations

from collections.abc import Callable

from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.sheets.csv import sensitivity_csv, to_csv, views_csv
from dcase_energy.ranking.sheets.html import to_html
from dcase_energy.ranking.sheets.json import to_json
from dcase_energy.ranking.sheets.latex import to_latex
from dcase_energy.ranking.sheets.markdown import to_markdown
from dcase_energy.ranking.sheets.xlsx import to_xlsx

SHEETS: dict[str, Callable[[Ranking], str | bytes]] = {
    "csv": to_csv,
    "md": to_markdown,
    "html": to_html,
    "latex": to_latex,
    "xlsx": to_xlsx,
    "json": to_json,
}
_SUFFIXES = {"latex": "tex"}


def write_sheets(ranking: Ranking, formats: list[str]) -> dict[str, bytes]:
    """The files of a ranking by name."""
    files: dict[str, bytes] = {}
    for name in formats:
        files[f"ranking.{_SUFFIXES.get(name, name)}"] = _bytes(SHEETS[name](ranking))
        if name == "csv":
            files["ranking_views.csv"] = views_csv(ranking).encode()
            sensitivity = sensitivity_csv(ranking)
            if sensitivity is not None:
                files["ranking_sensitivity.csv"] = sensitivity.encode()
    return files


def _bytes(sheet: str | bytes) -> bytes:
    return sheet if isinstance(sheet, bytes) else sheet.encode()
