"""Training batches: which clips, in what order, ready before they are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dcase_baseline.data import TRAINING_SUBSETS, Pool, Pools
from dcase_baseline.recipe import Recipe

Indices = npt.NDArray[np.int64]


def gather(parts: Sequence[tuple[npt.NDArray[np.int16], Indices]], pin_memory: bool) -> Tensor:
    """Copy the chosen rows of several arrays (n, n_samples) below each other, shape (B, n_samples), int16.

    ``pin_memory``: into memory from which a GPU copies while the processor does other work.
    """
    sizes = [len(index) for _, index in parts]
    rows = torch.empty(sum(sizes), parts[0][0].shape[1], dtype=torch.int16, pin_memory=pin_memory)
    for (audio, index), to in zip(parts, rows.split(sizes), strict=True):
        np.take(audio, index, axis=0, out=to.numpy(), mode="clip")  # the other modes copy once more
    return rows


class QueueLimit:
    """Keeps the processor from running ahead of a GPU: it sleeps, rather than fill memory with work to come.

    Parameters
    ----------
    device
        Nothing is waited for where it is a CPU.
    ahead
        Pieces of work that may wait in the queue.
    """

    def __init__(self, device: torch.device, ahead: int = 2) -> None:
        self._on_gpu, self._ahead = device.type == "cuda", ahead
        self._queued: deque[torch.cuda.Event] = deque()

    def put(self) -> None:
        """Note that a piece of work is in the queue of the current stream."""
        if not self._on_gpu:
            return
        done = torch.cuda.Event(blocking=True)  # the processor sleeps; by default it would spin
        done.record()
        self._queued.append(done)
        if len(self._queued) > self._ahead:
            self._queued.popleft().synchronize()


@dataclass(frozen=True)
class Batch:
    """Clips of a training step, strong then weak then unlabelled.

    Attributes
    ----------
    audio
        Shape (B, n_samples), int16.
    strong
        Targets of the first clips, shape (n_strong, n_classes, output_frames), float32.
    weak
        Targets of the next ones, shape (n_weak, n_classes), float32.
    """

    audio: Tensor
    strong: Tensor
    weak: Tensor

    def to(self, device: torch.device) -> Batch:
        """Copy to a device; from pinned memory without waiting for it."""
        move = (tensor.to(device, non_blocking=True) for tensor in (self.audio, self.strong, self.weak))
        return Batch(*move)


class BatchLoader:
    """Batches of an epoch, the same for the same seed and epoch whatever came before.

    Each subset is shuffled on its own, and an epoch is a fixed number of steps, as the reference's
    one RandomSampler a subset and its ConcatDatasetBatchSampler make it (desed_task/dataio/
    sampler.py:69-88). A pool smaller than an epoch needs is gone through again, in a new order.

    Parameters
    ----------
    recipe
        Gives the batch and the steps.
    pools
        Must hold strong, weak and unlabelled.
    seed
        Of the shuffles.
    pin_memory
        Whether batches go to a GPU.

    Raises
    ------
    ValueError
        If a pool is missing, empty or without its targets.
    """

    def __init__(self, recipe: Recipe, pools: Pools, seed: int, *, pin_memory: bool = False) -> None:
        self.recipe, self.seed, self.pin_memory = recipe, seed, pin_memory
        missing = [subset for subset in TRAINING_SUBSETS if not len(pools.get(subset, ()))]
        if missing:
            raise ValueError(f"training pools: expected clips of each subset, found none of {', '.join(missing)}")
        self.pools: list[Pool] = [pools[subset] for subset in TRAINING_SUBSETS]
        if self.pools[0].strong is None or self.pools[1].weak is None:
            raise ValueError("training pools: expected strong and weak targets, found none")
        self.strong, self.weak = self.pools[0].strong, self.pools[1].weak
        batch = recipe.batch
        self.sizes = (batch.strong, batch.weak, batch.unlabelled)

    def order(self, epoch: int, steps: int) -> list[Indices]:
        """The clips of each subset in an epoch: arrays of shape (steps, clips of it in a batch)."""
        orders = []
        for which, (pool, size) in enumerate(zip(self.pools, self.sizes, strict=True)):
            rng = np.random.default_rng([self.seed, epoch, which])
            rounds = -(-steps * size // len(pool))  # 1 unless the pool is too small
            shuffled = np.concatenate([rng.permutation(len(pool)) for _ in range(rounds)])
            orders.append(shuffled[: steps * size].reshape(steps, size))
        return orders

    def epoch(self, epoch: int, steps: int | None = None) -> Iterator[Batch]:
        """Yield the batches of an epoch; the next one is made while the last is used."""
        steps = self.recipe.steps_per_epoch if steps is None else steps
        order = self.order(epoch, steps)
        with ThreadPoolExecutor(1, "batches") as thread:
            coming = thread.submit(self._make, order, 0)
            for step in range(1, steps + 1):
                batch = coming.result()
                if step < steps:
                    coming = thread.submit(self._make, order, step)
                yield batch

    def _make(self, order: list[Indices], step: int) -> Batch:
        chosen = [indices[step] for indices in order]  # one (size,) array a subset
        audio = gather([(pool.audio, index) for pool, index in zip(self.pools, chosen, strict=True)], self.pin_memory)
        targets = (
            torch.from_numpy(self.strong[chosen[0]]).float(),  # (n_strong, n_classes, frames)
            torch.from_numpy(self.weak[chosen[1]]).float(),  # (n_weak, n_classes)
        )
        return Batch(audio, *(tensor.pin_memory() if self.pin_memory else tensor for tensor in targets))
