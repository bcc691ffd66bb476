"""Validation: reads systems, runs every layer and every check, returns all findings at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dcase_energy.documents.yaml import MAX_BYTES
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.measure.records import MAX_RECORD_BYTES, Calibration, RecordError, parse_calibration
from dcase_energy.submission.checks import CHECKS, check_together
from dcase_energy.submission.checks.pool import Peer
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.package import SystemFiles, find_systems
from dcase_energy.submission.reading import read_metadata
from dcase_energy.submission.rules import BAD_RECORD


@dataclass(frozen=True)
class Validation:
    """What validation found: the systems that could be read, and the findings in order."""

    edition: Edition
    systems: list[System]
    findings: list[Finding]
    files: int

    def count(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def of_system(self, system: System) -> list[Finding]:
        """The findings in the files of one system."""
        place = system.files.tree.where(system.files.meta).file
        return [finding for finding in self.findings if finding.where.file == place]


def validate_paths(
    paths: Sequence[Path], edition: Edition, calibration: Calibration | None = None, *, pool: Sequence[Peer] = ()
) -> Validation:
    """Validate metadata files and package folders.

    Parameters
    ----------
    paths
        Metadata files, or folders with any number of systems below.
    edition
        Whose rules apply.
    calibration
        Stands in for packages that come without a calibration record of their own.
    pool
        Systems of other teams to compare with, beside those validated.
    """
    systems: list[System] = []
    findings: list[Finding] = []
    files = 0
    for path in paths:
        found, problems = find_systems(path)
        findings += problems
        for system_files in found:
            files += 1
            system, problems = _read_system(system_files, edition, calibration)
            findings += problems
            if system is not None:
                systems.append(system)
    for system in systems:
        for check in CHECKS:
            findings += check(system)
    findings += check_together(systems, pool)
    return Validation(edition, systems, _weighed(findings, edition), files)


def _read_system(
    files: SystemFiles, edition: Edition, fallback: Calibration | None
) -> tuple[System | None, list[Finding]]:
    data = files.tree.read(files.meta, MAX_BYTES)
    if isinstance(data, Finding):
        return None, [data]
    where = files.tree.where(files.meta)
    metadata = read_metadata(data, where.file, edition, where.member)
    own, problems = _own_calibration(files)
    return System(files, metadata, edition, own or fallback), [*metadata.findings, *problems]


def _own_calibration(files: SystemFiles) -> tuple[Calibration | None, list[Finding]]:
    """The nearest calibration record of a package; JSON files of other kinds are left alone."""
    findings: list[Finding] = []
    for name in files.records:
        if "calibration" not in name.rpartition("/")[2].casefold():
            continue
        data = files.tree.read(name, MAX_RECORD_BYTES)
        if isinstance(data, Finding):
            findings.append(data)
            continue
        try:
            return parse_calibration(data, name), findings
        except RecordError as error:
            where: Where = files.tree.where(name)
            findings.append(BAD_RECORD.finding(where, str(error)))
    return None, findings


def _weighed(findings: Iterable[Finding], edition: Edition) -> list[Finding]:
    """Apply the edition's severities, drop repetitions, sort."""
    weighed = {
        finding.with_severity(edition.severities[finding.code]) if finding.code in edition.severities else finding
        for finding in findings
    }
    return sorted(weighed, key=Finding.sort_key)
