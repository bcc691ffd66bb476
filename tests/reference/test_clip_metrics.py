"""Metrics of tables of clips against their definitions, and the worked examples of the tasks."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.editions.outputs import Outputs
from dcase_energy.errors import InputError
from dcase_energy.scoring.clip_tables import ClipTable, ClipTruth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.evaluation import Figure, evaluate_clips
from dcase_energy.scoring.metrics import check_scores
from tests.reference.test_segment_auc import slow_area

CLASSES = ("bus", "park", "tram")
rows = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from("ab"), st.integers(1, 9), st.integers(0, 3))
tables = st.lists(rows, min_size=1, max_size=12)


def figures(metric, truth, given_, classes=CLASSES, groups=None, weight=None, named=None, **options):
    """Figures by name and label; ``given_`` are classes or rows of values, ``named`` the columns of the edition."""
    values = np.array(given_, dtype=float)
    of_classes = values.ndim == 1
    layout = Outputs(kind="clip_table", label="label" if of_classes else None, score=None, probabilities=not of_classes)
    if metric == "anomaly_auc":
        layout, values, of_classes = Outputs(kind="clip_table", score="score"), values[:, None], False
    layout = replace(layout, groups=tuple(groups or () if named is None else named))
    clips = tuple(f"clip{k}" for k in range(len(truth)))
    label = values.astype(int) if of_classes else np.full(len(truth), -1)
    table = ClipTable(clips[::-1], label[::-1], (np.empty((len(truth), 0)) if of_classes else values)[::-1])
    known = ClipTruth(clips, classes, np.array(truth), groups or {}, layout)
    made = Conventions(scores={"it": (metric, options)})
    check_scores(made.scores)
    evaluation = evaluate_clips(table, known, made)
    return dict(zip(evaluation.names(), evaluation.figures(weight).tolist(), strict=True))


def mean(values):
    return float(sum(values) / len(values)) if values else math.nan


def close(one, other):
    return one == pytest.approx(other, abs=1e-12, nan_ok=True)


def test_a_mean_over_groups_needs_their_column():
    """Without it the mean over the classes, or over the groups of another column, would be printed in its place."""
    for groups in (None, {"city": ("a", "b", "b")}):
        with pytest.raises(InputError, match="no column device"):
            figures("accuracy", (0, 1, 2), (0, 1, 1), groups=groups, named=("device", "city"), average="groups")


def test_a_column_of_domains_is_not_taken_for_one_of_machines():
    values = [[0.1], [0.9], [0.2], [0.8]]
    found = figures(
        "anomaly_auc", (0, 1, 0, 1), values, groups={"domain": ("source", "source", "target", "target")},
        named=("machine", "domain"),
    )  # fmt: skip
    assert [figure.label for figure in found if figure.label] == ["AUC source", "AUC target", "pAUC"]


@given(tables)
def test_accuracy_of_classes_groups_and_clips(table):
    truth, guess, device, *_ = zip(*table, strict=True)
    right = [Fraction(a == b) for a, b in zip(truth, guess, strict=True)]
    found = figures("accuracy", truth, guess, groups={"device": device}, unit="percent")
    of_class = [mean([100 * one for one, t in zip(right, truth, strict=True) if t == k]) for k in range(3)]
    for k, name in enumerate(CLASSES):
        assert close(found[Figure("it", name)], of_class[k])
    for name in set(device):
        expected = mean([100 * one for one, d in zip(right, device, strict=True) if d == name])
        assert close(found[Figure("it", f"device {name}")], expected)
    assert close(found[Figure("it")], mean([one for one in of_class if not math.isnan(one)]))
    assert close(found[Figure("it", None, "micro")], mean([100 * one for one in right]))
    grouped = figures("accuracy", truth, guess, groups={"device": device}, average="groups")
    macros = [
        mean(
            [
                mean([one for one, t, d in zip(right, truth, device, strict=True) if (t, d) == (k, name)])
                for k in {t for t, d in zip(truth, device, strict=True) if d == name}
            ]
        )
        for name in sorted(set(device))
    ]
    assert close(grouped[Figure("it")], mean(macros))


@given(tables)
def test_log_loss_is_the_mean_of_minus_the_logarithm(table):
    truth = [row[0] for row in table]
    shares = [[row[3] / (row[3] + 6), 4 / (row[3] + 6), 2 / (row[3] + 6)] for row in table]
    losses = [-math.log(share[t]) for share, t in zip(shares, truth, strict=True)]
    found = figures("log_loss", truth, shares)
    assert close(found[Figure("it")], mean(losses))
    by_class = [mean([loss for loss, t in zip(losses, truth, strict=True) if t == k]) for k in sorted(set(truth))]
    assert close(figures("log_loss", truth, shares, average="macro")[Figure("it")], mean(by_class))


def test_a_probability_of_0_costs_as_much_as_in_sklearn():
    found = figures("log_loss", [0], [[0.0, 1.0, 0.0]])
    assert found[Figure("it")] == -math.log(np.finfo(float).eps)


WORKED = (
    "m-sp m-sp, m-sp m-sp, m-sp m-si, m-sp fx-o, m-si m-si, m-si m-sp, "
    "fx-o fx-o, fx-o fx-o, fx-o fx-v, fx-v m-si, fx-v fx-v"
)
LEVELS = ("m-sp", "m-si", "fx-o", "fx-v")


def slow_hierarchical(truth, guess):
    """Means over the items predicted as, and labelled as, each class that is in both."""

    def worth(a, b):
        shared = 2 if a == b else 1 if a.split("-")[0] == b.split("-")[0] else 0
        return Fraction({2: 1, 1: Fraction(3, 4), 0: 0}[shared]) * shared / 2

    pairs = list(zip(truth, guess, strict=True))
    found = {}
    for name in LEVELS:
        predicted, labelled = [worth(*p) for p in pairs if p[1] == name], [worth(*p) for p in pairs if p[0] == name]
        if predicted and labelled:
            p, r = Fraction(sum(predicted), len(predicted)), Fraction(sum(labelled), len(labelled))
            found[name] = (2 * p * r / (p + r) if p + r else Fraction(0), p, r)
    return found


def test_the_worked_example_of_2026():
    truth, guess = zip(*(pair.split() for pair in WORKED.split(", ")), strict=True)
    numbers = [[LEVELS.index(one) for one in names] for names in (truth, guess)]
    found = figures("hierarchical_f1", *numbers, classes=LEVELS)
    assert found[Figure("it")] == pytest.approx(0.632832, abs=5e-7)
    assert found[Figure("it_precision")] == pytest.approx(0.651042, abs=5e-7)
    assert found[Figure("it_recall")] == pytest.approx(0.643229, abs=5e-7)
    of_class = [found[Figure(name, "fx-o")] for name in ("it_precision", "it_recall", "it")]
    assert of_class == pytest.approx([0.666667, 0.791667, 0.723810], abs=5e-7)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=10))
def test_hierarchical_f1_fast_and_slow(pairs):
    truth, guess = zip(*pairs, strict=True)
    found = figures("hierarchical_f1", truth, guess, classes=LEVELS)
    expected = slow_hierarchical([LEVELS[k] for k in truth], [LEVELS[k] for k in guess])
    for number, name in enumerate(("it", "it_precision", "it_recall")):
        assert close(found[Figure(name)], mean([one[number] for one in expected.values()]))
        for label in LEVELS:
            assert close(found[Figure(name, label)], float(expected[label][number]) if label in expected else math.nan)


@given(tables, st.sampled_from(["harmonic", "arithmetic"]))
def test_means_of_areas_over_machines_and_domains(table, kind):
    """The AUC of a domain takes the anomalous clips of both domains."""
    anomalous = [row[0] > 0 for row in table]
    scores = [row[3] for row in table]
    machine, domain = [row[2] for row in table], ["source" if row[4] else "target" for row in table]
    found = figures(
        "anomaly_auc", [int(one) for one in anomalous], scores, classes=("normal", "anomaly"),
        groups={"machine": tuple(machine), "domain": tuple(domain)}, mean=kind,
    )  # fmt: skip

    def area(chosen, limit, how):
        own = [k for k in range(len(table)) if chosen(k)]
        truth = [anomalous[k] for k in own]
        if all(truth) or not any(truth):
            return math.nan
        return float(slow_area([scores[k] for k in own], truth, Fraction(limit), how))

    areas = []
    for m in sorted(set(machine)):
        for d in sorted({domain[k] for k in range(len(table)) if machine[k] == m}):
            areas.append(area(lambda k, m=m, d=d: machine[k] == m and (anomalous[k] or domain[k] == d), "1", "linear"))
            assert close(found[Figure("it", f"{m} AUC {d}")], areas[-1])
        areas.append(area(lambda k, m=m: machine[k] == m, "0.1", "mcclish"))
        assert close(found[Figure("it", f"{m} pAUC")], areas[-1])
    if kind == "arithmetic" or any(map(math.isnan, areas)):
        assert close(found[Figure("it")], sum(areas) / len(areas))
    else:
        assert close(found[Figure("it")], len(areas) / sum(1 / one for one in areas) if all(areas) else 0.0)


def test_a_resample_counts_clips_as_often_as_they_were_drawn():
    once = figures("accuracy", [0, 0, 1, 1], [0, 1, 1, 1])
    weighted = figures("accuracy", [0, 0, 1], [0, 1, 1], weight=np.array([1.0, 1.0, 2.0]))
    assert once[Figure("it")] == weighted[Figure("it")] == 0.75
    assert weighted[Figure("it", None, "micro")] == 0.75
