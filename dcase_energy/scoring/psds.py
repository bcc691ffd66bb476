"""Polyphonic sound detection score, exact over all thresholds.

Bilen et al., "A framework for the robust evaluation of sound event detection" (ICASSP 2020), evaluated at every
threshold as in Ebbers, Haeb-Umbach and Serizel, "Threshold independent evaluation of sound event detection scores"
(ICASSP 2022). The scenarios are those of DCASE task 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dcase_energy.scoring.data import Events, Floats, GroundTruth, Scores
from dcase_energy.scoring.deltas import (
    CROSS_TRIGGER,
    ClassDeltas,
    PsdsScenario,
    class_deltas,
    operating_point_intervals,
)
from dcase_energy.scoring.intervals import class_intervals
from dcase_energy.scoring.overlap import EXACT, Timing
from dcase_energy.scoring.roc import Arranged, PsdRoc, arrange, mean_roc
from dcase_energy.units import MICROSECONDS_PER_SECOND, SECONDS_PER_HOUR

_US_PER_HOUR = SECONDS_PER_HOUR * MICROSECONDS_PER_SECOND

PSDS1 = PsdsScenario(dtc=0.7, gtc=0.7, cttc=0.3, alpha_ct=0.0, alpha_st=1.0)
PSDS2 = PsdsScenario(dtc=0.1, gtc=0.1, cttc=0.3, alpha_ct=0.5, alpha_st=1.0)


@dataclass(frozen=True)
class PsdsResult:
    """A PSDS with the curves it came from.

    Attributes
    ----------
    value
        The PSDS, between 0 and 1.
    per_class
        Area of each class's own curve.
    roc, class_rocs
        The PSD-ROC over classes and of each class.
    classes_without_events
        Classes of which the ground truth holds no event; they have no curve and do not count.
    """

    value: float
    per_class: dict[str, float]
    roc: PsdRoc
    class_rocs: dict[str, PsdRoc]
    classes_without_events: tuple[str, ...]


def psds_from_scores(scores: Scores, truth: GroundTruth, scenario: PsdsScenario, timing: Timing = EXACT) -> PsdsResult:
    """PSDS over all thresholds.

    Parameters
    ----------
    scores
        Scores of every clip of ``truth``, in its order.
    truth
        Ground truth; a class without events does not count.
    scenario
        `PSDS1`, `PSDS2` or another.

    Returns
    -------
    PsdsResult
        Equal to sed_scores_eval's ``psds`` within rounding.
    """
    deltas = [
        class_deltas(class_intervals(scores, label), label, truth, scenario, timing)
        for label in range(len(truth.classes))
    ]
    return psds_from_deltas(deltas, truth, scenario)


def psds_from_operating_points(
    points: Sequence[Events], truth: GroundTruth, scenario: PsdsScenario, timing: Timing = EXACT
) -> PsdsResult:
    """PSDS over the given operating points, one table of detections each (psds_eval's way).

    ``Timing("seconds", late_detections="ignore")`` gives psds_eval's figures to the last digits.
    """
    deltas = []
    for label in range(len(truth.classes)):
        intervals = operating_point_intervals(points, label)
        deltas.append(class_deltas(intervals, label, truth, scenario, timing))
    return psds_from_deltas(deltas, truth, scenario)


def psds_from_deltas(
    deltas: Sequence[ClassDeltas],
    truth: GroundTruth,
    scenario: PsdsScenario,
    clip_weight: Floats | None = None,
) -> PsdsResult:
    """PSDS of a weighted set of clips; ``clip_weight``, shape (n_clips,), is all ones by default."""
    arranged = tuple(arrange_class(one, truth, scenario, often=False) for one in deltas)
    return PreparedPsds(arranged, truth, scenario).result(clip_weight)


def arrange_class(deltas: ClassDeltas, truth: GroundTruth, scenario: PsdsScenario, *, often: bool) -> Arranged:
    """Arrange the changes of one class; ``often`` if many weightings of the clips will be asked for."""
    budget = scenario.e_max * float(truth.duration_us.sum()) / _US_PER_HOUR if often else None
    return arrange(deltas, len(truth.clips), CROSS_TRIGGER + len(truth.classes), budget)


@dataclass(frozen=True)
class PreparedPsds:
    """Everything about a run's PSDS that does not depend on how often each clip counts.

    ``lost_classes`` says what a resample does with a class none of whose events it drew: ``skip`` leaves it out,
    ``zero`` counts it as never found (sed_scores_eval).
    """

    classes: tuple[Arranged, ...]
    truth: GroundTruth
    scenario: PsdsScenario
    lost_classes: str = "skip"

    def result(self, clip_weight: Floats | None = None) -> PsdsResult:
        """PSDS of a weighted set of clips; ``clip_weight``, shape (n_clips,), is all ones by default.

        A resample of the clips is a vector of whole weights: nothing is sorted or matched again.
        """
        truth, scenario = self.truth, self.scenario
        weight = np.ones(len(truth.clips)) if clip_weight is None else clip_weight
        n_events, fp_cost, trigger_cost = _rates(truth, scenario, weight)
        signed = np.multiply.outer(np.concatenate([[0.0, fp_cost], trigger_cost]), weight)
        table = np.stack([signed, -signed]).ravel()
        rocs = {
            name: self.classes[label].roc(weight, table, scenario.e_max / fp_cost, n_events[label], scenario.e_max)
            for label, name in enumerate(truth.classes)
            if n_events[label] > 0
        }
        if self.lost_classes == "zero" and clip_weight is not None:
            lost = set(truth.events.label.tolist()) - set(np.flatnonzero(n_events).tolist())
            rocs |= {truth.classes[label]: PsdRoc(np.zeros(1), np.zeros(1)) for label in sorted(lost)}
        roc = mean_roc(list(rocs.values()), scenario.alpha_st)
        return PsdsResult(
            value=roc.area(scenario.e_max),
            per_class={name: curve.area(scenario.e_max) for name, curve in rocs.items()},
            roc=roc,
            class_rocs=rocs,
            classes_without_events=tuple(name for name in truth.classes if name not in rocs),
        )


def _rates(truth: GroundTruth, scenario: PsdsScenario, weight: Floats) -> tuple[Floats, float, Floats]:
    """Events of each class, and what one false positive or cross-trigger adds to the effective rate per hour."""
    events, n_classes = truth.events, len(truth.classes)
    n_events = np.asarray(np.bincount(events.label, weight[events.clip], n_classes), dtype=np.float64)
    class_us = np.bincount(events.label, weights=weight[events.clip] * events.duration_us, minlength=n_classes)
    total_us = float(np.dot(weight, truth.duration_us))
    # A resample may leave no clip at all; then no class has events, and no curve asks for the cost.
    fp_cost = _US_PER_HOUR / total_us if total_us else 0.0
    n_averaged = n_classes - 1 if scenario.cross_trigger_average == "others" else n_classes
    trigger_cost = np.zeros(n_classes)
    present = class_us > 0
    if n_averaged > 0:
        trigger_cost[present] = scenario.alpha_ct * _US_PER_HOUR / class_us[present] / n_averaged
    return n_events, fp_cost, trigger_cost
