"""Numbers of score files: the nearest doubles of their texts, or nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_energy.documents.numbers import parse_number
from dcase_energy.scoring.score_text import numbers

rows = st.lists(st.tuples(*3 * [st.floats(0, 1)]), min_size=1, max_size=30)


def text_of(table) -> bytes:
    return "".join("\t".join(map(repr, row)) + "\n" for row in table).encode()


@given(rows)
def test_every_number_is_the_nearest_double_of_its_text(table):
    parsed = numbers(text_of(table), len(table), 3)
    assert parsed.tolist() == [list(row) for row in table]


@pytest.mark.parametrize("broken", ["nan", "inf", "1e999", "x", "", "0.5\t0.5"])
@pytest.mark.parametrize("at", [0, 7, 19])
def test_one_cell_that_is_no_finite_number_spoils_all(broken, at):
    lines = text_of([(0.25, 0.5, 0.75)] * 20).splitlines(keepends=True)
    assert numbers(b"".join(lines), 20, 3) is not None
    lines[at] = f"0.25\t{broken}\t0.75\n".encode()
    assert numbers(b"".join(lines), 20, 3) is None


@pytest.mark.parametrize(("n_rows", "n_columns"), [(19, 3), (21, 3), (20, 2), (20, 4), (0, 3)])
def test_another_shape_is_refused(n_rows, n_columns):
    assert numbers(text_of([(0.25, 0.5, 0.75)] * 20), n_rows, n_columns) is None


def test_sums_that_overflow_are_no_reason_to_refuse():
    table = [(1e308, 1e308, 1e308)] * 20
    assert np.array_equal(numbers(text_of(table), 20, 3), np.array(table))


def test_a_cell_is_a_number_where_the_slow_reading_says_so():
    """All short texts of the characters that numbers are made of."""
    for size in range(1, 5):
        for characters in itertools.product("10.e+-", repeat=size):
            text = "".join(characters)
            parsed = numbers(f"0\t{text}\n".encode(), 1, 2)
            assert (None if parsed is None else parsed[0, 1]) == parse_number(text), text


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3//4 5 6",
        "/1 2 3/4 5 6",
        "1 2/1 2 3",
        "1 2 3/1 2",
        "1 2 3/1 2 ",
        "1 2/1 2 3 4",
        "1 2 3/1 2 3 4",
        "1 2 3/ 1 2",
    ],
)
def test_rows_of_unlike_length_are_refused(text):
    data = text.replace(" ", "\t").replace("/", "\n").encode() + b"\n"
    assert numbers(data, data.count(b"\n"), 3) is None


@pytest.mark.parametrize("pattern", ["{}1", "1{}", "1{}5", "{}", "1.{}5", "1e{}5", "{0}{0}1", "-{}1"])
def test_each_byte_is_part_of_a_number_where_the_slow_reading_says_so(pattern):
    """What pandas skips, takes for a quote or reads in another base does not slip through."""
    for text in [*map(chr, set(range(256)) - {9, 10}), "nan", "inf", "0x1", "1_0", "\u0661", "\uff11", "\u2003"]:
        cell = pattern.format(text)
        parsed = numbers(f"0\t{cell}\n".encode(), 1, 2)
        assert (None if parsed is None else parsed[0, 1]) == parse_number(cell), repr(cell)
