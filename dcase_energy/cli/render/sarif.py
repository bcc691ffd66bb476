"""Findings as SARIF 2.1.0 (OASIS), for code scanning and editors. The rules' own texts are the rules of the log."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dcase_energy import __version__
from dcase_energy.cli.render import details
from dcase_energy.cli.render.json import dumped, rule_url
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, all_rules

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation

SARIF_SCHEMA_URL = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME_URL = "https://github.com/dcase-energy/dcase-energy"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def findings_sarif(validation: Validation) -> str:
    """A log with one run; the same bytes for the same input."""
    rules = all_rules()
    index = {rule.code: position for position, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    driver = {
        "name": "dcase-energy",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": HOME_URL,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "properties": {"edition": validation.edition.name, "metadataFiles": validation.files},
        "results": [_result(finding, index[finding.code], seen) for finding in validation.findings],
    }
    log = {"$schema": SARIF_SCHEMA_URL, "version": "2.1.0", "runs": [run]}
    return dumped(log)


def _rule(rule: Rule) -> dict[str, Any]:
    text = f"{rule.why}\n\nBad:\n{rule.bad}\n\nGood:\n{rule.good}\n\nFix: {rule.fix}"
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": text},
        "helpUri": rule_url(rule.code),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, rule_index: int, seen: Counter[str]) -> dict[str, Any]:
    waived = finding.waived
    accepted = [] if waived is None else [{"kind": "external", "status": "accepted", "justification": waived}]
    sentences = [finding.message, *(f"{name.capitalize()}: {text}" for name, text in details(finding).items())]
    return {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": " ".join(f"{one}." for one in sentences)},
        "locations": [_location(finding)],
        "partialFingerprints": {"dcaseEnergy/v1": _fingerprint(finding, seen)},
        **({"suppressions": accepted} if accepted else {}),
    }


def _location(finding: Finding) -> dict[str, Any]:
    where = finding.where
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(where.file)}}
    # A region inside an archive would be read as one of the archive's own bytes.
    if where.line is not None and where.member is None:
        physical["region"] = {"startLine": where.line}
        if where.column is not None:
            physical["region"]["startColumn"] = where.column
    location: dict[str, Any] = {"physicalLocation": physical}
    inside = where.member if where.member is None or where.line is None else f"{where.member}:{where.line}"
    names = [name for name in (inside, where.path) if name]
    if names:
        location["logicalLocations"] = [{"fullyQualifiedName": name} for name in names]
    return location


def _uri(file: str) -> str:
    """A URI reference: absolute paths as file URIs, relative ones as they are."""
    path = Path(file)
    if path.is_absolute():
        return "file://" + quote(path.as_posix())
    # A colon in the first part of a relative reference would be read as a scheme.
    text = quote(path.as_posix(), errors="surrogateescape")
    return f"./{text}" if ":" in text.partition("/")[0] else text


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Stays the same when lines move: of file, key, rule and message, counted where these are equal."""
    where = finding.where
    key = "\0".join([where.file, where.member or "", where.path or "", finding.code, finding.message])
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode(errors="surrogatepass")).hexdigest()
