"""A record, a journal or a table that is given alone in the place of metadata: what it is, and whether it holds."""

from __future__ import annotations

from pathlib import Path

from dcase_energy.documents.tree import Folder
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.evidence import JOURNAL_BROKEN, MAX_JOURNAL_BYTES, kind_of_record, read_records
from dcase_energy.submission.package import NO_SYSTEM, SystemFiles
from dcase_energy.submission.recomputing import entries_of

EVIDENCE_ALONE = define(
    Rule(
        code="N103",
        name="evidence-alone",
        title="What is validated is a package or its metadata",
        why="A record says what was measured, not by which system; its seal and journal are checked, and nothing else.",
        bad="dcase-energy validate calibration.json",
        good="dcase-energy validate Adams_UNI_task4_1/",
        fix="validate the folder that holds it and the metadata",
        severity=Severity.INFO,
    )
)


_RECORDS = {"energy": "an energy record", "calibration": "a calibration record"}
_TABLES = (".csv", ".tsv")
_INSTEAD = ": give the folder that holds it and the metadata"
_HELD = {"recomputed": "; its seal holds, and its journal gives the same figures", "record": "; its seal holds"}


def read_alone(path: Path) -> list[Finding] | None:
    """Return the findings of a record, journal or table that is given alone; None where the file may be metadata."""
    suffix, tree, name = path.suffix.lower(), Folder(path.parent), path.name
    if suffix not in {".json", ".jsonl", *_TABLES} or not path.is_file():
        return None
    from dcase_energy.documents.codecarbon.reading import has_codecarbons_header

    (data, unread), where = tree.read(name, MAX_JOURNAL_BYTES), tree.where(name)
    if data is None:
        return unread
    kind, found, held, hint = None, [], "", None
    if suffix == ".jsonl":
        kind = "a journal"
        try:
            entries_of(data, name, None)
        except (ValueError, RecursionError) as error:
            found = [JOURNAL_BROKEN.finding(where, str(error)[:300])]
    elif suffix == ".json":
        kind = _RECORDS.get(kind_of_record(data, name) or "")
        journal = path.with_suffix(".journal.jsonl")
        files = SystemFiles(tree, "", "", None, records=[name], journals=[journal.name] if journal.is_file() else [])
        records, found = read_records(files)
        believed = [one.evidence for one in records.calibrations if one.believed]
        held = _HELD.get(next(iter([*believed, *(one.evidence for one in records.measured)]), ""), "")
    elif has_codecarbons_header(data):
        kind = "a file of CodeCarbon"
        hint = f"put it beside the metadata; `dcase-energy init LABEL --training {name}` takes its energy"
        _, found = read_records(SystemFiles(tree, "", "", None, tables=[name]))
    else:
        hint = "`rank` takes a table of results (CSV), `score` takes outputs; metadata is <label>.meta.yaml"
        return [NO_SYSTEM.finding(where, "a table, not metadata", hint=hint)]
    if kind is None:
        return None
    return [*found, EVIDENCE_ALONE.finding(where, f"{kind}, not metadata{_INSTEAD}{held}", hint=hint)]
