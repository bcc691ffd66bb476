"""A real baseline student on the DESED validation set: our figures equal those of the field's libraries."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_energy.scoring.collar import collar_counts
from dcase_energy.scoring.data import Events, GroundTruth, to_us
from dcase_energy.scoring.intersection import intersection_counts
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.psds import PSDS1, PSDS2, psds_from_operating_points, psds_from_scores
from dcase_energy.scoring.segment import segment_counts
from dcase_energy.scoring.truth import clip_name

DATA = Path(__file__).parent.parent / "data" / "desed_validation"
SCENARIOS = {"psds1": PSDS1, "psds2": PSDS2}


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_of_scores_equals_sed_scores_eval(name, reference, scores, truth):
    result = psds_from_scores(scores, truth, SCENARIOS[name])
    assert result.value == pytest.approx(reference[name]["sed_scores_eval_recon50_all_clips"], abs=1e-12)
    for label, value in reference[name]["per_class_sed_scores_eval_recon50"].items():
        assert result.per_class[label] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_without_empty_clips(name, reference, scores, truth):
    kept_truth, kept = truth.without_empty_clips()
    result = psds_from_scores(scores.take_clips(kept), kept_truth, SCENARIOS[name])
    assert result.value == pytest.approx(reference[name]["sed_scores_eval_recon50_drop_empty_clips"], abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_of_operating_points_is_near_psds_eval(name, reference, truth):
    """psds_eval drops detections that begin after the annotated end of a clip: up to 2e-5 apart, never more."""
    points = []
    with zipfile.ZipFile(DATA / "student_operating_points.zip") as archive:
        for member in sorted(archive.namelist()):
            with archive.open(member) as file:
                points.append(_events(pd.read_csv(file, sep="\t"), truth))
    assert len(points) == 50
    result = psds_from_operating_points(points, truth, SCENARIOS[name])
    assert result.value == pytest.approx(reference[name]["psds_eval_0.5.3_50ops_all_clips"], abs=2e-5)
    assert result.value == pytest.approx(reference[name]["sed_scores_eval_recon50_all_clips"], abs=1e-12)


@pytest.mark.parametrize("threshold", ["0.49", "0.51"])
def test_f1_equals_psds_eval_and_sed_scores_eval(threshold, oracle, scores, truth):
    expected = oracle[threshold]
    found = detections_at(scores, float(threshold) - 0.005)
    assert len(found) == expected["detections"]
    for criterion, macro in expected["intersection_macro"].items():
        counts = intersection_counts(found, truth, dtc=float(criterion), gtc=float(criterion))
        assert counts.f1_macro == pytest.approx(macro, abs=1e-12)
        assert counts.to_dict() == pytest.approx(expected["intersection_per_class"][criterion], abs=1e-12)
    counts = collar_counts(found, truth)
    assert counts.f1_macro == pytest.approx(expected["collar_macro"], abs=1e-12)
    assert counts.f1_micro == pytest.approx(expected["collar_micro"], abs=1e-12)
    counts = segment_counts(found, truth)
    assert counts.f1_macro == pytest.approx(expected["segment_macro"], abs=1e-12)
    assert counts.f1_micro == pytest.approx(expected["segment_micro"], abs=1e-12)


def _events(table: pd.DataFrame, truth: GroundTruth) -> Events:
    clips = {clip: i for i, clip in enumerate(truth.clips)}
    labels = {label: i for i, label in enumerate(truth.classes)}
    return Events(
        np.array([clips[clip_name(name)] for name in table["filename"]]),
        np.array([labels[name] for name in table["event_label"]]),
        to_us(table["onset"]),
        to_us(table["offset"]),
    )
