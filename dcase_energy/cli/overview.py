"""One line a package: what an organiser sees of a hundred packages."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from dcase_energy.cli.terminal import style, visible
from dcase_energy.findings import Finding, Severity

if TYPE_CHECKING:
    from dcase_energy.submission.checks.system import System
    from dcase_energy.submission.validate import Validation

_MOST_CODES = 12
_WIDEST = 60


@dataclass
class Package:
    """A package and what was found in it."""

    name: str
    systems: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def codes(self) -> dict[str, int]:
        """How often each code was found, errors first, then by code."""
        rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        order = sorted({(rank[finding.severity], finding.code) for finding in self.findings})
        counts = Counter(finding.code for finding in self.findings)
        return {code: counts[code] for _, code in order}


def packages(validation: Validation) -> list[Package]:
    """Findings by package: the archive, the folder that holds the systems' folders, or the file given by itself."""
    found: dict[str, Package] = {}
    for system in validation.systems:
        name = _package_of(system)
        found.setdefault(name, Package(name)).systems += 1
    # The longest name that a file stands below is its package.
    names = sorted(found, key=len, reverse=True)
    for finding in validation.findings:
        file = finding.where.file
        name = next((one for one in names if file == one or _below(file, one)), file)
        found.setdefault(name, Package(name)).findings.append(finding)
    return [found[name] for name in sorted(found)]


def _package_of(system: System) -> str:
    where = system.files.tree.where(system.files.meta)
    if where.member is not None:
        return where.file
    path = PurePath(where.file)
    if system.files.folder is None:
        return str(path)
    own_folder = path.parent.name == system.files.stem
    return str(path.parent.parent if own_folder and path.parent.parent.name else path.parent)


def _below(file: str, folder: str) -> bool:
    return PurePath(folder) in PurePath(file).parents


def summary_text(validation: Validation) -> str:
    """A table for people: package, systems, errors, warnings, codes."""
    rows = packages(validation)
    names = [_cut(visible(package.name)) for package in rows]
    width = max((len(name) for name in names), default=0)
    lines = [f"{'package':<{width}}  systems  errors  warnings  findings"] if rows else []
    for name, package in zip(names, rows, strict=True):
        errors, warnings = package.count(Severity.ERROR), package.count(Severity.WARNING)
        colour = "red" if errors else "yellow" if warnings else "green"
        codes = [f"{code}" if count == 1 else f"{code} x{count}" for code, count in package.codes().items()]
        shown = ", ".join(codes[:_MOST_CODES]) + (
            f", {len(codes) - _MOST_CODES} more" if len(codes) > _MOST_CODES else ""
        )
        figures = f"{package.systems:>7}  {errors:>6}  {warnings:>8}"
        lines.append(f"{style(f'{name:<{width}}', fg=colour)}  {figures}  {shown or '-'}")
    return "".join(line.rstrip() + "\n" for line in lines)


def _cut(name: str) -> str:
    return name if len(name) <= _WIDEST else "..." + name[-_WIDEST + 3 :]


def summary_json(validation: Validation) -> str:
    """The same for programs."""
    rows = [
        {
            "package": package.name,
            "systems": package.systems,
            "errors": package.count(Severity.ERROR),
            "warnings": package.count(Severity.WARNING),
            "codes": package.codes(),
        }
        for package in packages(validation)
    ]
    document = {"schema_version": "1.0", "edition": validation.edition.name, "packages": rows}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
