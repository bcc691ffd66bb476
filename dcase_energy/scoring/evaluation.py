"""One run, matched once: every figure of it, for all clips or for any weighting of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dcase_energy.scoring.collar import collar_by_clip
from dcase_energy.scoring.conventions import COLLAR_S, COLLAR_SHARE, SEGMENT_S, Conventions
from dcase_energy.scoring.counts import ClipCounts, Counts
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Scores, keep_clips
from dcase_energy.scoring.deltas import class_deltas, coverage, operating_point_intervals
from dcase_energy.scoring.intersection import intersection_by_clip
from dcase_energy.scoring.intervals import Intervals, class_intervals, detections_at
from dcase_energy.scoring.psds import PSDS1, PSDS2, PreparedPsds, arrange_class
from dcase_energy.scoring.roc import Arranged
from dcase_energy.scoring.segment import segment_by_clip

SCENARIOS = {"psds1": PSDS1, "psds2": PSDS2}
F1_METRICS = ("intersection_f1", "intersection_f1_07", "collar_f1", "segment_f1")
METRICS = (*SCENARIOS, *F1_METRICS)
# How people read the metrics, and those that tables of classes and differences show, in short.
TITLES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "intersection_f1": "intersection-based F1",
    "intersection_f1_07": "intersection-based F1 (0.7)",
    "collar_f1": "collar-based F1",
    "segment_f1": "segment-based F1",
}
SHORT_TITLES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "intersection_f1": "inters. F1",
    "collar_f1": "collar F1",
    "segment_f1": "segment F1",
}


@dataclass(frozen=True, order=True)
class Figure:
    """Which figure: a metric, over all classes or of one class; ``average`` is ``micro`` for the pooled F1."""

    metric: str
    label: str | None = None
    average: str = "macro"


@dataclass(frozen=True)
class Evaluation:
    """A run whose detections have been matched with the ground truth.

    Attributes
    ----------
    truth
        Ground truth it was matched with, after clips were dropped that do not count.
    psds
        PSDS scenarios by metric; empty for a single event list.
    counts
        Counts of each F1 by metric; empty where there are no detections at the threshold.
    conventions
        What was chosen.
    """

    truth: GroundTruth
    psds: Mapping[str, PreparedPsds]
    counts: Mapping[str, ClipCounts]
    conventions: Conventions

    def names(self) -> list[Figure]:
        """Which figures `figures` gives, in its order."""
        classes = (None, *self.truth.classes)
        found = [Figure(metric, label) for metric in self.psds for label in classes]
        for metric in self.counts:
            found += [Figure(metric, label) for label in classes]
            found.append(Figure(metric, None, "micro"))
        return found

    def figures(self, clip_weight: Floats | None = None) -> Floats:
        """All figures, shape (n_figures,), of the clips weighted by ``clip_weight``, shape (n_clips,).

        NaN where there is nothing to judge.
        """
        found: list[float] = []
        for prepared in self.psds.values():
            result = prepared.result(clip_weight)
            found.append(result.value if result.per_class else float("nan"))
            found += [result.per_class.get(label, float("nan")) for label in self.truth.classes]
        for by_clip in self.counts.values():
            found += self._f1s(by_clip.total(clip_weight))
        return np.array(found)

    def _f1s(self, counts: Counts) -> list[float]:
        per_class, macro, micro = counts.judged_f1(self.conventions.classes_without_hits)
        return [macro, *per_class.tolist(), micro]


def evaluate_scores(scores: Scores, truth: GroundTruth, conventions: Conventions) -> Evaluation:
    """Match the scores of a run with the ground truth; both hold all clips.

    Where the conventions ask for floating-point seconds PSDS is not computed: no library does this from scores.
    """
    if conventions.empty_clips == "drop":
        truth, kept = truth.without_empty_clips()
        scores = scores.take_clips(kept)
    psds: Mapping[str, PreparedPsds] = {}
    if not conventions.timing.in_seconds:
        psds = _prepare(truth, conventions, lambda label: class_intervals(scores, label))
    counts = _count(detections_at(scores, conventions.threshold), truth, conventions)
    return Evaluation(truth, psds, counts, conventions)


def evaluate_points(
    points: Sequence[Events], detections: Events | None, truth: GroundTruth, conventions: Conventions
) -> Evaluation:
    """Match operating points (PSDS, if there are two or more) and the detections at the threshold (F1, if given)."""
    if conventions.empty_clips == "drop":
        n_clips = len(truth.clips)
        truth, kept = truth.without_empty_clips()
        points = [keep_clips(events, kept, n_clips) for events in points]
        detections = None if detections is None else keep_clips(detections, kept, n_clips)
    psds: Mapping[str, PreparedPsds] = {}
    if len(points) > 1:
        psds = _prepare(truth, conventions, lambda label: operating_point_intervals(points, label))
    counts = {} if detections is None else _count(detections, truth, conventions)
    return Evaluation(truth, psds, counts, conventions)


def _prepare(
    truth: GroundTruth, conventions: Conventions, intervals_of: Callable[[int], Intervals]
) -> dict[str, PreparedPsds]:
    scenarios = {metric: conventions.scenario(base) for metric, base in SCENARIOS.items()}
    often = conventions.resampling.count > 0
    arranged: dict[str, list[Arranged]] = {metric: [] for metric in scenarios}
    for label in range(len(truth.classes)):
        intervals = intervals_of(label)
        common = coverage(intervals, truth, conventions.timing)
        for metric, scenario in scenarios.items():
            deltas = class_deltas(intervals, label, truth, scenario, conventions.timing, common)
            arranged[metric].append(arrange_class(deltas, truth, scenario, often=often))
    lost = conventions.lost_classes
    return {metric: PreparedPsds(tuple(arranged[metric]), truth, scenarios[metric], lost) for metric in scenarios}


def _count(found: Events, truth: GroundTruth, conventions: Conventions) -> dict[str, ClipCounts]:
    timing = conventions.timing
    return {
        "intersection_f1": intersection_by_clip(found, truth, dtc=conventions.dtc, gtc=conventions.gtc, timing=timing),
        "intersection_f1_07": intersection_by_clip(found, truth, dtc=0.7, gtc=0.7, timing=timing),
        "collar_f1": collar_by_clip(found, truth, collar_s=COLLAR_S, offset_share=COLLAR_SHARE, timing=timing),
        "segment_f1": segment_by_clip(found, truth, segment_s=SEGMENT_S, grid=conventions.segment_grid),
    }
