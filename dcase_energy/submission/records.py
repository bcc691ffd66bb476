"""The evidence of a package: its records, checked against their journals, and its CodeCarbon files.

Each file is read once and nothing in it is trusted: a record's figures count as recomputed only where its journal is
beside it and gives the same figures again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.calibrated import Calibrated
from dcase_energy.submission.package import SystemFiles
from dcase_energy.submission.power import impossible_power
from dcase_energy.submission.recomputing import differs

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import Emissions
    from dcase_energy.measure.records import Calibration, Energy

BAD_RECORD = define(
    Rule(
        code="X501",
        name="record-unusable",
        title="A record in the package is whole and as it was written",
        why="A record is the evidence behind a declared figure; one that was edited proves nothing.",
        bad="(a calibration.json whose energy was changed by hand)",
        good="(the calibration.json that `dcase-energy calibrate` wrote)",
        fix="put the file that the program wrote into the package, or remove it",
    )
)
JOURNAL_BROKEN = define(
    Rule(
        code="V701",
        name="journal-broken",
        title="A journal in the package is whole and as it was written",
        why="Each line of a journal seals the one before it; a line that was changed or removed breaks the chain.",
        bad="calibration.journal.jsonl (with one reading edited)",
        good="calibration.journal.jsonl (as `dcase-energy calibrate` wrote it)",
        fix="put the journal that the program wrote into the package",
    )
)
JOURNAL_FOREIGN = define(
    Rule(
        code="V702",
        name="journal-of-another-record",
        title="A record and the journal beside it belong together",
        why="A record is computed from its journal; beside the journal of another run it proves nothing.",
        bad="calibration.json of one run and calibration.journal.jsonl of another",
        good="calibration.json and the calibration.journal.jsonl written with it",
        fix="put the journal that was written with the record into the package",
    )
)
RECORD_NOT_OF_JOURNAL = define(
    Rule(
        code="V703",
        name="record-not-recomputed",
        title="The figures of a record come out of its journal again",
        why="A record can be edited and sealed again by users who read this program; its journal then shows it.",
        bad="calibration.json with 1.41 kWh whose journal adds up to 0.47 kWh",
        good="calibration.json whose figures follow from its journal",
        fix="put record and journal into the package as the program wrote them",
    )
)
JOURNAL_MISSING = define(
    Rule(
        code="V704",
        name="journal-missing",
        title="A record comes with its journal",
        why="Without the journal a record is taken at its word: its figures cannot be computed again.",
        bad="calibration.json alone",
        good="calibration.json and calibration.journal.jsonl",
        fix="put the journal (it lies beside the record) into the package as well",
        severity=Severity.INFO,
    )
)
RECORD_INVALID = define(
    Rule(
        code="V709",
        name="energy-record-invalid",
        title="An energy record in the package is one that its guards found valid",
        why="A measurement that was cut off, or shared its GPU with other work, says nothing about the system; its "
        "record cannot be used as evidence for the energy in the metadata.",
        bad="energy_training.json whose command ended with exit code 1",
        good="energy_training.json that `dcase-energy measure` called valid",
        fix="measure again (`dcase-energy explain GUARD` says what each guard wants), or leave the record out",
        severity=Severity.WARNING,
    )
)
BEYOND_POWER = define(
    Rule(
        code="V711",
        name="energy-beyond-power",
        title="No component of a record takes more power than the way it was measured allows",
        why="A journal whose chain holds may still be invented. An estimate is a nominal power times load: a processor "
        "of 8 W cannot have taken kilowatts.",
        bad="calibration.json of 8 W nominal power with 5,850 W on average",
        good="calibration.json as `dcase-energy calibrate` wrote it",
        fix="put record and journal into the package as the program wrote them; if they are unchanged, inform "
        "the organisers which program and machine wrote them",
    )
)


_Record = TypeVar("_Record", "Calibration", "Energy")
MAX_EMISSIONS_BYTES = 20_000_000
MAX_JOURNAL_BYTES = 100_000_000
_KIND = re.compile(rb'"kind"\s*:\s*"(calibration|energy)"')


@dataclass(frozen=True)
class MeasuredStage:
    """One stage of an energy record: the system's own energy, as a measuring session wrote it."""

    name: str
    stage: str
    energy_kwh: float
    evidence: str
    record: Energy


