"""Intersection-based F1 by plain loops: the slow, obvious twin, for the tests of the baseline.

Bilen et al. (2020), section 2; macro over the classes, a class without true positive counts 0.
"""

from __future__ import annotations

import numpy as np
from dcase_baseline.data import Pool
from dcase_baseline.evaluate import Floats, ScoreFunction
from dcase_baseline.recipe import Recipe
from dcase_baseline.soundscapes import CLASSES


def runs(active: np.ndarray, frame_s: float) -> list[tuple[float, float]]:
    """(onset_s, offset_s) of each run of True."""
    events, onset = [], None
    for frame, on in enumerate([*active, False]):
        if on and onset is None:
            onset = frame
        if not on and onset is not None:
            events.append((onset * frame_s, frame * frame_s))
            onset = None
    return events


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def class_counts(
    detected: list[tuple[float, float]], truth: list[tuple[float, float]], dtc: float, gtc: float
) -> tuple[int, int, int]:
    """True positives (of the truth), false positives and all of the truth in one clip."""
    relevant = [d for d in detected if sum(overlap(d, t) for t in truth) >= dtc * (d[1] - d[0])]
    hits = sum(sum(overlap(t, d) for d in relevant) >= gtc * (t[1] - t[0]) for t in truth)
    return hits, len(detected) - len(relevant), len(truth)


def intersection_f1(scores: Floats, pool: Pool, dtc: float, gtc: float, frame_s: float) -> float:
    f1 = []
    for index, label in enumerate(CLASSES):
        counts = np.zeros(3, dtype=int)
        for clip, events in zip(scores, pool.events, strict=True):
            truth = [(on, off) for on, off, name in events if name == label]
            counts += class_counts(runs(clip[:, index] > 0.5, frame_s), truth, dtc, gtc)
        hits, false_positives, n_truth = counts
        f1.append(2 * hits / max(1, hits + false_positives + n_truth) if hits else 0.0)
    return float(np.mean(f1))


def score_function(recipe: Recipe) -> ScoreFunction:
    """Figures under the names that training and records use."""

    def figures(scores: Floats, pool: Pool) -> dict[str, float]:
        return {
            "intersection_f1_05": intersection_f1(scores, pool, 0.5, 0.5, recipe.output_frame_s),
            "intersection_f1_07": intersection_f1(scores, pool, 0.7, 0.7, recipe.output_frame_s),
        }

    return figures
