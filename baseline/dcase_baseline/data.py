"""Subsets in memory: where clips come from, what a pool of them holds, how labels become targets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dcase_baseline.event_sounds import SAMPLE_RATE
from dcase_baseline.recipe import Recipe
from dcase_baseline.soundscapes import CLASSES, N_SAMPLES, Event, make_clips
from dcase_energy.parallel import run_all

TRAINING_SUBSETS = ("strong", "weak", "unlabelled")  # in the order of a batch
WITH_EVENTS = frozenset({"strong", "strong_validation", "test"})
WITH_LABELS = frozenset({"weak", "weak_validation"})
CLIPS_PER_TASK = 16  # for a worker process: small enough to balance, large enough to pay
MIN_TASKS = 4  # below, starting workers takes longer than the work


@dataclass(frozen=True)
class Pool:
    """Clips of one subset, all in memory (a memory map will do).

    Attributes
    ----------
    subset
        One of those of `dcase_baseline.recipe.Recipe.clips`.
    clips
        Identifiers, n of them.
    audio
        Shape (n, n_samples), int16.
    events
        Per clip, (onset_s, offset_s, label): None where the subset has none.
    strong
        Target of each class and output frame, shape (n, n_classes, output_frames), uint8, or None.
    weak
        Target of each class, shape (n, n_classes), uint8, or None.
    source
        Where they come from, in words.
    """

    subset: str
    clips: tuple[str, ...]
    audio: npt.NDArray[np.int16]
    events: tuple[tuple[Event, ...], ...] | None
    strong: npt.NDArray[np.uint8] | None
    weak: npt.NDArray[np.uint8] | None
    source: str

    def __len__(self) -> int:
        return len(self.clips)


Pools = Mapping[str, Pool]  # by subset


class SubsetSource(Protocol):
    """Gives the clips of a subset: the embedded soundscapes, or DESED from disk."""

    def load(self, recipe: Recipe, subset: str, n_clips: int) -> Pool:
        """Load the first ``n_clips`` clips of a subset, or all there are if these are fewer."""
        ...


@dataclass(frozen=True)
class SyntheticSource:
    """The embedded soundscapes.

    Attributes
    ----------
    seed
        Of the set; the clips of different subsets differ.
    workers
        Processes that make clips; 1 makes them here. They are spawned, never forked: a fork after
        torch has started its threads may hang.
    """

    seed: int = 0
    workers: int = 1

    def load(self, recipe: Recipe, subset: str, n_clips: int) -> Pool:
        """Make the first ``n_clips`` clips of a subset.

        Raises
        ------
        ValueError
            If the recipe asks for other than 10 s at 16 kHz and the ten DESED classes.
        """
        geometry = (recipe.features.sample_rate_hz, recipe.features.n_samples, recipe.model.n_classes)
        if geometry != (SAMPLE_RATE, N_SAMPLES, len(CLASSES)):
            raise ValueError(f"soundscapes have 16000 Hz, 160000 samples, 10 classes; the recipe {geometry}")
        audio = np.empty((n_clips, N_SAMPLES), dtype=np.int16)
        events: list[list[Event]] = []
        for part_audio, part_events in self._parts(subset, n_clips, recipe.data.soundscape_profile):
            audio[len(events) : len(events) + len(part_events)] = part_audio
            events.extend(part_events)
        labels = [{event[2] for event in clip} for clip in events]
        return make_pool(
            recipe,
            subset,
            clips=[f"{subset}_{index:05d}" for index in range(n_clips)],
            audio=audio,
            events=events,
            labels=labels,
            source=f"synthetic soundscapes, profile {recipe.data.soundscape_profile}, seed {self.seed}",
        )

    def _parts(
        self, subset: str, n_clips: int, profile: str
    ) -> Iterator[tuple[npt.NDArray[np.int16], list[list[Event]]]]:
        """Yield the clips in order, some at a time."""
        starts = range(0, n_clips, CLIPS_PER_TASK)
        tasks = [range(start, min(start + CLIPS_PER_TASK, n_clips)) for start in starts]
        make = partial(make_clips, self.seed, subset, profile=profile)
        yield from run_all(make, tasks, jobs=self.workers if len(tasks) >= MIN_TASKS else 1)


def load_pools(source: SubsetSource, recipe: Recipe, n_clips: Mapping[str, int]) -> dict[str, Pool]:
    """Load as many clips of each subset as ``n_clips`` says."""
    return {subset: source.load(recipe, subset, count) for subset, count in n_clips.items()}


def make_pool(
    recipe: Recipe,
    subset: str,
    *,
    clips: Iterable[str],
    audio: npt.NDArray[np.int16],
    events: Iterable[Iterable[Event]],
    labels: Iterable[Iterable[str]],
    source: str,
) -> Pool:
    """Build a pool, with its targets, from the annotations of its clips.

    Weak targets come from ``labels``, strong ones from ``events``, in the subsets that have them.
    """
    kept = tuple(tuple(clip) for clip in events) if subset in WITH_EVENTS else None
    return Pool(
        subset=subset,
        clips=tuple(clips),
        audio=audio,
        events=kept,
        strong=None if kept is None else np.stack([encode_strong(clip, recipe) for clip in kept]),
        weak=np.stack([encode_weak(clip) for clip in labels]) if subset in WITH_LABELS else None,
        source=source,
    )


def class_index(label: str) -> int:
    """Index of a class in targets and outputs.

    Raises
    ------
    ValueError
        If the label is none of the ten.
    """
    if label not in CLASSES:
        raise ValueError(f"label: expected one of {', '.join(CLASSES)}, found {label!r}")
    return CLASSES.index(label)


def encode_strong(events: Iterable[Event], recipe: Recipe) -> npt.NDArray[np.uint8]:
    """Mark the output frames that each event touches.

    From frame ``int(onset / 64 ms)`` up to, not including, ``ceil(offset / 64 ms)``, as in
    desed_task/utils/encoder.py:107-108. What lies outside the clip is cut off; an event of no
    length on a frame boundary marks nothing.

    Returns
    -------
    ndarray
        Shape (n_classes, output_frames), uint8 zeros and ones.
    """
    target = np.zeros((recipe.model.n_classes, recipe.output_frames), dtype=np.uint8)

    def frame(time_s: float) -> float:
        # In samples first: a time on the sample grid then divides exactly.
        position = time_s * recipe.features.sample_rate_hz / recipe.output_hop
        return min(max(position, 0.0), float(recipe.output_frames))

    for onset_s, offset_s, label in events:
        target[class_index(label), int(frame(onset_s)) : math.ceil(frame(offset_s))] = 1
    return target


def encode_weak(labels: Iterable[str]) -> npt.NDArray[np.uint8]:
    """Mark the classes present in a clip; shape (n_classes,), uint8."""
    target = np.zeros(len(CLASSES), dtype=np.uint8)
    target[[class_index(label) for label in labels]] = 1
    return target
