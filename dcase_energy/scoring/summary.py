"""The main scores of one run, all clips counted: what validation, training and rankings need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.evaluation import METRICS, Evaluation, Figure, evaluate_scores


@dataclass(frozen=True)
class Summary:
    """Scores of a run, or their mean over runs; fractions between 0 and 1.

    ``intersection_f1`` uses DTC = GTC = 0.5 as DESED_task reports it, ``intersection_f1_07`` 0.7 as the ICASSP 2023
    paper states; every F1 is the macro average at threshold 0.5, a class without true positives counting 0.
    """

    psds1: float
    psds2: float
    intersection_f1: float
    intersection_f1_07: float
    collar_f1: float
    segment_f1: float


def summarise(scores: Scores, truth: GroundTruth, conventions: Conventions = Conventions()) -> Summary:  # noqa: B008
    """Score one run; by default all clips are counted, empty ones included."""
    return summary_of(evaluate_scores(scores, truth, conventions))


def summary_of(evaluation: Evaluation) -> Summary:
    """The main scores of a run; NaN where there is nothing to judge."""
    figures = dict(zip(evaluation.names(), evaluation.figures().tolist(), strict=True))
    return Summary(**{metric: figures.get(Figure(metric), float("nan")) for metric in METRICS})


def mean_of(runs: Sequence[Summary]) -> Summary:
    """Mean over the runs of one system, as the organisers take it."""
    return Summary(**{f.name: float(np.mean([getattr(run, f.name) for run in runs])) for f in fields(Summary)})
