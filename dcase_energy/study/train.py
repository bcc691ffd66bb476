"""The process that trains one run: ``python -m dcase_energy.study.train FOLDER machine|device``.

A separate process, because a measuring session handles signals and so needs a main thread, which a worker of a cluster
does not give it. Nothing is written to its standard input: when that closes, the process that started the run has
ended, and the run stops as well.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import DcaseEnergyError, LockedError, StudyError
from dcase_energy.locks import SESSION_LOCK_VARIABLE, held, training_lock
from dcase_energy.orphans import end_when_closed
from dcase_energy.study.runs import (
    EPOCH_COLUMNS,
    LOCK_FILE,
    Epoch,
    TrainingProgress,
    now,
    open_run,
    update,
    write_epochs,
)

if TYPE_CHECKING:
    from dcase_energy.measure.meter import Reading
    from dcase_energy.measure.records import Calibration

# How long to wait for a folder that a dying process may still hold.
_RUN_LOCK_WAIT_S = 60.0
BEST_FILE = "best.pt"
RECORD_FILE = "record.json"
EXIT_BUSY = 75
EXIT_INTERRUPTED = 130
_SESSION_POLL_S = 10.0
# Trains the run of a folder, from its checkpoint or not, and returns the record; tests train something quicker.
Train = Callable[[Path, bool], "Calibration"]


def train_run(folder: Path, per_device: bool, train: Train | None = None) -> int:
    """Train the run of a folder under its locks; give the exit code."""
    # Standard input closes with the parent. Sessions take SIGTERM for Ctrl-C: the journal is ended properly.
    end_when_closed(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        with held(folder / LOCK_FILE, _RUN_LOCK_WAIT_S):
            about = open_run(folder).about
            if about.state == "done":
                return 0
            device = str((about.specification or {}).get("device"))
            lock = training_lock(device, per_device=per_device)
            if per_device:
                os.environ[SESSION_LOCK_VARIABLE] = str(lock.with_suffix(".session.lock"))
            waits_for = f"another training on this machine ({lock})"
            with held(lock, on_wait=lambda: update(folder, waits_for=waits_for)):
                return _train(folder, train or _calibrate)
    except LockedError:
        return EXIT_BUSY
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _train(folder: Path, train: Train) -> int:
    before = open_run(folder).about
    # An interrupted run continues from its last checkpoint; a failed one starts again.
    resume = before.state == "running"
    progress = before.progress.model_dump() if resume and before.progress else None
    begun = {"started": now(), "ended": None, "error": None, "progress": progress, "waits_for": None}
    update(folder, state="running", sessions=before.sessions + 1 if resume else 1, **begun)
    try:
        record = train(folder, resume)
    except (DcaseEnergyError, OSError) as error:
        update(folder, state="failed", ended=now(), error=str(error))
        return 1
    # A record knows more about an epoch than epochs.csv holds.
    rows = [Epoch(**{name: getattr(row, name) for name in EPOCH_COLUMNS}) for row in record.epochs_log]
    write_epochs(folder, rows)
    found = {name: getattr(record, name) for name in ("valid", "reasons", "hardware", "software")}
    update(folder, state="done", ended=now(), tier=record.tier.value, **found)
    return 0


def _calibrate(folder: Path, resume: bool) -> Calibration:
    """Train the specification of a folder as a calibration is trained, once no other session measures."""
    from dcase_energy.calibration.plan import Plan
    from dcase_energy.calibration.run import checkpoints_of, run_calibration
    from dcase_energy.errors import SessionRunningError
    from dcase_energy.measure.record_file import RecordFile
    from dcase_energy.parallel import thread_count

    about = open_run(folder).about
    specification: dict[str, Any] = dict(about.specification or {})
    same = ("edition", "epochs", "batch_size", "device", "seed", "allow_estimate")
    plan = Plan(
        recipe=about.recipe_source or specification["recipe"],
        stages=("training",),
        execution_path=specification["execution_path"].partition("/")[0],
        threads=thread_count(specification["threads"]),
        data=about.data_source,
        **{name: specification[name] for name in same},
    )
    watch = ProgressWriter(folder, about.gpu if about.check_hardware else None)
    while True:
        try:
            file = RecordFile(folder / RECORD_FILE)
            record = run_calibration(plan, file, watch, resume=resume, keep_checkpoints=True)
            break
        except SessionRunningError:
            update(folder, waits_for="another measurement on this machine")
            time.sleep(_SESSION_POLL_S)
    # Of the checkpoints the best epoch's is kept; a run that is interrupted here does so when it continues.
    checkpoints = checkpoints_of(file.path)
    with contextlib.suppress(FileNotFoundError):
        (checkpoints / "run1" / BEST_FILE).replace(folder / BEST_FILE)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return record


class ProgressWriter:
    """Notes the progress of a training in its folder, once an epoch.

    Parameters
    ----------
    folder
        Of the run.
    gpu
        The hardware it must run on; None if any will do.
    """

    def __init__(self, folder: Path, gpu: str | None) -> None:
        self._folder = folder
        self._gpu = gpu
        self._begin: Reading | None = None
        self._before = open_run(folder).about.progress or TrainingProgress(epochs=0, energy_kwh=0.0, duration_s=0.0)

    def __call__(self, mark: dict[str, Any], reading: Reading) -> None:
        """Take a mark of the training; see `dcase_energy.calibration.run.run_calibration`."""
        place = (mark["edge"], mark["phase"])
        if place == ("begin", "session"):
            self._check(mark)
        elif place == ("begin", "training_steps"):
            self._begin = self._begin or reading
        elif place == ("end", "validation_metrics") and (begin := self._begin) is not None:
            parts = [
                now_kwh - then_kwh
                for name in ("gpu", "cpu", "ram")
                if (now_kwh := reading.component(name)) is not None and (then_kwh := begin.component(name)) is not None
            ]
            progress = TrainingProgress(
                epochs=mark["epoch"],
                energy_kwh=self._before.energy_kwh + sum(parts),
                duration_s=self._before.duration_s + reading.time_s - begin.time_s,
                f1=mark.get("metrics", {}).get("student", {}).get("intersection_f1_07"),
            )
            update(self._folder, progress=progress.model_dump(), waits_for=None)

    def _check(self, mark: dict[str, Any]) -> None:
        from dcase_energy.study.grid import processor_label

        found = mark.get("gpu_name") or processor_label()
        if self._gpu is not None and found != self._gpu:
            raise StudyError(
                f"this run is for {self._gpu!r} and was started on {found!r}; run the study once for each kind of GPU"
            )


if __name__ == "__main__":
    sys.exit(train_run(Path(sys.argv[1]), sys.argv[2] == "device"))
