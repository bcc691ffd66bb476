"""Polyphonic sound detection score, exact over all thresholds.

Bilen et al., "A framework for the robust evaluation of sound event detection" (ICASSP 2020), evaluated at every
threshold as in Ebbers, Haeb-Umbach and Serizel, "Threshold independent evaluation of sound event detection scores"
(ICASSP 2022). The scenarios are those of DCASE task 4.

Below a certain score a class has more false positives than the area can afford, whatever
follows: scores below are not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from dcase_energy.scoring.conventions import SCORES, Conventions
from dcase_energy.scoring.data import Events, Floats, GroundTruth, Scores
from dcase_energy.scoring.deltas import (
    CROSS_TRIGGER,
    ClassDeltas,
    PsdsScenario,
    class_deltas,
    operating_point_intervals,
)
from dcase_energy.scoring.intervals import Intervals, class_intervals
from dcase_energy.scoring.metrics import Options, Prepared, Run
from dcase_energy.scoring.overlap import EXACT, Timing, covered_by_events
from dcase_energy.scoring.roc import ROUNDING, Arranged, PsdRoc, mean_roc
from dcase_energy.units import MICROSECONDS_PER_SECOND, SECONDS_PER_HOUR

_US_PER_HOUR = SECONDS_PER_HOUR * MICROSECONDS_PER_SECOND
# How far above the affordable false positives scores are kept for resamples: one of them hardly ever needs more.
_MARGIN = 1.5

OPTIONS: Mapping[str, bool | tuple[str, ...]] = {
    "dtc": True,
    "gtc": True,
    "alpha_ct": True,
    "alpha_st": True,
    "cttc": False,
    "e_max": False,
    "area_end": ("e_max", "last_point"),
    "min_points": False,
}
PSDS1, PSDS2 = (PsdsScenario(**SCORES[name][1]) for name in ("psds1", "psds2"))


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
    e_max
        Effective false positives per hour at which the area ends.
    """

    value: float
    per_class: dict[str, float]
    roc: PsdRoc
    class_rocs: dict[str, PsdRoc]
    e_max: float


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, PreparedPsds]:
    """Match a run for each scenario; options are the fields of `PsdsScenario`, and two more.

    With ``area_end = "last_point"`` the area ends at the highest effective false positive rate of all operating points,
    whatever ``e_max`` is (psds_eval without ``max_efpr``). Event lists have a PSDS if there are ``min_points``, by
    default 2; scores have none in floating-point seconds: no library computes one.
    """
    chosen, timing = run.conventions, run.conventions.timing
    if run.scores is not None and timing.in_seconds:
        return {}
    scenarios = {}
    for name, given in wanted.items():
        options = dict(given)
        last, least = options.pop("area_end", "e_max") == "last_point", options.pop("min_points", 2)
        if run.scores is not None or len(run.points) >= max(least, 1):
            options |= {"e_max": math.inf} if last else {}
            scenarios[name] = PsdsScenario(cross_trigger_average=chosen.cross_trigger_average, **options)
    if not scenarios:
        return {}
    often, lost = chosen.resampling.count > 0, chosen.lost_classes
    detected = run.points if run.scores is None else run.scores
    return prepare_psds(detected, run.truth, scenarios, timing, often=often, lost_classes=lost)


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    known = [usual for metric, usual in SCORES.values() if metric == "psds"]
    parts = [] if options in known else [_in_words(options)]
    if conventions.lost_classes == "zero" and conventions.resampling.count:
        parts.append("classes lost in a resample: zero")
    if options.get("alpha_ct"):
        parts.append(f"cross-triggers over {'C-1' if conventions.cross_trigger_average == 'others' else 'C'}")
    return parts + conventions.of_times()


def _in_words(options: Options) -> str:
    """The parameters of a scenario that is none of the usual ones."""
    names = {"dtc": "DTC", "gtc": "GTC", "cttc": "CTTC", "alpha_ct": "alpha_ct", "alpha_st": "alpha_st"}
    words = [f"{names[name]} {options[name]:g}" for name in names if name in options]
    end = f"up to {options.get('e_max', 100.0):g} per hour"
    return ", ".join([*words, "up to the last point" if options.get("area_end") == "last_point" else end])


def prepare_psds(
    detected: Scores | Sequence[Events],
    truth: GroundTruth,
    scenarios: Mapping[str, PsdsScenario],
    timing: Timing = EXACT,
    *,
    often: bool = False,
    lost_classes: str = "skip",
) -> dict[str, PreparedPsds]:
    """Match a run with the ground truth for several scenarios.

    Parameters
    ----------
    detected
        Scores of every clip of ``truth``, in its order: PSDS over all thresholds, equal to sed_scores_eval's within
        rounding. Or the detections of each operating point, as psds_eval has them:
        ``Timing("seconds", late_detections="ignore")`` gives its figures to the last digits.
    truth
        Ground truth; a class without events does not count.
    scenarios
        `PSDS1`, `PSDS2` or others, by name.
    often
        Whether many weightings of the clips will be asked for.
    """
    arranged: dict[str, list[Arranged]] = {name: [] for name in scenarios}
    floors, lasting = _floors(detected, truth, list(scenarios.values()), timing, often=often)
    for label in range(len(truth.classes)):
        intervals = _intervals(detected, label, floors[label])
        covered = covered_by_events(intervals.events, truth, timing)
        left_out = lasting[:, label] if np.isfinite(floors[label]) else None
        for name, scenario in scenarios.items():
            deltas = class_deltas(intervals, truth, scenario, timing, covered)
            arranged[name].append(_arrange(deltas, truth, left_out))
    whole = {name: cache(partial(_whole, detected, truth, timing, scenario)) for name, scenario in scenarios.items()}
    return {
        name: PreparedPsds(truth.classes, tuple(arranged[name]), whole[name], truth, scenario, lost_classes)
        for name, scenario in scenarios.items()
    }


