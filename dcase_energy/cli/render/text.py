"""Findings for people: each with the line it is about."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from dcase_energy.cli.render import details, headline
from dcase_energy.text import visible

if TYPE_CHECKING:
    from dcase_energy.findings import Finding
    from dcase_energy.submission.validate import Validation

_WIDTH = 140
_BEFORE = 60


def findings_text(validation: Validation) -> str:
    """Return all findings, with an excerpt of the metadata file."""
    sources = {
        (where.file, where.member): system.metadata.document.lines
        for system in validation.systems
        if (where := system.files.tree.where(system.files.meta))
    }
    return "\n".join(_block(one, sources.get((one.where.file, one.where.member), [])) for one in validation.findings)


def _block(finding: Finding, source: list[str]) -> str:
    lines, line = [headline(finding)], finding.where.line
    if line is not None and line <= len(source):
        lines += _excerpt(source[line - 1], line, finding.where.column)
    lines += [f"      {name + ':':<9} {visible(text)}" for name, text in details(finding).items()]
    return "\n".join(lines) + "\n"


def _excerpt(text: str, line: int, column: int | None) -> list[str]:
    """Return the line a finding is about, cut to what fits around the place, and a caret below it."""
    before = visible(text[: column - 1]) if column is not None else ""
    cut = max(0, len(before) - _BEFORE) if len(before) + _BEFORE > _WIDTH else 0
    shown = visible(text)[cut:]
    start = "..." if cut else ""
    end = "..." if len(shown) > _WIDTH else ""
    lines = [f"{line:>5} | {start}{shown[:_WIDTH]}{end}"]
    if column is not None:
        lines.append(f"{' ' * 5} | {' ' * _cells(start + before[cut:])}^")
    return lines


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
