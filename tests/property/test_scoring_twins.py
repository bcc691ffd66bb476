"""The fast metrics equal their slow twins on random small inputs with many ties."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.scoring.collar import collar_counts
from dcase_energy.scoring.data import GroundTruth, Scores, to_us
from dcase_energy.scoring.intersection import intersection_counts
from dcase_energy.scoring.intervals import class_intervals, detections_at
from dcase_energy.scoring.psds import PSDS1, PSDS2, PsdsScenario, psds_from_scores
from dcase_energy.scoring.segment import segment_counts
from tests.reference import slow_scoring as slow

LABELS = ("Cat", "Dog", "Speech")
STEP = Fraction(1, 4)
SCENARIOS = (PSDS1, PSDS2, PsdsScenario(0.5, 0.5, 0.3, 1.0, 0.0, 1000.0, "all"))


@st.composite
def problems(draw):
    """Clips of different lengths, few score levels, events on the frame grid and off it."""
    frames, truth, durations = {}, [], {}
    for clip in ("a", "b", "c")[: draw(st.integers(1, 3))]:
        n = draw(st.integers(1, 10))
        durations[clip] = n * STEP
        level = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])
        rows = [{label: draw(level) for label in LABELS} for _ in range(n)]
        frames[clip] = [(k * STEP, (k + 1) * STEP, row) for k, row in enumerate(rows)]
        for label in LABELS:
            cuts = sorted(draw(st.sets(st.integers(0, 5 * n), max_size=4)))
            for on, off in zip(cuts[::2], cuts[1::2], strict=False):
                truth.append((clip, on * Fraction(1, 20), off * Fraction(1, 20), label))
    return frames, truth, durations


def as_arrays(frames, truth, durations):
    ground_truth = GroundTruth.build(
        {clip: float(d) for clip, d in durations.items()},
        [(c, float(on), float(off), label) for c, on, off, label in truth],
        LABELS,
    )
    rows = [row for clip in frames.values() for row in clip]
    scores = Scores(
        np.array([[row[2][label] for label in LABELS] for row in rows]),
        to_us([float(row[0]) for row in rows]),
        to_us([float(row[1]) for row in rows]),
        np.append(0, np.cumsum([len(clip) for clip in frames.values()])),
    )
    return scores, ground_truth


@settings(max_examples=120, deadline=None)
@given(problems())
def test_psds(problem):
    frames, truth, durations = problem
    scores, ground_truth = as_arrays(*problem)
    for scenario in SCENARIOS:
        if not truth:
            assert psds_from_scores(scores, ground_truth, scenario).value == 0.0
            continue
        expected = slow.psds(frames, truth, durations, LABELS, scenario)
        assert psds_from_scores(scores, ground_truth, scenario).value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(problems(), st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.95]))
def test_f1_counts(problem, threshold):
    frames, truth, durations = problem
    scores, ground_truth = as_arrays(*problem)
    fast, found = detections_at(scores, threshold), slow.detections(frames, threshold)
    for i, label in enumerate(LABELS):
        for criterion in (0.1, 0.5, 0.7):
            share = Fraction(str(criterion))
            counts = intersection_counts(fast, ground_truth, dtc=criterion, gtc=criterion)
            hits, wrong, _ = slow.intersection(found, truth, label, share, share)
            assert (counts.true_positives[i], counts.false_positives[i]) == (hits, wrong)
        counts = collar_counts(fast, ground_truth)
        assert (counts.true_positives[i], counts.false_positives[i]) == slow.collar(found, truth, label)
        annotated, detected, both = slow.segments(found, truth, durations, label)
        counts = segment_counts(fast, ground_truth)
        assert (counts.annotated[i], counts.true_positives[i], counts.false_positives[i]) == (
            annotated,
            both,
            detected - both,
        )


@settings(max_examples=100, deadline=None)
@given(problems())
def test_intervals_give_the_detections_of_every_threshold(problem):
    """The table of all detections, cut at a threshold, is what thresholding gives."""
    frames, _, _ = problem
    scores, _ = as_arrays(frames, [], {clip: len(rows) * STEP for clip, rows in frames.items()})
    clips = list(frames)
    for label, name in enumerate(LABELS):
        intervals = class_intervals(scores, label)
        for threshold in (-0.5, 0.0, 0.05, 0.1, 0.3, 0.5, 0.9, 1.0):
            cut = intervals.at(threshold)
            fast = sorted(zip(cut.clip.tolist(), cut.onset_us.tolist(), cut.offset_us.tolist(), strict=True))
            twin = slow.detections(
                {c: [(a, b, {name: s[name]}) for a, b, s in r] for c, r in frames.items()}, threshold
            )
            assert fast == sorted((clips.index(c), int(on * 10**6), int(off * 10**6)) for c, on, off, _ in twin)
