"""Sums of covered shares: whole microseconds are exact; seconds are summed as pandas sums for psds_eval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from dcase_energy.scoring.overlap import EXACT, Timing, summed

SECONDS = Timing("seconds")
parts = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1)), max_size=40)


def test_ten_tenths_are_a_whole():
    # A plain sum falls short of it.
    tenths, group = np.full(10, 0.1), np.zeros(10, dtype=np.int64)
    assert summed(tenths, group, 1, EXACT)[0] < 1.0
    assert summed(tenths, group, 1, SECONDS).tolist() == [1.0]


def summed_one_by_one(rows):
    """Kahan (1965), a part at a time."""
    total, lost = [0.0] * 5, [0.0] * 5
    for group, amount in rows:
        part = amount - lost[group]
        new = total[group] + part
        lost[group] = (new - total[group]) - part
        total[group] = new
    return total


def summed_of(rows):
    group = np.array([row[0] for row in rows], dtype=np.int64)
    amount = np.array([row[1] for row in rows], dtype=np.float64)
    return group, amount, summed(amount, group, 5, SECONDS).tolist()


@given(parts)
def test_seconds_carry_their_rounding_errors_along(rows):
    _, _, ours = summed_of(rows)
    assert ours == summed_one_by_one(rows)


@given(parts)
@example([(0, 0.4243505027548963), (0, 0.4243505027548963), (0, 1.0)])
def test_seconds_are_summed_as_pandas_sums_groups(rows):
    # From 3.1 on pandas sums groups that come in order otherwise; what psds_eval runs on does not.
    group, amount, ours = summed_of([(1, 0.0), (0, 0.0), *rows])
    theirs = pd.Series(amount).groupby(group).sum().reindex(range(5), fill_value=0.0)
    assert ours == theirs.tolist()


def test_microseconds_are_summed_exactly_and_groups_without_parts_are_zero():
    total = summed(np.array([1, 2, 3]), np.array([0, 2, 2]), 4, EXACT)
    assert total.tolist() == [1.0, 0.0, 5.0, 0.0]
    assert summed(np.array([]), np.array([], dtype=np.int64), 2, SECONDS).tolist() == [0.0, 0.0]
