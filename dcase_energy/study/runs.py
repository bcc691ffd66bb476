"""A run of the study: a folder with run.json and epochs.csv, read strictly and written whole."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.tables import Table, read_table
from dcase_energy.findings import Finding, Where, has_errors
from dcase_energy.study.rules import RUN_EPOCHS, RUN_UNREADABLE
from dcase_energy.text import more
from dcase_energy.writing.files import write_text

RUN_FILE = "run.json"
EPOCHS_FILE = "epochs.csv"
_MAX_BYTES = 50_000_000
# Control characters have no place in sheets and figures.
_PLAIN_TEXT = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"

Criterion = Literal["05", "07"]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Flat = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One row of epochs.csv. A component that is not measured and an F1 that is not known are None.

    Attributes
    ----------
    epoch
        Counted from 1.
    duration_s, energy_kwh
        Of everything in the epoch, validation included; the energy is that of all measured components.
    gpu_kwh, cpu_kwh, ram_kwh
        Its parts.
    train_loss
        Mean over the steps.
    intersection_f1_05, intersection_f1_07
        Fractions, macro-averaged, of the student on the validation clips; DTC = GTC = 0.5 and 0.7.
    """

    epoch: int
    duration_s: float
    energy_kwh: float
    gpu_kwh: float | None = None
    cpu_kwh: float | None = None
    ram_kwh: float | None = None
    train_loss: float | None = None
    intersection_f1_05: float | None = None
    intersection_f1_07: float | None = None

    def f1(self, criterion: Criterion) -> float | None:
        """F1 under one criterion, as a fraction."""
        return self.intersection_f1_07 if criterion == "07" else self.intersection_f1_05


COLUMNS = tuple(field.name for field in fields(Epoch))
_FRACTIONS = ("intersection_f1_05", "intersection_f1_07")


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Figures(_Document):
    """Figures of a run of which only a summary is known. Names are those of the tables; None is unknown."""

    f1_criterion: Criterion | None = None
    max_f1_pct: Percent | None = None
    duration_s: Amount | None = None
    total_kwh: Amount | None = None
    epoch_wh: Amount | None = None
    minute_wh: Amount | None = None
    f1_95_pct: Percent | None = None
    kwh_at_f1_40: Amount | None = None
    kwh_at_95: Amount | None = None
    kwh_at_max: Amount | None = None


class Work(_Document):
    """What was trained. Runs are averaged only over equal work; what a source does not say is None."""

    recipe: str | None = None
    implementation: str | None = None
    execution_path: str | None = None
    epochs: int | None = None
    data: str | None = None


class Progress(_Document):
    """How far a training is: epochs that ended, their energy, time and last F1 (criterion 0.7)."""

    epochs: int
    energy_kwh: float
    duration_s: float
    f1: float | None = None


class RunFile(_Document):
    """run.json.

    ``gpu`` names the hardware the tables group by: the GPU, or the processor of a run without one.
    ``figures`` are those of an imported run; a run made here has epochs.csv instead.
    """

    kind: Literal["study-run"] = "study-run"
    schema_version: Literal["1.0"] = "1.0"
    state: Literal["waiting", "running", "failed", "done"]
    gpu: Annotated[str, Field(min_length=1, max_length=200, pattern=_PLAIN_TEXT)]
    batch_size: Annotated[int, Field(ge=1)]
    repeat: int | None = None
    work: Work
    specification: Flat | None = None
    specification_sha256: str | None = None
    recipe_source: str | None = None
    data_source: str | None = None
    check_hardware: bool = True
    started: str | None = None
    ended: str | None = None
    sessions: int = 0
    progress: Progress | None = None
    waits_for: str | None = None
    error: str | None = None
    tier: str | None = None
    valid: bool | None = None
    reasons: list[str] = []
    hardware: Flat = {}
    software: Flat = {}
    source: str | None = None
    figures: Figures | None = None


@dataclass(frozen=True)
class Run:
    """A run as the report takes it: its document, where it lies, and its epochs (none where only figures are known)."""

    path: str
    about: RunFile
    epochs: tuple[Epoch, ...] = ()

    @property
    def cell(self) -> tuple[str, int]:
        """GPU and batch size."""
        return self.about.gpu, self.about.batch_size


