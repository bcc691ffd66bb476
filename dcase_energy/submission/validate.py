"""Validation: reads systems, runs every layer and every check, returns all findings at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dcase_energy.documents.document import Document
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity
from dcase_energy.parallel import run_all
from dcase_energy.sheets.frames import Tabular
from dcase_energy.submission.alone import read_alone
from dcase_energy.submission.baseline_choice import choose
from dcase_energy.submission.checks import check_alone, check_together
from dcase_energy.submission.checks.comparable import is_same_hardware, own_records
from dcase_energy.submission.checks.outputs import clip_tables_complete, outputs_complete, outputs_numbered
from dcase_energy.submission.checks.system import Peer, System
from dcase_energy.submission.evidence import Calibrated, ReadFile, read_records
from dcase_energy.submission.guess import edition_for
from dcase_energy.submission.inbox import NONE, OpenedPackage, Packages, copies_among, find_packages
from dcase_energy.submission.metadata import read_metadata
from dcase_energy.submission.package import STDIN, SystemFiles
from dcase_energy.submission.waivers import NO_WAIVERS, Waivers

if TYPE_CHECKING:
    from dcase_energy.sheets.table import Value


@dataclass(frozen=True, repr=False)
class Validation(Tabular):
    """What validation found: the systems that could be read, and the findings in order.

    ``unread`` has the findings of what was submitted and could not be read as a system, by the name of its file or
    folder. ``waivers`` are applied to ``findings`` already.
    """

    edition: Edition
    systems: list[System]
    findings: list[Finding]
    files: int
    packages: Packages = NONE
    unread: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    waivers: Waivers = NO_WAIVERS

    def _rows(self) -> list[dict[str, Value]]:
        return [
            {
                "where": str(one.where), "severity": str(one.severity), "code": one.code, "message": one.message,
                "expected": one.expected, "found": one.found, "fix": one.hint,
            }
            for one in self.findings
        ]  # fmt: skip

    def count(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def of_system(self, system: System) -> list[Finding]:
        """The findings in the metadata, the outputs and the evidence of one system; see `SystemFiles.holds`."""
        found = [finding for finding in self.findings if system.files.holds(finding.where)]
        return self.waivers.apply(found, system.name)

    def codes_near(self, system: System) -> set[str]:
        """Codes of everything found in the package of a system that may be about this system."""
        files = system.files
        return {one.code for one in self.findings if files.holds(one.where) or files.is_in_package(one.where)}


@dataclass(frozen=True)
class ValidateOptions:
    """What besides the edition decides what is looked at; all of it is the caller's choice, none the submission's.

    Attributes
    ----------
    calibration
        What every system is divided by, whatever its package brings; None to take the package's own.
    own_machine
        This machine's calibration, for systems that were measured on its hardware and have no baseline.
    outputs
        Whether score files are read.
    durations_s
        Duration of each clip the outputs must hold; None where that is not known.
    waivers
        Findings that the organiser accepts.
    """

    calibration: Calibrated | None = None
    own_machine: Calibrated | None = None
    outputs: bool = True
    durations_s: Mapping[str, float] | None = None
    waivers: Waivers = NO_WAIVERS


_ALL = ValidateOptions()


@dataclass
class _Read:
    """The systems and findings of one package."""

    systems: list[System] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    unread: dict[str, list[Finding]] = field(default_factory=dict)


def validate_paths(
    paths: Sequence[Path] | Packages,
    edition: Edition,
    *,
    options: ValidateOptions = _ALL,
    pool: Sequence[Peer] = (),
    jobs: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> Validation:
    """Validate metadata files, package folders and zip archives.

    Parameters
    ----------
    paths
        Metadata files, or folders and archives with any number of systems in them; or the packages found in them.
    edition
        Whose rules apply.
    options
        What is looked at.
    pool
        Systems of other teams to compare with, beside those validated.
    jobs
        Number of processes that read packages at a time. The findings do not depend on it.
    progress
        Receives how many packages were read, of how many, and the name of the last.

    Raises
    ------
    ParallelError
        If a process that reads packages ends unexpectedly.
    """
    packages = paths if isinstance(paths, Packages) else find_packages(paths)
    read = []
    for one in run_all(partial(_read_package, edition=edition, options=options), packages.each, jobs=jobs):
        read.append(one)
        if progress is not None:
            progress(len(read), len(packages.each), packages.each[len(read) - 1].path.name)
    systems = [system for one in read for system in one.systems]
    findings = [*packages.findings, *(finding for one in read for finding in one.findings)]
    findings = packages.without_nested(findings)
    copies, twice = copies_among(systems)
    if copies:
        systems = [system for system in systems if not any(system is copy for copy in copies)]
        findings = [one for one in findings if not any(copy.files.brings(one.where) for copy in copies)]
    findings += [*twice, *check_together(systems, pool)]
    files = sum(one.files for one in read) - len(copies)
    unread = {name: errors for one in read for name, errors in one.unread.items()}
    found = options.waivers.apply_to_all(_weighed(findings, edition), systems)
    return Validation(edition, systems, found, files, packages, unread, options.waivers)


def _read_package(package: OpenedPackage, edition: Edition, options: ValidateOptions) -> _Read:
    """Read all systems of a package and check each by itself."""
    path = package.path
    alone = None if path == STDIN else read_alone(path)
    if alone is not None:
        return _Read(findings=alone)
    found, findings = package.found
    read = _Read(findings=[*findings], files=len(found))
    if not found:
        read.unread[path.resolve().name] = findings
    known: dict[str, ReadFile] = {}
    for files in found:
        document, unread = package.metadata_of(files)
        if document is None:
            read.findings += unread
            read.unread[files.stem or path.name] = unread
            continue
        system, problems = _read_system(files, document, edition, options, known)
        read.systems.append(system)
        read.findings += [*problems, *check_alone(system)]
    return read


def _read_system(
    files: SystemFiles, document: Document, edition: Edition, options: ValidateOptions, known: dict[str, ReadFile]
) -> tuple[System, list[Finding]]:
    """Read a system; ``known`` holds the records that systems of its package have read."""
    edition = edition_for(edition, document)
    metadata, found = read_metadata(document, edition)
    records, problems = read_records(files, known)
    asked, outputs = edition.outputs.kind == "score_folders", None
    if edition.outputs.kind == "clip_table" and options.outputs:
        problems += clip_tables_complete(files, edition, options.durations_s)
    if asked:
        problems += outputs_numbered(files, edition)
    if asked and options.outputs:
        outputs, of_outputs = outputs_complete(files, edition, options.durations_s)
        problems += of_outputs
    system, own = System(files, metadata, edition, records, outputs), options.own_machine
    baseline = choose(
        metadata.submission,
        edition,
        records.calibrations,
        refused=records.refused,
        given=options.calibration,
        own_machine=own if own is not None and is_same_hardware(system, own.record) else None,
        measured=list(own_records(system).values()),
    )
    return replace(system, baseline=baseline), [*found, *problems]


def _weighed(findings: Iterable[Finding], edition: Edition) -> list[Finding]:
    """Apply the edition's severities, drop repetitions, sort."""
    weighed = {
        finding.with_severity(edition.severities[finding.code]) if finding.code in edition.severities else finding
        for finding in findings
    }
    return sorted(weighed, key=Finding.sort_key)
