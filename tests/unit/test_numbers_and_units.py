from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dcase_energy.documents.numbers
import dcase_energy.measure.marks
import dcase_energy.student
import dcase_energy.study.runs
import dcase_energy.text
import dcase_energy.units
from dcase_energy.documents.numbers import advise_count, advise_energy, parse_number
from dcase_energy.units import format_duration, format_significant, joules_to_kwh, kwh_to_joules, significant_digits


@pytest.mark.parametrize(
    "module",
    [
        dcase_energy.units,
        dcase_energy.documents.numbers,
        dcase_energy.student,
        dcase_energy.text,
        dcase_energy.study.runs,
        dcase_energy.measure.marks,
    ],
)
def test_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "-inf", "1e400", "", " ", "1_0", "0x1p3", "١٢", "1,5", "1 5", "--1", "1e", "e5", "True", "9" * 70],
)
def test_what_is_no_number(text):
    assert parse_number(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_survives(value):
    assert parse_number(repr(value)) == value


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("0.5 kWh", "the unit is always kWh and is not written: 0.5"),
        ("500 Wh", "the unit is always kWh and is not written: 0.5"),
        ("1.8 MJ", "the unit is always kWh and is not written: 0.5"),
        ("0,5", "write a decimal point: 0.5"),
        ("١٫٥", None),
        ("١٢", "write plain digits: 12"),
        ("1_0", "write plain digits: 10"),
        ("lots", None),
        ("5 apples", None),
    ],
)
def test_advice_on_energies(text, advice):
    assert advise_energy(text) == advice


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("625K", "write the count in full: 625000"),
        ("1.2M", "write the count in full: 1200000"),
        ("930.902 M", "write the count in full: 930902000"),
        ("44.683G", "write the count in full: 44683000000"),
        ("1.011T", "write the count in full: 1011000000000"),
        ("1,112,420", "write plain digits: 1112420"),
        ("1_112_420", "write plain digits: 1112420"),
        ("4.2MB", "4.2MB is a size in bytes; give the count of parameters"),
        (
            "Trainable 1.7 M non-Trainable 1.7M",
            "two counts in one value: write one count in full, the sum of all parts",
        ),
    ],
)
def test_advice_on_counts(text, advice):
    assert advise_count(text) == advice


def test_a_kwh_is_exactly_3_6_megajoules():
    assert kwh_to_joules(1) == 3_600_000
    assert joules_to_kwh(3_600_000) == 1


@pytest.mark.parametrize(
    ("text", "digits"), [("0.030", 2), ("0.0305", 3), ("1.39", 3), ("100", 1), ("100.", 3), ("1.0e-3", 2), ("-0.5", 1)]
)
def test_significant_digits(text, digits):
    assert significant_digits(text) == digits


@given(st.floats(1e-12, 1e12))
def test_formatting_keeps_four_digits(value):
    text = format_significant(value)
    assert "e" not in text.lower()
    assert math.isclose(float(text), value, rel_tol=5.1e-4)


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.25, "4.2 s"), (59.96, "60.0 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")]
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text
