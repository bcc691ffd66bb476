"""What is advised for counts as people write them, counters' strings and real texts of 2022 and 2023 among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.documents.numbers import advise_count
from dcase_energy.documents.yaml import load_yaml
from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.metadata import read_metadata

CASES = [line.split("\t") for line in (Path(__file__).parent / "count_advice.tsv").read_text().splitlines()]


@pytest.mark.parametrize(("text", "advice"), CASES, ids=lambda text: text)
def test_advice(text, advice):
    assert (advise_count(text) or "-") == advice


@pytest.mark.parametrize("text", ["930.902M", "44.683 G", "4.2MB", "10 (5 SEDT, 5 frame-wise model)"])
def test_a_count_as_text_is_never_read_as_a_number(text):
    data = f"system:\n  complexity:\n    macs: {text}\n".encode()
    metadata, findings = read_metadata(load_yaml(data, "x"), load_edition("generic"))
    assert metadata.submission.macs is None
    assert "C301" in {finding.code for finding in findings}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["9" * 900_000, "9." * 400_000 + "k", "1 " * 400_000, "x" * 900_000])
def test_a_text_of_a_megabyte_comes_to_an_end(text):
    # Quadratic time would take hours here.
    data = f"system:\n  complexity:\n    macs: '{text}'\n".encode()
    metadata, _ = read_metadata(load_yaml(data, "x"), load_edition("generic"))
    assert metadata.submission.macs is None
