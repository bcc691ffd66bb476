"""What overlaps is found by a search in sorted times: against all pairs, and in a recording of an hour."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.scoring.conventions import LIKE, Conventions
from dcase_energy.scoring.data import Events, GroundTruth, Scores
from dcase_energy.scoring.evaluation import evaluate_points, evaluate_scores
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.metrics.collar_f1 import collar_by_clip
from dcase_energy.scoring.overlap import Timing, covered_by_events, overlapping_pairs

CLIPS, CLASSES = ("a", "b", "c"), ("Cat", "Dog")
rows = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 9), st.integers(1, 4)).map(
    lambda row: (*row[:3], row[2] + row[3])
)


def ground_truth(found: list[tuple[int, int, int, int]]) -> GroundTruth:
    """Events may overlap, and may run past the end of their clip."""
    return GroundTruth(CLIPS, CLASSES, np.full(3, 10), Events.from_rows(sorted(found)))


@given(st.lists(rows, max_size=9), st.lists(rows, max_size=9), st.sampled_from(["own", 0, 1]))
def test_all_pairs_that_overlap_are_found(annotated, detected, label):
    truth, found = ground_truth(annotated), Events.from_rows(detected)
    labels = None if label == "own" else np.full(len(detected), label)
    pairs = overlapping_pairs(found, truth, label=labels)
    expected, covered = {}, [0] * len(detected)
    for i, (clip, own, onset, offset) in enumerate(detected):
        for k, (other_clip, other, begin, end) in enumerate(sorted(annotated)):
            both = min(offset, end) - max(onset, begin)
            if clip == other_clip and other == (own if label == "own" else label) and both > 0:
                expected[i, k] = both
                covered[i] += both
    keys = zip(pairs.detection.tolist(), pairs.event.tolist(), strict=True)
    assert dict(zip(keys, pairs.of_event.tolist(), strict=True)) == expected
    assert covered_by_events(found, truth, label=labels).tolist() == covered
    shares = covered_by_events(found, truth, Timing("seconds"), labels)
    assert shares == pytest.approx([part / (row[3] - row[2]) for part, row in zip(covered, detected, strict=True)])


@given(st.lists(rows, max_size=6), st.lists(rows, max_size=6), st.sampled_from([-1, 0, 1]))
def test_all_pairs_within_the_collars_are_found(annotated, detected, tolerance):
    """Times are whole microseconds here; a collar of 1 us."""
    truth, found = ground_truth(annotated), Events.from_rows(detected)
    counts = collar_by_clip(found, truth, collar_s=1e-6, offset_share=0.0, timing=Timing(tolerance_us=tolerance))
    near = {
        (i, k)
        for i, mine in enumerate(detected)
        for k, event in enumerate(sorted(annotated))
        if mine[:2] == event[:2] and all(abs(mine[end] - event[end]) <= 1 + tolerance for end in (2, 3))
    }

    def largest(left: int, free: frozenset[int]) -> int:
        if left == len(detected):
            return 0
        options = [k for k in free if (left, k) in near]
        return max([largest(left + 1, free), *(1 + largest(left + 1, free - {k}) for k in options)])

    assert counts.total().true_positives.sum() == largest(0, frozenset(range(len(annotated))))


@pytest.fixture(scope="module")
def hour() -> tuple[GroundTruth, Scores]:
    """One clip of an hour, ten classes, 2,000 events that chain up, scores that follow them."""
    names = tuple("abcdefghij")
    generator = np.random.default_rng(0)
    frames = generator.random((18_000, 10)) * 0.4
    found = []
    for label in range(10):
        for k in range(200):
            onset = k * 18.0 + float(generator.integers(0, 60)) / 10
            found.append(("hour", onset, onset + 11.9, names[label]))
            frames[int(onset * 5) : int((onset + 11.9) * 5), label] += 0.5
    return GroundTruth.build({"hour": 3600.0}, found, names), Scores.from_uniform([frames], 0.2)


def test_a_recording_of_an_hour_fits_in_little_memory(hour):
    """All pairs of detections and events would be some hundred million."""
    truth, scores = hour
    tracemalloc.start()
    evaluation = evaluate_scores(scores, truth, Conventions())
    figures = dict(zip(evaluation.names(), evaluation.figures().tolist(), strict=True))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000
    kept = {"psds1", "psds2", "intersection_f1", "intersection_f1_07", "collar_f1"}
    assert all(0.9 < value <= 1.0 for name, value in figures.items() if name.metric in kept)


def test_event_lists_of_an_hour_fit_in_little_memory(hour):
    truth, scores = hour
    points = [detections_at(scores, threshold) for threshold in np.linspace(0.05, 0.85, 17)]
    tracemalloc.start()
    evaluation = evaluate_points(points, points[8], truth, Conventions(**LIKE["psds_eval-0.5"]))
    figures = evaluation.means()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150_000_000
    assert figures["psds1"] > 0.9
