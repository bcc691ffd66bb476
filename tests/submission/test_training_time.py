"""Every form of training time in the real tables is understood."""

from __future__ import annotations

import csv
import doctest
from pathlib import Path

import pytest

from dcase_energy.documents.device_names import gpu_model
from dcase_energy.submission import training_time
from dcase_energy.submission.training_time import parse_hardware, parse_training_time

HERE = Path(__file__).parent
FORMS = [line.split("\t") for line in (HERE / "training_times.tsv").read_text().splitlines()]


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=lambda text: text[:40])
def test_a_form_is_understood(text, expected):
    parts = [
        f"{'-' if work.duration_s is None else format(work.duration_s / 3600, '.4g')} h, {work.devices}, "
        f"{gpu_model(work.hardware)}"
        for work in parse_training_time(text)
    ]
    assert "; ".join(parts) == expected


def test_every_real_form_is_in_the_list():
    listed = {text for text, _ in FORMS}
    for table in ("dcase2022_task4_results.csv", "dcase2023_task4a_results_sample.csv"):
        with (HERE.parent / "data" / table).open(newline="") as file:
            assert {row["training_time"] for row in csv.DictReader(file)} <= listed


@pytest.mark.parametrize(
    "text", ["", "(", ")", "((((", "9" * 5000 + "h", "1h" * 2000, "* 3", "+++", "h (0 A100)", "\x00"]
)
def test_nonsense_is_no_crash(text):
    for work in parse_training_time(text):
        assert work.devices >= 1
    assert parse_hardware(text)[0] >= 1


def test_examples_in_docstrings():
    assert doctest.testmod(training_time).failed == 0
