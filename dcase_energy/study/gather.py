"""Which runs enter a report, and what must be said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.study.rules import GRID_UNBALANCED, RUN_INVALID, RUN_NOT_DONE, RUN_TWICE, RUNS_MIXED
from dcase_energy.study.runs import Criterion, StudyRun, find_run_folders, read_run
from dcase_energy.study.tables import empty_cells, natural_key
from dcase_energy.text import more

_UNFINISHED = {"failed": "the run failed", "waiting": "the run has not begun", "running": "the run has not ended"}


def gather(
    places: Sequence[Path], criterion: Criterion, *, include_invalid: bool = False, mixed: bool = False
) -> tuple[tuple[StudyRun, ...], list[Finding]]:
    """Read all run folders in and under some places; keep what can be averaged."""
    findings: list[Finding] = []
    runs: list[StudyRun] = []
    seen: dict[object, str] = {}
    for folder in find_run_folders(places):
        run, found = read_run(folder)
        findings += found
        if run is not None and (reason := _left_out(run, criterion, seen, include_invalid=include_invalid)):
            findings.append(reason)
        elif run is not None:
            runs.append(run)
    found = [*_different_work(runs, mixed), *_sheets_of_one_name(runs), *_gaps(runs)]
    return tuple(sorted(runs, key=_order)), [*findings, *found]


def _order(run: StudyRun) -> tuple[object, ...]:
    return natural_key(run.about.gpu), run.about.batch_size, run.about.repeat or 0, run.path


def _left_out(run: StudyRun, criterion: Criterion, seen: dict[object, str], *, include_invalid: bool) -> Finding | None:
    """Why a run does not enter the tables; None if it does."""
    about, where = run.about, Where(run.path)
    if about.state != "done":
        message = _UNFINISHED[about.state]
        return RUN_NOT_DONE.finding(where, f"{message}; it is left out", found=about.error)
    if about.valid is False and not include_invalid:
        return RUN_INVALID.finding(
            where, "the run is not valid; it is left out", found="; ".join(about.reasons) or None
        )
    if about.figures and about.figures.f1_criterion not in {None, criterion}:
        message = f"its F1 has the criterion {about.figures.f1_criterion}, the report uses {criterion}; it is left out"
        return RUNS_MIXED.finding(where, message).with_severity(Severity.WARNING)
    identity = _identity(run)
    if identity in seen:
        return RUN_TWICE.finding(where, f"a copy of {seen[identity]}; it is left out")
    seen[identity] = run.path
    return None


def _identity(run: StudyRun) -> object:
    """What only copies of a run have in common.

    The same specification trained on two machines is two runs, which begin at different times. Rows of two sheets of
    one name are two runs unless all their figures are the same.
    """
    about = run.about
    if about.specification_sha256 is not None:
        return about.specification_sha256, about.started
    return about.model_dump_json(), run.epochs


def _sheets_of_one_name(runs: Sequence[StudyRun]) -> Iterator[Finding]:
    """Sheets of the same name, or one that was changed and imported once more: nothing says which."""
    counts = Counter(run.about.source for run in runs if run.about.source is not None)
    if rows := [source for source, count in counts.items() if count > 1]:
        where = next(run.path for run in runs if run.about.source == rows[0])
        message = f"rows of several sheets with the same name are all counted: {rows[0][:80]}{more(len(rows) - 1)}"
        yield RUN_TWICE.finding(Where(where), message, hint="if a sheet was changed, remove the runs of the older one")


def _different_work(runs: Sequence[StudyRun], mixed: bool) -> Iterator[Finding]:
    kinds = Counter(_work(run) for run in runs)
    if len(kinds) > 1:
        listed = "; ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items()))
        message = "runs of different work would be averaged"
        found = RUNS_MIXED.finding(Where(runs[0].path), message, expected="one kind of work", found=listed)
        yield found.with_severity(Severity.WARNING if mixed else found.severity)


def _work(run: StudyRun) -> str:
    """What a run trained, in words."""
    work = run.about.work
    parts = {
        "recipe": work.recipe,
        "by": work.implementation,
        "path": work.execution_path,
        "epochs": work.epochs,
        "data": work.data,
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None) or "unknown work"


def _gaps(runs: Sequence[StudyRun]) -> Iterator[Finding]:
    """Which cells of the grid are empty."""
    if gaps := empty_cells({run.cell for run in runs}):
        message = "averages over batch sizes or GPUs are of different cells"
        yield GRID_UNBALANCED.finding(Where(runs[0].path), message, found=f"no run of {gaps}")
