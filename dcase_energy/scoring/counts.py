"""Counts behind every F1, and the F1 itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dcase_energy.scoring.data import Events, Floats, Ints
from dcase_energy.scoring.metrics import Options, Run


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and annotated events (or segments) of each class, shape (n_classes,)."""

    classes: tuple[str, ...]
    true_positives: Ints
    false_positives: Ints
    annotated: Ints

    @property
    def f1_per_class(self) -> Floats:
        """F1 of each class, shape (n_classes,): 2 TP / (2 TP + FP + FN).

        A class without true positives has F1 0; a class that is neither annotated nor detected has NaN, because there
        is nothing to judge.
        """
        total = self.true_positives + self.false_positives + self.annotated
        f1: Floats = np.divide(2.0 * self.true_positives, total, out=np.full(len(total), np.nan), where=total > 0)
        return f1

    @property
    def f1_macro(self) -> float:
        """Mean F1 of the annotated classes; a class without true positives counts 0."""
        judged = self.f1_per_class[self.annotated > 0]
        return float(judged.mean()) if len(judged) else float("nan")

    @property
    def f1_macro_nanmean(self) -> float:
        """What psds_eval's ``compute_macro_f_score`` gives: a class without true positives is left out.

        Missing nine of ten classes entirely then scores 1.0, so it is shown for comparison only.
        """
        return self.judged_f1("skip")[1]

    def judged_f1(self, classes_without_hits: str) -> tuple[Floats, float, float]:
        """F1 of each class, shape (n_classes,), their mean and the F1 of all together, as a library judges them.

        Parameters
        ----------
        classes_without_hits
            ``zero`` counts a class without true positives as 0. ``skip`` has no F1 of it (psds_eval), and
            ``skip-undetected`` has none of what was not detected or not annotated at all (sed_eval).
        """
        f1, micro = self.f1_per_class, self.f1_micro
        if classes_without_hits == "zero":
            return f1, self.f1_macro, micro
        if classes_without_hits == "skip":
            judged = self.true_positives > 0
        else:
            detected = self.true_positives + self.false_positives
            judged = (detected > 0) & (self.annotated > 0)
            micro = micro if detected.sum() and self.annotated.sum() else float("nan")
        return np.where(judged, f1, np.nan), float(f1[judged].mean()) if judged.any() else float("nan"), micro

    @property
    def f1_micro(self) -> float:
        """F1 of all classes' counts together; NaN where nothing is annotated or detected."""
        true_positives = int(self.true_positives.sum())
        total = true_positives + int(self.false_positives.sum()) + int(self.annotated.sum())
        return 2 * true_positives / total if total else float("nan")


@dataclass(frozen=True)
class ClipCounts:
    """The same counts clip by clip, so that any weighting of the clips can be summed.

    ``table`` has shape (n_clips, 3 * n_classes): true positives, false positives, annotated.
    """

    classes: tuple[str, ...]
    table: Floats

    @classmethod
    def build(cls, classes: tuple[str, ...], true_positives: Ints, detected: Ints, annotated: Ints) -> ClipCounts:
        """Build from three tables of shape (n_clips, n_classes); a detection without a hit is false."""
        table = np.concatenate([true_positives, detected - true_positives, annotated], axis=1)
        return cls(classes, table.astype(np.float64))

    def total(self, clip_weight: Floats | None = None) -> Counts:
        """Sum over the clips, each as often as its weight says, shape (n_clips,); once by default."""
        summed = self.table.sum(axis=0) if clip_weight is None else clip_weight @ self.table
        hits, wrong, annotated = np.rint(summed).astype(np.int64).reshape(3, -1)
        return Counts(self.classes, hits, wrong, annotated)


@dataclass(frozen=True)
class F1:
    """F1 of any weighting of the clips, judged as `Counts.judged_f1` says."""

    by_clip: ClipCounts
    classes_without_hits: str
    pooled: ClassVar[bool] = True

    def figures(self, clip_weight: Floats | None = None) -> Floats:
        """Macro average, F1 of each class and micro average, shape (2 + n_classes,); NaN where nothing is judged."""
        per_class, macro, micro = self.by_clip.total(clip_weight).judged_f1(self.classes_without_hits)
        return np.array([macro, *per_class, micro])


def f1_scores(
    run: Run, wanted: Mapping[str, Options], by_clip: Callable[..., ClipCounts], **defaults: Any
) -> dict[str, F1]:
    """F1 of the detections at the threshold by each score's options; ``by_clip`` counts what is matched."""
    if run.detections is None:
        return {}
    counted = {name: by_clip(run.detections, run.truth, **{**defaults, **options}) for name, options in wanted.items()}
    return {name: F1(counts, run.conventions.classes_without_hits) for name, counts in counted.items()}


def count_by_clip(events: Events, chosen: np.ndarray[Any, Any] | None, n_clips: int, n_classes: int) -> Ints:
    """How many of the chosen rows (an integer or boolean index; all by default) each clip and class has.

    Shape (n_clips, n_classes).
    """
    cell = events.clip * n_classes + events.label
    cell = cell if chosen is None else cell[chosen]
    return np.bincount(cell, minlength=n_clips * n_classes).reshape(n_clips, n_classes)
