"""The fast metrics equal their slow twins on random small inputs with many ties."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.scoring import deltas, intervals
from dcase_energy.scoring.data import GroundTruth, Scores, to_us
from dcase_energy.scoring.intervals import class_intervals, detections_at
from dcase_energy.scoring.metrics.collar_f1 import collar_by_clip
from dcase_energy.scoring.metrics.intersection_f1 import intersection_by_clip
from dcase_energy.scoring.metrics.psds import (
    PSDS1,
    PSDS2,
    PsdsScenario,
    prepare_psds,
)
from dcase_energy.scoring.metrics.segment_f1 import segment_by_clip
from tests.reference import slow_scoring as slow
from tests.reference.fast_scoring import psds

LABELS = ("Cat", "Dog", "Speech")
STEP = Fraction(1, 4)
SCENARIOS = (PSDS1, PSDS2, PsdsScenario(0.5, 0.5, 1.0, 0.0, 0.3, 1000.0, "all"))


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


@settings(max_examples=120)
@given(problems())
def test_psds(problem):
    frames, truth, durations = problem
    scores, ground_truth = as_arrays(*problem)
    for scenario in SCENARIOS:
        if not truth:
            assert psds(scores, ground_truth, scenario).value == 0.0
            continue
        expected = slow.psds(frames, truth, durations, LABELS, scenario)
        assert psds(scores, ground_truth, scenario).value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60)
@given(problems(), st.integers(1, 5))
def test_it_does_not_matter_how_much_is_done_at_a_time(problem, size):
    scores, ground_truth = as_arrays(*problem)
    whole = [psds(scores, ground_truth, scenario) for scenario in SCENARIOS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "_PLATEAUS_AT_A_TIME", size)
        patch.setattr(deltas, "_DETECTIONS_AT_A_TIME", size)
        assert [psds(scores, ground_truth, scenario).value for scenario in SCENARIOS] == [one.value for one in whole]


@settings(max_examples=150)
@given(problems(), st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.95]))
def test_f1_counts(problem, threshold):
    frames, truth, durations = problem
    scores, ground_truth = as_arrays(*problem)
    fast, found = detections_at(scores, threshold), slow.detections(frames, threshold)
    for i, label in enumerate(LABELS):
        for criterion in (0.1, 0.5, 0.7):
            share = Fraction(str(criterion))
            counts = intersection_by_clip(fast, ground_truth, dtc=criterion, gtc=criterion).total()
            hits, wrong, _ = slow.intersection(found, truth, label, share, share)
            assert (counts.true_positives[i], counts.false_positives[i]) == (hits, wrong)
        counts = collar_by_clip(fast, ground_truth).total()
        assert (counts.true_positives[i], counts.false_positives[i]) == slow.collar(found, truth, label)
        annotated, detected, both = slow.segments(found, truth, durations, label)
        counts = segment_by_clip(fast, ground_truth).total()
        assert (counts.annotated[i], counts.true_positives[i], counts.false_positives[i]) == (
            annotated,
            both,
            detected - both,
        )


@settings(max_examples=100)
@given(problems())
def test_intervals_give_the_detections_of_every_threshold(problem):
    """The table of all detections, cut at a threshold, is what thresholding gives."""
    frames, _, _ = problem
    scores, _ = as_arrays(frames, [], {clip: len(rows) * STEP for clip, rows in frames.items()})
    clips = list(frames)
    for label, name in enumerate(LABELS):
        intervals = class_intervals(scores, label)
        for threshold in (-0.5, 0.0, 0.05, 0.1, 0.3, 0.5, 0.9, 1.0):
            above = int(np.searchsorted(intervals.levels, threshold, side="right"))
            cut = intervals.events.take((intervals.death < above) & (above <= intervals.birth))
            fast = sorted(zip(cut.clip.tolist(), cut.onset_us.tolist(), cut.offset_us.tolist(), strict=True))
            twin = slow.detections(
                {c: [(a, b, {name: s[name]}) for a, b, s in r] for c, r in frames.items()}, threshold
            )
            assert fast == sorted((clips.index(c), int(on * 10**6), int(off * 10**6)) for c, on, off, _ in twin)


def replicated(frames, truth, durations, weights):
    """The problem with every clip written out as often as its weight says."""
    copies = {clip: [f"{clip}#{k}" for k in range(weight)] for clip, weight in zip(frames, weights, strict=True)}
    return (
        {copy: frames[clip] for clip, names in copies.items() for copy in names},
        [(copy, on, off, label) for clip, on, off, label in truth for copy in copies[clip]],
        {copy: durations[clip] for clip, names in copies.items() for copy in names},
    )


@settings(max_examples=60)
@given(
    problems(),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.sampled_from([1.0, 100.0, 2000.0, 1e5]),
    st.booleans(),
)
def test_weights_are_copies_of_clips(problem, weights, e_max, often):
    """PSDS and F1 of weighted clips, with everything pruned that can be, are those of the clips written out."""
    weights = weights[: len(problem[0])]
    copied = replicated(*problem, weights)
    if not copied[1]:
        return
    scores, ground_truth = as_arrays(*problem)
    weight = np.array(weights, dtype=np.float64)
    scenarios = {str(number): replace(base, e_max=e_max) for number, base in enumerate(SCENARIOS)}
    for name, prepared in prepare_psds(scores, ground_truth, scenarios, often=often).items():
        found = prepared.result(weight).value
        assert found == pytest.approx(slow.psds(*copied, LABELS, scenarios[name]), abs=1e-12)
    detected, fast = slow.detections(copied[0], 0.3), detections_at(scores, 0.3)
    counts = intersection_by_clip(fast, ground_truth, dtc=0.5, gtc=0.5).total(weight)
    collars = collar_by_clip(fast, ground_truth).total(weight)
    for i, label in enumerate(LABELS):
        half = Fraction(1, 2)
        hits, wrong, _ = slow.intersection(detected, copied[1], label, half, half)
        assert (counts.true_positives[i], counts.false_positives[i]) == (hits, wrong)
        one_by_one = [
            slow.collar(*(of_clip(part, clip) for part in (detected, copied[1])), label) for clip in copied[0]
        ]
        expected = tuple(sum(column) for column in zip(*one_by_one, strict=True))
        assert (collars.true_positives[i], collars.false_positives[i]) == expected


def of_clip(events, clip):
    return [event for event in events if event[0] == clip]


@settings(max_examples=40)
@given(problems(), st.sampled_from([0.0, 0.3, 0.5]))
def test_operating_points_are_what_they_list(problem, threshold):
    """PSDS of all thresholds listed as event lists is that of the scores."""
    frames, truth, _ = problem
    if not truth:
        return
    scores, ground_truth = as_arrays(*problem)
    levels = sorted({value for rows in frames.values() for _, _, row in rows for value in row.values()})
    points = [detections_at(scores, np.nextafter(level, -1)) for level in levels] + [detections_at(scores, threshold)]
    for scenario in SCENARIOS:
        expected = psds(scores, ground_truth, scenario).value
        assert psds(points, ground_truth, scenario).value == pytest.approx(expected, abs=1e-12)
