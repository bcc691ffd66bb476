"""Run folders from sheets made elsewhere: tables of single runs, and CodeCarbon's emissions.csv."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dcase_energy.documents.codecarbon.names import task_of
from dcase_energy.documents.codecarbon.reading import has_codecarbons_header, read_emissions
from dcase_energy.documents.codecarbon.rows import Emissions
from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.tables import read_table
from dcase_energy.findings import Finding, Where
from dcase_energy.study.rules import SHEET_COLUMNS, SHEET_CONTRADICTS, SHEET_LACKS
from dcase_energy.study.run_sheet import SHEET_NAMES, SheetRun, missing_columns, runs_of_table
from dcase_energy.study.runs import Criterion, RunFile, StatedFigures, TrainedWork, plain_name, read_run, write_run
from dcase_energy.study.tables import empty_cells

_MAX_BYTES = 20_000_000
# What a figure that is nowhere in a sheet leaves empty.
_FIGURES = {
    "max_f1_pct": "the highest F1",
    "duration_s": "the time",
    "total_kwh": "the total energy",
    "kwh_at_f1_40": "the energy at F1 = 40 %",
    "kwh_at_95": "the energy at 95 % of the highest F1",
    "kwh_at_max": "the energy at the highest F1",
}


@dataclass(frozen=True)
class Given:
    """What the user says about all rows of a sheet that does not say it itself.

    Attributes
    ----------
    gpu, batch_size, epochs, criterion
        None where it is not given.
    """

    gpu: str | None = None
    batch_size: int | None = None
    epochs: int | None = None
    criterion: Criterion | None = None


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """A sheet as read: its runs by the names of their folders, and what is wrong with it or missing in it."""

    path: Path
    runs: Mapping[str, RunFile]
    findings: Sequence[Finding]


def read_sheet(path: Path, given: Given) -> ReadSheet:
    """Read the runs of a sheet; the same row of the same sheet always has the same folder."""
    data, unread = read_bytes(path, _MAX_BYTES)
    if data is None:
        return ReadSheet(path, {}, unread)
    rows, findings = _read(data, path, given)
    digest = hashlib.sha256(data).hexdigest()
    runs: dict[str, RunFile] = {}
    repeats: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row.gpu is None or row.batch_size is None:
            what = "GPU" if row.gpu is None else "batch size"
            findings.append(SHEET_COLUMNS.finding(Where(str(path), None, row.line), f"the row has no {what}"))
            continue
        repeats[row.gpu, row.batch_size] += 1
        about = RunFile(
            state="done",
            gpu=row.gpu,
            batch_size=row.batch_size,
            repeat=repeats[row.gpu, row.batch_size],
            work=TrainedWork(epochs=row.epochs),
            source=f"{path.name}:{row.line}",
            figures=row.figures,
        )
        runs[f"import-{hashlib.sha256(f'{digest}:{row.line}'.encode()).hexdigest()[:12]}"] = about
    lacks = _lacks(str(path), list(runs.values()), given) if runs else []
    return ReadSheet(path, runs, sorted([*findings, *lacks], key=Finding.sort_key))


def earlier_runs(output: Path, sheets: Sequence[ReadSheet]) -> dict[Path, str]:
    """Return the folders of runs, each with its sheet, that were imported from sheets of the same names before.

    Those that the sheets still hold are left out.
    """
    names = {sheet.path.name for sheet in sheets if sheet.runs}
    own = {folder for sheet in sheets for folder in sheet.runs}
    others = [folder for folder in sorted(output.glob("import-*")) if folder.name not in own]
    read = {folder: read_run(folder, with_epochs=False)[0] for folder in others}
    of_sheet = {folder: str(run.about.source).rpartition(":")[0] for folder, run in read.items() if run}
    return {folder: name for folder, name in of_sheet.items() if name in names}


def write_imported(output: Path, sheets: Sequence[ReadSheet], replaced: Iterable[Path] = ()) -> None:
    """Write a folder for each run of some sheets, and then remove those that they replace.

    Raises
    ------
    OSError
        If the folders cannot be written.
    """
    for sheet in sheets:
        for name, about in sheet.runs.items():
            (output / name).mkdir(parents=True, exist_ok=True)
            write_run(output / name, about)
    for folder in replaced:
        shutil.rmtree(folder)


def _read(data: bytes, path: Path, given: Given) -> tuple[list[SheetRun], list[Finding]]:
    """The runs of a sheet, and what is wrong with it."""
    known = task_of(path.name) or has_codecarbons_header(data)
    emissions, findings = read_emissions(data, str(path)) if known else (None, [])
    if emissions is not None:
        if given.batch_size is None:
            return [], [SHEET_COLUMNS.finding(Where(str(path), None, 1), "no column for the batch size")]
        rows, contradictions = _runs_of_emissions(emissions, given.gpu)
        # Several runs in a file are what a study is made of.
        findings = [*findings, *contradictions, *emissions.problems()]
    else:
        table = read_table(data, str(path), required=(), known=SHEET_NAMES, delimiter=",")
        missing = missing_columns(table.columns, gpu=given.gpu, batch_size=given.batch_size)
        if table.columns and missing:
            found = ", ".join(table.columns)[:200]
            return [], [*table.findings, SHEET_COLUMNS.finding(table.where(), f"no column for {missing}", found=found)]
        rows, findings = list(runs_of_table(table)), table.findings
    return [_complete(row, given) for row in rows], findings


def _runs_of_emissions(emissions: Emissions, gpu: str | None) -> tuple[list[SheetRun], list[Finding]]:
    """One run for each run of CodeCarbon's file whose energy can be used; ``gpu`` is the GPU that trained."""
    runs: list[SheetRun] = []
    findings: list[Finding] = []
    for run in emissions.usable():
        listed = run.texts["gpu_model"]
        single = re.fullmatch(r"1 x (.+)", listed)
        # The processor where CodeCarbon saw no GPU.
        hardware = gpu or (single[1] if single else listed) or run.texts["cpu_model"] or None
        if listed and not single and not gpu:
            message, hint = "CodeCarbon lists every GPU of the machine, not the one that trained", "give it by --gpu"
            findings.append(SHEET_CONTRADICTS.finding(run.where, message, found=listed[:80], hint=hint))
        figures = StatedFigures(duration_s=run.duration_s, total_kwh=run.energy_kwh)
        runs.append(SheetRun(run.where.line or 1, hardware, None, None, figures))
    return runs, findings


