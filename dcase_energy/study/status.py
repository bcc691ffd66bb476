"""How far a study is, and when it may end."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dcase_energy.errors import StudyError
from dcase_energy.study.folder import RunFolder, State, open_folder
from dcase_energy.study.runs import EPOCHS_FILE, find_run_folders, read_epochs
from dcase_energy.study.tables import natural_key


@dataclass(frozen=True)
class RunStatus:
    """One run.

    Attributes
    ----------
    name, state, gpu, batch_size, repeat
        As in its folder.
    epochs_done, epochs
        Ended and planned; planned is None where it is not known.
    energy_kwh, duration_s, f1
        So far, or None before the first epoch has ended.
    left_s
        Expected seconds to its end; None where that is not known.
    error
        Why it failed, or is done and not valid.
    """

    name: str
    state: State
    gpu: str
    batch_size: int
    repeat: int | None
    epochs_done: int
    epochs: int | None
    energy_kwh: float | None
    duration_s: float | None
    f1: float | None
    left_s: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class StudyStatus:
    """All runs made here (imported ones need nothing), and when the study may end.

    Attributes
    ----------
    runs
        By GPU, batch size and repeat.
    left_s
        Seconds to the expected end if as many runs train at a time as now (at least one); None where that is not known.
    unreadable
        What could not be read.
    imported
        Number of runs that come from sheets.
    """

    runs: tuple[RunStatus, ...]
    left_s: float | None
    unreadable: tuple[str, ...]
    imported: int = 0

    def count(self, state: State) -> int:
        """How many runs are in a state."""
        return sum(run.state == state for run in self.runs)

    def expected_end(self, now: datetime.datetime) -> datetime.datetime | None:
        """When the study may end."""
        return None if self.left_s is None else now + datetime.timedelta(seconds=self.left_s)


def read_status(places: Sequence[Path]) -> StudyStatus:
    """Look at all run folders in and under some places."""
    runs: list[RunStatus] = []
    unreadable: list[str] = []
    imported = 0
    for path in find_run_folders(places):
        try:
            folder = open_folder(path)
        except StudyError as error:
            unreadable.append(str(error))
            continue
        if folder.about.specification is not None:
            runs.append(_status(folder))
        else:
            imported += 1
    runs.sort(key=lambda run: (natural_key(run.gpu), run.batch_size, run.repeat or 0))
    estimated = [_with_left(run, runs) for run in runs]
    return StudyStatus(tuple(estimated), _left_s(estimated), tuple(unreadable), imported)


def _status(folder: RunFolder) -> RunStatus:
    about = folder.about
    done, energy_kwh, duration_s, f1 = 0, None, None, None
    if about.state == "done":
        epochs, _ = read_epochs(folder.path / EPOCHS_FILE)
        done = len(epochs)
        energy_kwh = math.fsum(epoch.energy_kwh for epoch in epochs)
        duration_s = math.fsum(epoch.duration_s for epoch in epochs)
        f1 = max((epoch.intersection_f1_07 for epoch in epochs if epoch.intersection_f1_07 is not None), default=None)
    elif about.progress is not None:
        progress = about.progress
        done, energy_kwh, duration_s, f1 = progress.epochs, progress.energy_kwh, progress.duration_s, progress.f1
    return RunStatus(
        name=folder.path.name,
        state=folder.state,
        gpu=about.gpu,
        batch_size=about.batch_size,
        repeat=about.repeat,
        epochs_done=done,
        epochs=about.work.epochs,
        energy_kwh=energy_kwh,
        duration_s=duration_s,
        f1=f1,
        error="; ".join(["not valid", *about.reasons]) if about.valid is False else about.error,
    )


def _with_left(run: RunStatus, runs: Sequence[RunStatus]) -> RunStatus:
    """The run with its expected time to the end; none for those that have ended."""
    if run.state in {"done", "failed"} or run.epochs is None:
        return run
    epoch_s = _epoch_s(run, runs)
    kept = run.epochs_done if run.state == "running" else 0
    left_s = None if epoch_s is None else (run.epochs - kept) * epoch_s
    return replace(run, left_s=left_s)


def _epoch_s(run: RunStatus, runs: Sequence[RunStatus]) -> float | None:
    """Seconds of an epoch: of the run itself, else of the nearest runs that have epochs."""
    alike = (
        [run],
        [other for other in runs if (other.gpu, other.batch_size) == (run.gpu, run.batch_size)],
        [other for other in runs if other.gpu == run.gpu],
        runs,
    )
    for group in alike:
        known = [(other.duration_s, other.epochs_done) for other in group if other.duration_s and other.epochs_done]
        if known:
            return sum(duration_s for duration_s, _ in known) / sum(epochs for _, epochs in known)
    return None


def _left_s(runs: Sequence[RunStatus]) -> float | None:
    """Return the time that is left, divided by the number of runs that train now."""
    open_runs = [run for run in runs if run.state not in {"done", "failed"}]
    left = [run.left_s for run in open_runs]
    if any(one is None for one in left):
        return None
    known = [one for one in left if one is not None]
    at_a_time = max(1, sum(run.state == "running" for run in runs))
    return max([math.fsum(known) / at_a_time, *known]) if known else 0.0
