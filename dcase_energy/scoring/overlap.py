"""Which detections and annotated events meet, and for how long: the join that every intersection criterion uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dcase_energy.scoring.data import Events, GroundTruth, Ints, expand_ranges


@dataclass(frozen=True)
class Pairs:
    """Pairs of a detection and an annotated event of the same clip that overlap.

    Attributes
    ----------
    detection, event
        Row indices, shape (n_pairs,).
    overlap_us
        Length of the intersection in microseconds, positive, shape (n_pairs,).
    """

    detection: Ints
    event: Ints
    overlap_us: Ints


def overlapping_pairs(detections: Events, truth: GroundTruth) -> Pairs:
    """All overlapping pairs of a detection and an annotated event in the same clip, of any class."""
    events = truth.events
    first = np.searchsorted(events.clip, np.arange(len(truth.clips) + 1))
    counts = np.diff(first)[detections.clip]
    detection = np.repeat(np.arange(len(detections)), counts)
    event = expand_ranges(first[detections.clip], counts)
    overlap_us = np.minimum(detections.offset_us[detection], events.offset_us[event])
    overlap_us -= np.maximum(detections.onset_us[detection], events.onset_us[event])
    meets = overlap_us > 0
    return Pairs(detection[meets], event[meets], overlap_us[meets])


def covers(part_us: Ints, whole_us: Ints, share: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether ``part_us / whole_us >= share``, decided in integers of a millionth.

    Shares such as 0.7 have no exact binary form; comparing multiples of 1e-6 makes a tie a tie (sed_scores_eval
    rounds to 1e-6 for the same reason, psds_eval does not).
    """
    return part_us * 1_000_000 >= whole_us * round(share * 1_000_000)
