"""Areas under the ROC of segments against their definition, and the worked example of two conventions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.evaluation import Figure, evaluate_scores
from dcase_energy.scoring.metrics import check_scores
from tests.reference.slow_scoring import overlap

AREAS = ("staircase", "linear", "mcclish")


def slow_area(scores, positive, max_fpr, area):
    """Every threshold that occurs, and straight lines or steps between the points."""
    n_positive = sum(positive)
    points = [(Fraction(0), Fraction(0))]
    for threshold in sorted(set(scores), reverse=True):
        chosen = [one for score, one in zip(scores, positive, strict=True) if score >= threshold]
        points.append(
            (Fraction(len(chosen) - sum(chosen), len(scores) - n_positive), Fraction(sum(chosen), n_positive))
        )
    total = Fraction(0)
    for (x0, y0), (x1, y1) in pairwise(points):
        end = min(x1, max_fpr)
        if end > x0:
            y_end = y0 if area == "staircase" else y0 + (y1 - y0) * (end - x0) / (x1 - x0)
            total += (end - x0) * (y0 + y_end) / 2
    if area == "mcclish":
        return (1 + (total - max_fpr**2 / 2) / (max_fpr - max_fpr**2 / 2)) / 2
    return total / max_fpr


def figures(scores, truth, **options) -> dict[str | None, float]:
    made = Conventions(scores={"auc": ("segment_auc", options)})
    check_scores(made.scores)
    evaluation = evaluate_scores(scores, truth, made)
    named = zip(evaluation.names(), evaluation.figures().tolist(), strict=True)
    return {figure.label: value for figure, value in named if figure.metric == "auc"}


CAR = [0.9, 0.8, 0.8, 0.3, 0.95, 0.8, 0.7, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1] + 8 * [0.05]
FOOTSTEPS = [0.6, 0.5, 0.55, 0.3, 0.3, 0.2, 0.2] + 17 * [0.1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"area": "staircase"}, (0.448864, 0.125, 0.772727)),
        ({"area": "linear"}, (0.511364, 0.25, 0.772727)),
        ({"area": "mcclish"}, (0.742823, 0.605263, 0.880383)),
        ({"area": "linear", "max_fpr": 1.0}, (0.938636, 0.9, 0.977273)),
        ({}, (0.448864, 0.125, 0.772727)),
    ],
)
def test_the_two_conventions_of_2024_differ_where_scores_tie(options, expected):
    """A file of 23.4 s: 24 segments, the last one shorter."""
    truth = GroundTruth.build({"a": 23.4}, [("a", 0, 4, "car"), ("a", 0, 2, "footsteps")], ("car", "footsteps"))
    scores = Scores.from_uniform([np.stack([CAR, FOOTSTEPS], axis=1)], 1.0)
    assert tuple(figures(scores, truth, **options).values()) == pytest.approx(expected, abs=5e-7)


@given(
    st.lists(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.9]), min_size=6, max_size=6), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(1, 20)), max_size=4),
    st.sampled_from(AREAS),
    st.sampled_from(["0.1", "0.25", "1"]),
)
def test_fast_and_slow_agree(frames, events, area, max_fpr):
    """Clips of 4.5 s, frames of 0.8 s, segments of 1 s; times of events in tenths."""
    names = [f"clip{k}" for k in range(len(frames))]
    rows = [(names[k], Fraction(on, 10), Fraction(on + n, 10), "Dog") for k, on, n in events if k < len(names)]
    truth = GroundTruth.build(dict.fromkeys(names, 4.5), [(c, float(a), float(b), d) for c, a, b, d in rows], ("Dog",))
    scores, positive = [], []
    for name, values in zip(names, frames, strict=True):
        for k in range(5):
            window = (name, Fraction(k), min(Fraction(k + 1), Fraction(9, 2)), "Dog")
            ends = [(name, Fraction(8 * i, 10), Fraction(8 * i + 8, 10), "Dog") for i in range(6)]
            scores.append(max(value for value, frame in zip(values, ends, strict=True) if overlap(frame, window)))
            positive.append(any(row[0] == name and overlap(row, window) > 0 for row in rows))
    found = figures(Scores.from_uniform(np.array(frames)[:, :, None], 0.8), truth, area=area, max_fpr=float(max_fpr))
    if any(positive) and not all(positive):
        assert found["Dog"] == pytest.approx(float(slow_area(scores, positive, Fraction(max_fpr), area)), abs=1e-12)
        assert found[None] == found["Dog"]
    else:
        assert np.isnan(found[None])


def test_a_resample_weights_the_segments_of_its_clips():
    truth = GroundTruth.build({"a": 4.0, "b": 4.0}, [("a", 0, 2, "Dog"), ("b", 2, 3, "Dog")], ("Dog",))
    values = np.array([[[0.9], [0.2], [0.4], [0.1]], [[0.3], [0.1], [0.2], [0.6]]])
    made = Conventions(scores={"auc": ("segment_auc", {"max_fpr": 1.0, "area": "linear"})})
    twice = evaluate_scores(Scores.from_uniform(values, 1.0), truth, made).figures(np.array([2.0, 1.0]))
    positive = [True, True, False, False] * 2 + [False, False, True, False]
    scores = [*values[0, :, 0], *values[0, :, 0], *values[1, :, 0]]
    assert twice[0] == pytest.approx(float(slow_area(scores, positive, Fraction(1), "linear")), abs=1e-12)
    assert Figure("auc", "Dog") in evaluate_scores(Scores.from_uniform(values, 1.0), truth, made).names()
