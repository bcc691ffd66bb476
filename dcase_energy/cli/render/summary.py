"""One line a package: what an organiser sees of a hundred packages."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.terminal import style
from dcase_energy.findings import Finding, Severity
from dcase_energy.submission.model import team_of
from dcase_energy.text import more, visible

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
    """Findings by package: an archive, the folder that holds the systems of one team, or a file given by itself.

    A folder with the systems of several teams is one package a team.
    """
    teams: dict[str, set[str]] = defaultdict(set)
    for system in validation.systems:
        teams[_holder(system)].add(team_of(system.name))
    found: dict[str, Package] = {}
    owners: dict[PurePath, str] = {}
    for system in validation.systems:
        holder, where = _holder(system), system.files.tree.where(system.files.meta)
        several = len(teams[holder]) > 1 and where.member is None
        name = str(PurePath(holder) / team_of(system.name)) if several else holder
        found.setdefault(name, Package(name)).systems += 1
        owners[PurePath(where.file)] = name
        if where.member is None and system.files.folder is not None:
            owners.setdefault(PurePath(where.file).parent, name)
            owners.setdefault(PurePath(holder), holder)
    for finding in validation.findings:
        file = PurePath(finding.where.file)
        name = next((owners[place] for place in (file, *file.parents) if place in owners), str(file))
        found.setdefault(name, Package(name)).findings.append(finding)
    return [found[name] for name in sorted(found)]


def _holder(system: System) -> str:
    """The archive, the folder above the system's own one, or the file itself."""
    where = system.files.tree.where(system.files.meta)
    if where.member is not None or system.files.folder is None:
        return where.file
    path = PurePath(where.file)
    own_folder = path.parent.name == system.files.stem
    return str(path.parent.parent if own_folder and path.parent.parent.name else path.parent)


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
        shown = ", ".join(codes[:_MOST_CODES]) + more(len(codes) - _MOST_CODES)
        figures = f"{package.systems:>7}  {errors:>6}  {warnings:>8}"
        lines.append(f"{style(f'{name:<{width}}', fg=colour)}  {figures}  {shown or '-'}")
    return "".join(line.rstrip() + "\n" for line in lines)


def _cut(name: str) -> str:
    return name if len(name) <= _WIDEST else "..." + name[-_WIDEST + 3 :]


def summary_json(validation: Validation) -> str:
    """Return the same for programs."""
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
    return dumped({"schema_version": "1.0", "edition": validation.edition.name, "packages": rows})
