"""Intersection-based counts at one operating point (Bilen et al., ICASSP 2020, section 2)."""

from __future__ import annotations

import numpy as np

from dcase_energy.scoring.counts import Counts, count_labels
from dcase_energy.scoring.data import Events, GroundTruth
from dcase_energy.scoring.overlap import covers, overlapping_pairs


def intersection_counts(detections: Events, truth: GroundTruth, *, dtc: float, gtc: float) -> Counts:
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
    """
    events, n_classes = truth.events, len(truth.classes)
    pairs = overlapping_pairs(detections, truth)
    same = detections.label[pairs.detection] == events.label[pairs.event]
    detection, event, overlap_us = pairs.detection[same], pairs.event[same], pairs.overlap_us[same]
    covered = np.bincount(detection, weights=overlap_us, minlength=len(detections))
    relevant = covers(covered, detections.duration_us, dtc)
    counted = relevant[detection]
    found = np.bincount(event[counted], weights=overlap_us[counted], minlength=len(events))
    # An event that no relevant detection touches is missed, however short it is.
    hit = covers(found, events.duration_us, gtc) & (found > 0)
    return Counts(
        classes=truth.classes,
        true_positives=count_labels(events, hit, n_classes),
        false_positives=count_labels(detections, ~relevant, n_classes),
        annotated=count_labels(events, np.ones(len(events), dtype=bool), n_classes),
    )
