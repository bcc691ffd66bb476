"""Staircases of true positive against effective false positive rates, of any weighting of the clips.

What does not depend on the weights is arranged once: for each class, the order of the changes, where the true
positives change, and from which change on the class costs too much whatever follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcase_energy.scoring.data import Floats, Ints
from dcase_energy.scoring.deltas import FALSE_POSITIVE, TRUE_POSITIVE, ClassDeltas

# How far above the affordable cost the cuts are tried: a resample rarely falls below the first, hardly ever the second.
_CUT_MARGINS = (1.25, 2.0)


@dataclass(frozen=True)
class PsdRoc:
    """A staircase: the rate is ``true_positive_rate[i]`` from ``effective_fp_rate[i]`` on.

    Both have shape (n_steps,); effective false positive rates are per hour, rise strictly and start at 0.
    """

    effective_fp_rate: Floats
    true_positive_rate: Floats

    def area(self, e_max: float) -> float:
        """Area below the staircase up to ``e_max``, divided by ``e_max``."""
        ends = np.minimum(self.effective_fp_rate, e_max)
        return float((np.dot(np.diff(ends), self.true_positive_rate[:-1]) + self._rest(ends, e_max)) / e_max)

    def _rest(self, ends: Floats, e_max: float) -> float:
        return float((e_max - ends[-1]) * self.true_positive_rate[-1])


@dataclass(frozen=True)
class Cut:
    """A place in the order of changes after which a class is too dear, if its lasting false positives say so.

    ``lasting``, shape (n_clips,), counts the false positives each clip has at every threshold from here on.
    """

    n_segments: int
    n_points: int
    n_wrong: int
    lasting: Floats


@dataclass(frozen=True)
class Arranged:
    """The changes of a class, ready to be summed with weights.

    Attributes
    ----------
    hit_clip, hit_sign
        Changes of true positives in order, shape (n_hit_changes,).
    wrong_cell
        Other changes in order, shape (n_wrong_changes,): where their cost stands in a table of shape
        (2 signs, n_kinds, n_clips).
    last_wrong
        How many of those changes have happened at each operating point, shape (n_points,).
    segment_point, segment_hit
        Operating points at which true positives change, and how many of their changes have happened then.
    cuts
        Where to try to stop, nearest first.
    """

    hit_clip: Ints
    hit_sign: Floats
    wrong_cell: npt.NDArray[np.int32]
    last_wrong: npt.NDArray[np.int32]
    segment_point: Ints
    segment_hit: Ints
    cuts: tuple[Cut, ...]

    def roc(self, weight: Floats, table: Floats, budget: float, n_events: float, e_max: float) -> PsdRoc:
        """The best true positive rate at each effective false positive rate.

        Parameters
        ----------
        weight
            How often each clip counts, shape (n_clips,).
        table
            Cost of each change, see ``wrong_cell``.
        budget
            How many false positives the highest rate affords.
        n_events, e_max
            Annotated events of the class; highest effective false positive rate.
        """
        n_segments, n_points, n_wrong = self._within(weight, budget)
        running = np.zeros(n_wrong + 1)
        np.cumsum(table.take(self.wrong_cell[:n_wrong]), out=running[1:])
        wrong = running.take(self.last_wrong[:n_points])
        hits = np.cumsum(weight.take(self.hit_clip) * self.hit_sign).take(self.segment_hit[:n_segments])
        if len(hits):
            # Between two changes of the hits only the cheapest operating point can lie on the staircase.
            wrong = np.maximum(np.minimum.reduceat(wrong, self.segment_point[:n_segments]), 0.0)
        return _staircase(hits, wrong[: len(hits)], n_events, e_max)

    def _within(self, weight: Floats, budget: float) -> tuple[int, int, int]:
        """How many segments, operating points and changes have to be looked at."""
        for cut in self.cuts:
            if float(np.dot(weight, cut.lasting)) > budget * (1 + 1e-9):
                return cut.n_segments, cut.n_points, cut.n_wrong
        return len(self.segment_point), len(self.last_wrong), len(self.wrong_cell)


def arrange(deltas: ClassDeltas, n_clips: int, n_kinds: int, budget: float | None) -> Arranged:
    """Bring the changes of a class into the order they are summed in.

    ``budget`` is how many false positives the highest rate affords on all clips; it only decides where cuts are tried.
    Without it there are none, which is quicker for a single weighting.
    """
    is_hit = deltas.kind == TRUE_POSITIVE
    n_points = len(deltas.point)
    change_point = np.repeat(np.arange(n_points), np.diff(deltas.point, prepend=-1))
    hit_point = change_point[is_hit]
    last = np.flatnonzero(np.append(hit_point[1:] != hit_point[:-1], True)[: len(hit_point)])
    wrong = ~is_hit
    kind = np.where(deltas.sign < 0, n_kinds, 0) + deltas.kind
    cell = kind[wrong] * n_clips + deltas.clip[wrong]
    n_wrong = np.cumsum(wrong)[deltas.point]
    segment_point = hit_point[last]
    return Arranged(
        hit_clip=deltas.clip[is_hit].astype(np.int64),
        hit_sign=deltas.sign[is_hit].astype(np.float64),
        wrong_cell=cell.astype(np.int32),
        last_wrong=n_wrong.astype(np.int32),
        segment_point=segment_point,
        segment_hit=last,
        cuts=() if budget is None else _cuts(deltas, change_point, segment_point, n_wrong, n_clips, budget),
    )


def _cuts(
    deltas: ClassDeltas, change_point: Ints, segment_point: Ints, n_wrong: Ints, n_clips: int, budget: float
) -> tuple[Cut, ...]:
    clip, point, gain = _lasting_false_positives(deltas, change_point)
    lasting = np.cumsum(gain)
    cuts = []
    for margin in _CUT_MARGINS:
        index = int(np.searchsorted(lasting, budget * margin, side="right"))
        if index >= len(lasting):
            break
        n_points = int(point[index]) + 1
        upto = int(np.searchsorted(point, n_points - 1, side="right"))
        per_clip = np.bincount(clip[:upto], weights=gain[:upto], minlength=n_clips).astype(np.float64)
        n_segments = int(np.searchsorted(segment_point, n_points))
        cuts.append(Cut(n_segments, n_points, int(n_wrong[n_points - 1]), per_clip))
    return tuple(cuts)


def _lasting_false_positives(deltas: ClassDeltas, change_point: Ints) -> tuple[Ints, Ints, Ints]:
    """From which operating point on a clip keeps at least so many false positives, to the very last.

    Returns clip, operating point and gain, ordered by operating point. The least count from a point on never falls as
    the threshold does, so the gains up to a point sum to a count that no later point goes below.
    """
    wrong = np.flatnonzero(deltas.kind == FALSE_POSITIVE)
    owner = deltas.clip[wrong]
    # Sixteen bits are sorted by their digits.
    narrow = not len(owner) or int(owner.max()) < 1 << 16
    wrong = wrong[np.argsort(owner.astype(np.uint16) if narrow else owner, kind="stable")]
    clip, point = deltas.clip[wrong].astype(np.int64), change_point[wrong]
    if not len(wrong):
        return clip, point, clip
    # Counts are those after all changes of a clip at one operating point.
    starts = np.flatnonzero(np.append(True, (clip[1:] != clip[:-1]) | (point[1:] != point[:-1])))
    clip, point = clip[starts], point[starts]
    running = np.cumsum(np.add.reduceat(deltas.sign[wrong], starts, dtype=np.int64))
    opens = np.append(True, clip[1:] != clip[:-1])
    before = np.append(0, running[:-1])[opens]
    number = np.cumsum(opens) - 1
    count = running - before[number]
    # Least count from here to the clip's end: each clip is lifted above all before it, so one sweep serves all.
    lift = int(count.max()) + 1
    least = np.minimum.accumulate((count + number * lift)[::-1])[::-1] - number * lift
    gain = least - np.where(opens, 0, np.append(0, least[:-1]))
    kept = np.flatnonzero(gain > 0)
    kept = kept[np.argsort(point[kept], kind="stable")]
    return clip[kept], point[kept], gain[kept]


def _staircase(hits: Floats, wrong: Floats, n_events: float, e_max: float) -> PsdRoc:
    affordable = (wrong <= e_max) & (hits > 0)
    hits, wrong = hits[affordable], wrong[affordable]
    order = np.lexsort((-hits, wrong))
    hits, wrong = np.maximum.accumulate(hits[order]), wrong[order]
    rises = np.flatnonzero(np.append(True, hits[1:] > hits[:-1])[: len(hits)])
    hits, wrong = hits[rises], wrong[rises]
    if not len(wrong) or wrong[0] > 0:
        hits, wrong = np.append(0.0, hits), np.append(0.0, wrong)
    return PsdRoc(wrong, hits / n_events)


def mean_roc(rocs: Sequence[PsdRoc], alpha_st: float) -> PsdRoc:
    """Mean over classes less ``alpha_st`` standard deviations, never below 0."""
    if not rocs:
        return PsdRoc(np.zeros(1), np.zeros(1))
    grid = np.unique(np.concatenate([roc.effective_fp_rate for roc in rocs]))
    rates = np.stack(
        [roc.true_positive_rate[np.searchsorted(roc.effective_fp_rate, grid, side="right") - 1] for roc in rocs]
    )
    effective = rates.mean(axis=0) - alpha_st * rates.std(axis=0)
    return PsdRoc(grid, np.maximum(effective, 0.0))
