"""Reading a table of results: a CSV with one row a system, such as organisers keep."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from dcase_energy.documents.device_names import gpu_model, gpu_models, is_processor
from dcase_energy.documents.numbers import advise_count, parse_number
from dcase_energy.documents.rules import TABLE_DUPLICATE, TABLE_EMPTY, TABLE_HEADER
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.documents.tree import OneFile
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import UNITS, Score
from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.meter import COMPONENTS
from dcase_energy.ranking.bases import baseline_column, energy_column
from dcase_energy.ranking.entry import Entry, component_column, why_excluded
from dcase_energy.ranking.interval import ENDS
from dcase_energy.ranking.interval_columns import IntervalColumns
from dcase_energy.ranking.labels import is_blank, key_of, without_rank
from dcase_energy.ranking.named_scores import (
    COUNT_COLUMNS,
    TEXT_COLUMNS,
    known_columns,
    required_columns,
    why_not_ranked_by,
)
from dcase_energy.ranking.normalize import is_energy
from dcase_energy.ranking.rules import LABEL_MISSING, no_energy
from dcase_energy.stats import Interval
from dcase_energy.submission.checks.baseline import doubts
from dcase_energy.submission.checks.comparable import NOT_COMPARABLE, Provenance, why_not_comparable
from dcase_energy.submission.checks.complexity import OTHER_COUNTER
from dcase_energy.submission.model import team_of
from dcase_energy.submission.values import COUNT_FORM, ENERGY_POSITIVE, PERCENT_RANGE, SCORE_RANGE
from dcase_energy.submission.waivers import NO_WAIVERS, Waivers

MAX_TABLE_BYTES = 100_000_000
# Above it a number that is read is no longer the one that was written.
LARGEST_EXACT = 2**53
# energy_train_kwh is as near to energy_training_kwh; energy_baseline_kwh, a sum, is not to energy_baseline_test_kwh.
_NEAR = 0.9
_RANGES = {
    "fraction": (SCORE_RANGE, "is not a fraction"),
    "percent": (PERCENT_RANGE, "is not a percentage"),
}
_BELOW = (SCORE_RANGE, "is less than 0")


def read_results(
    path: Path,
    edition: Edition,
    declared: Mapping[str, str] | None = None,
    waivers: Waivers = NO_WAIVERS,
    stdin: bytes | None = None,
) -> tuple[list[Entry], list[Finding]]:
    """Read a table of results; ``stdin`` is its content where it is standard input.

    An empty cell is a missing figure. A cell that is not a number, or an impossible one (a negative energy, a PSDS of
    48), is a finding and counts as missing. Names of columns may be capitalised, and have spaces for underscores.
    Other columns are kept as text. ``declared`` names the kind
    of the intervals whose ends stand in ``_low`` and ``_high``, by figure; a column ``_interval`` says it row by row.
    Findings that ``waivers`` accept neither exclude a system nor keep it from being divided.
    """
    data, unread = OneFile(path, stdin).read(path.name, MAX_TABLE_BYTES)
    if data is None:
        return [], unread
    problem = why_not_ranked_by(data, str(path), edition)
    if problem is not None and problem.severity is Severity.ERROR:
        return [], [problem]
    required, known = required_columns(edition), known_columns(edition)
    table = read_table(data, str(path), required=required, known=known, delimiter=",")
    table.rows = [["" if cell.strip() in edition.null_texts else cell for cell in row] for row in table.rows]
    if table.columns and not table.rows and not table.findings:
        table.findings.append(TABLE_EMPTY.finding(table.where(), "no rows"))
    if problem is not None:
        table.findings.append(problem)
    labels = [row[table.columns.index("label")] for row in table.rows] if table.columns else []
    least = {name: UNITS[score.unit][0][0] for name, score in edition.scores.items()}
    intervals = IntervalColumns(table, least | dict.fromkeys(edition.energy_fields, 0.0), declared or {})
    first: dict[str, int] = {}
    entries = []
    for index, label in enumerate(labels):
        other = first.setdefault(key_of(label), index)
        problem = _label_problem(table, index, other)
        if problem is None or labels[other] != label or is_blank(label):
            entry = _entry(table, index, label, edition, intervals, waivers.of(label))
            entries.append(entry if problem is None else without_rank(entry, problem))
        if problem is not None:
            table.findings.append(problem)
    table.findings.extend([*_misspelt(table, edition), *_counters(table)])
    label_of = dict(zip(table.row_lines, labels, strict=True))
    return entries, sorted(_waived(table, waivers, label_of), key=Finding.sort_key)


def _waived(table: DelimitedTable, waivers: Waivers, label_of: Mapping[int, str]) -> Iterator[Finding]:
    """The findings, waived row by row; one that also counts rows which are not waived stands as it is."""
    others = {
        one.code
        for one in table.since((len(table.findings), 0))
        if one.code not in waivers.of(label_of.get(one.where.line or 0, ""))
    }
    last = {one.code: number for number, one in enumerate(table.findings)}
    for number, one in enumerate(table.findings):
        counts_others = one.code in others and last[one.code] == number
        yield one if counts_others else waivers.apply([one], label_of.get(one.where.line or 0, ""))[0]


def _misspelt(table: DelimitedTable, edition: Edition) -> Iterator[Finding]:
    """Columns that are near to one with a meaning, which the table lacks: their figures would be missing unseen."""
    known = known_columns(edition)
    lacking = [name for name in known if name not in table.columns]
    parts = {component_column(edition, part, baseline=baseline) for part in COMPONENTS for baseline in (False, True)}
    for name in sorted({*table.columns} - {*known} - parts):
        if name.endswith(tuple(f"_{end}" for end in ENDS)):
            continue
        if near := get_close_matches(name.casefold(), lacking, n=1, cutoff=_NEAR):
            unit = ", in kWh" if near[0] in edition.energy_fields else ""
            message, hint = f"column {name[:80]} is kept as text", f"did you mean {near[0]}{unit}?"
            where = table.where(None, name)
            yield TABLE_HEADER.finding(where, message, expected=near[0], hint=hint).with_severity(Severity.WARNING)


def _counters(table: DelimitedTable) -> Iterator[Finding]:
    """The first row whose MACs come from another counter than those of the rows before; views compare them all."""
    if not {"macs", "macs_counter"} <= set(table.columns):
        return
    macs, counter = (table.columns.index(name) for name in ("macs", "macs_counter"))
    counted = [row[counter] if row[macs] else "" for row in table.rows]
    first = next(filter(None, counted), "")
    index = next((index for index, one in enumerate(counted) if one not in {"", first}), None)
    if index is not None:
        message = f"MACs were counted with {counted[index][:40]}, those of earlier rows with {first[:40]}"
        where = table.where(index, "macs_counter")
        yield OTHER_COUNTER.finding(where, message, expected=first, found=counted[index])


def _label_problem(table: DelimitedTable, index: int, other: int) -> Finding | None:
    """What keeps a row from being ranked under its label, ``other`` being the first row of the same one."""
    label, first = (table.rows[row][table.columns.index("label")] for row in (index, other))
    where = table.where(index, "label")
    if is_blank(label):
        return LABEL_MISSING.finding(where, "the row has no label", found=repr(label[:20]))
    if other == index:
        return None
    if label == first:
        return TABLE_DUPLICATE.finding(where, f"label {label[:80]!r} is also in line {table.row_lines[other]}")
    message = (
        f"label {label[:80]!r} differs only in case or spaces from {first[:80]!r} in line {table.row_lines[other]}"
    )
    return TABLE_DUPLICATE.finding(where, message)


def labels_of(path: Path, stdin: bytes | None = None) -> list[str]:
    """The labels in a table of results, whatever else is wrong with it; none where it has no such column."""
    data, _ = OneFile(path, stdin).read(path.name, MAX_TABLE_BYTES)
    if data is None:
        return []
    table = read_table(data, str(path), required=("label",), known=("label",), delimiter=",")
    return [row[table.columns.index("label")] for row in table.rows] if "label" in table.columns else []


def _entry(
    table: DelimitedTable,
    index: int,
    label: str,
    edition: Edition,
    intervals: IntervalColumns,
    waived: Mapping[str, str],
) -> Entry:
    before = table.mark()
    scores = {name: _score(table, index, name, score) for name, score in edition.scores.items()}
    energies = {name: _energy(table, index, name) for name in edition.energy_fields}
    counts = {name: _count(table, index, name) for name in COUNT_COLUMNS if name not in scores}
    own, other = (
        {part: component_column(edition, part, baseline=of_baseline) for part in COMPONENTS}
        for of_baseline in (False, True)
    )
    parts = {name: _component(table, index, name) for name in (*own.values(), *other.values())}
    known = intervals.read(index, {**scores, **energies})
    baseline = {stage: energies[one.baseline] for stage, one in edition.stages.items()}
    row = dict(zip(table.columns, table.rows[index], strict=True))
    evidence = _evidence(row, baseline)
    doubted = _doubted(table, index, baseline, edition, evidence, waived)
    not_comparable = doubted | _not_comparable(table, index, row, edition, waived)
    found = table.since(before)
    meant = {*TEXT_COLUMNS, *scores, *energies, *counts, *parts, *(f"{name}_{end}" for name in known for end in ENDS)}
    return Entry(
        label=label,
        team=row.get("team") or team_of(label),
        scores=scores,
        scores_are="given",
        energy_kwh={stage: energies[one.energy] for stage, one in edition.stages.items()},
        baseline_kwh=baseline,
        baseline_evidence=evidence,
        baseline_source=evidence and (row.get("baseline_source") or "the table"),
        components_kwh=_by_component(parts, own),
        baseline_components_kwh=_by_component(parts, other),
        intervals=_by_stage(known, edition),
        gpu_model=gpu_model(row.get("gpu_model") or row.get("hardware") or row.get("training_time")),
        not_comparable=not_comparable,
        total_parameters=_whole(counts.get("total_parameters", scores.get("total_parameters"))),
        macs=_whole(counts.get("macs", scores.get("macs"))),
        macs_counter=row.get("macs_counter") or None,
        ensemble_subsystems=_subsystems(row.get("ensemble_subsystems", "")),
        excluded=why_excluded(one for one in found if one.code not in waived),
        findings=tuple(sorted({finding.code for finding in found})),
        waived=waived,
        extra={name: value for name, value in row.items() if name not in meant or counts.get(name, 0) is None},
    )


def _whole(value: float | None) -> int | None:
    """A count, which an edition may have as a score."""
    return None if value is None else int(value)


def _by_stage(known: Mapping[str, Interval], edition: Edition) -> dict[str, Interval]:
    """The intervals of a row, those of energies also by the names that sheets give them."""
    found = dict(known)
    for name, stage in edition.stages.items():
        for given, column in ((stage.energy, energy_column(name)), (stage.baseline, baseline_column(name))):
            if given in known:
                found[column] = known[given]
    return found


def _by_component(parts: Mapping[str, float | None], columns: Mapping[str, str]) -> dict[str, float | None]:
    """Energies by component; nothing at all where no column has any."""
    found = {component: parts[name] for component, name in columns.items()}
    return found if any(value is not None for value in found.values()) else {}


def _evidence(row: Mapping[str, str], baseline: Mapping[str, float | None]) -> str | None:
    if all(value is None for value in baseline.values()):
        return None
    stated = row.get("baseline_evidence", "")
    return stated if stated in {"record", "recomputed"} else "declared"


def _not_comparable(
    table: DelimitedTable, index: int, row: Mapping[str, str], edition: Edition, waived: Collection[str]
) -> dict[str, str]:
    """Compare what the table says of the system's energies with what it says of the baseline's."""
    names = ("hardware", "tracker", "tier")
    system = Provenance(**{name: row.get(name) for name in names} | {"hardware": _hardware(row)})
    baseline = Provenance(**{name: row.get(f"baseline_{name}") for name in names})
    reason = why_not_comparable(system, baseline)
    if reason is None:
        return {}
    table.findings.append(NOT_COMPARABLE.finding(table.where(index), f"not divided by the baseline: {reason[:200]}"))
    return {} if NOT_COMPARABLE.code in waived else dict.fromkeys(edition.stages, reason)


def _hardware(row: Mapping[str, str]) -> str | None:
    """What the system ran on; without a field for it, what the training time names, where the baseline's is known."""
    time, other = row.get("training_time", ""), row.get("baseline_hardware", "")
    known = gpu_models(time) and (gpu_models(other) or is_processor(other))
    return row.get("hardware") or (time if known else None)


