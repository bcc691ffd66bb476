"""Collar-based counts: onset and offset within a collar (Mesaros, Heittola and Virtanen, Applied Sciences 2016)."""

from __future__ import annotations

import numpy as np

from dcase_energy.scoring.counts import ClipCounts, Counts, count_by_clip
from dcase_energy.scoring.data import Events, GroundTruth, Ints, expand_ranges, to_us
from dcase_energy.scoring.matching import largest_matching
from dcase_energy.scoring.overlap import EXACT, Timing, seconds


def collar_counts(
    detections: Events,
    truth: GroundTruth,
    *,
    collar_s: float = 0.2,
    offset_share: float = 0.2,
    timing: Timing = EXACT,
) -> Counts:
    """Count detections matched with annotated events, over all clips; see `collar_by_clip`."""
    by_clip = collar_by_clip(detections, truth, collar_s=collar_s, offset_share=offset_share, timing=timing)
    return by_clip.total()


def collar_by_clip(
    detections: Events,
    truth: GroundTruth,
    *,
    collar_s: float = 0.2,
    offset_share: float = 0.2,
    timing: Timing = EXACT,
) -> ClipCounts:
    """Count detections matched one to one with annotated events of their class.

    A pair may match if its onsets differ by at most ``collar_s`` and its offsets by at most the larger of ``collar_s``
    and ``offset_share`` of the annotated event. The matching is a largest one. ``timing`` says how times are compared.
    """
    n_clips, n_classes = len(truth.clips), len(truth.classes)
    detection, event = _candidates(detections, truth, collar_s, offset_share, timing)
    matched = _largest_matching(detection, event)
    return ClipCounts.build(
        truth.classes,
        count_by_clip(detections, detection[matched], n_clips, n_classes),
        count_by_clip(detections, None, n_clips, n_classes),
        count_by_clip(truth.events, None, n_clips, n_classes),
    )


def _candidates(
    detections: Events, truth: GroundTruth, collar_s: float, offset_share: float, timing: Timing
) -> tuple[Ints, Ints]:
    """All pairs of a detection and an event of one clip and class that lie within the collars."""
    events = truth.events
    first = np.searchsorted(events.clip, np.arange(len(truth.clips) + 1))
    counts = np.diff(first)[detections.clip]
    detection = np.repeat(np.arange(len(detections)), counts)
    event = expand_ranges(first[detections.clip], counts)
    same = detections.label[detection] == events.label[event]
    detection, event = detection[same], event[same]
    collar_us = int(to_us([collar_s])[0])
    share_ppm = round(offset_share * 1_000_000)
    offset_collar_us = np.maximum(collar_us, events.duration_us[event] * share_ppm // 1_000_000)
    length_s = seconds(events.offset_us[event]) - seconds(events.onset_us[event])
    offset_collar_s = np.maximum(collar_s, offset_share * length_s)
    near = timing.within(detections.onset_us[detection], events.onset_us[event], collar_us, collar_s)
    near &= timing.within(detections.offset_us[detection], events.offset_us[event], offset_collar_us, offset_collar_s)
    return detection[near], event[near]


def _largest_matching(detection: Ints, event: Ints) -> Ints:
    """Indices of pairs that form a largest one-to-one matching."""
    pair_of: dict[tuple[int, int], int] = {}
    options: dict[int, list[int]] = {}
    for index, (left, right) in enumerate(zip(detection.tolist(), event.tolist(), strict=True)):
        pair_of[left, right] = index
        options.setdefault(left, []).append(right)
    return np.array([pair_of[pair] for pair in largest_matching(options).items()], dtype=np.int64)
