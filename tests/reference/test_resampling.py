"""Resamples are those of sed_scores_eval: same clips, same figures."""

from __future__ import annotations

import numpy as np
import pytest

from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.metrics.psds import prepare_psds
from dcase_energy.scoring.resampling import (
    Resampling,
    paired_difference,
    percentile_interval,
    resample,
    resample_weights,
    runs_interval,
)
from tests.reference.test_student import SCENARIOS

OLD = "sed_scores_eval_0.0.4 (80% subsets: 5 folds x n_iterations, RandomState(i).shuffle)"
NEW = "sed_scores_eval_head (balanced bootstrap: n*ids shuffled by RandomState(0))"
CASES = [
    ("subsample80", 20, OLD, {"n_folds": 5, "n_iterations": 4}),
    ("subsample80", 100, OLD, {"n_folds": 5, "n_iterations": 20}),
    ("bootstrap", 20, NEW, {"n_bootstrap_samples": 20}),
    ("bootstrap", 100, NEW, {"n_bootstrap_samples": 100}),
]


@pytest.fixture(scope="module")
def prepared(scores, truth: GroundTruth):
    return prepare_psds(scores, truth, SCENARIOS, often=True)


def values(prepared, truth, resampling):
    def statistic(weight):
        return np.array([prepared.result(weight).value])

    return resample(statistic, truth.clips, resampling)[:, 0]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(("kind", "n", "key", "arguments"), CASES, ids=lambda x: str(x)[:12])
def test_means_and_percentiles_equal_the_reference(name, kind, n, key, arguments, prepared, truth, bootstrap):
    expected = bootstrap[key][f"student|{name}|{arguments}"]
    resampling = Resampling(kind, n)
    samples = values(prepared[name], truth, resampling)
    assert samples[:3] == pytest.approx(expected["first"], abs=1e-12)
    interval = percentile_interval(samples, resampling)
    assert interval.mean == pytest.approx(expected["mean"], abs=1e-12)
    assert (interval.low, interval.high) == pytest.approx((expected["p5"], expected["p95"]), abs=1e-12)
    assert (interval.kind, interval.level, interval.n) == (kind, 0.9, n)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_first_hundred_of_a_thousand(name, prepared, truth, bootstrap):
    thousand = resample_weights(truth.clips, Resampling("bootstrap", 1000))
    found = [prepared[name].result(next(thousand)).value for _ in range(100)]
    assert found == pytest.approx(bootstrap["first100_of_1000_balanced"][f"student|{name}"], abs=1e-12)


def test_the_balanced_bootstrap_is_balanced():
    weights = np.array(list(resample_weights(("b", "a", "c"), Resampling("bootstrap", 7))))
    assert weights.sum(axis=0).tolist() == [7, 7, 7]
    assert weights.sum(axis=1).tolist() == [3] * 7


def test_every_clip_is_left_out_once_in_five_subsamples():
    weights = np.array(list(resample_weights([f"{i:02}" for i in range(12)], Resampling("subsample80", 10))))
    assert ((1 - weights[:5]).sum(axis=0) == 1).all()
    assert ((1 - weights[5:]).sum(axis=0) == 1).all()
    assert set(weights.ravel()) == {0.0, 1.0}


@pytest.mark.parametrize("kind", ["bootstrap", "subsample80"])
def test_resamples_do_not_depend_on_the_order_of_clips(kind):
    names = [f"{i:02}" for i in range(11)]
    for forward, backward in zip(
        resample_weights(names, Resampling(kind, 6)),
        resample_weights(names[::-1], Resampling(kind, 6)),
        strict=True,
    ):
        np.testing.assert_array_equal(forward, backward[::-1])


def test_none_draws_nothing():
    assert list(resample_weights(("a", "b"), Resampling("none"))) == []
    assert Resampling("none").count == 0


@pytest.mark.parametrize("wrong", [{"kind": "jackknife"}, {"n": 0}, {"level": 1.0}, {"level": 0.0}])
def test_what_has_no_meaning_is_refused(wrong):
    with pytest.raises(ValueError, match=r"interval kind|at least 1|between 0 and 1"):
        Resampling(**wrong)


def test_resamples_with_nothing_to_judge_are_left_out():
    interval = percentile_interval(np.array([0.1, np.nan, 0.3]), Resampling("bootstrap", 3))
    assert (interval.n, interval.mean) == (2, pytest.approx(0.2))
    assert percentile_interval(np.array([np.nan, np.nan]), Resampling("bootstrap", 2)) is None


def test_pairs_are_compared_resample_by_resample():
    first, second = np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.4, 0.6, 0.8, 0.7])
    found = paired_difference(0.65, 0.625, first, second, Resampling("bootstrap", 4))
    assert found.value == pytest.approx(0.025)
    # Better twice, a tie once, worse once.
    assert found.probability_better == 0.625
    assert found.interval.mean == pytest.approx(0.025)
    alone = paired_difference(0.5, 0.4, np.array([]), np.array([]), Resampling("none"))
    assert (alone.interval, alone.probability_better) == (None, None)


def test_runs_are_spanned_from_lowest_to_highest():
    interval = runs_interval([0.3, 0.5, 0.4])
    assert (interval.low, interval.high, interval.kind, interval.n) == (0.3, 0.5, "runs", 3)
    assert interval.mean == pytest.approx(0.4)
    assert runs_interval([0.3]) is None
