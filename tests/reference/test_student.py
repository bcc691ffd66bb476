"""A real baseline student on the DESED validation set: our figures equal those of the field's libraries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dcase_energy.scoring.data import keep_clips
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.metrics.collar_f1 import collar_by_clip
from dcase_energy.scoring.metrics.intersection_f1 import intersection_by_clip
from dcase_energy.scoring.metrics.psds import PSDS1, PSDS2
from dcase_energy.scoring.metrics.segment_f1 import segment_by_clip
from dcase_energy.scoring.overlap import Timing
from tests.reference.conftest import DATA
from tests.reference.fast_scoring import psds
from tests.reference.sed_eval_text import kept_lines, sed_eval_lines

SCENARIOS = {"psds1": PSDS1, "psds2": PSDS2}
PSDS_EVAL = Timing("seconds", late_detections="ignore")


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_of_scores_equals_sed_scores_eval(name, reference, scores, truth):
    result = psds(scores, truth, SCENARIOS[name])
    assert result.value == pytest.approx(reference[name]["sed_scores_eval_recon50_all_clips"], abs=1e-12)
    for label, value in reference[name]["per_class_sed_scores_eval_recon50"].items():
        assert result.per_class[label] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_without_empty_clips(name, reference, scores, truth):
    kept_truth, kept = truth.without_empty_clips()
    result = psds(scores.take_clips(kept), kept_truth, SCENARIOS[name])
    assert result.value == pytest.approx(reference[name]["sed_scores_eval_recon50_drop_empty_clips"], abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_of_operating_points_is_near_psds_eval(name, reference, points, truth):
    """psds_eval computes in floating point and forgets some detections: up to 2e-5 apart, never more."""
    assert len(points) == 50
    result = psds(list(points.values()), truth, SCENARIOS[name])
    assert result.value == pytest.approx(reference[name]["psds_eval_0.5.3_50ops_all_clips"], abs=2e-5)
    assert result.value == pytest.approx(reference[name]["sed_scores_eval_recon50_all_clips"], abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_its_conventions_psds_eval_is_equalled(name, reference, points, truth):
    result = psds(list(points.values()), truth, SCENARIOS[name], PSDS_EVAL)
    assert result.value == pytest.approx(reference[name]["psds_eval_0.5.3_50ops_all_clips"], abs=1e-12)
    assert result.per_class == pytest.approx(reference[name]["per_class_auc_psds_eval_0.5.3"], abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_old_psds_eval_averages_cross_triggers_over_all_classes(name, reference, points, truth):
    scenario = replace(SCENARIOS[name], cross_trigger_average="all")
    result = psds(list(points.values()), truth, scenario, PSDS_EVAL)
    assert result.value == pytest.approx(reference[name]["psds_eval_0.3.0_50ops_all_clips"], abs=1e-12)


@pytest.mark.parametrize("name", SCENARIOS)
def test_psds_eval_without_empty_clips(name, reference, points, truth):
    kept_truth, kept = truth.without_empty_clips()
    kept_points = [keep_clips(events, kept, len(truth.clips)) for events in points.values()]
    result = psds(kept_points, kept_truth, SCENARIOS[name], PSDS_EVAL)
    assert result.value == pytest.approx(reference[name]["psds_eval_0.5.3_50ops_drop_empty_clips"], abs=1e-12)


@pytest.mark.parametrize("threshold", ["0.49", "0.51"])
def test_event_text_of_sed_eval_line_for_line(threshold, points, truth):
    """sed_eval compares floating-point seconds."""
    counts = collar_by_clip(points[threshold], truth, timing=Timing("seconds")).total()
    assert sed_eval_lines(counts) == kept_lines(DATA / f"student_sed_eval_{threshold}_event.txt")


@pytest.mark.parametrize("threshold", ["0.49", "0.51"])
def test_segment_text_of_sed_eval_line_for_line(threshold, points, truth):
    """sed_eval continues to the last event where that lies beyond the end of the clip."""
    counts = segment_by_clip(points[threshold], truth, grid="extend").total()
    assert sed_eval_lines(counts) == kept_lines(DATA / f"student_sed_eval_{threshold}_segment.txt")


@pytest.mark.parametrize(("name", "grid"), [("event", None), ("segment", "extend")])
def test_the_stored_texts_judge_the_same_annotations(name, grid, points, truth):
    """They are of the detections at 0.5, which are not stored; what does not depend on those is equal."""
    found = points["0.51"]
    counts = collar_by_clip(found, truth).total() if grid is None else segment_by_clip(found, truth, grid=grid).total()
    stored = [line.split()[2] for line in kept_lines(DATA / f"student_{name}_f1.txt") if "|" in line]
    ours = [line.split()[2] for line in sed_eval_lines(counts) if "|" in line]
    assert stored == ours
    if name == "segment":
        assert segment_by_clip(found, truth).total().annotated.sum() == sum(map(int, stored)) - 5


@pytest.mark.parametrize("threshold", ["0.49", "0.51"])
def test_f1_equals_psds_eval_and_sed_scores_eval(threshold, oracle, scores, truth):
    expected = oracle[threshold]
    found = detections_at(scores, float(threshold) - 0.005)
    assert len(found) == expected["detections"]
    for criterion, macro in expected["intersection_macro"].items():
        counts = intersection_by_clip(found, truth, dtc=float(criterion), gtc=float(criterion)).total()
        per_class, mean, _ = counts.judged_f1()
        assert mean == pytest.approx(macro, abs=1e-12)
        assert dict(zip(counts.classes, per_class.tolist(), strict=True)) == pytest.approx(
            expected["intersection_per_class"][criterion], abs=1e-12
        )
    for name, by_clip in (("collar", collar_by_clip), ("segment", segment_by_clip)):
        _, macro, micro = by_clip(found, truth).total().judged_f1()
        assert macro == pytest.approx(expected[f"{name}_macro"], abs=1e-12)
        assert micro == pytest.approx(expected[f"{name}_micro"], abs=1e-12)
