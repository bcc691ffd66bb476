"""The best F over all thresholds against trying each of them; PSDS that end at the last point, or of one list."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.evaluation import Figure, describe_figure, evaluate_points, evaluate_scores
from dcase_energy.scoring.metrics import check_scores
from tests.reference.slow_scoring import detections, intersection, segments

values = st.lists(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.9]), min_size=6, max_size=6), min_size=2, max_size=2)
annotated = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(1, 2)), max_size=3)
LENGTHS = {"a": 4.5, "b": 4.5}


def slow_best(frames, truth, beta, count):
    """``count`` gives hits, wrong and annotated of detections."""
    best = (0.0, 0.0, 0.0)
    for level in (0.1, 0.3, 0.5, 0.9):
        hits, wrong, n = count(detections(frames, math.nextafter(level, -1)), truth)
        if n and hits:
            f = (1 + beta**2) * hits / (beta**2 * n + hits + wrong)
            best = max(best, (f, hits / (hits + wrong), hits / n))
    return best


@given(values, annotated, st.sampled_from([1.0, 2.0]), st.sampled_from(["segment", "intersection"]))
def test_fast_and_slow_agree(rows, marks, beta, criterion):
    frames = {
        clip: [(Fraction(8 * k, 10), Fraction(8 * k + 8, 10), {"Dog": value}) for k, value in enumerate(row)]
        for clip, row in zip("ab", rows, strict=True)
    }
    truth = list({(clip, on // 3): (clip, Fraction(on), Fraction(on + n), "Dog") for clip, on, n in marks}.values())
    truth = [
        one
        for k, one in enumerate(truth)
        if not any(o[0] == one[0] and o[1] < one[2] and one[1] < o[2] for o in truth[:k])
    ]
    lengths = {clip: Fraction(9, 2) for clip in "ab"}

    def count(found, events):
        if criterion == "segment":
            n, wrong, both = segments(found, events, lengths, "Dog")
            return both, wrong - both, n
        return (*intersection(found, events, "Dog", Fraction(1, 2), Fraction(1, 2))[:2], len(events))

    made = Conventions(scores={"it": ("best_f1", {"criterion": criterion, "beta": beta})})
    check_scores(made.scores)
    ground_truth = GroundTruth.build(LENGTHS, [(c, float(a), float(b), d) for c, a, b, d in truth], ("Dog",))
    scores = Scores.from_uniform(np.array(rows)[:, :, None], 0.8)
    evaluation = evaluate_scores(scores, ground_truth, made)
    found = dict(zip(evaluation.names(), evaluation.figures().tolist(), strict=True))
    if not truth:
        assert math.isnan(found[Figure("it")])
        return
    expected = slow_best(frames, truth, beta, count)
    assert found[Figure("it")] == found[Figure("it", "Dog")] == pytest.approx(expected[0], abs=1e-12)
    # What the threshold that is named gives is that F.
    hits, wrong, n = count(detections(frames, found[Figure("it_threshold")]), truth)
    at_threshold = (1 + beta**2) * hits / (beta**2 * n + hits + wrong) if hits else 0.0
    assert at_threshold == pytest.approx(expected[0], abs=1e-12)


def test_the_threshold_of_the_best_f_lies_between_two_scores():
    truth = GroundTruth.build({"a": 3.0}, [("a", 0.0, 1.0, "Dog")], ("Dog",))
    made = Conventions(scores={"it": ("best_f1", {})})
    evaluation = evaluate_scores(Scores.from_uniform([[[0.8], [0.2], [0.4]]], 1.0), truth, made)
    assert evaluation.figures().tolist() == pytest.approx([1, 1, 1, 1, 1, 1, 0.6, 0.6])
    assert "chosen on these clips" in describe_figure("it", made)


OPTIONS = {"dtc": 0.5, "gtc": 0.5, "alpha_ct": 0.0, "alpha_st": 0.0}


def test_a_psds_may_end_at_the_last_point():
    """Two clips of half an hour; one false detection appears below 0.5: one an hour."""
    truth = GroundTruth.build(dict.fromkeys("ab", 1800.0), [("a", 0.0, 900.0, "Dog")], ("Dog",))
    frames = [[[0.9], [0.1]], [[0.5], [0.1]]]
    made = Conventions(
        scores={"it": ("psds", {**OPTIONS, "area_end": "last_point"}), "to": ("psds", {**OPTIONS, "e_max": 4.0})}
    )
    check_scores(made.scores)
    found = evaluate_scores(Scores.from_uniform(frames, 900.0), truth, made).means()
    # At 0.1 the detection of half an hour is half covered, and the other one is false still.
    assert found == {"it": 1.0, "to": 1.0}
    late = GroundTruth.build(dict.fromkeys("ab", 1800.0), [("b", 900.0, 1800.0, "Dog")], ("Dog",))
    # Below 0.5 two detections are false; below 0.1 that of clip b is right: all from one an hour on, of two at most.
    found = evaluate_scores(Scores.from_uniform(frames, 900.0), late, made).means()
    assert found["it"] == pytest.approx(1 / 2)
    assert found["to"] == pytest.approx(3 / 4)
    assert "up to the last point" in describe_figure("it", made)


def test_one_event_list_has_a_psds_where_that_is_asked_for():
    truth = GroundTruth.build({"a": 10.0}, [("a", 0.0, 1.0, "Dog")], ("Dog",))
    made = Conventions(scores={"it": ("psds", {**OPTIONS, "min_points": 1}), "not": ("psds", OPTIONS)})
    assert evaluate_points([truth.events], truth.events, truth, made).means() == {"it": 1.0}


def test_another_scenario_names_its_parameters():
    made = Conventions(scores={"it": ("psds", {**OPTIONS, "e_max": 50.0})})
    assert "DTC 0.5, GTC 0.5, alpha_ct 0, alpha_st 0, up to 50 per hour" in describe_figure("it", made)
    assert "DTC" not in describe_figure("psds1", Conventions())
