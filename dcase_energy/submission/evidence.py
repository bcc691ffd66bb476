"""The evidence of a package: its records, checked against their journals, and its CodeCarbon files.

Each file is read once, however many systems share it, and nothing in it is trusted: a record's figures count as
recomputed only where its journal is beside it and gives the same figures again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.package import SystemFiles
from dcase_energy.submission.recomputing import differs, entries_of, impossible_power

if TYPE_CHECKING:
    from dcase_energy.documents.codecarbon.rows import Emissions
    from dcase_energy.measure.entries import Entries
    from dcase_energy.measure.records import Calibration, Energy, Evidence

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
        title="The figures of a record can be recomputed from its journal",
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
        fix="measure again (`dcase-energy explain GUARD` shows what each guard requires), or leave the record out",
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

MAX_EMISSIONS_BYTES = 20_000_000
MAX_JOURNAL_BYTES = 100_000_000
_KIND = re.compile(rb'"kind"\s*:\s*"(calibration|energy)"')
_Record = TypeVar("_Record", bound="Evidence")


@dataclass(frozen=True)
class Recorded(Generic[_Record]):
    """A record as it was found: in a package, by the caller's choice, or among this machine's calibrations.

    Attributes
    ----------
    record
        The whole record.
    source
        What to call it, for people.
    evidence
        ``record``, or ``recomputed`` where it follows from the journal beside it.
    entries
        The entries of that journal; empty where it is only a record.
    believed
        Whether its figures agree with its journal and its own limits of power; a finding says why not.
    name
        Its name in the tree of a package; empty where it comes from elsewhere.
    """

    record: _Record
    source: str
    evidence: str = "record"
    entries: Entries = field(default=(), repr=False)
    believed: bool = True
    name: str = ""

    @property
    def file(self) -> str:
        """The name of the file without its folder."""
        return self.name.rpartition("/")[2]

    def energy_kwh(self, stage: str) -> float | None:
        """The energy of a stage, for the full recipe, as the record has it; None where it has no such stage."""
        found = self.record.figures.get(stage)
        return None if found is None else found.full_recipe_energy_kwh


Calibrated = Recorded["Calibration"]


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
        Its energy records that can be used: the system's own energies.
    emissions
        CodeCarbon's files, by name in the tree.
    others
        Names of JSON and CSV files that are neither.
    """

    calibrations: tuple[Recorded[Calibration], ...] = ()
    refused: bool = False
    measured: tuple[Recorded[Energy], ...] = ()
    emissions: Mapping[str, Emissions] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

    def measured_kwh(self, stage: str) -> list[float]:
        """The energies that energy records give for a stage."""
        return [energy_kwh for one in self.measured if (energy_kwh := one.energy_kwh(stage)) is not None]


class ReadFile(NamedTuple):
    """What one file of evidence is, what it holds (None if it cannot be used), and what is wrong with it."""

    kind: str | None
    value: Any
    findings: Sequence[Finding] = ()


def read_records(files: SystemFiles, known: dict[str, ReadFile] | None = None) -> tuple[Records, list[Finding]]:
    """Read records, journals and CodeCarbon files of a system.

    ``known`` holds what was read of the package for other systems, by name, and gets what is read now.
    """
    known = {} if known is None else known
    for name in (*files.records, *files.tables):
        if name not in known:
            known[name] = (_read_record if name in files.records else _read_emissions)(files.tree, name, files.journals)
    read = {name: known[name] for name in (*files.records, *files.tables)}
    calibrations = [one.value for one in read.values() if one.kind == "calibration"]
    records = Records(
        calibrations=tuple(one for one in calibrations if one is not None),
        refused=None in calibrations,
        measured=tuple(one.value for one in read.values() if one.kind == "energy" and one.value is not None),
        emissions={name: one.value for name, one in read.items() if one.kind == "emissions"},
        others=frozenset(name for name, one in read.items() if one.kind is None and not one.findings),
    )
    return records, [finding for one in read.values() for finding in one.findings]


def kind_of_record(data: bytes, name: str) -> str | None:
    """What record a JSON file says it is, or by its name should be; other JSON files are left alone."""
    if match := _KIND.search(data):
        return match[1].decode()
    return "calibration" if "calibration" in name.rpartition("/")[2].casefold() else None


