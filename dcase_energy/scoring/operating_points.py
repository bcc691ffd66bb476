"""Binary decisions at every threshold: counts of any weighting of the clips, areas under the ROC, the best F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dcase_energy.scoring.data import Floats, Ints, last_of_each
from dcase_energy.scoring.overlap import Bools

Area = Literal["staircase", "linear", "mcclish"]
AREAS: tuple[str, ...] = get_args(Area)


@dataclass(frozen=True)
class Decisions:
    """What is to be decided, by falling score: every threshold decides for a first part of it.

    Attributes
    ----------
    clip, positive
        Clip of each, and whether it is true, shape (n,).
    last
        The last of each score, shape (n_thresholds,): what has the same score is decided together.
    threshold
        Those scores, falling.
    """

    clip: Ints
    positive: Bools
    last: Ints
    threshold: Floats

    @classmethod
    def build(cls, scores: Floats, positive: Bools, clip: Ints) -> Decisions:
        """Sort once; all three have shape (n,)."""
        order = np.argsort(-scores, kind="stable")
        scores = scores[order]
        last = last_of_each(scores)
        return cls(clip[order], positive[order], last, scores[last])

    def counts(self, clip_weight: Floats) -> tuple[Floats, Floats]:
        """True and false positives at each threshold, shape (n_thresholds,), of the clips by their weights."""
        weight = clip_weight[self.clip]
        hits = np.cumsum(weight * self.positive)[self.last]
        return hits, np.cumsum(weight * ~self.positive)[self.last]

    def area(self, max_fpr: float, area: Area, clip_weight: Floats) -> float:
        """Area under the ROC up to a false positive rate, see `area_under_roc`; NaN where one of both is missing."""
        hits, wrong = self.counts(clip_weight)
        if not len(hits) or not hits[-1] or not wrong[-1]:
            return np.nan
        return area_under_roc(np.append(0.0, hits / hits[-1]), np.append(0.0, wrong / wrong[-1]), max_fpr, area)


def area_under_roc(true_positive_rate: Floats, false_positive_rate: Floats, max_fpr: float, area: Area) -> float:
    """Area under an ROC curve up to a false positive rate, divided by that rate.

    Parameters
    ----------
    true_positive_rate, false_positive_rate
        The points from (0, 0) on, both rising, shape (n_points,).
    max_fpr
        Where the area ends, up to 1.
    area
        Between two points the rate of the left one is held (``staircase``: sed_scores_eval 0.0.3 and 0.0.4), or it
        rises evenly (``linear``: sed_scores_eval from June 2024 on). ``mcclish`` scales the linear area so that chance
        is 0.5 and the best is 1 (McClish, Medical Decision Making 9(3), 1989), as scikit-learn does with ``max_fpr``.
    """
    ends = np.minimum(false_positive_rate, max_fpr)
    if area == "staircase":
        held = np.dot(np.diff(ends), true_positive_rate[:-1]) + (max_fpr - ends[-1]) * true_positive_rate[-1]
        return float(held) / max_fpr
    inside = int(np.searchsorted(false_positive_rate, max_fpr, side="right"))
    x, y = false_positive_rate[:inside], true_positive_rate[:inside]
    x, y = np.append(x, max_fpr), np.append(y, np.interp(max_fpr, false_positive_rate, true_positive_rate))
    whole = float(np.dot(np.diff(x), (y[1:] + y[:-1]) / 2))
    if area == "linear":
        return whole / max_fpr
    chance = max_fpr * max_fpr / 2
    return 0.5 * (1 + (whole - chance) / (max_fpr - chance))
