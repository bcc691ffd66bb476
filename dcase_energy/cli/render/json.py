"""Findings for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dcase_energy import __version__
from dcase_energy.findings import Severity
from dcase_energy.rules import get
from dcase_energy.sheets import write_report

if TYPE_CHECKING:
    from dcase_energy.findings import Finding
    from dcase_energy.sheets.report import Report
    from dcase_energy.submission.validate import Validation

RULES_URL = "https://github.com/dcase-energy/dcase-energy/blob/main/docs/rules.md"
_KEYS = (
    "code", "severity", "file", "member", "line", "column", "path", "message", "expected", "found", "hint", "waived",
    "url",
)  # fmt: skip


def dumped(document: object) -> str:
    """Return a document as the commands print it: the same bytes for the same document."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def report_json(report: Report) -> str:
    """Return a report as its JSON sheet has it."""
    (sheet,) = write_report(report, ["json"]).values()
    return sheet.decode()


def rule_url(code: str) -> str:
    """Return where a rule is explained."""
    rule = get(code)
    return f"{RULES_URL}#{rule.anchor}" if rule is not None else RULES_URL


def findings_json(validation: Validation) -> str:
    """Return all findings, sorted."""
    errors, warnings = validation.count(Severity.ERROR), validation.count(Severity.WARNING)
    return dumped(
        {
            "schema_version": "1.0",
            "tool_version": __version__,
            "edition": validation.edition.name,
            "summary": {"files": validation.files, "errors": errors, "warnings": warnings},
            "findings": [finding_fields(finding) for finding in validation.findings],
        }
    )


def finding_fields(finding: Finding) -> dict[str, Any]:
    """Return a finding as all JSON outputs have it."""
    known = {**asdict(finding), **asdict(finding.where), "url": rule_url(finding.code)}
    return {key: known[key] for key in _KEYS}
