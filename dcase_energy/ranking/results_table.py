"""Reading a table of results: a CSV with one row a system, such as organisers keep."""

from __future__ import annotations

from pathlib import Path

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.numbers import advise_count, parse_number
from dcase_energy.documents.rules import TABLE_DUPLICATE, TABLE_EMPTY
from dcase_energy.documents.tables import Table, read_table
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity
from dcase_energy.ranking.entry import Entry
from dcase_energy.submission.model import team_of
from dcase_energy.submission.rules import COUNT_FORM, ENERGY_POSITIVE, SCORE_RANGE

MAX_TABLE_BYTES = 100_000_000
REQUIRED = ("label", "psds1", "psds2", "energy_training_kwh", "energy_test_kwh")
_SCORES = ("psds1", "psds2", "collar_f1", "intersection_f1")
_ENERGIES = (
    "energy_training_kwh",
    "energy_test_kwh",
    "energy_baseline_kwh",
    "energy_baseline_training_kwh",
    "energy_baseline_test_kwh",
)
_COUNTS = ("total_parameters", "macs")


def read_results(path: Path, edition: Edition) -> tuple[list[Entry], list[Finding]]:
    """Read a table of results.

    An empty cell is a missing figure. A cell that is no figure, or none that can be (a negative energy, a PSDS of 48),
    is a finding and counts as missing. Columns that mean nothing to us are carried along.
    """
    data = read_bytes(path, MAX_TABLE_BYTES)
    if isinstance(data, Finding):
        return [], [data]
    table = read_table(data, str(path), required=REQUIRED, delimiter=",")
    if table.columns and not table.rows and not table.findings:
        table.findings.append(TABLE_EMPTY.finding(table.where(), "no rows"))
    labels = [row[table.columns.index("label")] for row in table.rows] if table.columns else []
    entries = []
    for index, label in enumerate(labels):
        if label in labels[:index]:
            message = f"label {label!r} is also in line {table.row_lines[labels.index(label)]}"
            table.findings.append(TABLE_DUPLICATE.finding(table.where(index, "label"), message))
        else:
            entries.append(_entry(table, index, label, edition))
    return entries, sorted(table.findings, key=Finding.sort_key)


def _entry(table: Table, index: int, label: str, edition: Edition) -> Entry:
    before = len(table.findings)
    scores = {name: _score(table, index, name) for name in _SCORES}
    energies = {name: _energy(table, index, name) for name in _ENERGIES}
    counts = {name: _count(table, index, name) for name in _COUNTS}
    single = energies["energy_baseline_kwh"]
    baseline = {
        stage: energies[f"energy_baseline_{stage}_kwh"] if edition.normalisation.kind == "ratio" else single
        for stage in ("training", "test")
    }
    own = {"label", "team", *_SCORES, *_ENERGIES, *_COUNTS}
    row = dict(zip(table.columns, table.rows[index], strict=True))
    found = table.findings[before:]
    return Entry(
        label=label,
        team=row.get("team") or team_of(label),
        psds1=scores["psds1"],
        psds2=scores["psds2"],
        collar_f1=scores["collar_f1"],
        intersection_f1=scores["intersection_f1"],
        scores_are="given",
        energy_kwh={stage: energies[f"energy_{stage}_kwh"] for stage in ("training", "test")},
        baseline_kwh=baseline,
        baseline_evidence="declared" if any(value is not None for value in baseline.values()) else None,
        total_parameters=counts["total_parameters"],
        macs=counts["macs"],
        excluded=_reason(found),
        findings=tuple(sorted({finding.code for finding in found})),
        extra={name: value for name, value in row.items() if name not in own or counts.get(name, 0) is None},
    )


def _reason(found: list[Finding]) -> str | None:
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    return errors[0].message if errors else None


def _score(table: Table, index: int, name: str) -> float | None:
    value = _number(table, index, name)
    if value is not None and not 0 <= value <= 1:
        where = table.where(index, name)
        table.findings.append(SCORE_RANGE.finding(where, f"{name} is not a fraction", found=f"{value:g}"))
        return None
    return value


def _energy(table: Table, index: int, name: str) -> float | None:
    value = _number(table, index, name)
    if value is not None and value <= 0:
        where = table.where(index, name)
        table.findings.append(ENERGY_POSITIVE.finding(where, f"{name} is not greater than 0", found=f"{value:g}"))
        return None
    return value


def _count(table: Table, index: int, name: str) -> int | None:
    """A count; other text, as in the tables of 2022, is a warning, since no rank depends on it."""
    text = table.rows[index][table.columns.index(name)].strip() if name in table.columns else ""
    if not text:
        return None
    value = parse_number(text)
    if value is None or value < 1 or not value.is_integer():
        where, message = table.where(index, name), f"{name} is not a whole number in plain digits"
        finding = COUNT_FORM.finding(where, message, found=repr(text[:40]), hint=advise_count(text))
        table.findings.append(finding.with_severity(Severity.WARNING))
        return None
    return int(value)


def _number(table: Table, index: int, name: str) -> float | None:
    return table.number(index, name, empty=True) if name in table.columns else None
