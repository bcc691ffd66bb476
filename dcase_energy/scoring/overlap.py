"""Which detections and annotated events meet, for how long, and whether that is enough: the join of every
intersection criterion, and the one place that decides ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dcase_energy.scoring.data import Events, Floats, GroundTruth, Ints, expand_ranges
from dcase_energy.units import MICROSECONDS_PER_SECOND

Bools = npt.NDArray[np.bool_]
Amounts = Ints | Floats
_PPM = 1_000_000


@dataclass(frozen=True)
class Timing:
    """How times are compared.

    Attributes
    ----------
    arithmetic
        ``"microseconds"`` compares whole numbers, so that a tie is a tie (sed_scores_eval rounds to 1e-6 for the same
        reason). ``"seconds"`` computes in binary floating point as psds_eval and sed_eval do, where 1.491 - 1.291 is
        more than 0.2: only to reproduce their figures.
    tolerance_us
        Added to what is compared with a limit, in microseconds; -1 makes every tie a miss.
    late_detections
        ``"count"``, or ``"ignore"`` detections that begin after the end of their clip, as psds_eval does.
    """

    arithmetic: Literal["microseconds", "seconds"] = "microseconds"
    tolerance_us: int = 0
    late_detections: Literal["count", "ignore"] = "count"

    @property
    def in_seconds(self) -> bool:
        """Whether floating-point seconds are compared."""
        return self.arithmetic == "seconds"

    def enough(self, amount: Amounts, whole_us: Ints, share: float) -> Bools:
        """Whether a covered amount is at least a share of the whole.

        ``amount`` comes from `Pairs`: microseconds, or, with ``"seconds"``, the covered share itself.
        """
        if not self.in_seconds:
            reached: Bools = (amount + self.tolerance_us) * _PPM >= whole_us * round(share * _PPM)
            return reached
        slack = self.tolerance_us / whole_us if self.tolerance_us else 0.0
        reached = amount + slack >= share
        return reached

    def within(self, first_us: Ints, second_us: Ints, limit_us: Ints | int, limit_s: Floats | float) -> Bools:
        """Whether two times are no farther apart than a limit, which is given in both arithmetics."""
        if not self.in_seconds:
            near: Bools = np.abs(first_us - second_us) <= limit_us + self.tolerance_us
            return near
        gap_s = np.abs(seconds(first_us) - seconds(second_us))
        near = gap_s <= limit_s + self.tolerance_us / MICROSECONDS_PER_SECOND
        return near

    def counted(self, detections: Events, truth: GroundTruth) -> Bools:
        """Which detections may be false positives, shape (n_detections,)."""
        if self.late_detections == "count":
            return np.ones(len(detections), dtype=np.bool_)
        return detections.onset_us < truth.duration_us[detections.clip]


EXACT = Timing()


@dataclass(frozen=True)
class Pairs:
    """Pairs of a detection and an annotated event of the same clip that overlap.

    Attributes
    ----------
    detection, event
        Row indices, shape (n_pairs,).
    of_detection, of_event
        How much of the one and of the other the pair covers, shape (n_pairs,): microseconds, the same for both, or
        shares in floating point where the timing is in seconds.
    """

    detection: Ints
    event: Ints
    of_detection: Amounts
    of_event: Amounts


def overlapping_pairs(
    detections: Events, truth: GroundTruth, timing: Timing = EXACT, label: Ints | None = None
) -> Pairs:
    """All overlapping pairs of a detection and an annotated event of a class in the same clip.

    ``label`` names the class of the events for each detection, shape (n_detections,); by default its own.
    """
    events, timeline = truth.events, truth.timeline
    first, counts = timeline.overlapping(detections, detections.label if label is None else label)
    detection = np.repeat(np.arange(len(detections)), counts)
    event = timeline.event[expand_ranges(first, counts)]
    overlap_us = np.minimum(detections.offset_us[detection], events.offset_us[event])
    overlap_us -= np.maximum(detections.onset_us[detection], events.onset_us[event])
    meets = overlap_us > 0
    detection, event, overlap_us = detection[meets], event[meets], overlap_us[meets]
    if not timing.in_seconds:
        return Pairs(detection, event, overlap_us, overlap_us)
    onset_s, offset_s = seconds(detections.onset_us), seconds(detections.offset_us)
    begin_s, end_s = seconds(events.onset_us), seconds(events.offset_us)
    overlap_s = np.minimum(offset_s[detection], end_s[event]) - np.maximum(onset_s[detection], begin_s[event])
    return Pairs(
        detection,
        event,
        overlap_s / (offset_s - onset_s)[detection],
        overlap_s / (end_s - begin_s)[event],
    )


def covered_by_events(
    detections: Events, truth: GroundTruth, timing: Timing = EXACT, label: Ints | None = None
) -> Amounts:
    """How much of each detection the events of a class cover, as in `overlapping_pairs`, shape (n_detections,).

    Microseconds, or shares in floating point where the timing is in seconds.
    """
    if not timing.in_seconds:
        return truth.timeline.covered_us(detections, detections.label if label is None else label)
    pairs = overlapping_pairs(detections, truth, timing, label)
    return summed(pairs.of_detection, pairs.detection, len(detections), timing)


def summed(amount: Amounts, group: Ints, n_groups: int, timing: Timing = EXACT) -> Floats:
    """Sum the amounts of each group, shape (n_groups,).

    In seconds, rounding errors are compensated (Kahan 1965) because pandas does so for psds_eval, which compares its
    sums with a limit: with three or more parts, a plain sum may be on the other side of the limit.
    """
    if not timing.in_seconds:
        return np.bincount(group, weights=amount, minlength=n_groups).astype(np.float64, copy=False)
    order = np.argsort(group, kind="stable")
    group, amount = group[order], amount[order]
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1])[: len(group)])
    size = np.diff(first, append=len(group))
    total, lost = np.zeros(n_groups), np.zeros(n_groups)
    for rank in range(int(size.max()) if len(size) else 0):
        row = first[size > rank] + rank
        here = group[row]
        part = amount[row] - lost[here]
        new = total[here] + part
        lost[here] = (new - total[here]) - part
        total[here] = new
    return total


def seconds(times_us: Ints) -> Floats:
    """Microseconds as floating-point seconds: the very doubles that a text with six decimals is read as."""
    times_s: Floats = times_us / MICROSECONDS_PER_SECOND
    return times_s
