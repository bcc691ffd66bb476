"""Run the grid of a study: on this machine, or on the workers of a cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from dcase_energy.errors import StudyError
from dcase_energy.parallel import run_all
from dcase_energy.study.grid import hardware_label
from dcase_energy.study.runs import StudyRun, now, open_run, update
from dcase_energy.study.train import EXIT_BUSY

LOG_FILE = "log.txt"
# What a training takes of a worker.
_RESOURCES = {"measure": 1}
_GRACE_S = 30.0
_POLL_S = 1.0
_SHOWN_LINES = 3

OnProgress = Callable[[StudyRun], None]


@dataclass(frozen=True)
class Ended:
    """How one run ended. ``busy``: another process is training it."""

    folder: str
    outcome: Literal["done", "failed", "busy"]
    message: str = ""


@dataclass(frozen=True)
class Job:
    """One run to train.

    Attributes
    ----------
    folder
        Of the run, with its run.json; on a file system that every worker sees.
    per_device
        Whether one training a GPU may run on a machine, or one in all.
    command
        The process that trains; the folder and the kind of lock are added.
    """

    folder: Path
    per_device: bool
    command: tuple[str, ...] = (sys.executable, "-m", "dcase_energy.study.train")


def to_do(runs: Sequence[StudyRun], *, retry_failed: bool = False, retry_invalid: bool = False) -> list[StudyRun]:
    """Return runs that are not done, that no other process trains and, unless asked for, that have not failed.

    With ``retry_invalid`` runs whose measurement is not valid are trained again; their folders say so at once.
    """
    if retry_invalid:
        again: dict[str, Any] = {"state": "waiting", "valid": None, "reasons": [], "progress": None}
        runs = [
            update(run.folder, **again) if run.state == "done" and run.about.valid is False else run for run in runs
        ]
    left_out = {"done", "running"} if retry_failed else {"done", "running", "failed"}
    return [run for run in runs if run.state not in left_out]


def run_jobs(jobs: Sequence[Job], scheduler: str | None, on_progress: OnProgress | None = None) -> Iterator[Ended]:
    """Train runs one after the other here, or on the workers of a Dask cluster that offer ``measure``.

    Raises
    ------
    ParallelError
        If the cluster cannot be used.
    """
    if scheduler is None:
        return map(partial(run_job, on_progress=on_progress), jobs)
    return run_all(run_job, jobs, scheduler=scheduler, resources=_RESOURCES)


def ask_hardware(device: str, scheduler: str | None) -> str:
    """Name of the hardware that runs would be trained on: of this machine, or of a worker.

    Raises
    ------
    StudyError
        If the device cannot be used.
    ParallelError
        If the cluster cannot be used.
    """
    if scheduler is None:
        return hardware_label(device)
    return next(run_all(hardware_label, [device], scheduler=scheduler, resources=_RESOURCES))


def run_job(job: Job, on_progress: OnProgress | None = None) -> Ended:
    """Train one run in a separate process and wait for it; its output goes to log.txt in the folder."""
    name = job.folder.name
    try:
        with (job.folder / LOG_FILE).open("ab") as log:
            kind = "device" if job.per_device else "machine"
            command = [*job.command, str(job.folder), kind]
            returncode = _wait(command, log.fileno(), job.folder, on_progress)
    except OSError as error:
        return Ended(name, "failed", f"{job.folder} cannot be used here: {error.strerror}; do all workers see it?")
    if returncode == EXIT_BUSY:
        return Ended(name, "busy", "another process is training it")
    return _ended(job.folder, returncode)


def _wait(command: Sequence[str], log: int, folder: Path, on_progress: OnProgress | None) -> int:
    """Wait for the process; whatever ends this one closes the pipe and so ends the process."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        while True:
            try:
                return child.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                if on_progress is not None:
                    on_progress(open_run(folder))
    finally:
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _ended(folder: Path, returncode: int) -> Ended:
    """What became of a run whose process has ended; one that ended without a message has failed."""
    try:
        about = open_run(folder).about
    except StudyError as error:
        return Ended(folder.name, "failed", str(error))
    if about.state == "done":
        return Ended(folder.name, "done", "" if about.valid else f"not valid: {'; '.join(about.reasons)}")
    if about.state != "failed":
        how = f"ended by signal {-returncode}" if returncode < 0 else f"ended with exit code {returncode}"
        about = update(folder, state="failed", error=f"the process of the run {how}", ended=now()).about
    last = (folder / LOG_FILE).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_SHOWN_LINES:]
    return Ended(folder.name, "failed", "\n".join([about.error or "failed", *last]))
