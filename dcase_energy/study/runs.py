"""A run of the study: a folder with run.json and epochs.csv, read strictly and written whole.

run.json of a folder is changed only by the process that holds the folder's lock.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dcase_energy.documents.epochs import (
    EPOCHS_FILE,
    LARGEST,
    MAX_EPOCHS_BYTES,
    SMALLEST,
    is_amount,
    read_epoch_rows,
)
from dcase_energy.documents.files import read_bytes
from dcase_energy.errors import StudyError
from dcase_energy.findings import Finding, Where, has_errors
from dcase_energy.locks import is_held
from dcase_energy.measure.machine import Flat
from dcase_energy.study.rules import RUN_EPOCHS, RUN_UNREADABLE
from dcase_energy.text import CONTROLS, more, seen
from dcase_energy.writing.files import write_text

RUN_FILE = "run.json"
LOCK_FILE = "run.lock"
_MAX_BYTES = 50_000_000
# Control characters have no place in sheets and figures.
_PLAIN_TEXT = f"^[^{CONTROLS}\u2028\u2029]+$"

Criterion = Literal["05", "07"]
State = Literal["waiting", "running", "interrupted", "failed", "done"]
LARGEST_COUNT = 10**9


def _amount(value: float) -> float:
    if not is_amount(value):
        raise ValueError(f"{value:g} is neither 0 nor from {SMALLEST:g} to {LARGEST:g}")
    return value


Amount = Annotated[float, AfterValidator(_amount)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


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


EPOCH_COLUMNS = tuple(field.name for field in fields(Epoch))


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class StatedFigures(_Document):
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


class TrainedWork(_Document):
    """What was trained. Runs are averaged only over equal work; what a source does not say is None."""

    recipe: str | None = None
    implementation: str | None = None
    execution_path: str | None = None
    epochs: int | None = None
    data: str | None = None


class TrainingProgress(_Document):
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
    batch_size: Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
    repeat: int | None = None
    work: TrainedWork
    specification: Flat | None = None
    specification_sha256: str | None = None
    recipe_source: str | None = None
    data_source: str | None = None
    check_hardware: bool = True
    started: str | None = None
    ended: str | None = None
    sessions: int = 0
    progress: TrainingProgress | None = None
    waits_for: str | None = None
    error: str | None = None
    tier: str | None = None
    valid: bool | None = None
    reasons: list[str] = []
    hardware: Flat = {}
    software: Flat = {}
    source: str | None = None
    figures: StatedFigures | None = None


@dataclass(frozen=True, slots=True)
class StudyRun:
    """A run folder: where it is, its run.json, and its epochs (none before it is done, or where it was imported)."""

    folder: Path
    about: RunFile
    epochs: tuple[Epoch, ...] = ()

    @property
    def path(self) -> str:
        """The folder, as reports name it."""
        return str(self.folder)

    @property
    def cell(self) -> tuple[str, int]:
        """GPU and batch size."""
        return self.about.gpu, self.about.batch_size

    @property
    def state(self) -> State:
        """The state; a run that is marked as running while no process holds its lock was interrupted."""
        if self.about.state == "running" and not is_held(self.folder / LOCK_FILE):
            return "interrupted"
        return self.about.state


def plain_name(text: str | None) -> str | None:
    r"""A name of hardware as run.json holds it, without control characters; None where nothing of it can be seen.

    Examples
    --------
    >>> plain_name("RTX 3090\n"), plain_name("\a")
    ('RTX 3090', None)
    """
    return seen(text or "")[:200].rstrip() or None


def find_run_folders(places: Sequence[Path]) -> list[Path]:
    """Folders with a run.json in and under some folders, sorted, each once; links are not followed downwards."""
    found = {path.parent.resolve(): path.parent for place in places for path in sorted(place.rglob(RUN_FILE))}
    return sorted(found.values())


def read_run(folder: Path, *, with_epochs: bool = True) -> tuple[StudyRun | None, list[Finding]]:
    """Read a run folder; None if it cannot be used. A run that is not done is given without its epochs."""
    data, unread = read_bytes(folder / RUN_FILE, _MAX_BYTES)
    if data is None:
        return None, unread
    try:
        about = RunFile.model_validate_json(data)
    except ValidationError as error:
        return None, [_invalid(folder / RUN_FILE, error)]
    if about.state != "done" or about.figures is not None or not with_epochs:
        return StudyRun(folder, about), []
    epochs, findings = read_epochs(folder / EPOCHS_FILE)
    planned = about.work.epochs
    if not has_errors(findings) and planned not in {None, len(epochs)}:
        expected, message = f"{planned} epochs, as run.json says", "epochs.csv is not that of a finished run"
        where = Where(str(folder / EPOCHS_FILE))
        findings.append(RUN_EPOCHS.finding(where, message, expected=expected, found=str(len(epochs))))
    return None if has_errors(findings) else StudyRun(folder, about, epochs), findings


def _invalid(path: Path, error: ValidationError) -> Finding:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    found = None if isinstance(first["input"], dict | bytes) else repr(first["input"])[:60]
    message = f"{place + ': ' if place else ''}{first['msg']}{more(error.error_count() - 1)}"
    return RUN_UNREADABLE.finding(Where(str(path)), message, found=found)


def open_run(folder: Path) -> StudyRun:
    """Read run.json of a folder that must be a run's.

    Raises
    ------
    StudyError
        If it is not.
    """
    run, findings = read_run(folder, with_epochs=False)
    if run is None:
        raise StudyError(f"{findings[0].where}: {findings[0].message}")
    return run


def write_run(folder: Path, about: RunFile) -> StudyRun:
    """Write run.json whole or not at all."""
    write_text(folder / RUN_FILE, json.dumps(about.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")
    return StudyRun(folder, about)


def update(folder: Path, **changes: Any) -> StudyRun:
    """Write some fields of run.json anew; only the holder of the folder's lock does so."""
    return write_run(folder, RunFile.model_validate({**open_run(folder).about.model_dump(), **changes}))


def now() -> str:
    """The time as run.json holds it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def write_epochs(folder: Path, epochs: Sequence[Epoch]) -> None:
    """Write epochs.csv, numbers with all their digits, unknown figures as empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(EPOCH_COLUMNS)
    writer.writerows(["" if value is None else repr(value) for value in astuple(epoch)] for epoch in epochs)
    write_text(folder / EPOCHS_FILE, out.getvalue())


def read_epochs(path: Path) -> tuple[tuple[Epoch, ...], list[Finding]]:
    """Read epochs.csv; other columns are ignored."""
    data, unread = read_bytes(path, MAX_EPOCHS_BYTES)
    if data is None:
        return (), unread
    rows, findings = read_epoch_rows(data, Where(str(path)), RUN_EPOCHS, EPOCH_COLUMNS, EPOCH_COLUMNS[:3])
    return tuple(Epoch(**{**row, "epoch": number}) for number, row in enumerate(rows, 1)), findings  # type: ignore[arg-type]
