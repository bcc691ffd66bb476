"""How the counts behind a PSDS change as the threshold falls.

Every change of a count belongs to a clip and happens at a score. Sorted once, the changes give the counts at every
threshold by a running sum, for all clips or for any weighting of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcase_energy.scoring.data import Events, GroundTruth, Ints, last_of_each
from dcase_energy.scoring.intervals import Intervals
from dcase_energy.scoring.overlap import EXACT, Amounts, Timing, covered_by_events, overlapping_pairs, summed

TRUE_POSITIVE, FALSE_POSITIVE, CROSS_TRIGGER = 0, 1, 2
# A table of all detections by all classes would not fit a core's cache.
_DETECTIONS_AT_A_TIME = 5_000


@dataclass(frozen=True)
class PsdsScenario:
    """Parameters of a PSDS, named as in the paper.

    Attributes
    ----------
    dtc, gtc
        Detection and ground-truth tolerance criteria (shares of a duration).
    alpha_ct, alpha_st
        Cost of cross-triggers and of instability across classes.
    cttc
        Cross-trigger tolerance criterion (share of a duration).
    e_max
        Highest effective false positive rate of the area, per hour.
    cross_trigger_average
        ``"others"`` averages cross-trigger rates over the other C - 1 classes (psds_eval from 0.5 on), ``"all"``
        over C classes (psds_eval before 0.5).
    """

    dtc: float
    gtc: float
    alpha_ct: float
    alpha_st: float
    cttc: float = 0.3
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
    point, level
        Index of the last change of each operating point, and its score as an index, shape (n_points,).
    """

    clip: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int16]
    sign: npt.NDArray[np.int8]
    point: Ints
    level: Ints


