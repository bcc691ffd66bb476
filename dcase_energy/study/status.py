"""How far a study is, and when it may end."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dcase_energy.study.outcome import highest_f1
from dcase_energy.study.runs import State, StudyRun, TrainingProgress, find_run_folders, read_run
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
        run, findings = read_run(path)
        if run is None:
            unreadable.append(f"{findings[0].where}: {findings[0].message}")
        elif run.about.specification is None:
            imported += 1
        else:
            runs.append(_status(run))
    runs.sort(key=lambda run: (natural_key(run.gpu), run.batch_size, run.repeat or 0))
    estimated = [_with_left(run, runs) for run in runs]
    return StudyStatus(tuple(estimated), _left_s(estimated), tuple(unreadable), imported)


def _status(run: StudyRun) -> RunStatus:
    about, progress = run.about, run.about.progress
    if about.state == "done":
        progress = TrainingProgress(
            epochs=len(run.epochs),
            energy_kwh=math.fsum(epoch.energy_kwh for epoch in run.epochs),
            duration_s=math.fsum(epoch.duration_s for epoch in run.epochs),
            f1=highest_f1([epoch.intersection_f1_07 for epoch in run.epochs]),
        )
    return RunStatus(
        name=run.folder.name,
        state=run.state,
        gpu=about.gpu,
        batch_size=about.batch_size,
        repeat=about.repeat,
        epochs_done=progress.epochs if progress else 0,
        epochs=about.work.epochs,
        energy_kwh=progress.energy_kwh if progress else None,
        duration_s=progress.duration_s if progress else None,
        f1=progress.f1 if progress else None,
        error="; ".join(["not valid", *about.reasons]) if about.valid is False else about.error,
    )


def _with_left(run: RunStatus, runs: Sequence[RunStatus]) -> RunStatus:
    """The run with its expected time to the end; none for those that have ended."""
    if run.state in {"done", "failed"} or run.epochs is None:
        return run
    epoch_s = _epoch_s(run, runs)
    kept = 0 if run.state == "waiting" else run.epochs_done  # an interrupted run continues from its last epoch
    return replace(run, left_s=None if epoch_s is None else (run.epochs - kept) * epoch_s)


def _epoch_s(run: RunStatus, runs: Sequence[RunStatus]) -> float | None:
    """Seconds of an epoch: of the run itself, else of the nearest runs that have epochs."""
    nearest = (
        [run],
        [other for other in runs if (other.gpu, other.batch_size) == (run.gpu, run.batch_size)],
        [other for other in runs if other.gpu == run.gpu],
        runs,
    )
    for group in nearest:
        known = [(other.duration_s, other.epochs_done) for other in group if other.duration_s and other.epochs_done]
        if known:
            return sum(duration_s for duration_s, _ in known) / sum(epochs for _, epochs in known)
    return None


def _left_s(runs: Sequence[RunStatus]) -> float | None:
    """Return the time that is left, divided by the number of runs that train now."""
    left = [run.left_s for run in runs if run.state not in {"done", "failed"}]
    known = [one for one in left if one is not None]
    if len(known) < len(left):
        return None
    at_a_time = max(1, sum(run.state == "running" for run in runs))
    return max([math.fsum(known) / at_a_time, *known], default=0.0)
