"""Calibrations that come from outside of a package: the one that the caller names, and this machine's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dcase_energy.documents.files import read_bytes
from dcase_energy.editions.model import Edition
from dcase_energy.errors import UnusableError
from dcase_energy.findings import Finding
from dcase_energy.measure.journal import journal_digest
from dcase_energy.measure.records import Calibration, load_calibration
from dcase_energy.submission.baseline_choice import why_no_denominator
from dcase_energy.submission.calibrated import Calibrated
from dcase_energy.submission.journals import entries_of
from dcase_energy.submission.recomputing import differs
from dcase_energy.submission.records import MAX_JOURNAL_BYTES


def load_denominator(path: Path, edition: Edition) -> Calibrated:
    """Read the calibration that the caller names, and check it against the journal beside it, where there is one.

    Raises
    ------
    RecordError
        If it cannot be read, is not a calibration record, or was changed after it was sealed.
    UnusableError
        If it cannot be what the edition divides by.
    """
    record = load_calibration(path)
    entries = _journal_beside(path, record)
    evidence = "record" if entries is None else "recomputed"
    found = Calibrated(record, f"{path.name} (given)", evidence, entries or ())
    reason = why_no_denominator(found, edition)
    if reason is not None:
        raise UnusableError(f"{path} cannot be used: {reason}")
    return found


def _journal_beside(path: Path, record: Calibration) -> list[Mapping[str, Any]] | None:
    from dcase_energy.calibration.record import record_of

    journal = path.with_name(f"{path.stem}.journal.jsonl")
    if not journal.exists():
        return None
    data = read_bytes(journal, MAX_JOURNAL_BYTES)
    if isinstance(data, Finding):
        raise UnusableError(f"{path} cannot be checked: {journal.name} {data.message}")
    try:
        entries = entries_of(data, journal.name, record.journal_sha256)
        same = journal_digest(entries) == record.journal_sha256
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"{path} cannot be used: {error}") from None
    if not same:
        raise UnusableError(f"{path} cannot be used: {journal.name} is not the journal that it was computed from")
    if problem := differs(record, entries, record_of):
        raise UnusableError(f"{path} cannot be used: {problem}")
    return list(entries)


def own_machine(edition: Edition) -> Calibrated | None:
    """The newest calibration of this machine that can be what an edition divides by, or None."""
    from dcase_energy.calibration.store import kept

    if edition.normalisation.kind != "ratio":
        return None
    for record in kept():
        found = Calibrated(record, f"this machine's calibration of {record.created}")
        if why_no_denominator(found, edition) is None:
            return found
    return None
