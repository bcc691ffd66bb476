"""All detections of all thresholds at once.

As a threshold falls through the scores of a clip, detections appear, grow and merge. Each distinct detection exists
for one range of thresholds: it appears at the lowest score inside it and ends at the higher of the two scores beside
it. A clip of n frames has at most n of them, however many thresholds there are. They are found for all clips
together by jumping pointers to the nearest lower score.

    score  1 3 3 2 4        threshold 3.5 |        [x]|   birth 4, death 2
                            threshold 2.5 | [x x]  [x]|   birth 3, death 2
                            threshold 1.5 | [x x x x] |   birth 2, death 1
                            threshold 0.5 |[x x x x x]|   birth 1, death -inf
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dcase_energy.scoring.data import Events, Floats, Ints, Scores

_PLATEAUS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Intervals:
    """Detections together with the thresholds at which they exist.

    Attributes
    ----------
    events
        The detections; each exists for thresholds t with ``death <= t < birth``.
    birth, death
        Indices into ``levels``, shape (n_intervals,); a death of -1 is -inf. Indices sort faster than scores.
    levels
        The scores that occur, rising, shape (n_levels,).
    separate
        Whether each detection exists at one operating point only; its number then takes the place of a score.
    """

    events: Events
    birth: Ints
    death: Ints
    levels: Floats
    separate: bool = False


def class_intervals(scores: Scores, label: int, floor: float = -np.inf) -> Intervals:
    """All detections of one class over all thresholds.

    Parameters
    ----------
    scores
        Scores of all clips.
    label
        Column of the class.
    floor
        Lower scores are taken for this one: only thresholds from here on are looked at.

    Returns
    -------
    Intervals
        One row a distinct detection.
    """
    level, levels, first, last, clip = _plateaus(np.maximum(scores.values[:, label], floor), scores.first_frame)
    lower_left, lower_right = _nearest_lower_of_each(level)
    # Of several plateaus at the same height in one detection, only the leftmost represents it.
    kept = np.flatnonzero((level[lower_left] < level) & (level >= 0))
    left, right = lower_left[kept], lower_right[kept]
    events = Events(
        clip=clip[kept],
        label=np.full(len(kept), label, dtype=np.int64),
        onset_us=scores.onset_us[first[left + 1]],
        offset_us=scores.offset_us[last[right - 1]],
    )
    return Intervals(events, level[kept], np.maximum(level[left], level[right]), levels)


def detections_at(scores: Scores, threshold: float | Floats) -> Events:
    """Detections of all classes at one threshold, or at one for each class: runs of frames whose score is above it."""
    above = np.zeros((scores.values.shape[1], len(scores.values) + 1), dtype=bool)
    np.greater(scores.values.T, np.reshape(threshold, (-1, 1)), out=above[:, :-1])
    opens, closes = above.copy(), above.copy()
    opens[:, 1:] &= ~above[:, :-1]
    closes[:, :-1] &= ~above[:, 1:]
    # A clip's first frame begins a run, the frame before it ends one.
    first = scores.first_frame[:-1][np.diff(scores.first_frame) > 0]
    opens[:, first] = above[:, first]
    closes[:, first - 1] = above[:, first - 1]
    label, begin = np.nonzero(opens)
    end = np.nonzero(closes)[1]
    clip = np.searchsorted(scores.first_frame, begin, side="right") - 1
    return Events(clip, label, scores.onset_us[begin], scores.offset_us[end])


def _plateaus(frames: Floats, first_frame: Ints) -> tuple[Ints, Floats, Ints, Ints, Ints]:
    """Merge neighbouring frames of equal score and put a plateau of level -1 around each clip.

    Returns the level of each plateau, the scores of the levels, and first frame, last frame and clip of each plateau.
    """
    n_frames = len(frames)
    starts_clip = np.zeros(n_frames, dtype=bool)
    starts_clip[first_frame[:-1][np.diff(first_frame) > 0]] = True
    starts = starts_clip.copy()
    starts[1:] |= frames[1:] != frames[:-1]
    first = np.flatnonzero(starts)
    last = np.append(first[1:], n_frames) - 1
    clip_of_frame = np.searchsorted(first_frame, first, side="right") - 1
    # One separator before each clip's first plateau and one at the very end.
    opens = starts_clip[first]
    position = np.arange(len(first)) + np.cumsum(opens)
    size = len(first) + int(opens.sum()) + 1
    level = np.full(size, -1, dtype=np.int64)
    levels, level[position] = np.unique(frames[first], return_inverse=True)
    out_first, out_last, clip = (np.zeros(size, dtype=np.int64) for _ in range(3))
    out_first[position], out_last[position], clip[position] = first, last, clip_of_frame
    return level, levels, out_first, out_last, clip


def _nearest_lower_of_each(level: Ints) -> tuple[Ints, Ints]:
    """The nearest lower plateaus, for as many clips at a time as a core's cache holds: pointers jump about."""
    edges = np.flatnonzero(level < 0)
    which = np.searchsorted(edges, np.arange(0, edges[-1], _PLATEAUS_AT_A_TIME))
    cuts = [*np.unique(edges[which]), edges[-1]]
    left, right = np.zeros_like(level), np.zeros_like(level)
    for start, stop in pairwise(cuts):
        # Both edges belong to it; an edge between two pieces is written twice, and never asked for.
        here = slice(start, stop + 1)
        left[here], right[here] = _nearest_lower(level[here])
        left[here] += start
        right[here] += start
    return left, right


def _nearest_lower(value: Ints) -> tuple[Ints, Ints]:
    """Index of the nearest value to the left that is not higher, and to the right that is lower.

    Everything between an element and its pointer is higher (left) or not lower (right), so a pointer may jump to the
    pointer of the element it points at. Each round at least halves the way that is left to go.
    """
    n = len(value)
    left = np.arange(n) - 1
    left[0] = 0
    active = np.flatnonzero(value[left] > value)
    while len(active):
        left[active] = left[left[active]]
        active = active[value[left[active]] > value[active]]
    right = np.arange(n) + 1
    right[-1] = n - 1
    inner = np.flatnonzero(value >= 0)
    active = inner[value[right[inner]] >= value[inner]]
    while len(active):
        right[active] = right[right[active]]
        active = active[value[right[active]] >= value[active]]
    return left, right
