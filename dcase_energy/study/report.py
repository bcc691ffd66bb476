"""The report of a study: tables and claims of a set of runs; `sheets` says what of it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dcase_energy.study.claims import (
    Claim,
    Members,
    hardware_claims,
    training_claims,
    variance_claims,
)
from dcase_energy.study.outcome import outcome_of
from dcase_energy.study.runs import Criterion, StudyRun
from dcase_energy.study.tables import PaperTable, make_table


@dataclass(frozen=True)
class StudyReport:
    """Everything that is computed from the runs of a study."""

    criterion: Criterion
    runs: tuple[StudyRun, ...]
    members: Members
    tables: tuple[PaperTable, ...]
    claims: tuple[Claim, ...]
    notes: tuple[str, ...]


def make_report(runs: Sequence[StudyRun], criterion: Criterion) -> StudyReport:
    """Compute the report of runs that belong together."""
    members: Members = {}
    for run in runs:
        members.setdefault(run.cell, []).append((run, outcome_of(run, criterion)))
    cells = {cell: [outcome for _, outcome in rows] for cell, rows in members.items()}
    claims = [
        *variance_claims(members),
        *training_claims(members, criterion),
        *hardware_claims(members),
    ]
    tables = (make_table(1, cells), make_table(2, cells))
    return StudyReport(criterion, tuple(runs), members, tables, tuple(claims), tuple(_notes(runs)))


def _notes(runs: Sequence[StudyRun]) -> Iterable[str]:
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
