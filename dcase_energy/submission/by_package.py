"""Findings by package and team: what an organiser counts, and whom they write to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from dcase_energy.submission.model import team_of

if TYPE_CHECKING:
    from dcase_energy.findings import Finding
    from dcase_energy.submission.checks.system import System
    from dcase_energy.submission.validate import Validation


@dataclass(frozen=True)
class Package:
    """A package: an archive, the folder that holds the systems of one team, or a file given by itself.

    A folder with the systems of several teams is one package per team.
    """

    name: str
    systems: Sequence[System]
    findings: Sequence[Finding]

    @property
    def teams(self) -> list[str]:
        """The teams of its systems; its name where it has none that could be read."""
        return sorted({team_of(system.name) for system in self.systems}) or [bare_name(self.name)]


def by_package(validation: Validation) -> list[Package]:
    """Return the packages in the order of their names, each with its findings."""
    teams: dict[str, set[str]] = defaultdict(set)
    for system in validation.systems:
        teams[_holder(system)].add(team_of(system.name))
    systems: dict[str, list[System]] = defaultdict(list)
    owners: dict[PurePath, str] = {}
    for system in validation.systems:
        holder, where = _holder(system), system.files.tree.where(system.files.meta)
        several = len(teams[holder]) > 1 and where.member is None
        name = str(PurePath(holder) / team_of(system.name)) if several else holder
        systems[name].append(system)
        owners[PurePath(where.file)] = name
        if where.member is None and system.files.folder is not None:
            owners.setdefault(PurePath(where.file).parent, name)
            owners.setdefault(PurePath(holder), holder)
    # What could not be read as a system is a package of its name, not one for each of its files.
    for path in validation.packages.paths if validation.packages.inbox else ():
        owners.setdefault(PurePath(path), str(path))
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in validation.findings:
        file = PurePath(finding.where.file)
        findings[next((owners[place] for place in (file, *file.parents) if place in owners), str(file))].append(finding)
    return [Package(name, systems[name], findings[name]) for name in sorted({*systems, *findings})]


def submitted(validation: Validation) -> list[Package]:
    """Return the packages without what is the organiser's own; see `of_organiser`."""
    own = of_organiser(validation)
    return [one for one in by_package(validation) if one.systems or PurePath(one.name) not in own]


def of_organiser(validation: Validation) -> set[PurePath]:
    """Return what has findings and was submitted by no team: the inbox with files in no package, and the waivers."""
    inboxes = {PurePath(path).parent for path in validation.packages.paths} if validation.packages.inbox else set()
    return inboxes | {PurePath(row.where.file) for row in validation.waivers.rows}


def counts_by_rule(validation: Validation) -> list[tuple[str, int, int]]:
    """Return code, findings and packages of each rule that found something, the gravest and most frequent first."""
    findings, packages = Counter(one.code for one in validation.findings), Counter[str]()
    for package in submitted(validation):
        packages.update({one.code for one in package.findings})
    worst = gravest(validation.findings)
    order = sorted(findings, key=lambda code: (gravity(worst[code]), -packages[code], -findings[code], code))
    return [(code, findings[code], packages[code]) for code in order]


def gravest(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return the gravest finding of each rule, by its code."""
    return {one.code: one for one in sorted(findings, key=gravity, reverse=True)}


def gravity(finding: Finding) -> int:
    """Return 0 for an error, and more for what matters less."""
    return list(type(finding.severity)).index(finding.severity)


def _holder(system: System) -> str:
    """The archive, the folder above the system's own one, or the file itself."""
    where = system.files.tree.where(system.files.meta)
    if where.member is not None or system.files.folder is None:
        return where.file
    path = PurePath(where.file)
    own_folder = path.parent.name == system.files.stem
    return str(path.parent.parent if own_folder and path.parent.parent.name else path.parent)


def bare_name(name: str) -> str:
    """Return the name of a file or folder, without the ending of an archive or of metadata."""
    path = PurePath(name)
    return path.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".zip").removesuffix(".meta.yaml") or name
