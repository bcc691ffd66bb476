"""Intersection-based counts at one operating point (Bilen et al., ICASSP 2020, section 2)."""

from __future__ import annotations

from collections.abc import Mapping

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.counts import F1, ClipCounts, count_by_clip, f1_scores, of_beta
from dcase_energy.scoring.data import Events, GroundTruth
from dcase_energy.scoring.metrics import Options, Run
from dcase_energy.scoring.overlap import EXACT, Timing, covered_by_events, overlapping_pairs, summed

OPTIONS = {"dtc": False, "gtc": False, "beta": False}


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, F1]:
    """Match the detections; the options are ``dtc``, ``gtc`` (by default those of the conventions) and ``beta``."""
    chosen = run.conventions
    return f1_scores(run, wanted, intersection_by_clip, dtc=chosen.dtc, gtc=chosen.gtc, timing=chosen.timing)


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    dtc, gtc = options.get("dtc", conventions.dtc), options.get("gtc", conventions.gtc)
    return [f"DTC {dtc:g}, GTC {gtc:g}", *of_beta(options), *conventions.of_detections(), *conventions.of_times()]


def intersection_by_clip(
    detections: Events, truth: GroundTruth, *, dtc: float, gtc: float, timing: Timing = EXACT
) -> ClipCounts:
    """Count true and false positives by intersection.

    A detection is relevant if events of its class cover at least ``dtc`` of it; an annotated event is a true positive
    if relevant detections cover at least ``gtc`` of it. Other detections are false positives.

    Parameters
    ----------
    detections
        Detections at one operating point; those of one class in one clip do not overlap.
    truth
        Ground truth of the same clips.
    dtc, gtc
        Both 0.5 in DESED_task's reports, both 0.7 in the ICASSP 2023 paper.
    timing
        How times are compared.
    """
    events, n_clips, n_classes = truth.events, len(truth.clips), len(truth.classes)
    relevant = timing.enough(covered_by_events(detections, truth, timing), detections.duration_us, dtc)
    pairs = overlapping_pairs(detections.take(relevant), truth, timing)
    found = summed(pairs.of_event, pairs.event, len(events), timing)
    # An event that no relevant detection touches is missed, however short it is.
    hit = timing.enough(found, events.duration_us, gtc) & (found > 0)
    true_positives = count_by_clip(events, hit, n_clips, n_classes)
    wrong = count_by_clip(detections, ~relevant & timing.counted(detections, truth), n_clips, n_classes)
    annotated = count_by_clip(events, None, n_clips, n_classes)
    return ClipCounts.build(truth.classes, true_positives, true_positives + wrong, annotated)
