"""The packages below the paths that a command is given: an organiser's inbox holds many, as folders and as archives.

A folder that holds metadata, or the systems of one team, is a package. In any other folder every subfolder and every
archive is a package, and subfolders are looked into in the same way; other files are none, which is reported.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dcase_energy.documents.document import Document
from dcase_energy.documents.names import ARCHIVES, MAX_FOLDER_DEPTH, few, judge_names
from dcase_energy.documents.package_rules import FILES_BESIDE, LINK, NESTED_ARCHIVE, PACKAGE_TWICE
from dcase_energy.documents.tree import Folder, OneFile, same_content
from dcase_energy.documents.yaml import MAX_BYTES, load_yaml
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.submission.model import people_of
from dcase_energy.submission.package import (
    STDIN,
    SystemFiles,
    find_systems,
    metadata_among,
    metadata_in,
    name_of_folder,
    stem_of,
)
from dcase_energy.text import first_few, plural

if TYPE_CHECKING:
    from dcase_energy.editions.outputs import Outputs
    from dcase_energy.scoring.outputs import Output, SystemOutputs
    from dcase_energy.submission.checks.system import System

_SHOWN = 5
# What the systems of a team share: records, journals, CodeCarbon's files and the report lie above their folders.
_SHARED = (".json", ".jsonl", ".csv", ".pdf")


@dataclass(frozen=True)
class OpenedPackage:
    """A package: its files are listed once and its metadata are read once, whatever they are needed for.

    Attributes
    ----------
    path
        Folder, archive or metadata file.
    data
        Its content where the path is standard input.
    """

    path: Path
    data: bytes | None = None
    _documents: dict[str, tuple[Document | None, list[Finding]]] = field(default_factory=dict, compare=False)

    @cached_property
    def found(self) -> tuple[list[SystemFiles], list[Finding]]:
        """The files of each system, and findings about the package as a whole."""
        return find_systems(self.path, self.data)

    def metadata_of(self, files: SystemFiles) -> tuple[Document | None, list[Finding]]:
        """The metadata of one of the systems; None where the file cannot be read, with the finding that says why."""
        if files.meta not in self._documents:
            (data, unread), where = files.tree.read(files.meta, MAX_BYTES), files.tree.where(files.meta)
            document = None if data is None else load_yaml(data, where.file, where.member)
            self._documents[files.meta] = document, unread
        return self._documents[files.meta]


@dataclass(frozen=True)
class Packages:
    """The packages below some paths.

    Attributes
    ----------
    each
        Folders, archives and metadata files, in the order they are read in.
    findings
        What lies beside the packages of an inbox.
    inbox
        Whether any of the paths holds several packages, or one and other files.
    """

    each: tuple[OpenedPackage, ...] = ()
    findings: tuple[Finding, ...] = ()
    inbox: bool = False

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where they are."""
        return tuple(package.path for package in self.each)

    def without_nested(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings, but not those of archives inside a package which are packages themselves."""
        own = {OneFile(path).where("") for path in self.paths}
        return [one for one in findings if one.code != NESTED_ARCHIVE.code or one.where not in own]

    def counted(self) -> str:
        """How many there are of each kind: ``100 packages: 66 folders, 34 archives``."""
        folders = sum(path.is_dir() for path in self.paths)
        archives = sum(path.name.lower().endswith(ARCHIVES) for path in self.paths if not path.is_dir())
        files = len(self.paths) - folders - archives
        kinds = ((folders, "folder"), (archives, "archive"), (files, "file"))
        shown = [plural(number, kind) for number, kind in kinds if number]
        return f"{plural(len(self.paths), 'package')}: {', '.join(shown)}"


NONE = Packages()


def find_packages(paths: Sequence[Path], stdin: bytes | None = None) -> Packages:
    """Find the packages below paths; a path that is not an inbox is one package. ``-`` holds ``stdin``."""
    found: list[Path] = []
    findings: list[Finding] = []
    inbox = False
    for path in paths:
        seen = _look(path) if path.is_dir() else _Seen([path])
        found += seen.units
        if seen.units != [path]:
            inbox = True
            findings += _beside(path, seen)
    each = (OpenedPackage(path, stdin if path == STDIN else None) for path in dict.fromkeys(found))
    return Packages(tuple(each), tuple(findings), inbox)


@dataclass
class _Seen:
    """What a folder holds.

    Attributes
    ----------
    units
        The packages in it: itself, or those below.
    teams
        Teams of the systems in folders.
    archives
        Archives that lie in no package.
    beside, problems
        Other files in no package, and names and links that are not read.
    """

    units: list[Path]
    teams: set[str] = field(default_factory=set)
    archives: list[Path] = field(default_factory=list)
    beside: list[Path] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)


def _look(path: Path, depth: int = 0) -> _Seen:
    try:
        with os.scandir(path) as entries:
            listed = list(entries)
    except OSError:
        return _Seen([path])  # reading the package reports it
    names, problems = judge_names((entry.name for entry in listed), Folder(path).where)
    odd = [entry.name for entry in listed if entry.is_symlink() or not (entry.is_dir() or entry.is_file())]
    usable = {entry.name for entry in listed} & set(names) - set(odd)
    folders = sorted(entry.name for entry in listed if entry.name in usable and entry.is_dir())
    files = sorted(usable - set(folders))
    metas, _ = metadata_in(Folder(path), files, name_of_folder(path))
    archives = [path / name for name in files if name.lower().endswith(ARCHIVES)]
    if metas or depth >= MAX_FOLDER_DEPTH or any(name.endswith(".output") for name in folders):
        return _Seen([path], {people_of(stem_of(name)) for name in metas})
    below = [_look(path / name, depth + 1) for name in folders]
    seen = _Seen(
        units=sorted([*archives, *(unit for one in below for unit in one.units)]),
        teams={team for one in below for team in one.teams},
        archives=[*archives, *(archive for one in below for archive in one.archives)],
        beside=[*(path / name for name in files), *(file for one in below for file in one.beside)],
        problems=[
            *(problem for problem in problems if problem.code != NESTED_ARCHIVE.code),
            *(LINK.finding(Folder(path).where(name), "a link or special file: not read") for name in odd),
            *(problem for one in below for problem in one.problems),
        ],
    )
    return _one_team(path, files, seen) if len(seen.teams) <= 1 else seen


def _one_team(path: Path, files: Sequence[str], seen: _Seen) -> _Seen:
    """A folder with the systems of one team is the team's package; archives in it that hold systems are others."""
    holding = [one for one in seen.archives if not seen.teams or _may_hold_a_system(one)]
    if not holding:
        return _Seen([path], seen.teams)
    if seen.teams and any(name.lower().endswith(_SHARED) for name in files):
        return _Seen([path, *holding], seen.teams, holding, problems=seen.problems)
    return seen


def _may_hold_a_system(path: Path) -> bool:
    """Whether an archive holds metadata, or is a zip that cannot be read."""
    if not path.name.lower().endswith(".zip"):
        return False
    from dcase_energy.documents.archive import Archive

    archive = Archive(path)
    broken = any(finding.severity is Severity.ERROR for finding in archive.problems())
    return broken or bool(metadata_among(archive, None)[0])


def _beside(path: Path, seen: _Seen) -> Iterator[Finding]:
    """What lies in an inbox and is not read: links and unsafe names, and files in no package."""
    yield from few(seen.problems)
    files = [str(file.relative_to(path)) for file in seen.beside if file not in seen.units]
    if files:
        message = f"{plural(len(files), 'file')} beside the packages, not read: {first_few(files, _SHOWN)}"
        yield FILES_BESIDE.finding(Folder(path).where(""), message)


def copies_among(systems: Sequence[System]) -> tuple[list[System], list[Finding]]:
    """Return systems that another package holds with the same content, and a finding for each package with such.

    Systems of one label that differ are left to the check of labels.
    """
    first: dict[str, SystemFiles] = {}
    copies: list[System] = []
    labels: dict[tuple[Where, Where], list[str]] = {}
    for system in systems:
        files, original = system.files, first.setdefault(system.name, system.files)
        if files.tree is not original.tree and same_content(
            original.tree, original.by_place(), files.tree, files.by_place()
        ):
            copies.append(system)
            labels.setdefault((files.tree.where(""), original.tree.where("")), []).append(system.name)
    return copies, [
        PACKAGE_TWICE.finding(here, f"has the same content as {there}; counted once: {first_few(names, 4)}")
        for (here, there), names in labels.items()
    ]


def find_all_outputs(
    paths: Sequence[Path], layout: Outputs | None = None
) -> tuple[list[SystemOutputs], list[Finding], Packages]:
    """Find the outputs to score below the paths, in packages of an inbox as well, each system once.

    Two systems of one name and other outputs are distinguished by where they are. ``layout`` is that of an edition
    whose outputs are tables of clips.
    """
    from dcase_energy.scoring.clip_outputs import find_clip_tables
    from dcase_energy.scoring.outputs import find_outputs

    packages = find_packages(paths)
    systems: list[SystemOutputs] = []
    findings = list(packages.findings)
    for path in packages.paths:
        found, problems = find_outputs(path) if layout is None else find_clip_tables(path, layout)
        findings += packages.without_nested(problems)
        for system in found:
            original = next((one for one in systems if one.name == system.name and _same_outputs(one, system)), None)
            if original is None:
                systems.append(system)
            else:
                message = f"has the same content as {original.path}; counted once: {system.name}"
                findings.append(PACKAGE_TWICE.finding(Where(system.path), message))
    counts = Counter(system.name for system in systems)
    systems = [replace(one, name=_by_place(one)) if counts[one.name] > 1 else one for one in systems]
    return systems, findings, packages


def _by_place(system: SystemOutputs) -> str:
    """The place of a system, with its name where that of the file or folder is another."""
    place = Path(system.path)
    return str(place if place.name.partition(".")[0] == system.name else place / system.name)


def _same_outputs(one: SystemOutputs, other: SystemOutputs) -> bool:
    def same(mine: Output, theirs: Output) -> bool:
        names, others = ({PurePosixPath(name).name: name for name in run.names} for run in (mine, theirs))
        return mine.tree is not theirs.tree and same_content(mine.tree, names, theirs.tree, others)

    return one.runs.keys() == other.runs.keys() and all(same(run, other.runs[name]) for name, run in one.runs.items())
