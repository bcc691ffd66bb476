"""A short look at what a step and a validated clip cost, for a calibration that cannot train for days."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from itertools import chain, count, islice

import torch

from dcase_baseline.batches import BatchLoader
from dcase_baseline.data import Pools
from dcase_baseline.evaluate import score_clips
from dcase_baseline.mean_teacher import TrainStep
from dcase_baseline.recipe import Recipe
from dcase_baseline.train import Marks, OnMark


def probe(
    recipe: Recipe,
    pools: Pools,
    *,
    on_mark: OnMark,
    execution_path: str = "fast",
    device: str | torch.device = "cpu",
    seed: int = 42,
    warmup_steps: int = 3,
    window_steps: int = 5,
    window_clips: int = 48,
    window_s: float = 0.0,
    max_windows: int = 100,
) -> dict[str, float]:
    """Run windows of training steps, then windows of validated clips, until ``on_mark`` has seen enough.

    The work in a window is that of a training run, step for step and clip for clip: it differs only in that nothing
    is validated between the steps, scored or saved.

    Parameters
    ----------
    recipe, pools, execution_path, device, seed
        As for `dcase_baseline.train.train`; ``strong_validation`` is what is validated.
    on_mark
        Called around ``warmup`` (epoch 0), each ``training_window`` and each ``validation_window`` (epoch: the
        window's number from 1). An end answered with False ends the windows of that phase.
    warmup_steps
        Training steps before the first window: allocators fill, kernels are chosen. The first batch of clips is
        validated there, too.
    window_steps, window_clips
        Least work in a window; the clips of the pool are gone through again where it has fewer.
    window_s
        Least seconds in a window: on a fast device more steps and clips go into one, since counters tick slowly.
    max_windows
        Of each phase, if ``on_mark`` never has enough.

    Returns
    -------
    dict
        Mean losses over all steps but those of the warm-up.
    """
    trainer = TrainStep(recipe, execution_path=execution_path, device=device, seed=seed)
    loader = BatchLoader(recipe, pools, seed, pin_memory=trainer.device.type == "cuda")
    batches = chain.from_iterable(loader.epoch(epoch) for epoch in count(1))
    pool = pools["strong_validation"]

    def steps(number: int) -> None:
        for batch in islice(batches, number):
            trainer.step(batch)

    def validate(number: int) -> None:
        for first in range(0, number, len(pool)):
            clips = range(min(len(pool), number - first))
            score_clips(trainer.networks(), trainer.front_end, pool, recipe, clips)

    with Marks(on_mark, trainer.device).phase("warmup", 0, steps=warmup_steps):
        steps(warmup_steps)
        trainer.drain_losses()
        validate(window_clips)
        if window_s > 0:
            window_steps = _fitting(steps, window_steps, window_s, trainer.device)
            window_clips = _fitting(validate, window_clips, window_s, trainer.device)
            trainer.drain_losses()
    work = {"steps": window_steps, "clips": window_steps * recipe.batch.total}
    marks = Marks(on_mark, trainer.device)
    _windows(marks, "training_window", work, max_windows, lambda: steps(window_steps))
    losses = trainer.drain_losses()
    marks = Marks(on_mark, trainer.device)
    _windows(marks, "validation_window", {"clips": window_clips}, max_windows, lambda: validate(window_clips))
    return losses


def _fitting(work: Callable[[int], None], amount: int, window_s: float, device: torch.device) -> int:
    """How much work lasts at least ``window_s``, by timing some of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started_s = time.perf_counter()
    work(amount)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return amount * max(1, math.ceil(window_s / (time.perf_counter() - started_s)))


def _windows(marks: Marks, phase: str, amount: Mapping[str, int], max_windows: int, work: Callable[[], None]) -> None:
    """Do the work between marks until they say stop."""
    for number in range(1, max_windows + 1):
        with marks.phase(phase, number, **amount):
            work()
        if not marks.go_on:
            return