def _complete(row: SheetRun, given: Given) -> SheetRun:
    """A row with what the user says of all."""
    return replace(
        row,
        gpu=plain_name(given.gpu) or plain_name(row.gpu),
        batch_size=given.batch_size or row.batch_size,
        epochs=given.epochs or row.epochs,
        figures=row.figures.model_copy(update={"f1_criterion": given.criterion}),
    )


def _lacks(file: str, runs: Sequence[RunFile], given: Given) -> list[Finding]:
    """One finding for each thing the sheet cannot say."""
    messages = ["epochs: no curves, no trend of the energy of epochs, no patience rule"]
    cells = Counter((run.gpu, run.batch_size) for run in runs)
    if max(cells.values()) == 1:
        messages.append("repeated runs: no deviations, and no residual of the variance")
    figures = [run.figures for run in runs if run.figures is not None]
    for name, what in _FIGURES.items():
        without = sum(getattr(one, name) is None for one in figures)
        if without:
            messages.append(
                f"{what} in {'all rows' if without == len(figures) else f'{without} of {len(figures)} rows'}"
            )
    if given.criterion is None and any(one.max_f1_pct is not None for one in figures):
        messages.append("the criterion of F1 (--f1 says it)")
    if any(run.work.epochs is None for run in runs):
        messages.append("the number of epochs (--epochs says it)")
    if gaps := empty_cells(cells):
        messages.append(f"runs of some cells: {gaps}")
    messages.append("recipe, data, components, tier and guards of the measurement")
    return [SHEET_LACKS.finding(Where(file), f"lacks {message}") for message in messages]