def _doubted(
    table: DelimitedTable,
    index: int,
    baseline: Mapping[str, float | None],
    edition: Edition,
    evidence: str | None,
    waived: Collection[str],
) -> dict[str, str]:
    """Find baselines that cannot be those of the recipe; the stages that are not divided by them, and why."""
    reasons = {}
    fields = {name: stage.baseline for name, stage in edition.stages.items()}
    stated = evidence == "declared"
    for stage, finding in doubts(baseline, edition, lambda stage: table.where(index, fields[stage]), stated=stated):
        table.findings.append(replace(finding, withholds=()))
        if finding.withholds and finding.code not in waived:
            reasons[stage] = f"{finding.code}: {finding.message}"
    return reasons


def _subsystems(text: str) -> int | None:
    """Number of subsystems where a plain one is written; `None`, `10 (5 SEDT, ...)` and the like have their first."""
    match = re.match(r"[0-9]{1,6}\b", text.strip())
    return int(match[0]) if match else None


def _score(table: DelimitedTable, index: int, name: str, score: Score) -> float | None:
    value = _number(table, index, name)
    if value is None or score.allows(value):
        return value
    rule, wrong = _RANGES.get(score.unit or "", _BELOW)
    table.findings.append(rule.finding(table.where(index, name), f"{name} {wrong}", found=f"{value:g}"))
    return None