@dataclass(frozen=True)
class Records:
    """What a package brings as evidence.

    Attributes
    ----------
    calibrations
        Its calibration records, the nearest first.
    refused
        Whether there is one that cannot be read; a finding says why.
    measured
        Energies of the system's own stages, from energy records.
    emissions
        CodeCarbon's files, by name in the tree.
    """

    calibrations: tuple[Calibrated, ...] = ()
    refused: bool = False
    measured: tuple[MeasuredStage, ...] = ()
    emissions: Mapping[str, Emissions] = field(default_factory=dict)


def read_records(files: SystemFiles) -> tuple[Records, list[Finding]]:
    """Read records, journals and CodeCarbon files of a package."""
    findings: list[Finding] = []
    calibrations: list[Calibrated] = []
    measured: list[MeasuredStage] = []
    refused = False
    for name, data in _record_files(files, findings):
        kind = kind_of_record(data, name)
        if kind == "energy":
            measured += _measured(files, name, data, findings)
        elif kind == "calibration":
            found = _calibration(files, name, data, findings)
            calibrations += [] if found is None else [found]
            refused |= found is None
    emissions = _emissions(files, findings)
    return Records(tuple(calibrations), refused, tuple(measured), emissions), findings


def _record_files(files: SystemFiles, findings: list[Finding]) -> Iterator[tuple[str, bytes]]:
    for name in files.records:
        from dcase_energy.measure.records import MAX_RECORD_BYTES

        data = files.tree.read(name, MAX_RECORD_BYTES)
        if isinstance(data, Finding):
            findings.append(data)
        else:
            yield name, data


def kind_of_record(data: bytes, name: str) -> str | None:
    """What record a JSON file says it is, or by its name should be; other JSON files are left alone."""
    if match := _KIND.search(data):
        return match[1].decode()
    return "calibration" if "calibration" in name.rpartition("/")[2].casefold() else None


def _calibration(files: SystemFiles, name: str, data: bytes, findings: list[Finding]) -> Calibrated | None:
    from dcase_energy.calibration.record import record_of
    from dcase_energy.measure.records import parse_calibration

    checked = _checked(files, name, data, parse_calibration, record_of, findings)
    if checked is None:
        return None
    source = f"{name.rpartition('/')[2]} of the package"
    evidence = "record" if checked.entries is None else "recomputed"
    return Calibrated(checked.record, source, evidence, checked.entries or (), checked.believed, name)


def _measured(files: SystemFiles, name: str, data: bytes, findings: list[Finding]) -> Iterator[MeasuredStage]:
    """The stages of an energy record that its guards found valid; a finding where they did not."""
    from dcase_energy.measure.energy_record import energy_of
    from dcase_energy.measure.records import parse_energy

    checked = _checked(files, name, data, parse_energy, energy_of, findings)
    if checked is None or not checked.believed:
        return
    record, entries = checked.record, checked.entries
    if not record.valid:
        message = "the energy record cannot be used as evidence: " + (
            "; ".join(record.reasons) or "it calls itself invalid"
        )
        findings.append(RECORD_INVALID.finding(files.tree.where(name), message[:300]))
        return
    for stage, figures in record.stages.items():
        evidence = "record" if entries is None else "recomputed"
        yield MeasuredStage(name, stage, figures.full_recipe_energy_kwh, evidence, record)


@dataclass(frozen=True)
class _Checked(Generic[_Record]):
    """A record with the entries it was computed from, None where it is only a record."""

    record: _Record
    entries: list[dict[str, Any]] | None
    believed: bool = True


