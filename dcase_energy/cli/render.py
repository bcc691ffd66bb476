"""How findings look: text with an excerpt, and JSON."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from dcase_energy import __version__
from dcase_energy.cli.terminal import style, visible
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import get
from dcase_energy.submission.validate import Validation

RULES_URL = "https://github.com/dcase-energy/dcase-energy/blob/main/docs/rules.md"
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_WIDTH = 140
_BEFORE = 60


def findings_text(validation: Validation) -> str:
    """All findings for people, with the line each is about."""
    sources = {
        (where.file, where.member): system.metadata.document.lines
        for system in validation.systems
        if (where := system.files.tree.where(system.files.meta))
    }
    blocks = [
        _block(finding, sources.get((finding.where.file, finding.where.member))) for finding in validation.findings
    ]
    return "\n".join(blocks)


def _block(finding: Finding, source: list[str] | None) -> str:
    severity = style(finding.severity, fg=_COLOURS[finding.severity], bold=True)
    lines = [f"{visible(str(finding.where))}: {severity} {finding.code} {visible(finding.message)}"]
    line = finding.where.line
    if source is not None and line is not None and line <= len(source):
        lines += _excerpt(source[line - 1], line, finding.where.column)
    if finding.expected is not None:
        lines.append(f"      expected: {visible(finding.expected)}")
    if finding.found is not None:
        lines.append(f"      found:    {visible(finding.found)}")
    if finding.hint is not None:
        lines.append(f"      fix:      {visible(finding.hint)}")
    return "\n".join(lines) + "\n"


def _excerpt(text: str, line: int, column: int | None) -> list[str]:
    """The line a finding is about, cut to what fits around the place, and a caret below it."""
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
    """How many columns of a terminal a text takes: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def rule_url(code: str) -> str:
    """Where a rule is explained."""
    rule = get(code)
    return f"{RULES_URL}#{rule.anchor}" if rule is not None else RULES_URL


def findings_json(validation: Validation) -> str:
    """All findings for programs; sorted and the same bytes for the same input."""
    document = {
        "schema_version": "1.0",
        "tool_version": __version__,
        "edition": validation.edition.name,
        "summary": {
            "files": validation.files,
            "errors": validation.count(Severity.ERROR),
            "warnings": validation.count(Severity.WARNING),
        },
        "findings": [_as_dict(finding) for finding in validation.findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _as_dict(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": where.file,
        "member": where.member,
        "line": where.line,
        "column": where.column,
        "path": where.path,
        "message": finding.message,
        "expected": finding.expected,
        "found": finding.found,
        "hint": finding.hint,
        "url": rule_url(finding.code),
    }
