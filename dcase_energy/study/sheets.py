"""What the sheets of a study show: the paper's tables, the claims, the runs and curves behind them, and the charts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace

from dcase_energy import __version__
from dcase_energy.sheets.report import Report, Sheet
from dcase_energy.sheets.table import Cell, Column, Table, Value, data_table
from dcase_energy.study.charts import charts_of
from dcase_energy.study.claims import Claim
from dcase_energy.study.outcome import cumulative_kwh
from dcase_energy.study.report import StudyReport
from dcase_energy.study.runs import Criterion
from dcase_energy.study.tables import By, Panel, PaperColumn, PaperTable, Row, Statistic, Style
from dcase_energy.units import format_significant

F1_NOTES: dict[Criterion, str] = {
    "07": "F1: intersection-based, DTC = GTC = 0.7, macro-averaged, on the validation clips.",
    "05": "F1: intersection-based, DTC = GTC = 0.5, macro-averaged, on the validation clips (the paper's is 0.7).",
}
_BY: dict[By, str] = {
    "batch_size": "By batch size, averaged over GPUs",
    "gpu": "By GPU, averaged over batch sizes",
    "both": "By GPU and batch size",
}
_GPU, _BATCH = Column("gpu", "GPU", "text"), Column("batch_size", "batch", "integer")
_LABELS: dict[By, list[Column]] = {"batch_size": [_BATCH], "gpu": [_GPU], "both": [_GPU, _BATCH]}
_CLAIMS = {
    "variance": "What explains the variance of energy, power and time (energy = mean power x time)",
    "epoch energy": "Energy per epoch over a training",
    "saving": "Energy saved by stopping earlier",
    "F1 given up": "F1 given up by stopping early",
    "hardware spread": "Differences between GPUs before and after normalising",
}
_CLAIM_NOTES = (
    "Shares of variance: two-way analysis of variance over runs; where the grid has gaps, the mean over both "
    "orders of fitting. An empty value cannot be computed from these runs; without repeated runs the interaction "
    "includes the residual.",
    "Savings are in percent of the energy of all epochs. The paper found about 40 % for stopping at the highest F1 "
    "(70 % for small batches) and about 65 % for stopping at 95 % of it (80 %).",
    "A patience rule stops once F1 has not risen above its highest value for so many epochs.",
    "Spread: coefficient of variation over GPUs. Normalising divides by the energy of another training, the "
    "baseline, on the same GPU.",
)


def report_of(study: StudyReport) -> Report:
    """Return everything that the sheets of a study show."""
    papers = [_paper_sheet(table, study) for table in study.tables]
    sheets = [*papers, _claims_sheet(study.claims)]
    below = [
        *(
            replace(one, title=f"Table {number}. {one.title}", note=F1_NOTES[study.criterion])
            for number, sheet in enumerate(papers, 1)
            for one in sheet.tables
        ),
        *sheets[-1].tables,
    ]
    return Report(
        "report",
        "Energy of training by GPU and batch size",
        sheets=sheets,
        data=[*(_paper_data(table, study.criterion) for table in study.tables), *_lists(study)],
        page=below,
        charts=charts_of(study),
        origin=f"dcase-energy {__version__}.",
        fragments=True,
    )


def _paper_sheet(table: PaperTable, study: StudyReport) -> Sheet:
    """The caption names the F1 criterion."""
    name = f"table{table.number}"
    tables = [_panel(table, panel, f"{name}_{panel.by}") for panel in table.panels]
    return Sheet(name, f"Table {table.number}. {F1_NOTES[study.criterion]}", tables, study.notes)


def _panel(table: PaperTable, panel: Panel, name: str) -> Table:
    figures = [Column(column.name, table.title(column)) for column in table.columns]
    rows = [
        [
            *(label for label in (row.gpu, row.batch_size) if label is not None),
            row.runs,
            *(_figure(row, one, table.styles[one.name], (index, one.name) in panel.best) for one in table.columns),
        ]
        for index, row in enumerate(panel.rows)
    ]
    return Table(name, _BY[panel.by], [*_LABELS[panel.by], Column("runs", "runs", "integer"), *figures], rows)


def _figure(row: Row, column: PaperColumn, style: Style, best: bool) -> Cell:
    figure = row.figures[column.name]
    if figure.mean is None:
        return Cell(None, note=_note(figure, row.runs) if figure.not_reached else "")
    deviation = "" if figure.deviation is None else style.text(figure.deviation)
    return Cell(figure.mean, style.text(figure.mean), deviation, _note(figure, row.runs), best)


def _note(figure: Statistic, runs: int) -> str:
    """How many runs the figure is of, where it is not all of them."""
    return "" if figure.known == runs else f"{figure.known} of {runs}"


def _paper_data(table: PaperTable, criterion: Criterion) -> Table:
    """All panels one below the other, numbers with all their digits.

    Beside each figure are its deviation, how many runs have it, and how many never reached the level. ``best`` names
    the columns in which the row is the best of its panel.
    """
    names = ["by", "gpu", "batch_size", "cells", "runs", "f1_criterion"]
    for column in table.columns:
        names += [column.name, f"{column.name}_std", f"{column.name}_known", f"{column.name}_not_reached"]
    rows: list[list[Value]] = []
    for panel in table.panels:
        for index, row in enumerate(panel.rows):
            figures = [row.figures[column.name] for column in table.columns]
            best = " ".join(column.name for column in table.columns if (index, column.name) in panel.best)
            rows.append([panel.by, row.gpu, row.batch_size, row.cells, row.runs, criterion])
            rows[-1] += [value for one in figures for value in (one.mean, one.deviation, one.known, one.not_reached)]
            rows[-1].append(best)
    return data_table(f"table{table.number}", [*names, "best"], rows)


def _lists(study: StudyReport) -> list[Table]:
    """All figures of the claims, the outcome of each run (what the tables are means of), and F1 against energy."""
    claims: list[list[Value]] = [
        [one.claim, one.quantity, one.unit, one.gpu, one.batch_size, one.value, one.deviation] for one in study.claims
    ]
    members = [(run.about, run.path, outcome) for rows in study.members.values() for run, outcome in rows]
    figures = [one.name for one in dataclasses.fields(members[0][2]) if one.name != "not_reached"]
    runs: list[list[Value]] = [
        [
            path,
            *(about.gpu, about.batch_size, about.repeat, about.tier),
            *(getattr(outcome, name) for name in figures),
            " ".join(sorted(outcome.not_reached)),
        ]
        for about, path, outcome in members
    ]
    curves: list[list[Value]] = [
        [run.path, *run.cell, run.about.repeat, epoch.epoch, kwh, epoch.f1(study.criterion)]
        for run in study.runs
        for epoch, kwh in zip(run.epochs, cumulative_kwh(run.epochs), strict=True)
    ]
    return [
        data_table("claims", ["claim", "quantity", "unit", "gpu", "batch_size", "value", "std"], claims),
        data_table("runs", ["run", "gpu", "batch_size", "repeat", "tier", *figures, "not_reached"], runs),
        data_table("curves", ["run", "gpu", "batch_size", "repeat", "epoch", "cumulative_kwh", "f1"], curves),
    ]


def _claims_sheet(claims: Sequence[Claim]) -> Sheet:
    tables = [
        _claims_table(f"claims_{number}", title, chosen)
        for number, (name, title) in enumerate(_CLAIMS.items(), 1)
        if (chosen := [claim for claim in claims if claim.claim == name])
    ]
    return Sheet("claims", "The paper's claims on these runs", tables, _CLAIM_NOTES)


def _claims_table(name: str, title: str, claims: Sequence[Claim]) -> Table:
    """A row for what the figures are of, a column for each quantity."""
    columns = list(dict.fromkeys((claim.quantity, claim.unit) for claim in claims))
    rows: dict[str, dict[tuple[str, str], Claim]] = {}
    for claim in claims:
        rows.setdefault(_of(claim), {})[claim.quantity, claim.unit] = claim
    heads = [Column(quantity, f"{quantity} ({unit})" if unit else quantity) for quantity, unit in columns]
    cells: list[list[Cell | Value]] = [
        [of, *(_claim_cell(found.get(column)) for column in columns)] for of, found in rows.items()
    ]
    return Table(name, title, [Column("of", "", "text"), *heads], cells)


def _of(claim: Claim) -> str:
    if claim.of is not None:
        return claim.of
    return claim.gpu or ("all" if claim.batch_size is None else f"batch {claim.batch_size}")


def _claim_cell(claim: Claim | None) -> Cell:
    if claim is None or claim.value is None:
        return Cell(None)
    # Nine decimals: what is left of a difference that is zero except for rounding shows as zero.
    value = format_significant(round(claim.value, 9), 3)
    deviation = "" if claim.deviation is None else format_significant(round(claim.deviation, 9), 2)
    return Cell(claim.value, value, deviation)
