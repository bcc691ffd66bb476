"""Segment-based counts: activity in fixed segments (Mesaros, Heittola and Virtanen, Applied Sciences 2016)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dcase_energy.scoring.conventions import SEGMENT_S, Conventions, Grid
from dcase_energy.scoring.counts import F1, ClipCounts, f1_scores, of_beta
from dcase_energy.scoring.data import Events, GroundTruth, Ints, to_us
from dcase_energy.scoring.metrics import Options, Run
from dcase_energy.scoring.segments import active_segments, first_segments, segment_ends

OPTIONS = {"segment_s": False, "beta": False}


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, F1]:
    """Compare the segments; the options are the length of a segment, ``segment_s``, and ``beta``."""
    return f1_scores(run, wanted, segment_by_clip, grid=run.conventions.segment_grid)


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    length = f"{options.get('segment_s', SEGMENT_S):g} s"
    return [f"{length}, {conventions.segment_grid} at the end", *of_beta(options), *conventions.of_detections()]


def segment_by_clip(
    detections: Events, truth: GroundTruth, *, segment_s: float = SEGMENT_S, grid: Grid = "cut"
) -> ClipCounts:
    """Count the segments of each clip in which a class is annotated, detected, or both.

    Segments start at 0; ``grid`` says where they end, see `segment_ends`.
    """
    segment_us = int(to_us([segment_s])[0])
    end_us = segment_ends(truth, segment_us, grid, detections)
    first = first_segments(end_us, segment_us)
    n_classes = len(truth.classes)
    annotated = active_segments(truth.events, n_classes, segment_us, first, end_us)
    detected = active_segments(detections, n_classes, segment_us, first, end_us)
    hits = annotated & detected
    substituted = np.minimum((annotated & ~hits).sum(axis=0), (detected & ~hits).sum(axis=0))
    return ClipCounts.build(
        truth.classes,
        _by_clip(hits, first),
        _by_clip(detected, first),
        _by_clip(annotated, first),
        np.add.reduceat(substituted, first[:-1]),
    )


def _by_clip(active: np.ndarray, first: Ints) -> Ints:
    """Active segments of each clip and class, shape (n_clips, n_classes); every clip has a segment."""
    counts: Ints = np.add.reduceat(active, first[:-1], axis=1, dtype=np.int64).T
    return counts
