"""One run, matched once: every figure of it, for all clips or for any weighting of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Scores, keep_clips
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.metrics import Options, Prepared, Run, metric_named
from dcase_energy.scoring.windows import join_windows

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
    """Which figure: a score, over all classes or of one class; ``average`` is ``micro`` for the pooled F1."""

    metric: str
    label: str | None = None
    average: str = "macro"


@dataclass(frozen=True)
class Evaluation:
    """A run whose outputs have been matched with the ground truth.

    Attributes
    ----------
    truth
        Ground truth it was matched with, after clips were dropped that do not count.
    scores
        Each score by name, without those that these outputs do not allow.
    conventions
        What was chosen.
    """

    truth: GroundTruth
    scores: Mapping[str, Prepared]
    conventions: Conventions

    def names(self) -> list[Figure]:
        """Which figures `figures` gives, in its order."""
        found = []
        for name, score in self.scores.items():
            found += [Figure(name, label) for label in (None, *self.truth.classes)]
            found += [Figure(name, None, "micro")] if score.pooled else []
        return found

    def means(self) -> dict[str, float]:
        """Each score over all classes and clips; NaN where there is nothing to judge."""
        return {name: float(score.figures()[0]) for name, score in self.scores.items()}

    def figures(self, clip_weight: Floats | None = None) -> Floats:
        """All figures, shape (n_figures,), of the clips weighted by ``clip_weight``, shape (n_clips,).

        NaN where there is nothing to judge.
        """
        return np.concatenate([np.empty(0), *(score.figures(clip_weight) for score in self.scores.values())])


def evaluate_scores(scores: Scores, truth: GroundTruth, conventions: Conventions) -> Evaluation:
    """Match the scores of a run with the ground truth; both hold all clips."""
    if conventions.windows == "join":
        scores, truth = join_windows(scores, truth)
    if conventions.empty_clips == "drop":
        truth, kept = truth.without_empty_clips()
        scores = scores.take_clips(kept)
    return _evaluate(Run(truth, conventions, scores, detections=detections_at(scores, conventions.threshold)))


def evaluate_points(
    points: Sequence[Events], detections: Events | None, truth: GroundTruth, conventions: Conventions
) -> Evaluation:
    """Match operating points (PSDS, if there are two or more) and the detections at the threshold (F1, if given)."""
    if conventions.empty_clips == "drop":
        n_clips = len(truth.clips)
        truth, kept = truth.without_empty_clips()
        points = [keep_clips(events, kept, n_clips) for events in points]
        detections = None if detections is None else keep_clips(detections, kept, n_clips)
    return _evaluate(Run(truth, conventions, points=points, detections=detections))


def describe_figure(name: str, conventions: Conventions) -> str:
    """The conventions one score depends on, in a few words, to stand beside its figure."""
    metric, options = conventions.scores[name]
    conventions = conventions.of_score(name)
    parts = [f"{conventions.empty_clips} empty clips"]
    parts += ["windows joined"] if conventions.windows == "join" else []
    parts += ["overlapping events kept"] if conventions.overlapping_truth == "keep" else []
    return "; ".join([*parts, *metric_named(metric).describe(options, conventions)])


def _evaluate(run: Run) -> Evaluation:
    wanted: defaultdict[str, dict[str, Options]] = defaultdict(dict)
    for name, (metric, options) in run.conventions.scores.items():
        wanted[metric][name] = options
    found = {
        name: score
        for metric, scores in wanted.items()
        for name, score in metric_named(metric).prepare(run, scores).items()
    }
    return Evaluation(
        run.truth, {name: found[name] for name in run.conventions.scores if name in found}, run.conventions
    )
