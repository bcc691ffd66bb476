"""Models of GPUs and processors are recognised in one place; `device_names.tsv` holds texts and what they name."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from dcase_energy.documents import device_names
from dcase_energy.documents.device_names import board_power_w, gpu_models, is_processor, names_gpu
from dcase_energy.editions.loader import load_edition

LINES = (Path(__file__).parents[1] / "data" / "device_names.tsv").read_text(encoding="utf-8").splitlines()
NAMES = [line.split("\t") for line in LINES if not line.startswith("#")]


@pytest.mark.parametrize(("text", "models", "what"), NAMES, ids=lambda text: text[:30])
def test_a_text_names_its_models(text, models, what):
    assert ", ".join(sorted(gpu_models(text))) == ("" if models == "-" else models)
    assert (names_gpu(text), is_processor(text)) == (what == "GPU", what == "processor")


def test_each_board_of_the_editions_has_its_power():
    known = load_edition("generic").plausible.gpu_board_power_w
    for name, power_w in known.items():
        (model,) = gpu_models(name)
        assert board_power_w(model, known) == power_w, name
    assert board_power_w("RTX 2080 Super", known) == known["2080"]
    assert board_power_w("RTX 9090", known) is None
    assert board_power_w(None, known) is None


def test_examples_in_docstrings():
    assert doctest.testmod(device_names).failed == 0
