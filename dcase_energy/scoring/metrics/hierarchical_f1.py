"""Hierarchical precision, recall and F of a classification in two levels (DCASE 2026 task 1).

A clip counts 1 if its class is right, 0.375 if the top level alone is (0.75 for that, times one shared node of two),
and 0 else. The precision of a class is the mean over the clips classified as it, the recall that over the clips
labelled as it. The top level of a class is what precedes its first hyphen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dcase_energy.scoring.clip_means import UNITS_OF_SHARES, scale_of
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Floats, Ints
from dcase_energy.scoring.metrics import ClipRun, Options, Prepared

OUTPUTS = "clips"
OPTIONS: Mapping[str, bool | tuple[str, ...]] = {"unit": UNITS_OF_SHARES}
_TOP_LEVEL_ALONE = 0.75 * 1 / 2


@dataclass(frozen=True)
class HierarchicalF1(Prepared):
    """Figures of any weighting of the clips; ``worth`` of each clip, its class and the one it was given."""

    worth: Floats
    true: Ints
    given: Ints
    scale: float
    beside: ClassVar[tuple[str, ...]] = ("precision", "recall")

    def figures(self, clip_weight: Floats) -> Floats:
        """Mean F over the classes and F of each; then the same of precision and recall.

        NaN for a class without clips, and for one that no clip was given: there is no precision, and such classes are
        left out of all three means, as the organisers' program leaves them out.
        """
        n_classes, worth = len(self.labels), clip_weight * self.worth
        given, true = (np.bincount(one, clip_weight, n_classes) for one in (self.given, self.true))
        judged = (given > 0) & (true > 0)
        precision, recall = (
            np.divide(np.bincount(one, worth, n_classes), count, out=np.full(n_classes, np.nan), where=judged)
            for one, count in ((self.given, given), (self.true, true))
        )
        both = precision + recall
        f1 = np.divide(2 * precision * recall, both, out=np.where(judged, 0.0, np.nan), where=both > 0)
        rows = [[one[judged].mean() if judged.any() else np.nan, *one] for one in (f1, precision, recall)]
        return self.scale * np.concatenate(rows)


def prepare(run: ClipRun, wanted: Mapping[str, Options]) -> dict[str, HierarchicalF1]:
    """Compare the class of each clip with the true one; a table without classes has no figure."""
    truth, given = run.truth, run.table.label
    if truth.layout.label is None:
        return {}
    tops = [name.partition("-")[0] for name in truth.classes]
    top = np.array([tops.index(one) for one in tops])
    worth = np.where(given == truth.label, 1.0, np.where(top[given] == top[truth.label], _TOP_LEVEL_ALONE, 0.0))
    return {
        name: HierarchicalF1(truth.classes, worth, truth.label, given, scale_of(options))
        for name, options in wanted.items()
    }


def describe(options: Options, conventions: Conventions) -> list[str]:  # noqa: ARG001
    """What a figure depends on besides the data."""
    return ["classes never predicted are left out"]
