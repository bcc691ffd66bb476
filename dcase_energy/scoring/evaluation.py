"""One run, matched once: every figure of it, for all clips or for any weighting of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dcase_energy.scoring.clip_tables import ClipTable, ClipTruth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Scores, keep_clips
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.metrics import ClipRun, Options, Prepared, Run, is_of_clips, metric_named
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

    truth: GroundTruth | ClipTruth
    scores: Mapping[str, Prepared]
    conventions: Conventions

    def names(self) -> list[Figure]:
        """Which figures `figures` gives, in its order."""
        found = []
        for score, prepared in self.scores.items():
            for name in (score, *(f"{score}_{part}" for part in prepared.beside)):
                found += [Figure(name, label) for label in (None, *prepared.labels)]
                found += [Figure(name, None, "micro")] if prepared.pooled else []
        return found

    def means(self) -> dict[str, float]:
        """Each score over all classes and clips; NaN where there is nothing to judge."""
        figures = dict(zip(self.names(), self.figures().tolist(), strict=True))
        return {name: figures[Figure(name)] for name in self.scores}

    def figures(self, clip_weight: Floats | None = None) -> Floats:
        """All figures, shape (n_figures,), of the clips weighted by ``clip_weight``, shape (n_clips,).

        NaN where there is nothing to judge.
        """
        weight = np.ones(len(self.truth.clips)) if clip_weight is None else clip_weight
        return np.concatenate([np.empty(0), *(score.figures(weight) for score in self.scores.values())])


def evaluate_scores(scores: Scores, truth: GroundTruth, conventions: Conventions) -> Evaluation:
    """Match the scores of a run with the ground truth; both hold all clips."""
    if conventions.windows == "join":
        scores, truth = join_windows(scores, truth)
    if conventions.empty_clips == "drop":
        truth, kept = truth.without_empty_clips()
        scores = scores.take_clips(kept)
    return _evaluate(
        Run(truth, conventions, scores, detections=detections_at(scores, conventions.thresholds_of(truth.classes)))
    )


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


def score_beside(name: str, conventions: Conventions) -> str:
    """The score that a figure belongs to: ``collar_f1`` of ``collar_f1_precision``, which stands beside it."""
    if name in conventions.scores:
        return name
    return max((score for score in conventions.scores if name.startswith(f"{score}_")), key=len)


def describe_figure(name: str, conventions: Conventions) -> str:
    """The conventions one figure depends on, in a few words, to stand beside it."""
    score = score_beside(name, conventions)
    metric, options = conventions.scores[score]
    if is_of_clips(metric):
        return "; ".join(metric_named(metric).describe(options, conventions))
    conventions = conventions.of_score(score)
    parts = [f"{conventions.empty_clips} empty clips"]
    parts += ["windows joined"] if conventions.windows == "join" else []
    parts += ["overlapping events kept"] if conventions.overlapping_truth == "keep" else []
    return "; ".join([*parts, *metric_named(metric).describe(options, conventions)])


def evaluate_clips(table: ClipTable, truth: ClipTruth, conventions: Conventions) -> Evaluation:
    """Match tables of clips with what is true of them; the table holds all clips."""
    return _evaluate(ClipRun(truth, conventions, table.in_order_of(truth.clips)))


def _evaluate(run: Run | ClipRun) -> Evaluation:
    wanted: defaultdict[str, dict[str, Options]] = defaultdict(dict)
    for name, (metric, options) in run.conventions.scores.items():
        if is_of_clips(metric) == isinstance(run, ClipRun):
            wanted[metric][name] = options
    found = {
        name: score
        for metric, scores in wanted.items()
        for name, score in metric_named(metric).prepare(run, scores).items()
    }
    return Evaluation(
        run.truth, {name: found[name] for name in run.conventions.scores if name in found}, run.conventions
    )
