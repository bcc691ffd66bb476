"""How the counts behind a PSDS change as the threshold falls.

Every change of a count belongs to a clip and happens at a score. Sorted once, the changes give the counts at every
threshold by a running sum, for all clips or for any weighting of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dcase_energy.scoring.data import Events, Floats, GroundTruth, Ints
from dcase_energy.scoring.intervals import Intervals
from dcase_energy.scoring.overlap import covers, overlapping_pairs

TRUE_POSITIVE, FALSE_POSITIVE, CROSS_TRIGGER = 0, 1, 2


@dataclass(frozen=True)
class PsdsScenario:
    """Parameters of a PSDS, named as in the paper.

    Attributes
    ----------
    dtc, gtc, cttc
        Detection, ground-truth and cross-trigger tolerance criteria (shares of a duration).
    alpha_ct, alpha_st
        Cost of cross-triggers and of instability across classes.
    e_max
        Highest effective false positive rate of the area, per hour.
    cross_trigger_average
        ``"others"`` averages cross-trigger rates over the other C - 1 classes (psds_eval from 0.5 on), ``"all"``
        over C classes (psds_eval before 0.5).
    """

    dtc: float
    gtc: float
    cttc: float
    alpha_ct: float
    alpha_st: float
    e_max: float = 100.0
    cross_trigger_average: str = "others"


@dataclass(frozen=True)
class ClassDeltas:
    """How the counts of one class change as the threshold falls.

    Attributes
    ----------
    clip, kind, sign
        One row a change, in order of falling score, shape (n_changes,). ``kind`` is 0 for a true positive, 1 for a
        false positive and 2 + k for a cross-trigger with class k.
    point
        Index of the last change of each operating point, shape (n_points,).
    """

    clip: Ints
    kind: Ints
    sign: Ints
    point: Ints


def class_deltas(intervals: Intervals, label: int, truth: GroundTruth, scenario: PsdsScenario) -> ClassDeltas:
    """Turn the detections of one class into changes of its true positives, false positives and cross-triggers."""
    found = intervals.events
    pairs = overlapping_pairs(found, truth)
    pair_label = truth.events.label[pairs.event]
    n_classes = len(truth.classes)
    # Shape (n_intervals, n_classes): how much of each detection the events of each class cover.
    covered = np.bincount(
        pairs.detection * n_classes + pair_label,
        weights=pairs.overlap_us,
        minlength=len(found) * n_classes,
    ).reshape(-1, n_classes)
    relevant = covers(covered[:, label], found.duration_us, scenario.dtc)
    wrong = np.flatnonzero(~relevant)
    changes = [_appear_and_vanish(intervals, wrong, FALSE_POSITIVE)]
    if scenario.alpha_ct > 0:
        for other in range(n_classes):
            if other != label:
                triggered = wrong[covers(covered[wrong, other], found.duration_us[wrong], scenario.cttc)]
                changes.append(_appear_and_vanish(intervals, triggered, CROSS_TRIGGER + other))
    hit = relevant[pairs.detection] & (pair_label == label)
    changes.append(
        _true_positive_changes(
            intervals,
            pairs.detection[hit],
            pairs.event[hit],
            pairs.overlap_us[hit],
            truth,
            scenario,
        )
    )
    score, clip, kind, sign = (np.concatenate(column) for column in zip(*changes, strict=True))
    order = np.argsort(-score, kind="stable")
    score = score[order]
    point = np.flatnonzero(np.append(score[1:] != score[:-1], True)[: len(score)])
    return ClassDeltas(clip[order], kind[order], sign[order], point)


def _appear_and_vanish(intervals: Intervals, index: Ints, kind: int) -> tuple[Floats, Ints, Ints, Ints]:
    """One count more where each detection appears, one less where it ends (if it ever does)."""
    ends = index[np.isfinite(intervals.death[index])]
    score = np.concatenate([intervals.birth[index], intervals.death[ends]])
    clip = np.concatenate([intervals.events.clip[index], intervals.events.clip[ends]])
    sign = np.concatenate([np.ones(len(index), np.int64), -np.ones(len(ends), np.int64)])
    return score, clip, np.full(len(score), kind, dtype=np.int64), sign


def _true_positive_changes(
    intervals: Intervals,
    detection: Ints,
    event: Ints,
    overlap_us: Ints,
    truth: GroundTruth,
    scenario: PsdsScenario,
) -> tuple[Floats, Ints, Ints, Ints]:
    """Where the relevant detections of an annotated event begin or cease to cover enough of it."""
    score = np.concatenate([intervals.birth[detection], intervals.death[detection]])
    change_us = np.concatenate([overlap_us, -overlap_us])
    owner = np.concatenate([event, event])
    order = np.lexsort((-score, owner))
    score, change_us, owner = score[order], change_us[order], owner[order]
    # Covered time of the owner once every change up to and including this score has happened. All changes of an
    # event sum to zero (every detection ends, at -inf at the latest), so one running sum serves all events.
    covered_us = np.cumsum(change_us)
    settled = np.ones(len(score), dtype=bool)
    settled[:-1] = (score[1:] != score[:-1]) | (owner[1:] != owner[:-1])
    score, covered_us, owner = score[settled], covered_us[settled], owner[settled]
    found = covers(covered_us, truth.events.duration_us[owner], scenario.gtc) & np.isfinite(score)
    before = np.zeros(len(found), dtype=bool)
    before[1:] = found[:-1] & (owner[1:] == owner[:-1])
    sign = found.astype(np.int64) - before.astype(np.int64)
    changed = np.flatnonzero((sign != 0) & np.isfinite(score))
    clip = truth.events.clip[owner[changed]]
    return score[changed], clip, np.full(len(changed), TRUE_POSITIVE), sign[changed]


def operating_point_intervals(points: Sequence[Events], label: int) -> Intervals:
    """Detections that each exist at one operating point only: a point's number takes the place of a score."""
    chosen = [events.take(events.label == label) for events in points]
    birth = np.repeat(np.arange(len(points), dtype=np.float64), [len(events) for events in chosen])
    events = Events(
        np.concatenate([events.clip for events in chosen]),
        np.concatenate([events.label for events in chosen]),
        np.concatenate([events.onset_us for events in chosen]),
        np.concatenate([events.offset_us for events in chosen]),
    )
    return Intervals(events, birth, birth - 1)
