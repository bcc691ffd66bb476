"""The outcome of one run: levels, patience, change, computed by hand for a short training."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dcase_energy.study.claims import change_pct, replay_patience, saved_pct, spread_pct
from dcase_energy.study.outcome import outcome_of
from dcase_energy.study.runs import Epoch, RunFile, StudyRun, TrainedWork
from dcase_energy.study.variance import explained


def run(*f1: float | None, kwh: float = 1.0, duration_s: float = 60.0) -> StudyRun:
    """A training with these F1 (criterion 0.7), one kWh and one minute an epoch."""
    epochs = tuple(Epoch(i, duration_s, kwh, intersection_f1_07=value) for i, value in enumerate(f1, 1))
    return StudyRun(Path("run"), RunFile(state="done", gpu="T4", batch_size=8, work=TrainedWork()), epochs)


def test_the_first_epoch_that_reaches_a_level_counts():
    #                1    2    3     4    5     6     7
    outcome = outcome_of(run(0.1, 0.40, 0.39, 0.57, 0.60, 0.60, 0.58), "07")
    assert outcome.max_f1_pct == 60.0
    assert outcome.f1_95_pct == pytest.approx(57.0)
    assert outcome.kwh_at_f1_40 == 2
    assert outcome.kwh_at_95 == 4  # 0.57 is 95 % of 0.60, though 0.95 * 0.60 is a little more in binary
    assert outcome.kwh_at_max == 5
    assert outcome.kwh_last == outcome.total_kwh == 7
    assert outcome.extra_95_to_max_pct == 25.0
    assert (outcome.duration_s, outcome.epoch_wh, outcome.minute_wh) == (420.0, 1000.0, 1000.0)
    assert outcome.not_reached == frozenset()


def test_a_level_that_is_never_reached_is_empty_and_not_zero():
    outcome = outcome_of(run(0.1, 0.3), "07")
    assert outcome.kwh_at_f1_40 is None
    assert outcome.not_reached == {"kwh_at_f1_40"}
    assert outcome.kwh_at_max == 2


def test_a_training_that_learns_nothing_reaches_nothing():
    outcome = outcome_of(run(0.0, 0.0), "07")
    assert outcome.max_f1_pct == 0.0
    assert outcome.not_reached == {"kwh_at_f1_40", "kwh_at_95", "kwh_at_max"}


def test_unknown_f1_is_not_a_low_one():
    outcome = outcome_of(run(None, None), "07")
    assert outcome.max_f1_pct is None
    assert outcome.not_reached == frozenset()
    assert outcome.kwh_at_f1_40 is None
    assert outcome_of(run(None, 0.5), "07").kwh_at_f1_40 == 2


def test_the_other_criterion_reads_the_other_column():
    epochs = (Epoch(1, 60.0, 1.0, intersection_f1_05=0.7, intersection_f1_07=0.3),)
    one = StudyRun(Path("run"), run(0.1).about, epochs)
    assert (outcome_of(one, "05").max_f1_pct, outcome_of(one, "07").max_f1_pct) == (70.0, 30.0)


@pytest.mark.parametrize(
    ("f1", "patience", "stop", "lost"),
    [
        ((0.1, 0.2, 0.2, 0.19, 0.3), 2, 4, 10.0),  # an equal F1 does not count as a rise
        ((0.1, 0.2, 0.2, 0.19, 0.3), 3, 5, 0.0),
        ((0.1, 0.2, 0.3), 1, 3, 0.0),  # never stops early
        ((0.3, 0.2, 0.1, 0.4), 1, 2, 10.0),
        ((0.3, None, 0.4), 1, 2, 10.0),  # nor does an unknown F1
        ((None, None, 0.3, 0.2, 0.4), 2, 5, 0.0),  # before the first known F1 there is nothing to rise above
    ],
)
def test_patience_replayed_by_hand(f1, patience, stop, lost):
    replay = replay_patience(run(*f1).epochs, "07", patience)
    assert replay.saved_pct == pytest.approx(100 * (1 - stop / len(f1)))
    assert replay.f1_lost_points == pytest.approx(lost)


def test_without_f1_there_is_no_patience_to_replay():
    assert replay_patience(run(None, None).epochs, "07", 1) is None
    assert replay_patience(run(0.1, 0.2, kwh=0.0).epochs, "07", 1).saved_pct is None  # nothing was spent


def test_change_and_spread_of_epochs():
    rising = tuple(Epoch(i, 1.0, 100.0 + i) for i in range(-1, 2))
    assert change_pct(rising) == pytest.approx(2.0)  # 1 % an epoch
    assert spread_pct(rising) == pytest.approx(1.0)
    assert change_pct(rising[:2]) is None  # any two have a line through them
    assert saved_pct(None, 1.0) is None


def test_variance_of_a_model_with_known_parts():
    # ln y = GPU (0, 1) + batch (0, 2) + residual (-0.1, 0.1): sums of squares 2, 8 and 0.08.
    cells = [(g, b, r) for g in (0, 1) for b in (0, 2) for r in (-0.1, 0.1)]
    shares = explained([f"g{g}" for g, _, _ in cells], [b for _, b, _ in cells], [g + b + r for g, b, r in cells])
    assert shares.variance == pytest.approx(10.08 / 7)
    assert shares.gpu == pytest.approx(2 / 10.08)
    assert shares.batch_size == pytest.approx(8 / 10.08)
    assert shares.interaction == pytest.approx(0, abs=1e-9)
    assert shares.residual == pytest.approx(0.08 / 10.08)


def test_batch_through_time_alone_shows():
    # Power depends on the GPU alone, time on both: the paper's claim.
    runs = [(g, b) for g in ("a", "b", "c") for b in (4, 8, 16) for _ in range(2)]
    power = {"a": 1.0, "b": 2.0, "c": 3.0}
    shares = explained(*zip(*runs, strict=True), [math.log(power[g]) for g, _ in runs])
    assert (shares.gpu, shares.batch_size) == (1.0, 0.0)
    shares = explained(*zip(*runs, strict=True), [math.log(power[g] * 100 / b) for g, b in runs])
    assert shares.gpu + shares.batch_size == pytest.approx(1.0)
    assert shares.batch_size > 0.4


def test_what_a_design_cannot_tell_is_none():
    assert explained(["a", "b"], [4, 4], [1.0, 2.0]).batch_size is None
    assert explained(["a", "b"], [4, 4], [1.0, 2.0]).residual is None
    assert explained(["a", "a"], [4, 8], [1.0, 1.0]).variance == 0
    assert explained(["a"], [4], [1.0]).variance is None
    gaps = explained(["a", "a", "b", "b", "b"], [4, 8, 4, 4, 16], [1.0, 2.0, 3.0, 3.5, 5.0])
    assert gaps.gpu + gaps.batch_size + gaps.interaction + gaps.residual == pytest.approx(1.0)