def _energy(table: DelimitedTable, index: int, name: str) -> float | None:
    value = _number(table, index, name)
    if value is None or is_energy(value):
        return value
    where = table.where(index, name)
    nothing = ENERGY_POSITIVE.finding(where, f"{name} is not greater than 0", found=f"{value:g}")
    table.findings.append(nothing if value <= 0 else no_energy(where, name, value))
    return None


def _component(table: DelimitedTable, index: int, name: str) -> float | None:
    """A component's energy; 0 is a reading here, unlike in a total."""
    value = _number(table, index, name)
    if value is None or value >= 0:
        return value
    where = table.where(index, name)
    table.findings.append(ENERGY_POSITIVE.finding(where, f"{name} is less than 0", found=f"{value:g}"))
    return None


def _count(table: DelimitedTable, index: int, name: str) -> int | None:
    """A count; other text, as in the tables of 2022, is a warning, since no rank depends on it."""
    text = table.rows[index][table.columns.index(name)].strip() if name in table.columns else ""
    if not text:
        return None
    value = parse_number(text)
    if value is None or not 1 <= value <= LARGEST_EXACT or not value.is_integer():
        where, message = table.where(index, name), f"{name} is not a whole number in plain digits"
        finding = COUNT_FORM.finding(where, message, found=repr(text[:40]), hint=advise_count(text))
        table.findings.append(finding.with_severity(Severity.WARNING))
        return None
    return int(value)


def _number(table: DelimitedTable, index: int, name: str) -> float | None:
    return table.number(index, name, empty=True) if name in table.columns else None
