"""A short look at what a step and a validated clip cost, for a calibration that cannot train for days."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from itertools import chain, count, islice
from typing import Any

import torch

from dcase_baseline.batches import BatchLoader
from dcase_baseline.data import Pools
from dcase_baseline.evaluate import score_clips
from dcase_baseline.mean_teacher import TrainStep
from dcase_baseline.train import Marks, OnMark

MOST_WINDOWS = 1000
_TIMED = 3
# A slow processor would spend any budget on a step or two, which show nothing of how steps differ.
_STEPS_ON_CPU = 10


class Windows:
    """Windows of repeated work between marks, each long enough for counters that tick slowly.

    Parameters
    ----------
    on_mark
        Called at both edges of each window. An end answered with False ends the windows of that phase.
    device
        Of the work.
    window_s
        Least seconds in a window.
    """

    def __init__(self, on_mark: OnMark | None, device: torch.device, window_s: float = 0.0) -> None:
        self.device, self.window_s = device, window_s
        self._on_mark = on_mark

    def fitted(self, work: Callable[[int], object], units: int) -> int:
        """How many units last ``window_s``: some are timed three times, and the fastest time counts."""
        fastest_s = math.inf
        for _ in range(_TIMED if self.window_s > 0 else 0):
            fastest_s = min(fastest_s, self._seconds(work, units))
            if fastest_s >= self.window_s:
                break
        return units * max(1, math.ceil(self.window_s / fastest_s))

    def run(
        self,
        phase: str,
        work: Callable[[int], object],
        units: int,
        payload: Callable[[int], Mapping[str, Any]],
        *,
        fewest_units: int = 0,
        most: int = MOST_WINDOWS,
    ) -> int:
        """Do the work in windows, numbered from 1, until the marks say stop.

        Parameters
        ----------
        phase
            Its name in the marks.
        work
            Does so many units of it.
        units
            In the first window; a window that comes out too short makes those after it longer.
        payload
            What the end of a window of so many units says.
        fewest_units
            Of all windows together, whatever the marks say.
        most
            Windows at most.

        Returns
        -------
        int
            The units of a window that is long enough.
        """
        done = 0
        for number in range(1, most + 1):
            marks = Marks(self._on_mark, self.device)
            with marks.phase(phase, number, **payload(units)):
                took_s = self._seconds(work, units)
            done += units
            if took_s < self.window_s:
                units = max(units + 1, math.ceil(units * self.window_s / took_s))
            if not marks.go_on and done >= fewest_units:
                break
        return units

    def _seconds(self, work: Callable[[int], object], units: int) -> float:
        self._wait()
        started_s = time.perf_counter()
        work(units)
        self._wait()
        return time.perf_counter() - started_s

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


class _Work:
    """Training steps and validated clips, as many as asked for, of a trainer whose networks are thrown away."""

    def __init__(self, trainer: TrainStep, pools: Pools) -> None:
        loader = BatchLoader(trainer.recipe, pools, trainer.seed, pin_memory=trainer.device.type == "cuda")
        self._batches = chain.from_iterable(loader.epoch(epoch) for epoch in count(1))
        self._trainer, self._pool = trainer, pools["strong_validation"]

    def steps(self, number: int) -> None:
        for batch in islice(self._batches, number):
            self._trainer.step(batch)

    def validate(self, number: int) -> None:
        """Go through the clips of the pool, again where it has fewer."""
        trainer, pool = self._trainer, self._pool
        for first in range(0, number, len(pool)):
            clips = range(min(len(pool), number - first))
            score_clips(trainer.networks(), trainer.front_end, pool, trainer.recipe, clips)


def probe(
    trainer: TrainStep,
    pools: Pools,
    *,
    on_mark: OnMark,
    warmup_steps: int = 3,
    window_steps: int = 5,
    window_clips: int = 48,
    window_s: float = 0.0,
    settle: bool = False,
    counted: bool = True,
) -> dict[str, float]:
    """Run windows of training steps, then windows of validated clips, until ``on_mark`` has seen enough.

    The work in a window is that of a training run, step for step and clip for clip: it differs only in that nothing
    is validated between the steps, scored or saved.

    Parameters
    ----------
    trainer, pools
        New, and as for `dcase_baseline.train.train`; ``strong_validation`` is what is validated.
    on_mark
        Called around ``warmup`` (epoch 0), each ``settling_window``, each ``training_window`` and each
        ``validation_window`` (epoch: the window's number from 1). An end answered with False ends the windows of that
        phase; on a CPU at least ten training steps are measured all the same.
    warmup_steps
        Training steps before the first window: allocators fill, kernels are chosen. The first batch of clips is
        validated there, too.
    window_steps, window_clips
        Least work in a window; the clips of the pool are gone through again where it has fewer.
    window_s
        Least seconds in a window: on a fast device more steps and clips go into one, since counters tick slowly.
    settle
        Run windows of steps that do not count before the others, while the machine gets warm.
    counted
        Run windows that count after that; without them the machine is only made ready for other work.

    Returns
    -------
    dict
        Mean losses over all steps that count; empty where none do.
    """
    work, windows = _Work(trainer, pools), Windows(on_mark, trainer.device, window_s)

    def done(number: int) -> dict[str, int]:
        return {"steps": number, "clips": number * trainer.recipe.batch.total}

    with Marks(on_mark, trainer.device).phase("warmup", 0, steps=warmup_steps):
        work.steps(warmup_steps)
        trainer.drain_losses()
        work.validate(window_clips)
        window_steps = windows.fitted(work.steps, window_steps)
        window_clips = windows.fitted(work.validate, window_clips)
    if settle:
        window_steps = windows.run("settling_window", work.steps, window_steps, done)
    trainer.drain_losses()
    if not counted:
        return {}
    fewest = _STEPS_ON_CPU if trainer.device.type == "cpu" else 0
    windows.run("training_window", work.steps, window_steps, done, fewest_units=fewest)
    losses = trainer.drain_losses()
    windows.run("validation_window", work.validate, window_clips, lambda number: {"clips": number})
    return losses


def warm_up(trainer: TrainStep, pools: Pools, *, on_mark: OnMark, steps: int = 3) -> None:
    """Train some steps and validate a batch with networks that are thrown away, in the phase ``warmup``.

    Kernels are loaded and allocators fill before the first epoch is measured; nothing of the training changes, since
    its own networks are made from its seed afterwards.
    """
    work = _Work(trainer, pools)
    with Marks(on_mark, trainer.device).phase("warmup", 0, steps=steps):
        work.steps(steps)
        trainer.drain_losses()
        work.validate(min(len(pools["strong_validation"]), trainer.recipe.evaluation.batch_size))
