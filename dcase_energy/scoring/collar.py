"""Collar-based counts: onset and offset within a collar (Mesaros, Heittola and Virtanen, Applied Sciences 2016)."""

from __future__ import annotations

import numpy as np

from dcase_energy.scoring.counts import Counts, count_labels
from dcase_energy.scoring.data import Events, GroundTruth, Ints, expand_ranges, to_us


def collar_counts(
    detections: Events,
    truth: GroundTruth,
    *,
    collar_s: float = 0.2,
    offset_share: float = 0.2,
) -> Counts:
    """Count detections matched one to one with annotated events of their class.

    A pair may match if its onsets differ by at most ``collar_s`` and its offsets by at most the larger of ``collar_s``
    and ``offset_share`` of the annotated event. The matching is a largest one.
    """
    events, n_classes = truth.events, len(truth.classes)
    detection, event = _candidates(detections, truth, collar_s, offset_share)
    matched = _largest_matching(detection, event)
    hits = count_labels(detections, detection[matched], n_classes)
    return Counts(
        classes=truth.classes,
        true_positives=hits,
        false_positives=np.bincount(detections.label, minlength=n_classes) - hits,
        annotated=np.bincount(events.label, minlength=n_classes),
    )


def _candidates(detections: Events, truth: GroundTruth, collar_s: float, offset_share: float) -> tuple[Ints, Ints]:
    """All pairs of a detection and an event of one clip and class that lie within the collars."""
    events = truth.events
    first = np.searchsorted(events.clip, np.arange(len(truth.clips) + 1))
    counts = np.diff(first)[detections.clip]
    detection = np.repeat(np.arange(len(detections)), counts)
    event = expand_ranges(first[detections.clip], counts)
    collar_us = int(to_us([collar_s])[0])
    share_ppm = round(offset_share * 1_000_000)
    offset_collar_us = np.maximum(collar_us, events.duration_us[event] * share_ppm // 1_000_000)
    near = detections.label[detection] == events.label[event]
    near &= np.abs(detections.onset_us[detection] - events.onset_us[event]) <= collar_us
    near &= np.abs(detections.offset_us[detection] - events.offset_us[event]) <= offset_collar_us
    return detection[near], event[near]


def _largest_matching(detection: Ints, event: Ints) -> Ints:
    """Indices of pairs that form a largest one-to-one matching (augmenting paths; most pairs have no rival)."""
    partner: dict[int, int] = {}
    pair_of: dict[tuple[int, int], int] = {}
    options: dict[int, list[int]] = {}
    for index, (left, right) in enumerate(zip(detection.tolist(), event.tolist(), strict=True)):
        pair_of[left, right] = index
        options.setdefault(left, []).append(right)

    def assign(left: int, tried: set[int]) -> bool:
        for right in options[left]:
            if right not in tried:
                tried.add(right)
                if right not in partner or assign(partner[right], tried):
                    partner[right] = left
                    return True
        return False

    for left in options:
        assign(left, set())
    return np.array([pair_of[left, right] for right, left in partner.items()], dtype=np.int64)
