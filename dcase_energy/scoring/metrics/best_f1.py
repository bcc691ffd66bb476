"""Best F of each class over all thresholds: what it would be with the threshold that suits the class best.

Segment-based as for MAESTRO (task 4B of 2023), or intersection-based. The threshold is chosen on the clips that are
scored: an upper bound of what a system can reach, not a result of a system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from dcase_energy.scoring.conventions import SEGMENT_S, Conventions
from dcase_energy.scoring.counts import of_beta
from dcase_energy.scoring.data import Floats, GroundTruth, Scores, known_mean
from dcase_energy.scoring.deltas import FALSE_POSITIVE, TRUE_POSITIVE, ClassDeltas, PsdsScenario, class_deltas
from dcase_energy.scoring.intervals import class_intervals
from dcase_energy.scoring.metrics import Options, Prepared, Run
from dcase_energy.scoring.overlap import Timing
from dcase_energy.scoring.segments import segment_decisions

OPTIONS: Mapping[str, bool | tuple[str, ...]] = {
    "criterion": ("segment", "intersection"),
    "segment_s": False,
    "dtc": False,
    "gtc": False,
    "beta": False,
}
# From weights of the clips to true positives and false positives at each threshold.
Counted = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Points:
    """The operating points of a class: their counts, the threshold of each, and its annotated events in each clip."""

    counts: Counted
    thresholds: Floats
    annotated: Floats


@dataclass(frozen=True)
class BestF1(Prepared):
    """The best F of each class, for any weighting of the clips."""

    points: tuple[Points, ...]
    beta: float
    beside: ClassVar[tuple[str, ...]] = ("precision", "recall", "threshold")

    def figures(self, clip_weight: Floats) -> Floats:
        """Mean over the annotated classes and F of each class, then the same of precision, recall and threshold."""
        rows = np.array([_best(one, clip_weight, self.beta) for one in self.points]).reshape(-1, 4).T
        return np.concatenate([np.append(known_mean(row), row) for row in rows])


def _best(points: Points, weight: Floats, beta: float) -> tuple[float, float, float, float]:
    """F, precision, recall and threshold; NaN for a class that is not annotated, F 0 where nothing is ever right."""
    annotated = float(weight @ points.annotated)
    if not annotated:
        return np.nan, np.nan, np.nan, np.nan
    hits, wrong = points.counts(weight)
    f = (1 + beta**2) * hits / (beta**2 * annotated + hits + wrong)
    if not len(f) or not f.max() > 0:
        return 0.0, 0.0, 0.0, 1.0
    best = int(np.argmax(f))
    lower = points.thresholds[best + 1] if best + 1 < len(f) else 0.0
    recall = hits[best] / annotated
    return (
        float(f[best]),
        float(hits[best] / (hits[best] + wrong[best])),
        float(recall),
        (points.thresholds[best] + lower) / 2,
    )


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, BestF1]:
    """Count at every threshold; detections at one threshold have no other."""
    if run.scores is None or run.conventions.timing.in_seconds:
        return {}
    truth, found = run.truth, {}
    for name, options in wanted.items():
        if options.get("criterion", "segment") == "segment":
            points = _of_segments(run.scores, truth, options.get("segment_s", SEGMENT_S), run.conventions)
        else:
            dtc, gtc = options.get("dtc", run.conventions.dtc), options.get("gtc", run.conventions.gtc)
            points = _of_intersections(run.scores, truth, dtc, gtc, run.conventions.timing)
        found[name] = BestF1(truth.classes, tuple(points), options.get("beta", 1.0))
    return found


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    if options.get("criterion", "segment") == "segment":
        how = [f"segments of {options.get('segment_s', SEGMENT_S):g} s, {conventions.segment_grid} at the end"]
    else:
        how = [f"DTC {options.get('dtc', conventions.dtc):g}, GTC {options.get('gtc', conventions.gtc):g}"]
        how += conventions.of_times()
    return [*how, *of_beta(options), "threshold chosen on these clips"]


def _of_segments(scores: Scores, truth: GroundTruth, segment_s: float, conventions: Conventions) -> list[Points]:
    decisions = segment_decisions(scores, truth, segment_s, conventions.segment_grid)
    n_clips = len(truth.clips)
    return [
        Points(one.counts, one.threshold, np.bincount(one.clip, one.positive, n_clips).astype(np.float64))
        for one in decisions
    ]


def _of_intersections(scores: Scores, truth: GroundTruth, dtc: float, gtc: float, timing: Timing) -> list[Points]:
    scenario = PsdsScenario(dtc=dtc, gtc=gtc, alpha_ct=0.0, alpha_st=0.0)
    points = []
    for label in range(len(truth.classes)):
        intervals = class_intervals(scores, label)
        deltas = class_deltas(intervals, truth, scenario, timing)
        own = truth.events.label == label
        annotated = np.bincount(truth.events.clip[own], minlength=len(truth.clips)).astype(np.float64)
        points.append(Points(partial(_summed, deltas), intervals.levels[deltas.level], annotated))
    return points


def _summed(deltas: ClassDeltas, weight: Floats) -> tuple[Floats, Floats]:
    """True positives and false positives at each operating point, of the clips by their weights."""
    change = weight[deltas.clip] * deltas.sign
    hits, wrong = (np.cumsum(change * (deltas.kind == kind)) for kind in (TRUE_POSITIVE, FALSE_POSITIVE))
    return hits[deltas.point], wrong[deltas.point]