def _intervals(detected: Scores | Sequence[Events], label: int, floor: float = -np.inf) -> Intervals:
    if isinstance(detected, Scores):
        return class_intervals(detected, label, floor)
    return operating_point_intervals(detected, label)


def _arrange(deltas: ClassDeltas, truth: GroundTruth, lasting: Floats | None = None) -> Arranged:
    return Arranged.build(deltas, len(truth.clips), CROSS_TRIGGER + len(truth.classes), lasting)


def _whole(
    detected: Scores | Sequence[Events], truth: GroundTruth, timing: Timing, scenario: PsdsScenario, label: int
) -> Arranged:
    return _arrange(class_deltas(_intervals(detected, label), truth, scenario, timing), truth)


def _floors(
    detected: Scores | Sequence[Events],
    truth: GroundTruth,
    scenarios: Sequence[PsdsScenario],
    timing: Timing,
    *,
    often: bool,
) -> tuple[Floats, Floats]:
    """Scores below which each class has more false positives than any scenario can afford.

    At a threshold below the highest score of a clip that has no event of the class, the clip has a false positive, and
    detections that grow or merge leave at least one. So where enough of such clips have a higher score, no lower
    threshold needs to be looked at.

    Returns
    -------
    tuple
        The floor of each class, shape (n_classes,), -inf for none; and whether each clip counts as a false positive
        below it, shape (n_clips, n_classes).
    """
    n_clips, n_classes = len(truth.clips), len(truth.classes)
    highest = np.full((n_clips, n_classes), -np.inf)
    hours = float(truth.duration_us.sum()) / _US_PER_HOUR
    budget = max(scenario.e_max for scenario in scenarios) * hours
    if math.isinf(budget):
        return highest.max(axis=0), highest
    n_needed = int(budget * (_MARGIN if often else 1 + ROUNDING)) + 1
    exact = timing == EXACT and all(scenario.dtc > 0 for scenario in scenarios)
    if not isinstance(detected, Scores) or not exact or n_needed > n_clips:
        return highest.max(axis=0), highest
    filled = np.flatnonzero(np.diff(detected.first_frame))
    highest[filled] = np.maximum.reduceat(detected.values, detected.first_frame[filled], axis=0)
    highest[truth.events.clip, truth.events.label] = -np.inf
    floors = np.partition(highest, n_clips - n_needed, axis=0)[n_clips - n_needed]
    return floors, (highest >= floors).astype(np.float64)


@dataclass(frozen=True)
class PreparedPsds(Prepared):
    """Everything about a run's PSDS that does not depend on how often each clip counts.

    ``whole`` arranges all scores of a class, for a weighting whose figure needs those that were left out.
    ``lost_classes`` says what a resample does with a class none of whose events it drew: ``skip`` leaves it out,
    ``zero`` counts it as never found (sed_scores_eval).
    """

    classes: tuple[Arranged, ...]
    whole: Callable[[int], Arranged]
    truth: GroundTruth
    scenario: PsdsScenario
    lost_classes: str = "skip"

    def figures(self, clip_weight: Floats) -> Floats:
        """PSDS and the area of each class, shape (1 + n_classes,); NaN where the ground truth has no event."""
        result = self.result(clip_weight)
        per_class = [result.per_class.get(label, np.nan) for label in self.labels]
        return np.array([result.value if result.per_class else np.nan, *per_class])

    def result(self, clip_weight: Floats | None = None) -> PsdsResult:
        """PSDS of a weighted set of clips; ``clip_weight``, shape (n_clips,), is all ones by default.

        A resample of the clips is a vector of whole weights: nothing is sorted or matched again.
        """
        truth, scenario = self.truth, self.scenario
        weight = np.ones(len(truth.clips)) if clip_weight is None else clip_weight
        n_events, fp_cost, trigger_cost = _rates(truth, scenario, weight)
        signed = np.multiply.outer(np.concatenate([[0.0, fp_cost], trigger_cost]), weight)
        table = np.stack([signed, -signed]).ravel()
        rocs: dict[str, PsdRoc] = {}
        for label in np.flatnonzero(n_events).tolist():
            arranged = self.classes[label]
            arranged = arranged if arranged.holds_for(weight, scenario.e_max / fp_cost) else self.whole(label)
            rocs[truth.classes[label]] = arranged.roc(weight, table, n_events[label], scenario.e_max)
        if self.lost_classes == "zero" and clip_weight is not None:
            lost = set(truth.events.label.tolist()) - set(np.flatnonzero(n_events).tolist())
            rocs |= {truth.classes[label]: PsdRoc(np.zeros(1), np.zeros(1)) for label in sorted(lost)}
        roc, e_max = mean_roc(list(rocs.values()), scenario.alpha_st), scenario.e_max
        if math.isinf(e_max):
            # No class may have a false positive: then all areas are those of one false positive an hour.
            judged = np.flatnonzero(n_events).tolist()
            e_max = max((self.classes[label].highest(table) for label in judged), default=0.0) or 1.0
        return PsdsResult(
            value=roc.area(e_max),
            per_class={name: curve.area(e_max) for name, curve in rocs.items()},
            roc=roc,
            class_rocs=rocs,
            e_max=e_max,
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
