"""Means of a value of each clip: over the clips of a class, of a group, over the classes, over all clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from dcase_energy.errors import InputError
from dcase_energy.scoring.clip_tables import ClipTruth
from dcase_energy.scoring.data import Floats, Ints, known_mean
from dcase_energy.scoring.metrics import Prepared

# The means that there are, and what they are.
DESCRIBED = {
    "macro": "mean over the classes",
    "micro": "mean over the clips",
    "groups": "mean over the groups of clips",
}
UNITS_OF_SHARES = ("fraction", "percent")


@dataclass(frozen=True)
class ClipMeans(Prepared):
    """Means of a value of each clip, for any weighting of the clips.

    Attributes
    ----------
    values
        Of each clip, shape (n_clips,).
    parts
        Which clips each label means: codes of the clips, shape (n_clips,), and the names of the codes.
    average
        Which mean is the figure: over the classes, over the clips, or over the values of the first column of the means
        over the classes.
    """

    values: Floats
    parts: tuple[tuple[Ints, tuple[str, ...]], ...]
    average: Literal["macro", "micro", "groups"]
    pooled: ClassVar[bool] = True

    @classmethod
    def build(cls, values: Floats, truth: ClipTruth, average: Any) -> ClipMeans:
        """Of the classes of the clips, and of each column that figures are reported by.

        Raises
        ------
        InputError
            If the mean is over groups, and the ground truth does not name them.
        """
        column = next(iter(truth.layout.groups), "that the edition names")
        if average == "groups" and column not in truth.groups:
            raise InputError(f"the ground truth has no column {column}: a score of the edition is a mean over it")
        parts = [(truth.label, truth.classes)]
        for column, of_clips in truth.groups.items():
            names, codes = np.unique(np.array(of_clips, dtype=np.str_), return_inverse=True)
            parts.append((codes.astype(np.int64), tuple(f"{column} {name}" for name in names.tolist())))
        labels = tuple(name for _, names in parts for name in names)
        return cls(labels, values, tuple(parts), average)

    def figures(self, clip_weight: Floats) -> Floats:
        """The figure, the mean of each label, and the mean over all clips; NaN where there is no clip."""
        means = [_means(self.values, clip_weight, codes, len(names)) for codes, names in self.parts]
        micro = _means(self.values, clip_weight, np.zeros(len(clip_weight), dtype=np.int64), 1)[0]
        if self.average == "groups":
            codes, names = self.parts[1]
            figure = known_mean(np.array([self._macro(clip_weight * (codes == code)) for code in range(len(names))]))
        else:
            figure = micro if self.average == "micro" else self._macro(clip_weight)
        return np.array([figure, *np.concatenate(means), micro])

    def _macro(self, weight: Floats) -> float:
        codes, names = self.parts[0]
        return known_mean(_means(self.values, weight, codes, len(names)))


def _means(values: Floats, weight: Floats, codes: Ints, n_codes: int) -> Floats:
    held = np.bincount(codes, weight, n_codes)
    summed = np.bincount(codes, weight * values, n_codes)
    means: Floats = np.divide(summed, held, out=np.full(n_codes, np.nan), where=held > 0)
    return means


def scale_of(options: Mapping[str, Any]) -> float:
    """What a share is multiplied by."""
    return 100.0 if options.get("unit") == "percent" else 1.0
