"""The report: tables, claims and curves of a set of runs, and the files they are written to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dcase_energy.study.claims import (
    Claim,
    Members,
    epoch_claims,
    hardware_claims,
    saving_claims,
    variance_claims,
)
from dcase_energy.study.outcome import cumulative_kwh, outcome_of
from dcase_energy.study.runs import Criterion, Run
from dcase_energy.study.sheet import Block, Cell, Sheet, label, sheet_of
from dcase_energy.study.sheets import TEXT_SHEETS
from dcase_energy.study.sheets.csv import Value, table_csv, write_csv
from dcase_energy.study.tables import PaperTable, make_table
from dcase_energy.units import format_significant

F1_NOTES: dict[Criterion, str] = {
    "07": "F1: intersection-based, DTC = GTC = 0.7, macro-averaged, on the validation clips.",
    "05": "F1: intersection-based, DTC = GTC = 0.5, macro-averaged, on the validation clips (the paper's is 0.7).",
}
_CLAIMS = {
    "variance": "What explains the variance of energy, power and time (energy = mean power x time)",
    "epoch energy": "Energy of an epoch over a training",
    "saving": "Energy saved by stopping earlier",
    "F1 given up": "F1 given up by stopping early",
    "hardware spread": "Differences between GPUs before and after normalising",
}


@dataclass(frozen=True)
class Report:
    """Everything a study says."""

    criterion: Criterion
    runs: tuple[Run, ...]
    members: Members
    tables: tuple[PaperTable, ...]
    claims: tuple[Claim, ...]
    notes: tuple[str, ...]

    def sheets(self) -> list[Sheet]:
        """Both tables and the claims as printed."""
        tables = [sheet_of(table, F1_NOTES[self.criterion], self.notes) for table in self.tables]
        return [*tables, _claims_sheet(self.claims)]


def make_report(runs: Sequence[Run], criterion: Criterion) -> Report:
    """Compute the report of runs that belong together."""
    members: Members = {}
    for run in runs:
        members.setdefault(run.cell, []).append((run, outcome_of(run, criterion)))
    cells = {cell: [outcome for _, outcome in rows] for cell, rows in members.items()}
    claims = [
        *variance_claims(members),
        *epoch_claims(members),
        *saving_claims(members, criterion),
        *hardware_claims(members),
    ]
    tables = (make_table(1, cells), make_table(2, cells))
    return Report(criterion, tuple(runs), members, tables, tuple(claims), tuple(_notes(runs)))


def text_files(report: Report, formats: Iterable[str]) -> dict[str, str]:
    """Name and text of each file in csv, md and latex."""
    files: dict[str, str] = {}
    sheets = report.sheets()
    for name in formats:
        if name == "csv":
            files |= {f"table{table.number}.csv": table_csv(table, report.criterion) for table in report.tables}
            files |= {
                "claims.csv": claims_csv(report.claims),
                "runs.csv": runs_csv(report),
                "curves.csv": curves(report),
            }
        elif name in TEXT_SHEETS:
            suffix, write = TEXT_SHEETS[name]
            files |= {f"{sheet.name}.{suffix}": write(sheet) for sheet in sheets}
    return files


def claims_csv(claims: Sequence[Claim]) -> str:
    """All figures of the claims, one a row."""
    header = ["claim", "quantity", "unit", "gpu", "batch_size", "value", "std"]
    return write_csv(header, [[c.claim, c.quantity, c.unit, c.gpu, c.batch_size, c.value, c.deviation] for c in claims])


def runs_csv(report: Report) -> str:
    """The outcome of each run, one a row: what the tables are means of."""
    first = next(outcome for rows in report.members.values() for _, outcome in rows)
    names = [field.name for field in dataclasses.fields(first) if field.name != "not_reached"]
    rows: list[list[Value]] = [
        [
            run.path,
            run.about.gpu,
            run.about.batch_size,
            run.about.repeat,
            run.about.tier,
            *(getattr(outcome, name) for name in names),
            " ".join(sorted(outcome.not_reached)),
        ]
        for members in report.members.values()
        for run, outcome in members
    ]
    return write_csv(["run", "gpu", "batch_size", "repeat", "tier", *names, "not_reached"], rows)


def curves(report: Report) -> str:
    """F1 against cumulative energy, one row an epoch of each run."""
    rows: list[list[Value]] = []
    for run in report.runs:
        for epoch, kwh in zip(run.epochs, cumulative_kwh(run.epochs), strict=True):
            rows.append([run.path, *run.cell, run.about.repeat, epoch.epoch, kwh, epoch.f1(report.criterion)])
    return write_csv(["run", "gpu", "batch_size", "repeat", "epoch", "cumulative_kwh", "f1"], rows)


def _notes(runs: Sequence[Run]) -> Iterable[str]:
    yield (
        "Mean ± deviation. A cell is one GPU and one batch size; its deviation is the sample standard deviation "
        "(n - 1) of its runs. A row over several cells is the unweighted mean of their means and of their deviations."
    )
    yield (
        "A level counts from the first epoch that reaches it. A training that never reaches it is left out of the "
        "mean; the number in brackets says how many runs are in it."
    )
    data = sorted({run.about.work.data for run in runs if run.about.work.data})
    if data:
        yield f"Data: {'; '.join(data)}."
    epochs = sorted({run.about.work.epochs for run in runs if run.about.work.epochs})
    if epochs:
        yield f"Epochs of a training: {', '.join(map(str, epochs))}."
    tiers = sorted({run.about.tier for run in runs if run.about.tier})
    if tiers:
        yield f"Energy: {', '.join(tiers)} (measured: all devices counted by sensors; estimated: none)."
    if any(run.about.figures is not None and run.about.figures.f1_criterion is None for run in runs):
        yield "Some runs come from sheets that do not say by which criterion their F1 was computed."
    if any(run.about.sessions > 1 for run in runs):
        yield "Some trainings were interrupted and went on from their last epoch; a repeated epoch counts once."


def _claims_sheet(claims: Sequence[Claim]) -> Sheet:
    blocks = tuple(
        _claims_block(title, chosen)
        for name, title in _CLAIMS.items()
        if (chosen := [claim for claim in claims if claim.claim == name])
    )
    notes = (
        "Shares of variance: two-way analysis of variance over runs; where the grid has gaps, the mean over both "
        "orders of fitting. An empty value cannot be computed from these runs; without repeated runs the "
        "interaction includes the residual.",
        "Savings are in percent of the energy of all epochs. The paper found about 40 % for stopping at the highest F1 "
        "(70 % for small batches) and about 65 % for stopping at 95 % of it (80 %).",
        "A patience rule stops once F1 has not risen above its highest value for so many epochs.",
        "Spread: coefficient of variation over GPUs. Normalising divides by the energy of another training, the "
        "baseline, on the same GPU.",
    )
    return Sheet("claims", "The paper's claims on these runs", blocks, notes)


def _claims_block(title: str, claims: Sequence[Claim]) -> Block:
    """A row for what the figures are of, a column a figure."""
    columns = list(dict.fromkeys((claim.quantity, claim.unit) for claim in claims))
    rows: dict[str, dict[tuple[str, str], Claim]] = {}
    for claim in claims:
        rows.setdefault(_of(claim), {})[claim.quantity, claim.unit] = claim
    header = ("", *(f"{quantity} ({unit})" if unit else quantity for quantity, unit in columns))
    cells = ((label(of), *(_claim_cell(found.get(column)) for column in columns)) for of, found in rows.items())
    return Block(title, header, tuple(cells))


def _of(claim: Claim) -> str:
    if claim.of is not None:
        return claim.of
    return claim.gpu or ("all" if claim.batch_size is None else f"batch {claim.batch_size}")


def _claim_cell(claim: Claim | None) -> Cell:
    if claim is None or claim.value is None:
        return Cell("")
    # Nine decimals: a difference that is zero except for rounding shows as zero.
    value = format_significant(round(claim.value, 9), 3)
    return Cell(value, "" if claim.deviation is None else format_significant(round(claim.deviation, 9), 2))
