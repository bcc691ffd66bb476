"""Clips cut into segments of one length: which are active, and the highest score in each.

Segments start at 0.
"""

from __future__ import annotations

import numpy as np

from dcase_energy.scoring.conventions import Grid
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Ints, Scores, starts_of, to_us
from dcase_energy.scoring.operating_points import Decisions


def segment_ends(truth: GroundTruth, segment_us: int, grid: Grid, *detected: Events) -> Ints:
    """Where the segments of each clip end; what lies beyond is cut off.

    With ``"cut"`` they end with the clip, and the last one may be shorter; with ``"whole"`` the last one is as long as
    the others (sed_scores_eval 0.0.4); with ``"extend"`` they continue to the last event, annotated or ``detected``
    (sed_eval).
    """
    end_us = truth.duration_us
    if grid == "whole":
        return -(-end_us // segment_us) * segment_us
    if grid == "extend":
        end_us = end_us.copy()
        for events in (truth.events, *detected):
            np.maximum.at(end_us, events.clip, events.offset_us)
    return end_us


def first_segments(end_us: Ints, segment_us: int) -> Ints:
    """The first segment of each clip among those of all clips, shape (n_clips + 1,); ``end_us`` are their ends."""
    return starts_of(-(-end_us // segment_us))


def active_segments(events: Events, n_classes: int, segment_us: int, first: Ints, end_us: Ints) -> np.ndarray:
    """Which segments each class is active in, shape (n_classes, n_segments of all clips)."""
    last_us = end_us[events.clip]
    onset_us, offset_us = np.clip(events.onset_us, 0, last_us), np.minimum(events.offset_us, last_us)
    seen = offset_us > onset_us
    clip, label = events.clip[seen], events.label[seen]
    begin = first[clip] + onset_us[seen] // segment_us
    end = first[clip] - (-offset_us[seen] // segment_us)
    steps = np.zeros((n_classes, int(first[-1]) + 1), dtype=np.int64)
    np.add.at(steps, (label, begin), 1)
    np.add.at(steps, (label, end), -1)
    return np.cumsum(steps, axis=1)[:, :-1] > 0


def segment_scores(scores: Scores, segment_us: int, first: Ints, end_us: Ints) -> Floats:
    """The highest score of the frames that meet each segment, shape (n_segments, n_classes); 0 where there is none."""
    clip = np.repeat(np.arange(len(end_us)), np.diff(first))
    begin_us = (np.arange(first[-1]) - first[clip]) * segment_us
    finish_us = np.minimum(begin_us + segment_us, end_us[clip])
    frame_clip = np.repeat(np.arange(len(end_us)), np.diff(scores.first_frame))
    longest_us = end_us.copy()
    np.maximum.at(longest_us, frame_clip, scores.offset_us)
    start_us = starts_of(longest_us)
    low = np.searchsorted(scores.offset_us + start_us[frame_clip], begin_us + start_us[clip], side="right")
    high = np.searchsorted(scores.onset_us + start_us[frame_clip], finish_us + start_us[clip], side="left")
    padded = np.concatenate([scores.values, np.zeros((1, scores.values.shape[1]))])
    highest: Floats = np.maximum.reduceat(padded, np.stack([low, high], axis=1).ravel(), axis=0)[::2]
    highest[high <= low] = 0.0
    return highest


def segment_decisions(scores: Scores, truth: GroundTruth, segment_s: float, grid: Grid) -> list[Decisions]:
    """For each class the decision whether it is active, segment by segment."""
    segment_us = int(to_us([segment_s])[0])
    end_us = segment_ends(truth, segment_us, grid)
    first = first_segments(end_us, segment_us)
    active = active_segments(truth.events, len(truth.classes), segment_us, first, end_us)
    highest = segment_scores(scores, segment_us, first, end_us)
    clip = np.repeat(np.arange(len(end_us)), np.diff(first))
    return [Decisions.build(highest[:, label], active[label], clip) for label in range(len(truth.classes))]
