"""Segment-based counts: activity in fixed segments (Mesaros, Heittola and Virtanen, Applied Sciences 2016)."""

from __future__ import annotations

import numpy as np

from dcase_energy.scoring.counts import Counts
from dcase_energy.scoring.data import Events, GroundTruth, Ints, to_us


def segment_counts(detections: Events, truth: GroundTruth, *, segment_s: float = 1.0) -> Counts:
    """Count the segments of each clip in which a class is annotated, detected, or both.

    Segments start at 0 and end with the clip; the last may be shorter. Whatever lies beyond the clip's end is cut off
    (as in sed_scores_eval; sed_eval lengthens the clip instead).
    """
    segment_us = int(to_us([segment_s])[0])
    per_clip = -(-truth.duration_us // segment_us)
    first = np.concatenate([[0], np.cumsum(per_clip)])
    annotated = _activity(truth.events, truth, segment_us, first)
    detected = _activity(detections, truth, segment_us, first)
    both = (annotated & detected).sum(axis=1)
    return Counts(
        classes=truth.classes,
        true_positives=both,
        false_positives=detected.sum(axis=1) - both,
        annotated=annotated.sum(axis=1),
    )


def _activity(events: Events, truth: GroundTruth, segment_us: int, first: Ints) -> np.ndarray:
    """Which segments each class is active in, shape (n_classes, n_segments of all clips)."""
    end_us = truth.duration_us[events.clip]
    onset_us, offset_us = np.clip(events.onset_us, 0, end_us), np.minimum(events.offset_us, end_us)
    seen = offset_us > onset_us
    clip, label = events.clip[seen], events.label[seen]
    begin = first[clip] + onset_us[seen] // segment_us
    end = first[clip] - (-offset_us[seen] // segment_us)
    steps = np.zeros((len(truth.classes), int(first[-1]) + 1), dtype=np.int64)
    np.add.at(steps, (label, begin), 1)
    np.add.at(steps, (label, end), -1)
    return np.cumsum(steps, axis=1)[:, :-1] > 0
