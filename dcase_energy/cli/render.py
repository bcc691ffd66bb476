"""How findings look: text with an excerpt, and JSON."""

from __future__ import annotations

import json
from typing import Any

from dcase_energy import __version__
from dcase_energy.cli.terminal import style, visible
from dcase_energy.findings import Finding, Severity
from dcase_energy.submission.validate import Validation

RULE_URL = "https://dcase-energy.github.io/dcase-energy/rules/{code}/"
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_WIDTH = 140


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
    line, column = finding.where.line, finding.where.column
    if source is not None and line is not None and line <= len(source):
        number = f"{line:>5}"
        lines.append(f"{number} | {visible(source[line - 1])[:_WIDTH]}")
        if column is not None and column <= _WIDTH:
            # What stands before the caret may have been made longer by escapes.
            lines.append(f"{' ' * 5} | {' ' * len(visible(source[line - 1][: column - 1]))}^")
    if finding.expected is not None:
        lines.append(f"      expected: {visible(finding.expected)}")
    if finding.found is not None:
        lines.append(f"      found:    {visible(finding.found)}")
    if finding.hint is not None:
        lines.append(f"      mend:     {visible(finding.hint)}")
    return "\n".join(lines) + "\n"


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
        "url": RULE_URL.format(code=finding.code),
    }