def class_deltas(
    intervals: Intervals,
    truth: GroundTruth,
    scenario: PsdsScenario,
    timing: Timing = EXACT,
    covered: Amounts | None = None,
) -> ClassDeltas:
    """Turn the detections of one class into changes of its true positives, false positives and cross-triggers.

    ``covered`` may hold what several scenarios share: how much of each detection events of its class cover.

    Raises
    ------
    ValueError
        If ``timing`` asks for floating-point seconds and the detections come from scores: covered shares of growing
        detections are only defined exactly in whole microseconds.
    """
    if timing.in_seconds and not intervals.separate:
        raise ValueError("floating-point seconds are for operating points, not for scores")
    found = intervals.events
    covered = covered_by_events(found, truth, timing) if covered is None else covered
    relevant = timing.enough(covered, found.duration_us, scenario.dtc)
    wrong = np.flatnonzero(~relevant)
    false = wrong[timing.counted(found, truth)[wrong]]
    changes = [_appear_and_vanish(intervals, false, np.full(len(false), FALSE_POSITIVE))]
    if scenario.alpha_ct > 0:
        changes += [
            _cross_triggers(intervals, some, truth, scenario.cttc, timing)
            for some in np.array_split(wrong, len(wrong) // _DETECTIONS_AT_A_TIME + 1)
        ]
    hits = np.flatnonzero(relevant)
    pairs = overlapping_pairs(found.take(hits), truth, timing)
    count = _hits_at_points if intervals.separate else _true_positive_changes
    changes.append(count(intervals, hits[pairs.detection], pairs.event, pairs.of_event, truth, scenario.gtc, timing))
    level, clip, kind, sign = (np.concatenate(column) for column in zip(*changes, strict=True))
    order = _falling(level)
    level = level[order]
    point = last_of_each(level)
    columns = clip.astype(np.int32)[order], kind.astype(np.int16)[order], sign.astype(np.int8)[order]
    return ClassDeltas(*columns, point, level[point])


def _falling(level: Ints) -> Ints:
    """Order of falling levels; NumPy sorts integers of 16 bits by their digits, several times faster."""
    highest = int(level.max()) if len(level) else 0
    key = (highest - level).astype(np.uint32)
    order = np.argsort(key.astype(np.uint16), kind="stable")
    if highest < 1 << 16:
        return order
    return order[np.argsort((key >> 16).astype(np.uint16)[order], kind="stable")]


def _appear_and_vanish(intervals: Intervals, index: Ints, kind: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """One count more where each detection appears, one less where it ends (if it ever does)."""
    lasts = intervals.death[index] >= 0
    ends = index[lasts]
    level = np.concatenate([intervals.birth[index], intervals.death[ends]])
    clip = np.concatenate([intervals.events.clip[index], intervals.events.clip[ends]])
    sign = np.repeat(np.array([1, -1], dtype=np.int64), [len(index), len(ends)])
    return level, clip, np.concatenate([kind, kind[lasts]]), sign


def _cross_triggers(
    intervals: Intervals, wrong: Ints, truth: GroundTruth, cttc: float, timing: Timing
) -> tuple[Ints, Ints, Ints, Ints]:
    """False detections that events of another class cover enough of; classes without events in the clip cover none."""
    found = intervals.events.take(wrong)
    annotated = truth.timeline.annotated()[found.clip]
    annotated[np.arange(len(wrong)), found.label] = False
    detection, other = np.nonzero(annotated)
    covered = covered_by_events(found.take(detection), truth, timing, other)
    triggers = timing.enough(covered, found.duration_us[detection], cttc) & (covered > 0)
    return _appear_and_vanish(intervals, wrong[detection[triggers]], CROSS_TRIGGER + other[triggers])


def _true_positive_changes(
    intervals: Intervals,
    detection: Ints,
    event: Ints,
    overlap_us: Amounts,
    truth: GroundTruth,
    gtc: float,
    timing: Timing,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Where the relevant detections of an annotated event begin or cease to cover enough of it."""
    level = np.concatenate([intervals.birth[detection], intervals.death[detection]])
    change_us = np.concatenate([overlap_us, -overlap_us])
    owner = np.concatenate([event, event])
    order = np.lexsort((-level, owner))
    level, change_us, owner = level[order], change_us[order], owner[order]
    # Covered time of the owner once every change up to and including this level has happened. All changes of an
    # event sum to zero (every detection ends, at level -1 at the latest), so one running sum serves all events.
    covered_us = np.cumsum(change_us)
    settled = np.ones(len(level), dtype=bool)
    settled[:-1] = (level[1:] != level[:-1]) | (owner[1:] != owner[:-1])
    level, covered_us, owner = level[settled], covered_us[settled], owner[settled]
    found = timing.enough(covered_us, truth.events.duration_us[owner], gtc)
    found &= (covered_us > 0) & (level >= 0)
    before = np.zeros(len(found), dtype=bool)
    before[1:] = found[:-1] & (owner[1:] == owner[:-1])
    sign = found.astype(np.int64) - before.astype(np.int64)
    changed = np.flatnonzero((sign != 0) & (level >= 0))
    clip = truth.events.clip[owner[changed]]
    return level[changed], clip, np.full(len(changed), TRUE_POSITIVE), sign[changed]


def _hits_at_points(
    intervals: Intervals,
    detection: Ints,
    event: Ints,
    amount: Amounts,
    truth: GroundTruth,
    gtc: float,
    timing: Timing,
) -> tuple[Ints, Ints, Ints, Ints]:
    """Events that are hit at each operating point: one more where it begins, one less where it ends."""
    point = intervals.birth[detection]
    n_points = int(point.max()) + 1 if len(point) else 1
    cell, member = np.unique(event * n_points + point, return_inverse=True)
    covered = summed(amount, member, len(cell), timing)
    owner = cell // n_points
    hit = timing.enough(covered, truth.events.duration_us[owner], gtc)
    birth, clip = (cell % n_points)[hit], truth.events.clip[owner[hit]]
    ends = birth > 0
    level = np.concatenate([birth, birth[ends] - 1])
    sign = np.repeat(np.array([1, -1], dtype=np.int64), [len(birth), int(ends.sum())])
    return level, np.concatenate([clip, clip[ends]]), np.full(len(level), TRUE_POSITIVE), sign


def operating_point_intervals(points: Sequence[Events], label: int) -> Intervals:
    """Detections that each exist at one operating point only: a point's number takes the place of a score."""
    chosen = [events.take(events.label == label) for events in points]
    birth = np.repeat(np.arange(len(points)), [len(events) for events in chosen])
    return Intervals(Events.joined(chosen), birth, birth - 1, np.arange(len(points), dtype=np.float64), separate=True)
