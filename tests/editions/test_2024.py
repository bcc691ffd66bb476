"""The edition of 2024 against what its official validator demands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.validate import validate_paths

EDITION = load_edition("dcase2024-task4")
OFFICIAL = (Path(__file__).parent / "Adams_UNI_task4_1.meta.yaml").read_text()


def codes(tmp_path, *replacements: tuple[str, str]) -> list[str]:
    text = OFFICIAL
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "Adams_UNI_task4_1.meta.yaml"
    path.write_text(text)
    return sorted({finding.code for finding in validate_paths([path], EDITION).findings})


def test_the_numbers_of_the_year():
    assert len(EDITION.classes) == len(set(EDITION.classes)) == 27
    assert EDITION.classes[:10] == load_edition("dcase2023-task4a").classes
    assert "door opens/closes" in EDITION.classes
    assert "cash register beeping" in EDITION.classes
    assert (EDITION.outputs.clips, EDITION.outputs.runs, EDITION.max_systems_per_team) == (2200, 3, 8)


@pytest.mark.parametrize(
    ("label", "allowed"),
    [
        ("Schmid_CPJKU_task4_1", True),
        ("Schmid_CPJKU_task4_8", True),
        ("Schmid_CPJKU_task4_9", False),
        ("Schmid_CPJKU_task4a_1", False),
        ("Schmid_CP_JKU_task4_1", False),
    ],
)
def test_labels_have_four_parts(label, allowed):
    assert bool(re.fullmatch(EDITION.label_pattern, label)) is allowed


def test_a_file_in_the_official_form_is_clean(tmp_path):
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("PSDS1: 0.491", "PSDS1: 49.1", ["R401"]),
        ("mPAUC: 0.653", "mPAUC: !!null", ["M101"]),
        ("total_parameters: 91227236", "total_parameters: 91.2M", ["C301"]),
        ("total_parameters: 91227236", "total_parameters: true", ["C301"]),
        ("input_sampling_rate: 16", "input_sampling_rate: 44.1kHz", ["M102"]),
        ("training: 1.7132", "training: 1.666", ["E204"]),
        ("    baseline_training: 0.0812\n", "", ["E203"]),
        ("label: Adams_UNI_task4_1", "label: Cornell_CMU_task4_1", ["N105", "N106"]),
        ("name: BEATs CRNN", "name: better than Baseline", ["N107"]),
        ("corresponding: true", "corresponding: false", ["M106"]),
        ("  source_code: !!null\n", "", ["M101"]),
        ("source_code: !!null", "source_code: https://x.example/y#readme", ["M110"]),
        ("source_code: !!null", 'source_code: "https://x.example/y#readme"', ["M110"]),
        (
            "source_code: !!null",
            "source_code: https://github.com/turpaultn/dcase20_task4/tree/public_branch/baseline",
            ["M107"],
        ),
    ],
)
def test_what_the_official_validator_lets_pass_or_stops_at(tmp_path, old, new, found):
    assert codes(tmp_path, (old, new)) == found
