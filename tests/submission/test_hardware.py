"""Every form of training time in the real tables is understood."""

from __future__ import annotations

import csv
import doctest
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.submission import hardware
from dcase_energy.submission.hardware import board, parse_hardware, parse_training_time

HERE = Path(__file__).parent
KNOWN = load_edition("generic").plausible.gpu_board_power_w
FORMS = [line.split("\t") for line in (HERE / "training_times.tsv").read_text().splitlines()]


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=lambda text: text[:40])
def test_a_form_is_understood(text, expected):
    parts = [
        f"{'-' if work.duration_s is None else format(work.duration_s / 3600, '.4g')} h, {work.devices}, "
        f"{board(work.hardware, KNOWN)}"
        for work in parse_training_time(text)
    ]
    assert "; ".join(parts) == expected


def test_every_real_form_is_in_the_list():
    listed = {text for text, _ in FORMS}
    for table in ("dcase2022_task4_results.csv", "dcase2023_task4a_results_sample.csv"):
        with (HERE.parent / "data" / table).open(newline="") as file:
            assert {row["training_time"] for row in csv.DictReader(file)} <= listed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("Quadro RTX A4000", "A4000"),
        ("GeForce RTX2080Ti", "2080 TI"),
        ("RTX 3060 Ti", "3060 TI"),
        ("NVIDIA L40S", "L40S"),
        ("GH200 480GB", "GH200"),
        ("Tesla T4", "T4"),
        ("GTX 480", None),
        ("80GB", None),
        ("Apple M2", None),
        (None, None),
    ],
)
def test_models_are_told_apart(text, expected):
    assert board(text, KNOWN) == expected


@pytest.mark.parametrize(
    "text", ["", "(", ")", "((((", "9" * 5000 + "h", "1h" * 2000, "* 3", "+++", "h (0 A100)", "\x00"]
)
def test_nonsense_is_no_crash(text):
    for work in parse_training_time(text):
        assert work.devices >= 1
    assert parse_hardware(text)[0] >= 1


def test_examples_in_docstrings():
    assert doctest.testmod(hardware).failed == 0
