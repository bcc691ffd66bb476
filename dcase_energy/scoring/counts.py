"""Counts behind every F1, and the F1 itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dcase_energy.scoring.data import Events, Floats, Ints, known_mean
from dcase_energy.scoring.metrics import Options, Prepared, Run


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and annotated events (or segments) of each class, shape (n_classes,).

    ``substitutions`` are pairs of a false positive and a missed event of another class at the same place.
    """

    classes: tuple[str, ...]
    true_positives: Ints
    false_positives: Ints
    annotated: Ints
    substitutions: int = 0

    def judged_f1(self, classes_without_hits: str = "zero", beta: float = 1.0) -> tuple[Floats, float, float]:
        """F of each class, shape (n_classes,), their mean and the F of all together, as a library judges them.

        Parameters
        ----------
        classes_without_hits
            ``zero`` counts a class without true positives as 0. ``skip`` has no F1 of it (psds_eval), and
            ``skip-undetected`` has none of what was not detected or not annotated at all (sed_eval). A class that is
            neither annotated nor detected has NaN: there is nothing to judge.
        beta
            How many times as much recall counts as precision (van Rijsbergen, 1979).
        """
        detected, annotated = self.true_positives + self.false_positives, self.annotated
        f1 = _share((1 + beta**2) * self.true_positives, beta**2 * annotated + detected)
        micro = float(_share((1 + beta**2) * self.true_positives.sum(), beta**2 * annotated.sum() + detected.sum()))
        if classes_without_hits == "zero":
            return f1, known_mean(f1[annotated > 0]), micro
        if classes_without_hits == "skip":
            judged = self.true_positives > 0
        else:
            judged = (detected > 0) & (annotated > 0)
            micro = micro if detected.sum() and annotated.sum() else float("nan")
        return np.where(judged, f1, np.nan), known_mean(f1[judged]), micro

    def rates(self, classes_without_hits: str) -> tuple[Floats, Floats, Floats]:
        """Precision, recall and error rate: mean over the classes, of each class, and of all together.

        Each has shape (2 + n_classes,). A class without detections has no precision, except where it counts ``zero``
        and is annotated; one without annotations has no recall and no error rate (with ``skip-undetected`` it is 0
        where nothing is detected either, as sed_eval has it). The error rate of a class is
        (deletions + insertions) / annotated; where all are counted together, a deletion and an insertion at the same
        place are one substitution (Mesaros, Heittola and Virtanen, Applied Sciences 2016).
        """
        hits, annotated = self.true_positives, self.annotated
        detected = hits + self.false_positives
        precision, recall = _share(hits, detected), _share(hits, annotated)
        if classes_without_hits == "zero":
            precision[(detected == 0) & (annotated > 0)] = 0.0
            judged = annotated > 0
        else:
            judged = np.ones(len(hits), dtype=bool)
        errors = _share(annotated + detected - 2 * hits, annotated)
        if classes_without_hits == "skip-undetected":
            errors[(annotated == 0) & (detected == 0)] = 0.0
        together = annotated.sum() + detected.sum() - 2 * hits.sum() - self.substitutions
        all_hits = (_share(hits.sum(), detected.sum()), _share(hits.sum(), annotated.sum()))
        pooled = [*map(float, all_hits), float(_share(together, annotated.sum()))]
        rows = [
            np.array([known_mean(one[judged]), *one, whole])
            for one, whole in zip((precision, recall, errors), pooled, strict=True)
        ]
        return rows[0], rows[1], rows[2]


@dataclass(frozen=True)
class ClipCounts:
    """The same counts clip by clip, so that any weighting of the clips can be summed.

    ``table`` has shape (n_clips, 3 * n_classes + 1): true positives, false positives, annotated, and substitutions.
    """

    classes: tuple[str, ...]
    table: Floats

    @classmethod
    def build(
        cls,
        classes: tuple[str, ...],
        true_positives: Ints,
        detected: Ints,
        annotated: Ints,
        substitutions: Ints | None = None,
    ) -> ClipCounts:
        """Build from three tables of shape (n_clips, n_classes); a detection without a hit is false.

        ``substitutions`` of each clip, shape (n_clips,), are none where they are not defined.
        """
        last = np.zeros(len(annotated), dtype=np.int64) if substitutions is None else substitutions
        table = np.concatenate([true_positives, detected - true_positives, annotated, last[:, None]], axis=1)
        return cls(classes, table.astype(np.float64))

    def total(self, clip_weight: Floats | None = None) -> Counts:
        """Sum over the clips, each as often as its weight says, shape (n_clips,); once by default."""
        summed = self.table.sum(axis=0) if clip_weight is None else clip_weight @ self.table
        counts = np.rint(summed).astype(np.int64)
        hits, wrong, annotated = counts[:-1].reshape(3, -1)
        return Counts(self.classes, hits, wrong, annotated, int(counts[-1]))


@dataclass(frozen=True)
class F1(Prepared):
    """F1 of any weighting of the clips, judged as `Counts.judged_f1` says, with precision, recall and error rate."""

    by_clip: ClipCounts
    classes_without_hits: str
    beta: float = 1.0
    pooled: ClassVar[bool] = True
    beside: ClassVar[tuple[str, ...]] = ("precision", "recall", "error_rate")

    def figures(self, clip_weight: Floats) -> Floats:
        """Macro average, F1 of each class and micro average, shape (2 + n_classes,), then the same of the rates.

        NaN where nothing is judged.
        """
        counts = self.by_clip.total(clip_weight)
        per_class, macro, micro = counts.judged_f1(self.classes_without_hits, self.beta)
        return np.concatenate([[macro], per_class, [micro], *counts.rates(self.classes_without_hits)])


def f1_scores(
    run: Run, wanted: Mapping[str, Options], by_clip: Callable[..., ClipCounts], **defaults: Any
) -> dict[str, F1]:
    """F1 of the detections at the threshold by each score's options; ``by_clip`` counts what is matched.

    The option ``beta`` is that of `Counts.judged_f1`; the others go to ``by_clip``.
    """
    if run.detections is None:
        return {}
    found = {}
    for name, options in wanted.items():
        of_matching = {key: value for key, value in options.items() if key != "beta"}
        counts = by_clip(run.detections, run.truth, **{**defaults, **of_matching})
        found[name] = F1(counts.classes, counts, run.conventions.classes_without_hits, options.get("beta", 1.0))
    return found


def of_beta(options: Options) -> list[str]:
    """The weight of recall in an F, where it is not 1, in a few words."""
    return [f"beta {options['beta']:g}"] if options.get("beta", 1.0) != 1.0 else []


def _share(part: Any, whole: Any) -> Any:
    """Quotients; NaN where the whole is 0."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def count_by_clip(events: Events, chosen: np.ndarray[Any, Any] | None, n_clips: int, n_classes: int) -> Ints:
    """How many of the chosen rows (an integer or boolean index; all by default) each clip and class has.

    Shape (n_clips, n_classes).
    """
    cell = events.clip * n_classes + events.label
    cell = cell if chosen is None else cell[chosen]
    return np.bincount(cell, minlength=n_clips * n_classes).reshape(n_clips, n_classes)
