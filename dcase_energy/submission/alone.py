"""A record, a journal or a table given by itself, in the place of metadata: what it is, and whether it holds."""

from __future__ import annotations

from pathlib import Path

from dcase_energy.documents.tree import Folder
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.package import NO_SYSTEM, SystemFiles
from dcase_energy.submission.records import JOURNAL_BROKEN, MAX_JOURNAL_BYTES, kind_of_record, read_records

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


_TABLES = (".csv", ".tsv")
_INSTEAD = ": give the folder that holds it and the metadata"


def read_alone(path: Path) -> list[Finding] | None:
    """Return the findings of a record, journal or table that is given alone; None where the file may be metadata."""
    suffix = path.suffix.lower()
    if suffix not in {".json", ".jsonl", *_TABLES} or not path.is_file():
        return None
    from dcase_energy.documents.codecarbon.reading import has_codecarbons_header

    tree = Folder(path.parent)
    data = tree.read(path.name, MAX_JOURNAL_BYTES)
    if isinstance(data, Finding):
        return [data]
    where = tree.where(path.name)
    if suffix == ".jsonl":
        return [*_journal(tree, path.name, data), EVIDENCE_ALONE.finding(where, f"a journal, not metadata{_INSTEAD}")]
    if suffix in _TABLES and not has_codecarbons_header(data):
        hint = "`rank` takes a table of results, `score` takes outputs; metadata is <label>.meta.yaml"
        return [NO_SYSTEM.finding(where, "a table, not metadata", hint=hint)]
    if suffix in _TABLES:
        hint = f"put it beside the metadata; `dcase-energy init LABEL --training {path.name}` takes its energy"
        _, found = read_records(SystemFiles(tree, "", "", None, tables=[path.name]))
        return [*found, EVIDENCE_ALONE.finding(where, f"a file of CodeCarbon, not metadata{_INSTEAD}", hint=hint)]
    kind = kind_of_record(data, path.name)
    return None if kind is None else _record(tree, path, kind)


def _record(tree: Folder, path: Path, kind: str) -> list[Finding]:
    journal = path.with_suffix(".journal.jsonl")
    beside = [journal.name] if journal.is_file() else []
    records, found = read_records(SystemFiles(tree, "", "", None, records=[path.name], journals=beside))
    believed = [one.evidence for one in records.calibrations if one.believed]
    evidence = next(iter([*believed, *(one.evidence for one in records.measured)]), None)
    held = {"recomputed": "; its seal holds, and its journal gives the same figures", "record": "; its seal holds"}
    article = "an" if kind == "energy" else "a"
    message = f"{article} {kind} record, not metadata{_INSTEAD}{held.get(evidence or '', '')}"
    return [*found, EVIDENCE_ALONE.finding(tree.where(path.name), message)]


def _journal(tree: Folder, name: str, data: bytes) -> list[Finding]:
    from dcase_energy.submission.journals import entries_of

    try:
        entries_of(data, name, None)
    except (ValueError, RecursionError) as error:
        return [JOURNAL_BROKEN.finding(tree.where(name), str(error)[:300])]
    return []