def _read_record(tree: Tree, name: str, journals: Sequence[str]) -> ReadFile:
    from dcase_energy.measure.records import MAX_RECORD_BYTES, RecordError, parse_calibration, parse_energy

    data, unread = tree.read(name, MAX_RECORD_BYTES)
    if data is None:
        return ReadFile(None, None, unread)
    kind, where, file = kind_of_record(data, name), tree.where(name), name.rpartition("/")[2]
    if kind is None:
        return ReadFile(None, None)
    try:
        record = parse_energy(data, file) if kind == "energy" else parse_calibration(data, file)
    except RecordError as error:
        return ReadFile(kind, None, [BAD_RECORD.finding(where, str(error))])
    found, findings = check_record(record, f"{file} of the package", tree, name, journals)
    if kind == "energy" and found.believed and not record.valid:
        message = f"the energy record cannot be used as evidence: {record.why_invalid}"[:300]
        findings.append(RECORD_INVALID.finding(where, message))
    usable = kind == "calibration" or (found.believed and record.valid)
    return ReadFile(kind, found if usable else None, findings)


def check_record(
    record: _Record, source: str, tree: Tree, name: str, journals: Iterable[str]
) -> tuple[Recorded[_Record], list[Finding]]:
    """Check a record against the journal beside it, where it is among ``journals``, and its own limits of power."""
    from dcase_energy.calibration.record import record_of
    from dcase_energy.measure.energy_record import energy_of
    from dcase_energy.measure.records import Calibration

    entries, findings = _journal_of(record, tree, name, journals)
    compute = record_of if isinstance(record, Calibration) else energy_of
    if entries is not None and (problem := differs(record, entries, compute)):
        findings.append(RECORD_NOT_OF_JOURNAL.finding(tree.where(name), problem))
    elif problem := impossible_power(record):
        findings.append(BEYOND_POWER.finding(tree.where(name), problem))
    evidence = "record" if entries is None else "recomputed"
    return Recorded(record, source, evidence, entries or (), not problem, name), findings


def _journal_of(
    record: Evidence, tree: Tree, name: str, journals: Iterable[str]
) -> tuple[Entries | None, list[Finding]]:
    """The entries of the journal beside a record; None if it has none that can be used (a finding says so)."""
    from dcase_energy.measure.journal import journal_digest
    from dcase_energy.measure.record_file import journal_of

    pure = PurePosixPath(name)
    journal = journal_of(pure)
    if str(journal) not in journals:
        message = f"{pure.name} has no journal beside it"
        return None, [JOURNAL_MISSING.finding(tree.where(name), message, expected=journal.name)]
    (data, unread), where = tree.read(str(journal), MAX_JOURNAL_BYTES), tree.where(str(journal))
    if data is None:
        return None, unread
    try:
        entries = entries_of(data, journal.name, record.journal_sha256)
        if journal_digest(entries) == record.journal_sha256:
            return entries, []
    except (ValueError, RecursionError) as error:
        return None, [JOURNAL_BROKEN.finding(where, str(error)[:300])]
    runs = sorted({str(entry["run_id"]) for entry in entries if "run_id" in entry})
    if record.run_id in runs or not entries:
        message = "the journal is cut short: the record was computed from more lines"
        return None, [JOURNAL_BROKEN.finding(where, message)]
    message = "the journal is not the one the record was computed from"
    expected = f"the journal with SHA-256 {record.journal_sha256[:16]}..."
    found = f"run {runs[0][:36]}" if runs else "a journal without a run"
    return None, [JOURNAL_FOREIGN.finding(where, message, expected=expected, found=found)]


def _read_emissions(tree: Tree, name: str, _journals: Sequence[str]) -> ReadFile:
    """Read a table that may be CodeCarbon's; others are left alone.

    Runs whose energy cannot be used, and several runs in one file, are for the checks to report, which know what
    figures they belong to.
    """
    from dcase_energy.documents.codecarbon.reading import read_emissions

    (data, unread), where = tree.read(name, MAX_EMISSIONS_BYTES), tree.where(name)
    if data is None:
        return ReadFile(None, None, unread)
    emissions, findings = read_emissions(data, where.file, where.member)
    return ReadFile(None if emissions is None else "emissions", emissions, findings)
