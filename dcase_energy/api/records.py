"""Records that exist: read one, check it against its journal, set two side by side, list them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dcase_energy.api.shared import PathLike, Paths, existing
from dcase_energy.arguments import checked
from dcase_energy.calibration.comparing import SideBySide, side_by_side
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.store import made_on, store_folder
from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.tree import Folder
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import RecordError
from dcase_energy.findings import Finding
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.machine import describe_host
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.records import MAX_RECORD_BYTES, Calibration, Energy, load_record
from dcase_energy.submission.baseline_choice import kept_for, usable_editions
from dcase_energy.submission.evidence import BAD_RECORD, Calibrated, check_record, kind_of_record
from dcase_energy.submission.recomputing import all_differences, recomputed


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify_record` found.

    Attributes
    ----------
    path, journal
        The record, and the journal beside it; None where there is none.
    record, again
        As it is stored, and as its journal gives it; None where that gives none.
    findings
        Everything that speaks against the record, and that there is no journal.
    differences
        Each figure that the journal gives otherwise.
    """

    path: Path
    journal: Path | None
    record: Calibration | Energy
    again: Calibration | Energy | None
    findings: tuple[Finding, ...]
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the record is as it was written and follows from its journal."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """One file of a list of records.

    Attributes
    ----------
    path
        The file.
    record
        None where it cannot be used; ``problem`` says why.
    editions
        Those that come with the program and can divide by it.
    here
        Whether it is of this machine.
    """

    path: Path
    record: Calibration | Energy | None = None
    problem: str | None = None
    editions: tuple[str, ...] = ()
    here: bool = False


@checked
def read_record(path: PathLike) -> Calibration | Energy:
    """Read a calibration or energy record, as `dcase-energy records show` does.

    Parameters
    ----------
    path
        The record, a JSON file.

    Raises
    ------
    InputError
        If there is no such file.
    RecordError
        If it is not a record, or was changed after it was written.
    """
    (file,) = existing(path)
    return load_record(file)


@checked
def verify_record(path: PathLike) -> Verified:
    """Check a record against the journal beside it, as `dcase-energy records verify` does.

    Parameters
    ----------
    path
        The record, a JSON file with its journal beside it.

    Raises
    ------
    InputError
        If there is no such file.
    RecordError
        If it is not a record. One that was changed after it was written is a finding.
    """
    (file,) = existing(path)
    folder, findings = Folder(file.parent), []
    try:
        record = load_record(file)
    except RecordError as error:
        record = load_record(file, changed=True)
        findings.append(BAD_RECORD.finding(folder.where(file.name), str(error)))
    journal = journal_of(file)
    beside = [journal.name] if journal.exists() else []
    found, more = check_record(record, file.name, folder, file.name, beside)
    entries = found.entries
    again: Calibration | Energy | None = None
    if entries:
        compute = record_of if isinstance(record, Calibration) else energy_of
        made, _ = recomputed(entries, compute)
        again = made if isinstance(made, Calibration | Energy) else None
    return Verified(
        path=file,
        journal=journal if beside else None,
        record=record,
        again=again,
        findings=(*findings, *more),
        differences=() if again is None else tuple(all_differences(record, again)),
    )


@checked
def compare_records(one: PathLike, other: PathLike) -> SideBySide:
    """Set two records side by side, as `dcase-energy records compare` does.

    Parameters
    ----------
    one, other
        The two records. The second is divided by the first; of a calibration and another record the calibration
        is first.

    Raises
    ------
    InputError
        If there is no such file.
    RecordError
        If one is not a record, or was changed after it was written.
    """
    return side_by_side(read_record(one), read_record(other), (str(one), str(other)))


@checked
def beside_baseline(record: Energy, given: Calibration | None = None, name: str = "") -> SideBySide | None:
    """Set a record beside the baseline's: the calibration that is given, else this machine's own; None without one.

    Parameters
    ----------
    record
        What was measured.
    given, name
        The calibration, and what to call it.
    """
    baseline = kept_for(record) if given is None else given
    if baseline is None:
        return None
    called = name if given is not None else f"this machine's calibration of {baseline.created}"
    return side_by_side(baseline, record, (called, "this record"))


def edition_of_record(record: Calibration) -> Edition:
    """Return the edition that a calibration was made for, or `generic` where it does not come with the program."""
    return load_edition(record.edition if record.edition in edition_names() else "generic")


@checked
def list_records(sources: Paths = ()) -> list[ListedRecord]:
    """List this machine's calibrations and the records of files and folders, as `dcase-energy records list` does.

    Parameters
    ----------
    sources
        Records, or folders that hold some; those inside their folders are not looked at.

    Returns
    -------
    list of ListedRecord
        First what ``sources`` hold, then the calibrations that `calibrate` kept, each the newest first.

    Raises
    ------
    InputError
        If one does not exist.
    """
    rows = []
    for place in [*(existing(sources) if sources else []), store_folder()]:
        paths = sorted(place.glob("*.json")) if place.is_dir() else [place] if place.exists() else []
        found = [row for path in paths if (row := _listed(path, named=path == place)) is not None]
        rows += sorted(found, key=lambda row: "" if row.record is None else row.record.created, reverse=True)
    return rows


def _listed(path: Path, *, named: bool) -> ListedRecord | None:
    """One row; None for a JSON file of a folder that does not claim to be a record."""
    try:
        record = load_record(path)
    except RecordError as error:
        data, _ = read_bytes(path, MAX_RECORD_BYTES)
        claims = named or data is None or kind_of_record(data, path.name) is not None
        return ListedRecord(path, problem=str(error)) if claims else None
    editions = usable_editions(Calibrated(record, path.name)) if isinstance(record, Calibration) else ()
    return ListedRecord(path, record, None, tuple(editions), made_on(record, describe_host()))
