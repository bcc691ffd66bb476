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
from dcase_energy.scoring.overlap import EXACT, Amounts, Timing, overlapping_pairs

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


def class_deltas(
    intervals: Intervals,
    label: int,
    truth: GroundTruth,
    scenario: PsdsScenario,
    timing: Timing = EXACT,
) -> ClassDeltas:
    """Turn the detections of one class into changes of its true positives, false positives and cross-triggers.

    Raises
    ------
    ValueError
        If ``timing`` asks for floating-point seconds and the detections come from scores: covered shares of growing
        detections are only defined exactly in whole microseconds.
    """
    if timing.in_seconds and not intervals.separate:
        raise ValueError("floating-point seconds are for operating points, not for scores")
    found = intervals.events
    pairs = overlapping_pairs(found, truth, timing)
    pair_label = truth.events.label[pairs.event]
    n_classes = len(truth.classes)
    # Shape (n_intervals, n_classes): how much of each detection the events of each class cover.
    covered = np.bincount(
        pairs.detection * n_classes + pair_label,
        weights=pairs.of_detection,
        minlength=len(found) * n_classes,
    ).reshape(-1, n_classes)
    relevant = timing.enough(covered[:, label], found.duration_us, scenario.dtc)
    wrong = np.flatnonzero(~relevant)
    false = wrong[timing.counted(found, truth)[wrong]]
    changes = [_appear_and_vanish(intervals, false, FALSE_POSITIVE)]
    if scenario.alpha_ct > 0:
        for other in range(n_classes):
            if other != label:
                triggered = wrong[timing.enough(covered[wrong, other], found.duration_us[wrong], scenario.cttc)]
                changes.append(_appear_and_vanish(intervals, triggered, CROSS_TRIGGER + other))
    hit = relevant[pairs.detection] & (pair_label == label)
    count = _hits_at_points if intervals.separate else _true_positive_changes
    changes.append(
        count(intervals, pairs.detection[hit], pairs.event[hit], pairs.of_event[hit], truth, scenario.gtc, timing)
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
    overlap_us: Amounts,
    truth: GroundTruth,
    gtc: float,
    timing: Timing,
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
    found = timing.enough(covered_us, truth.events.duration_us[owner], gtc)
    found &= (covered_us > 0) & np.isfinite(score)
    before = np.zeros(len(found), dtype=bool)
    before[1:] = found[:-1] & (owner[1:] == owner[:-1])
    sign = found.astype(np.int64) - before.astype(np.int64)
    changed = np.flatnonzero((sign != 0) & np.isfinite(score))
    clip = truth.events.clip[owner[changed]]
    return score[changed], clip, np.full(len(changed), TRUE_POSITIVE), sign[changed]


def _hits_at_points(
    intervals: Intervals,
    detection: Ints,
    event: Ints,
    amount: Amounts,
    truth: GroundTruth,
    gtc: float,
    timing: Timing,
) -> tuple[Floats, Ints, Ints, Ints]:
    """Events that are hit at each operating point: one more where it begins, one less where it ends."""
    point = intervals.birth[detection].astype(np.int64)
    n_points = int(point.max()) + 1 if len(point) else 1
    cell, member = np.unique(event * n_points + point, return_inverse=True)
    covered = np.bincount(member, weights=amount, minlength=len(cell))
    owner = cell // n_points
    hit = timing.enough(covered, truth.events.duration_us[owner], gtc)
    birth, clip = (cell % n_points)[hit].astype(np.float64), truth.events.clip[owner[hit]]
    n_hits = len(clip)
    sign = np.repeat(np.array([1, -1], dtype=np.int64), n_hits)
    score = np.concatenate([birth, birth - 1])
    return score, np.tile(clip, 2), np.full(2 * n_hits, TRUE_POSITIVE), sign


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
    return Intervals(events, birth, birth - 1, separate=True)