def find_run_folders(places: Sequence[Path]) -> list[Path]:
    """Folders with a run.json in and under some folders, sorted, each once; links are not followed downwards."""
    found = {path.parent.resolve(): path.parent for place in places for path in sorted(place.rglob(RUN_FILE))}
    return sorted(found.values())


def read_run(folder: Path) -> tuple[Run | None, list[Finding]]:
    """Read a run folder; None if it cannot be used.

    A run that is not done is given without its epochs.
    """
    about = read_run_file(folder)
    if isinstance(about, Finding):
        return None, [about]
    if about.state != "done" or about.figures is not None:
        return Run(str(folder), about), []
    epochs, findings = read_epochs(folder / EPOCHS_FILE)
    if has_errors(findings):
        return None, findings
    planned = about.work.epochs
    if planned is not None and len(epochs) != planned:
        where = Where(str(folder / EPOCHS_FILE))
        message = "epochs.csv is not that of a finished run"
        return None, [
            RUN_EPOCHS.finding(where, message, expected=f"{planned} epochs, as run.json says", found=str(len(epochs)))
        ]
    return Run(str(folder), about, epochs), findings


def read_run_file(folder: Path) -> RunFile | Finding:
    """Read run.json, or say in a finding why not."""
    path = folder / RUN_FILE
    where = Where(str(path))
    data = read_bytes(path, _MAX_BYTES)
    if isinstance(data, Finding):
        return data
    try:
        return RunFile.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        found = None if isinstance(first["input"], dict | bytes) else repr(first["input"])[:60]
        message = f"{place + ': ' if place else ''}{first['msg']}{more(error.error_count() - 1)}"
        return RUN_UNREADABLE.finding(where, message, found=found)


def write_run_file(folder: Path, about: RunFile) -> None:
    """Write run.json whole or not at all."""
    write_text(folder / RUN_FILE, json.dumps(about.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")


def write_epochs(folder: Path, epochs: Sequence[Epoch]) -> None:
    """Write epochs.csv, numbers with all their digits, unknown figures as empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(["" if value is None else repr(value) for value in astuple(epoch)] for epoch in epochs)
    write_text(folder / EPOCHS_FILE, out.getvalue())


def read_epochs(path: Path) -> tuple[tuple[Epoch, ...], list[Finding]]:
    """Read epochs.csv; more columns than ours are let be."""
    data = read_bytes(path, _MAX_BYTES)
    if isinstance(data, Finding):
        return (), [data]
    table = read_table(data, str(path), required=COLUMNS, delimiter=",")
    rows = [_epoch(table, row) for row in range(len(table.rows))]
    if table.columns and not rows and not table.findings:
        table.findings.append(RUN_EPOCHS.finding(table.where(), "no epoch"))
    epochs = tuple(row for row in rows if row is not None)
    return epochs, table.findings


def _epoch(table: Table, row: int) -> Epoch | None:
    before = len(table.findings)
    values: dict[str, Any] = {name: table.number(row, name, empty=name not in COLUMNS[:3]) for name in COLUMNS}
    if len(table.findings) > before:
        return None
    if values["epoch"] != row + 1:
        _refuse(table, row, "epoch", "epochs are not counted from 1 without a gap", str(row + 1), values["epoch"])
    if values["duration_s"] <= 0:
        _refuse(table, row, "duration_s", "an epoch took no time", "more than 0", values["duration_s"])
    for name in ("energy_kwh", "gpu_kwh", "cpu_kwh", "ram_kwh"):
        if values[name] is not None and values[name] < 0:
            _refuse(table, row, name, f"{name} is negative", "0 or more", values[name])
    for name in _FRACTIONS:
        if values[name] is not None and not 0 <= values[name] <= 1:
            _refuse(table, row, name, f"{name} is not a fraction", "0 to 1", values[name])
    if len(table.findings) > before:
        return None
    return Epoch(**{**values, "epoch": int(values["epoch"])})


def _refuse(table: Table, row: int, column: str, message: str, expected: str, found: float) -> None:
    text = f"{found:g}" if math.isfinite(found) else str(found)
    table.findings.append(RUN_EPOCHS.finding(table.where(row, column), message, expected=expected, found=text))
