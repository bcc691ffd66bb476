"""The states a run folder goes through, and who may write into it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dcase_energy.errors import StudyError
from dcase_energy.findings import Finding
from dcase_energy.locks import is_held
from dcase_energy.study.grid import Specification
from dcase_energy.study.runs import RunFile, read_run_file, write_run_file

BEST_FILE = "best.pt"
LOCK_FILE = "run.lock"
LOG_FILE = "log.txt"
RECORD_FILE = "record.json"

State = Literal["waiting", "running", "interrupted", "failed", "done"]


@dataclass(frozen=True)
class RunFolder:
    """A run folder and its run.json as it was read."""

    path: Path
    about: RunFile

    @property
    def state(self) -> State:
        """Return the state; a run that is marked as running while no process holds its lock was interrupted."""
        if self.about.state == "running" and not is_held(self.path / LOCK_FILE):
            return "interrupted"
        return self.about.state


def open_folder(path: Path) -> RunFolder:
    """Read a run folder.

    Raises
    ------
    StudyError
        If it is none.
    """
    about = read_run_file(path)
    if isinstance(about, Finding):
        raise StudyError(f"{about.where}: {about.message}")
    return RunFolder(path, about)


def make_folder(output: Path, specification: Specification) -> RunFolder:
    """The folder of a specification: made if it is not there yet, as it is otherwise.

    Raises
    ------
    StudyError
        If a folder of that name holds another run, or something else.
    OSError
        If it cannot be made.
    """
    path = output / specification.folder
    path.mkdir(parents=True, exist_ok=True)
    if not (path / "run.json").exists():
        write_run_file(path, specification.run_file())
    folder = open_folder(path)
    if folder.about.specification_sha256 != specification.sha256():
        raise StudyError(f"{path} holds another run than its name says; move it away")
    return folder


def update(path: Path, **changes: Any) -> RunFile:
    """Write some fields of run.json anew; only the holder of the folder's lock does so."""
    about = RunFile.model_validate({**open_folder(path).about.model_dump(), **changes})
    write_run_file(path, about)
    return about


def now() -> str:
    """The time as run.json holds it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