def _checked(
    files: SystemFiles,
    name: str,
    data: bytes,
    parse: Callable[[bytes, str], _Record],
    compute: Callable[[list[dict[str, Any]]], _Record],
    findings: list[Finding],
) -> _Checked[_Record] | None:
    """A record, checked against its journal and its own limits of power; None if it cannot be read."""
    from dcase_energy.errors import RecordError

    where = files.tree.where(name)
    try:
        record = parse(data, name.rpartition("/")[2])
    except RecordError as error:
        findings.append(BAD_RECORD.finding(where, str(error)))
        return None
    entries = _journal_of(files, name, record.journal_sha256, findings)
    if entries is not None and (problem := differs(record, entries, compute)):
        findings.append(RECORD_NOT_OF_JOURNAL.finding(where, problem))
    elif problem := impossible_power(record):
        findings.append(BEYOND_POWER.finding(where, problem))
    else:
        return _Checked(record, entries)
    return _Checked(record, entries, believed=False)


def _journal_of(files: SystemFiles, name: str, digest: object, findings: list[Finding]) -> list[dict[str, Any]] | None:
    """The entries of the journal beside a record; None if it has none that can be used (a finding says so)."""
    from dcase_energy.measure.journal import journal_digest
    from dcase_energy.submission.journals import entries_of

    pure = PurePosixPath(name)
    journal = str(pure.with_name(f"{pure.stem}.journal.jsonl"))
    if journal not in files.journals:
        message = f"{pure.name} has no journal beside it"
        findings.append(JOURNAL_MISSING.finding(files.tree.where(name), message, expected=PurePosixPath(journal).name))
        return None
    data = files.tree.read(journal, MAX_JOURNAL_BYTES)
    where = files.tree.where(journal)
    if isinstance(data, Finding):
        findings.append(data)
        return None
    try:
        entries = entries_of(data, PurePosixPath(journal).name, digest)
        found = journal_digest(entries)
    except (ValueError, RecursionError) as error:
        findings.append(JOURNAL_BROKEN.finding(where, str(error)[:300]))
        return None
    if found == digest:
        return entries
    findings.append(_not_the_journal(entries, digest, files, name, journal))
    return None


def _not_the_journal(
    entries: list[dict[str, Any]], digest: object, files: SystemFiles, name: str, journal: str
) -> Finding:
    """Whether the journal is another run's, or this run's and cut short."""
    from dcase_energy.measure.journal import sha256_text

    where = files.tree.where(journal)
    runs = {str(entry.get("run_id")) for entry in entries if "run_id" in entry}
    data = files.tree.read(name, MAX_JOURNAL_BYTES)
    own = any(run.encode() in data for run in runs) if isinstance(data, bytes) else False
    if own or not entries:
        return JOURNAL_BROKEN.finding(where, "the journal is cut short: the record was computed from more lines")
    found = next(iter(sorted(runs)), sha256_text(journal))[:36]
    message = "the journal is not the one the record was computed from"
    return JOURNAL_FOREIGN.finding(
        where, message, expected=f"the journal with SHA-256 {str(digest)[:16]}...", found=f"run {found}"
    )


def _emissions(files: SystemFiles, findings: list[Finding]) -> dict[str, Emissions]:
    """CodeCarbon's files among the tables of a package; others are left alone.

    Rows whose energy cannot be used, and several runs in one file, are for the checks to report, which know what
    figures they belong to.
    """
    found: dict[str, Emissions] = {}
    if not files.tables:
        return found
    from dcase_energy.documents.codecarbon.reading import read_emissions
    from dcase_energy.documents.codecarbon.rules import EMISSIONS_RUNS

    for name in files.tables:
        data = files.tree.read(name, MAX_EMISSIONS_BYTES)
        if isinstance(data, Finding):
            findings.append(data)
            continue
        where = files.tree.where(name)
        emissions = read_emissions(data, where.file, where.member)
        if emissions is not None:
            found[name] = emissions
            findings += [one for one in emissions.findings if one.code != EMISSIONS_RUNS.code]
    return found
