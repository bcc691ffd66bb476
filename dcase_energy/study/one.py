"""The process that trains one run: ``python -m dcase_energy.study.one FOLDER machine|device``.

A process of its own, because a measuring session takes over signals and so needs a main thread, which a worker of a
cluster does not give it. Its standard input is a pipe that nobody writes to: when it closes, whoever started the run is
gone, and the run stops rather than go on unwatched.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy.study.folder import LOCK_FILE, RECORD_FILE, now, open_folder, update
from dcase_energy.study.lock import SESSION_LOCK_VARIABLE, LockedError, held, training_lock
from dcase_energy.study.runs import Epoch, Progress, write_epochs

if TYPE_CHECKING:
    from dcase_energy.measure.meter import Reading
    from dcase_energy.measure.records import Calibration

# How long to wait for a folder that a dying process may still hold.
RUN_LOCK_WAIT_S = 60.0
EXIT_BUSY = 75
EXIT_INTERRUPTED = 130
# Trains the run of a folder and gives the record; the tests train something quicker.
Train = Callable[[Path], "Calibration"]


class WrongHardwareError(RuntimeError):
    """The work runs on other hardware than the run is for."""


def main(folder: Path, per_device: bool, train: Train | None = None) -> int:
    """Train the run of a folder under its locks; give the exit code."""
    _end_with_parent()
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
    from dcase_energy.calibration.run import CalibrationError
    from dcase_energy.measure.journal import JournalError
    from dcase_energy.measure.meter import MeterError
    from dcase_energy.measure.session import ChildFailedError

    sessions = open_folder(folder).about.sessions + 1
    begun = {"started": now(), "ended": None, "error": None, "progress": None, "waits_for": None}
    update(folder, state="running", sessions=sessions, **begun)
    try:
        record = train(folder)
    except (CalibrationError, MeterError, ChildFailedError, JournalError, WrongHardwareError, OSError) as error:
        update(folder, state="failed", ended=now(), error=str(error))
        return 1
    epochs = [
        Epoch(
            epoch=row.epoch,
            duration_s=row.duration_s,
            energy_kwh=row.energy_kwh,
            gpu_kwh=row.gpu_kwh,
            cpu_kwh=row.cpu_kwh,
            ram_kwh=row.ram_kwh,
            train_loss=row.train_loss,
            intersection_f1_05=row.intersection_f1_05,
            intersection_f1_07=row.intersection_f1_07,
        )
        for row in record.epochs_log
    ]
    write_epochs(folder, epochs)
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


def _calibrate(folder: Path) -> Calibration:
    """Train the specification of a folder as a calibration is trained."""
    from dcase_energy.calibration.plan import Plan
    from dcase_energy.calibration.run import calibrate

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
    )
    return calibrate(plan, folder / RECORD_FILE, Watch(folder, about.gpu if about.check_hardware else None))


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
            duration_s = reading.time_s - begin.time_s
            progress = Progress(epochs=mark["epoch"], energy_kwh=sum(parts), duration_s=duration_s, f1=f1)
            update(self._folder, progress=progress.model_dump())

    def _check(self, mark: dict[str, Any]) -> None:
        from dcase_energy.study.hardware import processor_label

        found = mark.get("gpu_name") or processor_label()
        if self._gpu is not None and found != self._gpu:
            raise WrongHardwareError(
                f"this run is for {self._gpu!r} and was started on {found!r}; run the study once for each kind of GPU"
            )


def _end_with_parent() -> None:
    """Stop when standard input closes. Sessions take SIGTERM for Ctrl-C: the journal is ended properly."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] == "device"))
