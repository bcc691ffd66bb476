"""Findings as annotations of a GitHub workflow run: one ``::error`` or ``::warning`` command a line.

Foreign text is escaped twice over: control characters become visible, and what the command syntax means is encoded, so
that no text in a submission can forge a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcase_energy.cli.render import details
from dcase_energy.findings import Finding, Severity
from dcase_energy.text import visible

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def findings_github(validation: Validation) -> str:
    """All findings, one line each; empty if there are none."""
    return "".join(_line(finding) + "\n" for finding in validation.findings)


def _line(finding: Finding) -> str:
    where = finding.where
    properties = {
        "file": where.file,
        "line": where.line,
        "col": where.column if where.line is not None else None,
        "title": finding.code,
    }
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    parts = [finding.message if where.member is None else f"{where.member}: {finding.message}"]
    parts += [f"{name}: {text}" for name, text in details(finding).items()]
    return f"::{_COMMANDS[finding.severity]} {listed}::" + "%0A".join(map(_data, parts))


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
