"""The process that trains one run: ``python -m dcase_energy.study.one FOLDER machine|device``.

A separate process, because a measuring session handles signals and so needs a main thread, which a worker of a cluster
does not give it. Nothing is written to its standard input: when that closes, the process that started the run has
ended, and the run stops as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import LockedError, StudyError
from dcase_energy.locks import SESSION_LOCK_VARIABLE, held, training_lock
from dcase_energy.orphans import end_when_closed
from dcase_energy.study.folder import BEST_FILE, LOCK_FILE, RECORD_FILE, now, open_folder, update
from dcase_energy.study.runs import COLUMNS, Epoch, Progress, write_epochs

if TYPE_CHECKING:
    from dcase_energy.measure.meter import Reading
    from dcase_energy.measure.records import Calibration

# How long to wait for a folder that a dying process may still hold.
RUN_LOCK_WAIT_S = 60.0
EXIT_BUSY = 75
EXIT_INTERRUPTED = 130
_SESSION_POLL_S = 10.0
# Trains the run of a folder, from its checkpoint or not, and returns the record; tests train something quicker.
Train = Callable[[Path, bool], "Calibration"]


def main(folder: Path, per_device: bool, train: Train | None = None) -> int:
    """Train the run of a folder under its locks; give the exit code."""
    # Standard input closes with the parent. Sessions take SIGTERM for Ctrl-C: the journal is ended properly.
    end_when_closed(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        with held(folder / LOCK_FILE, RUN_LOCK_WAIT_S):
            about = open_folder(folder).about
            if about.state == "done":
                return 0
            device = str((about.specification or {}).get("device"))
            lock = training_lock(device, per_device=per_device)
            if per_device:
                os.environ[SESSION_LOCK_VARIABLE] = str(lock.with_suffix(".session.lock"))
            with held(lock, on_wait=lambda: _say_waiting(folder, lock)):
                return _train(folder, train or _calibrate)
    except LockedError:
        return EXIT_BUSY
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _say_waiting(folder: Path, lock: Path) -> None:
    update(folder, waits_for=f"another training on this machine ({lock})")


def _train(folder: Path, train: Train) -> int:
    from dcase_energy.errors import CalibrationError, ChildFailedError, JournalError, MeterError

    before = open_folder(folder).about
    # An interrupted run continues from its last checkpoint; a failed one starts again.
    resume = before.state == "running"
    begun = {"started": now(), "ended": None, "error": None, "progress": None, "waits_for": None}
    kept = {"progress": before.progress.model_dump()} if resume and before.progress else {}
    update(folder, state="running", sessions=before.sessions + 1 if resume else 1, **{**begun, **kept})
    try:
        record = train(folder, resume)
    except (CalibrationError, MeterError, ChildFailedError, JournalError, StudyError, OSError) as error:
        update(folder, state="failed", ended=now(), error=str(error))
        return 1
    write_epochs(folder, _epochs(record))
    update(
        folder,
        state="done",
        ended=now(),
        tier=record.tier.value,
        valid=record.valid,
        reasons=record.reasons,
        hardware=record.hardware,
        software=record.software,
    )
    return 0


def _epochs(record: Calibration) -> list[Epoch]:
    """The rows of epochs.csv; a record knows more about an epoch than they hold."""
    return [Epoch(**{name: getattr(row, name) for name in COLUMNS}) for row in record.epochs_log]


def _calibrate(folder: Path, resume: bool) -> Calibration:
    """Train the specification of a folder as a calibration is trained, once no other session measures."""
    from dcase_energy.calibration.plan import Plan
    from dcase_energy.calibration.run import calibrate, checkpoints_of
    from dcase_energy.errors import SessionRunningError
    from dcase_energy.measure.record_file import RecordFile

    about = open_folder(folder).about
    specification: dict[str, Any] = dict(about.specification or {})
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    plan = Plan(
        edition=specification["edition"],
        recipe=about.recipe_source or specification["recipe"],
        stages=("training",),
        epochs=specification["epochs"],
        batch_size=specification["batch_size"],
        execution_path=specification["execution_path"].partition("/")[0],
        device=specification["device"],
        seed=specification["seed"],
        threads=specification["threads"] or usable or 1,
        allow_estimate=specification["allow_estimate"],
        data=about.data_source,
    )
    watch = Watch(folder, about.gpu if about.check_hardware else None)
    while True:
        try:
            file = RecordFile(folder / RECORD_FILE)
            record = calibrate(plan, file, watch, resume=resume, keep_checkpoints=True)
            break
        except SessionRunningError:
            update(folder, waits_for="another measurement on this machine")
            time.sleep(_SESSION_POLL_S)
    _keep_best(folder, checkpoints_of(file.path))
    return record


def _keep_best(folder: Path, checkpoints: Path) -> None:
    """Keep the networks of the best epoch; a run that is interrupted here does so when it continues."""
    best = checkpoints / "run1" / BEST_FILE
    if best.exists():
        best.replace(folder / BEST_FILE)
    shutil.rmtree(checkpoints, ignore_errors=True)


class Watch:
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
        before = open_folder(folder).about.progress
        self._before = before or Progress(epochs=0, energy_kwh=0.0, duration_s=0.0)

    def __call__(self, mark: dict[str, Any], reading: Reading) -> None:
        """Take a mark of the training; see `dcase_energy.calibration.run.calibrate`."""
        edge, phase = mark["edge"], mark["phase"]
        if (edge, phase) == ("begin", "session"):
            self._check(mark)
        elif (edge, phase) == ("begin", "training_steps"):
            self._begin = self._begin or reading
        elif (edge, phase) == ("end", "validation_metrics") and self._begin is not None:
            begin = self._begin
            parts = [
                now_kwh - then_kwh
                for name in ("gpu", "cpu", "ram")
                if (now_kwh := reading.component(name)) is not None and (then_kwh := begin.component(name)) is not None
            ]
            f1 = mark.get("metrics", {}).get("student", {}).get("intersection_f1_07")
            progress = Progress(
                epochs=mark["epoch"],
                energy_kwh=self._before.energy_kwh + sum(parts),
                duration_s=self._before.duration_s + reading.time_s - begin.time_s,
                f1=f1,
            )
            update(self._folder, progress=progress.model_dump(), waits_for=None)

    def _check(self, mark: dict[str, Any]) -> None:
        from dcase_energy.study.hardware import processor_label

        found = mark.get("gpu_name") or processor_label()
        if self._gpu is not None and found != self._gpu:
            raise StudyError(
                f"this run is for {self._gpu!r} and was started on {found!r}; run the study once for each kind of GPU"
            )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] == "device"))
