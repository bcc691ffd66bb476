"""All scores of one run, with the conventions they were computed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from dcase_energy.scoring.collar import collar_counts
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.intersection import intersection_counts
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.psds import PSDS1, PSDS2, psds_from_scores
from dcase_energy.scoring.segment import segment_counts

THRESHOLD = 0.5


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


def summarise(scores: Scores, truth: GroundTruth) -> Summary:
    """Score one run, all clips counted, empty ones included."""
    detections = detections_at(scores, THRESHOLD)
    return Summary(
        psds1=psds_from_scores(scores, truth, PSDS1).value,
        psds2=psds_from_scores(scores, truth, PSDS2).value,
        intersection_f1=intersection_counts(detections, truth, dtc=0.5, gtc=0.5).f1_macro,
        intersection_f1_07=intersection_counts(detections, truth, dtc=0.7, gtc=0.7).f1_macro,
        collar_f1=collar_counts(detections, truth).f1_macro,
        segment_f1=segment_counts(detections, truth).f1_macro,
    )


def mean_of(runs: Sequence[Summary]) -> Summary:
    """Mean over the runs of one system, as the organisers take it."""
    return Summary(**{f.name: float(np.mean([getattr(run, f.name) for run in runs])) for f in fields(Summary)})
