"""Sheets: one `Table`, and one file per format in `formats/`, found by its place and named as in ``--formats``."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcase_energy.sheets.report import Report

FORMATS = tuple(sorted(path.stem for path in (Path(__file__).parent / "formats").glob("[a-z]*.py")))


def write_report(report: Report, formats: Iterable[str]) -> dict[str, bytes]:
    """Return the files of a report by name, those of each format in turn."""
    files: dict[str, bytes] = {}
    for name in formats:
        files |= import_module(f"{__name__}.formats.{name}").write(report)
    return files
