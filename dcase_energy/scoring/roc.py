"""Staircases of true positive against effective false positive rates, of any weighting of the clips.

What does not depend on the weights is arranged once: for each class, the order of the changes and where the true
positives change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcase_energy.scoring.data import Floats, Ints, last_of_each
from dcase_energy.scoring.deltas import TRUE_POSITIVE, ClassDeltas
from dcase_energy.scoring.operating_points import area_under_roc

# Sums of whole weights are compared with a product of floats.
ROUNDING = 1e-9


@dataclass(frozen=True)
class PsdRoc:
    """A staircase: the rate is ``true_positive_rate[i]`` from ``effective_fp_rate[i]`` on.

    Both have shape (n_steps,); effective false positive rates are per hour, rise strictly and start at 0.
    """

    effective_fp_rate: Floats
    true_positive_rate: Floats

    def area(self, e_max: float) -> float:
        """Area below the staircase up to ``e_max``, divided by ``e_max``."""
        return area_under_roc(self.true_positive_rate, self.effective_fp_rate, e_max, "staircase")


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
    lasting
        Clips, shape (n_clips,), of which each has a false positive wherever scores were left out; None if none were.
    """

    hit_clip: Ints
    hit_sign: Floats
    wrong_cell: npt.NDArray[np.int32]
    last_wrong: npt.NDArray[np.int32]
    segment_point: Ints
    segment_hit: Ints
    lasting: Floats | None

    @classmethod
    def build(cls, deltas: ClassDeltas, n_clips: int, n_kinds: int, lasting: Floats | None = None) -> Arranged:
        """Bring the changes of a class into the order they are summed in."""
        is_hit = deltas.kind == TRUE_POSITIVE
        change_point = np.repeat(np.arange(len(deltas.point)), np.diff(deltas.point, prepend=-1))
        hit_point = change_point[is_hit]
        last = last_of_each(hit_point)
        wrong = ~is_hit
        kind = np.where(deltas.sign < 0, n_kinds, 0) + deltas.kind
        return cls(
            hit_clip=deltas.clip[is_hit].astype(np.int64),
            hit_sign=deltas.sign[is_hit].astype(np.float64),
            wrong_cell=(kind[wrong] * n_clips + deltas.clip[wrong]).astype(np.int32),
            last_wrong=np.cumsum(wrong)[deltas.point].astype(np.int32),
            segment_point=hit_point[last],
            segment_hit=last,
            lasting=lasting,
        )

    def highest(self, table: Floats) -> float:
        """The highest effective false positive rate of all operating points; ``table`` as in `roc`."""
        running = np.append(0.0, np.cumsum(table.take(self.wrong_cell)))
        return float(running.take(self.last_wrong).max(initial=0.0))

    def holds_for(self, weight: Floats, budget: float) -> bool:
        """Whether all scores that were left out cost more than ``budget`` false positives."""
        return self.lasting is None or float(np.dot(weight, self.lasting)) > budget * (1 + ROUNDING)

    def roc(self, weight: Floats, table: Floats, n_events: float, e_max: float) -> PsdRoc:
        """The best true positive rate at each effective false positive rate.

        Parameters
        ----------
        weight
            How often each clip counts, shape (n_clips,).
        table
            Cost of each change, see ``wrong_cell``.
        n_events, e_max
            Annotated events of the class; highest effective false positive rate.
        """
        running = np.zeros(len(self.wrong_cell) + 1)
        np.cumsum(table.take(self.wrong_cell), out=running[1:])
        wrong = running.take(self.last_wrong)
        hits = np.cumsum(weight.take(self.hit_clip) * self.hit_sign).take(self.segment_hit)
        if len(hits):
            # Between two changes of the hits only the cheapest operating point can lie on the staircase.
            wrong = np.maximum(np.minimum.reduceat(wrong, self.segment_point), 0.0)
        return _staircase(hits, wrong[: len(hits)], n_events, e_max)


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
