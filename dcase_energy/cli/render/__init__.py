"""How findings look: one table of formats, and the one line that commands print for a finding."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from dcase_energy.cli.terminal import quiet, style, to_stderr
from dcase_energy.errors import InputError
from dcase_energy.findings import Finding, Severity, capped
from dcase_energy.text import visible

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation

# Module and function of each format, by its name and what it shows; imported when it is used.
REPORTERS = {
    ("text", "findings"): "text:findings_text",
    ("concise", "findings"): "concise:findings_concise",
    ("json", "findings"): "json:findings_json",
    ("github", "findings"): "github:findings_github",
    ("sarif", "findings"): "sarif:findings_sarif",
    ("text", "summary"): "summary:summary_text",
    ("json", "summary"): "summary:summary_json",
    ("text", "statistics"): "summary:statistics_text",
    ("json", "statistics"): "summary:statistics_json",
    ("text", "listing"): "summary:listing_text",
}
# So many packages are listed finding by finding; more would fill screens.
MOST_PACKAGES = 12
FINDING_FORMATS = tuple(name for name, what in REPORTERS if what == "findings")
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_MOST_SHOWN = 20


def reporter(name: str, what: str = "findings") -> Callable[[Validation], str]:
    """Return the function that writes a format; what it cannot show is a usage error."""
    if (name, what) not in REPORTERS:
        formats = " and ".join(known for known, shown in REPORTERS if shown == what)
        raise InputError(f"--{what} has the formats {formats}, not {name}")
    module, _, function = REPORTERS[name, what].partition(":")
    found: Callable[[Validation], str] = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return found


def severity_of(finding: Finding) -> str:
    """Return the severity of a finding, or that it is waived."""
    return str(finding.severity) if finding.waived is None else "waived"


def headline(finding: Finding) -> str:
    """Return the place, severity (or that it is waived), code and message of a finding."""
    severity = style(severity_of(finding), fg=_COLOURS[finding.severity], bold=True)
    return f"{visible(str(finding.where))}: {severity} {finding.code} {visible(finding.message)}"


def details(finding: Finding) -> dict[str, str]:
    """Return what was expected and found, and how to fix it, as far as that is known, by its label."""
    # What is accepted need not be fixed.
    last = {"fix": finding.hint} if finding.waived is None else {"waived": finding.waived}
    known = {"expected": finding.expected, "found": finding.found, **last}
    return {name: text for name, text in known.items() if text is not None}


def padded(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[list[str]]:
    """Return the cells of a table, shape (rows, columns), each as wide as its column; some columns on the right."""
    columns = []
    for number, cells in enumerate(zip(*rows, strict=True)):
        width = max(map(len, cells))
        columns.append([cell.rjust(width) if number in right else cell.ljust(width) for cell in cells])
    return [list(row) for row in zip(*columns, strict=True)]


def show_findings(findings: Iterable[Finding]) -> None:
    """Print findings to stderr, one a line, the first of each code; how to fix a problem is printed once.

    With ``--quiet``, errors alone.
    """
    if quiet():
        findings = [one for one in findings if one.severity is Severity.ERROR]
    hints: set[str | None] = {None}
    for one in capped(dict.fromkeys(findings), _MOST_SHOWN, family=lambda finding: finding.code):
        beside = one.found if one.waived is None else f"accepted by the organiser: {one.waived}"
        to_stderr(headline(one) + (f" ({visible(beside)})" if beside else ""))
        if one.severity is not Severity.INFO and one.hint not in hints:
            to_stderr(f"      fix:      {visible(str(one.hint))}")
            hints.add(one.hint)
