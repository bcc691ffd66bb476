"""Segment-based counts: activity in fixed segments (Mesaros, Heittola and Virtanen, Applied Sciences 2016)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dcase_energy.scoring.conventions import SEGMENT_S, Conventions, Grid
from dcase_energy.scoring.counts import F1, ClipCounts, f1_scores
from dcase_energy.scoring.data import Events, GroundTruth, Ints, to_us
from dcase_energy.scoring.metrics import Options, Run

OPTIONS = {"segment_s": False}


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, F1]:
    """Compare the segments; the option is the length of a segment, ``segment_s``."""
    return f1_scores(run, wanted, segment_by_clip, grid=run.conventions.segment_grid)


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    length = f"{options.get('segment_s', SEGMENT_S):g} s"
    return [f"{length}, {conventions.segment_grid} at the end", *conventions.of_detections()]


def segment_by_clip(
    detections: Events, truth: GroundTruth, *, segment_s: float = SEGMENT_S, grid: Grid = "cut"
) -> ClipCounts:
    """Count the segments of each clip in which a class is annotated, detected, or both.

    Segments start at 0. With ``grid="cut"`` they end with the clip, the last may be shorter, and whatever lies beyond
    the clip's end is cut off (as in sed_scores_eval); with ``"extend"`` they continue to the last event (sed_eval).
    """
    segment_us = int(to_us([segment_s])[0])
    end_us = truth.duration_us
    if grid == "extend":
        end_us = end_us.copy()
        for events in (truth.events, detections):
            np.maximum.at(end_us, events.clip, events.offset_us)
    first = np.concatenate([[0], np.cumsum(-(-end_us // segment_us))])
    annotated = _activity(truth.events, truth, segment_us, first, end_us)
    detected = _activity(detections, truth, segment_us, first, end_us)
    return ClipCounts.build(
        truth.classes,
        _by_clip(annotated & detected, first),
        _by_clip(detected, first),
        _by_clip(annotated, first),
    )


def _by_clip(active: np.ndarray, first: Ints) -> Ints:
    """Active segments of each clip and class, shape (n_clips, n_classes); every clip has a segment."""
    counts: Ints = np.add.reduceat(active, first[:-1], axis=1, dtype=np.int64).T
    return counts


def _activity(events: Events, truth: GroundTruth, segment_us: int, first: Ints, end_us: Ints) -> np.ndarray:
    """Which segments each class is active in, shape (n_classes, n_segments of all clips)."""
    last_us = end_us[events.clip]
    onset_us, offset_us = np.clip(events.onset_us, 0, last_us), np.minimum(events.offset_us, last_us)
    seen = offset_us > onset_us
    clip, label = events.clip[seen], events.label[seen]
    begin = first[clip] + onset_us[seen] // segment_us
    end = first[clip] - (-offset_us[seen] // segment_us)
    steps = np.zeros((len(truth.classes), int(first[-1]) + 1), dtype=np.int64)
    np.add.at(steps, (label, begin), 1)
    np.add.at(steps, (label, end), -1)
    return np.cumsum(steps, axis=1)[:, :-1] > 0
