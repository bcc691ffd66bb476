"""Precision, recall, error rate and F-beta beside every F1, against their definitions, and onsets alone."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Events, GroundTruth
from dcase_energy.scoring.evaluation import Figure, evaluate_points
from dcase_energy.scoring.metrics import check_scores
from tests.reference.slow_scoring import collar, overlap, segments

CLASSES = ("Cat", "Dog")
LENGTHS = {"a": 6.0, "b": 4.5}
cells = st.tuples(st.sampled_from("ab"), st.sampled_from(CLASSES), st.integers(0, 50), st.integers(1, 20))


def disjoint(found):
    """Events of one class in one clip do not overlap or touch; times in tenths."""
    kept: list = []
    for clip, label, onset, length in found:
        if all(k[:2] != (clip, label) or onset > k[3] or onset + length < k[2] for k in kept):
            kept.append((clip, label, onset, onset + length))
    return [(clip, Fraction(on, 10), Fraction(off, 10), label) for clip, label, on, off in kept]


events = st.lists(cells, max_size=7).map(disjoint)


def figures(detected, truth, score, weight=None, **chosen):
    rows = [(clip, float(on), float(off), label) for clip, on, off, label in truth]
    found = [(clip, float(on), float(off), label) for clip, on, off, label in detected]
    made = Conventions(scores={"it": score}, **chosen)
    check_scores(made.scores)
    ground_truth = GroundTruth.build(LENGTHS, rows, CLASSES)
    detections: Events = GroundTruth.build(LENGTHS, found, CLASSES).events
    evaluation = evaluate_points([detections], detections, ground_truth, made)
    return dict(zip(evaluation.names(), evaluation.figures(weight).tolist(), strict=True))


def expected_rates(counts, substitutions, beta):
    """``counts``: hits, detected and annotated of each class."""

    def share(part, whole):
        return float(Fraction(part) / whole) if whole else math.nan

    def mean(values):
        known = [one for one in values if not math.isnan(one)]
        return sum(known) / len(known) if known else math.nan

    wanted, b = {}, Fraction(beta) ** 2
    of_class = {
        "": [share((1 + b) * h, b * n + d) for h, d, n in counts],
        "_precision": [0.0 if n and not d else share(h, d) for h, d, n in counts],
        "_recall": [share(h, n) for h, _, n in counts],
        "_error_rate": [share(n + d - 2 * h, n) for h, d, n in counts],
    }
    h, d, n = (sum(column) for column in zip(*counts, strict=True))
    pooled = [share((1 + b) * h, b * n + d), share(h, d), share(h, n), share(n + d - 2 * h - substitutions, n)]
    for (end, values), whole in zip(of_class.items(), pooled, strict=True):
        wanted[f"it{end}"] = [mean([v for v, c in zip(values, counts, strict=True) if c[2]]), *values, whole]
    return wanted


def check(found, wanted):
    for name, values in wanted.items():
        keys = [Figure(name), *(Figure(name, label) for label in CLASSES), Figure(name, None, "micro")]
        assert [found[key] for key in keys] == pytest.approx(values, abs=1e-12, nan_ok=True), name


@given(events, events, st.sampled_from(["1", "0.5", "2"]))
def test_rates_of_segments(detected, truth, beta):
    """In a segment, a missed class and a wrong one are one substitution."""
    lengths = {clip: Fraction(str(length)) for clip, length in LENGTHS.items()}
    counts = []
    for label in CLASSES:
        annotated, found, both = segments(detected, truth, lengths, label)
        counts.append((both, found, annotated))
    substitutions = 0
    for clip, length in lengths.items():
        for k in range(math.ceil(length)):
            window = (clip, Fraction(k), min(Fraction(k + 1), length), "")
            active = [{e[3] for e in es if e[0] == clip and overlap(e, window) > 0} for es in (truth, detected)]
            substitutions += min(len(active[0] - active[1]), len(active[1] - active[0]))
    score = ("segment_f1", {"beta": float(beta)})
    check(figures(detected, truth, score), expected_rates(counts, substitutions, beta))


@given(events, events)
def test_rates_of_events(detected, truth):
    counts = [
        (collar(detected, truth, label)[0], sum(d[3] == label for d in detected), sum(g[3] == label for g in truth))
        for label in CLASSES
    ]
    found = figures(detected, truth, ("collar_f1", {}))
    wanted = expected_rates(counts, 0, "1")
    # Which events are left depends on the matching; the bounds of substitutions do not.
    name = "it_error_rate"
    most = expected_rates(counts, min(sum(c[1] - c[0] for c in counts), sum(c[2] - c[0] for c in counts)), "1")
    pooled = found.pop(Figure(name, None, "micro"))
    if any(c[2] for c in counts):
        assert most[name][-1] - 1e-12 <= pooled <= wanted[name][-1] + 1e-12
    found[Figure(name, None, "micro")] = wanted[name][-1]
    check(found, wanted)


def test_another_class_at_the_same_place_is_one_error():
    truth = [("a", Fraction(1), Fraction(2), "Cat"), ("a", Fraction(4), Fraction(5), "Cat")]
    found = figures([("a", Fraction(1), Fraction(2), "Dog")], truth, ("collar_f1", {}))
    assert found[Figure("it_error_rate", None, "micro")] == 1.0  # a substitution and a deletion of two events
    assert found[Figure("it_error_rate", "Cat")] == 1.0
    far = figures([("a", Fraction(2), Fraction(3), "Dog")], truth, ("collar_f1", {}))
    assert far[Figure("it_error_rate", None, "micro")] == 1.5


def test_onsets_alone():
    """Task 2 of 2017 compared onsets, within half a second."""
    truth = [("a", Fraction(1), Fraction(2), "Cat")]
    late = [("a", Fraction(3, 2), Fraction(5), "Cat")]
    assert figures(late, truth, ("collar_f1", {"collar_s": 0.5}))[Figure("it")] == 0.0
    assert figures(late, truth, ("collar_f1", {"collar_s": 0.5, "offsets": "any"}))[Figure("it")] == 1.0
    assert figures(late, truth, ("collar_f1", {"collar_s": 0.4, "offsets": "any"}))[Figure("it")] == 0.0
