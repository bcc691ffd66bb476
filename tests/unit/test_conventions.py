"""Conventions: each changes what it names, and none is silent."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from dcase_energy.cli import score
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.parts import Scoring
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import InputError
from dcase_energy.scoring.conventions import LIKE, SCORES, Conventions
from dcase_energy.scoring.data import Events, GroundTruth, Scores
from dcase_energy.scoring.evaluation import Figure, describe_figure, evaluate_points, evaluate_scores

CLASSES = ("Cat", "Dog")
TRUTH = GroundTruth.build(
    {"a": 10.0, "b": 10.0, "empty": 10.0}, [("a", 1.0, 2.0, "Dog"), ("b", 5.0, 6.0, "Cat")], CLASSES
)


def figures(rows, truth=TRUTH, **chosen):
    """Figures of detections (clip, label, onset_us, offset_us)."""
    conventions = replace(Conventions(), **chosen)
    found = Events.from_rows(rows)
    evaluation = evaluate_points([found, found], found, truth, conventions)
    return dict(zip(evaluation.names(), evaluation.figures().tolist(), strict=True))


def value(rows, metric, truth=TRUTH, average="macro", **chosen):
    return figures(rows, truth, **chosen)[Figure(metric, None, average)]


DOG = (0, 1, 1_000_000, 2_000_000)
CAT = (1, 0, 5_000_000, 6_000_000)


def test_clips_without_events_count_or_do_not():
    false = (2, 1, 0, 1_000_000)
    assert value([DOG, CAT, false], "collar_f1") == pytest.approx((2 / 3 + 1) / 2)
    assert value([DOG, CAT, false], "collar_f1", empty_clips="drop") == 1.0


def test_a_class_without_hits_counts_zero_or_not_at_all():
    assert value([DOG], "intersection_f1") == 0.5
    assert value([DOG], "intersection_f1", classes_without_hits="skip") == 1.0


def test_a_tie_of_coverage_and_one_microsecond_less():
    half = (0, 1, 1_500_000, 2_500_000)
    assert value([half, CAT], "intersection_f1") == 1.0
    assert value([half, CAT], "intersection_f1", time_tolerance_us=-1) == 0.5
    late = (0, 1, 1_500_001, 2_500_001)
    assert value([late, CAT], "intersection_f1") == 0.5
    assert value([late, CAT], "intersection_f1", time_tolerance_us=1) == 1.0


def test_a_tie_of_collars():
    """1.491 - 1.291 is 0.2 in microseconds and more than 0.2 in floating point."""
    truth = GroundTruth.build({"a": 10.0}, [("a", 1.291, 2.2, "Dog")], CLASSES)
    found = [(0, 1, 1_491_000, 2_200_000)]
    assert value(found, "collar_f1", truth) == 1.0
    assert value(found, "collar_f1", truth, arithmetic="seconds") == 0.0
    assert value(found, "collar_f1", truth, time_tolerance_us=-1) == 0.0
    assert value(found, "collar_f1", truth, arithmetic="seconds", time_tolerance_us=1) == 1.0


def test_detections_after_the_end_of_the_clip():
    late = (0, 1, 10_500_000, 11_000_000)
    assert value([DOG, CAT, late], "intersection_f1") == pytest.approx((2 / 3 + 1) / 2)
    assert value([DOG, CAT, late], "intersection_f1", late_detections="ignore") == 1.0
    assert value([DOG, CAT, late], "psds1") < value([DOG, CAT, late], "psds1", late_detections="ignore")


def test_segments_after_the_end_of_the_clip():
    late = (0, 1, 10_500_000, 11_000_000)
    assert value([DOG, CAT, late], "segment_f1") == 1.0
    assert value([DOG, CAT, late], "segment_f1", segment_grid="extend") == pytest.approx((2 / 3 + 1) / 2)


def test_the_last_segment_may_be_whole():
    """A detection in the last second of a clip of 9.5 s, after its end."""
    truth = GroundTruth.build({"a": 9.5}, [("a", 1.0, 2.0, "Dog")], CLASSES)
    found = [DOG, (0, 1, 9_600_000, 9_900_000)]
    assert value(found, "segment_f1", truth) == 1.0
    assert value(found, "segment_f1", truth, segment_grid="whole") == pytest.approx(2 / 3)


def test_cross_triggers_over_all_classes_cost_less():
    truth = GroundTruth.build({"a": 3600.0}, [("a", 0.0, 1800.0, "Cat"), ("a", 1800.0, 3600.0, "Dog")], CLASSES)
    found = [(0, 0, 0, 1_800_000_000), (0, 1, 1_800_000_000, 3_600_000_000), (0, 1, 0, 1_000_000)]
    assert value(found, "psds2", truth) < value(found, "psds2", truth, cross_trigger_average="all")


def test_tolerances_of_the_intersection_f1():
    half = (0, 1, 1_500_000, 2_500_000)
    assert value([half, CAT], "intersection_f1", dtc=0.6) == 0.5
    assert value([half, CAT], "intersection_f1", gtc=0.6) == 0.5
    assert value([half, CAT], "intersection_f1_07") == 0.5


def test_scores_have_no_psds_in_floating_point_seconds():
    truth = GroundTruth.build({"a": 2.0}, [("a", 0.0, 1.0, "Dog")], CLASSES)
    scores = Scores.from_uniform([[[0.1, 0.9], [0.2, 0.3]]], 1.0)
    names = evaluate_scores(scores, truth, Conventions(arithmetic="seconds")).names()
    assert {figure.metric for figure in names} & set(SCORES) == set(SCORES) - {"psds1", "psds2"}


def test_a_class_that_is_not_judged_is_not_a_number():
    truth = GroundTruth.build({"a": 2.0}, [("a", 0.0, 1.0, "Dog")], CLASSES)
    found = figures([], truth)
    assert np.isnan(found[Figure("psds1", "Cat")])
    assert np.isnan(found[Figure("collar_f1", "Cat")])
    assert found[Figure("collar_f1", "Dog")] == 0.0


def test_a_class_with_false_detections_only_counts_for_sed_eval():
    late_cat = (1, 0, 8_000_000, 9_000_000)
    assert value([DOG, late_cat], "collar_f1", classes_without_hits="skip-undetected") == 0.5
    assert value([DOG, late_cat], "collar_f1", classes_without_hits="skip") == 1.0
    found = figures([DOG], classes_without_hits="skip-undetected")
    assert found[Figure("collar_f1")] == 1.0
    assert np.isnan(found[Figure("collar_f1", "Cat")])
    assert np.isnan(value([], "collar_f1", classes_without_hits="skip-undetected", average="micro"))


def test_a_class_that_a_resample_lost_is_left_out_or_never_found():
    without_dog = np.array([0.0, 1.0, 1.0])
    found = Events.from_rows([DOG, CAT])
    psds1 = {}
    for lost in ("skip", "zero"):
        evaluation = evaluate_points([found, found], found, TRUTH, replace(Conventions(), lost_classes=lost))
        names = evaluation.names()
        psds1[lost] = evaluation.figures(without_dog)[names.index(Figure("psds1"))]
        # All clips hold all classes: nothing is lost.
        assert evaluation.figures()[names.index(Figure("psds1"))] == 1.0
    # Mean less standard deviation of 1 and 0.
    assert psds1 == {"skip": 1.0, "zero": 0.0}


@pytest.mark.parametrize("name", edition_names())
def test_every_edition_names_conventions_there_are(name):
    conventions = Conventions.of_edition(load_edition(name).scoring)
    assert set(conventions.to_dict()) >= {field.name for field in fields(Conventions)} - {"scores", "set_of", "joined"}


def test_the_editions_and_the_library_start_from_the_same_defaults():
    assert Conventions.of_edition(Scoring()) == Conventions()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"threshold": float("nan")}, "threshold must be from 0 to 1"),
        ({"dtc": 1.5}, "dtc must be from 0 to 1"),
        ({"class_thresholds": {"Dog": 2.0}}, "class_thresholds must be from 0 to 1"),
        ({"level": 1.0}, "level must be above 0 and below 1"),
        ({"resamples": -1}, "resamples must be from 0"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_as_in_an_edition(chosen, words):
    with pytest.raises(InputError, match=words):
        Conventions.of_edition(Scoring(), **chosen)


def test_the_edition_of_2023_drops_empty_clips_and_draws_subsets():
    conventions = Conventions.of_edition(load_edition("dcase2023-task4a").scoring)
    assert (conventions.empty_clips, conventions.interval, conventions.resamples) == ("drop", "subsample80", 100)
    chosen = Conventions.of_edition(load_edition("dcase2023-task4a").scoring, empty_clips="keep", resamples=None)
    assert (chosen.empty_clips, chosen.resamples) == ("keep", 100)


def test_the_command_offers_the_conventions_of_every_library():
    assert set(score.LIBRARIES) == set(LIKE)


@pytest.mark.parametrize("library", LIKE)
def test_conventions_of_libraries_are_conventions(library):
    assert replace(Conventions(), **LIKE[library]) != Conventions() or library == "sed_scores_eval"


@pytest.mark.parametrize("metric", SCORES)
def test_every_figure_names_its_conventions(metric):
    plain = describe_figure(metric, Conventions())
    assert plain != describe_figure(metric, Conventions(empty_clips="drop"))
    if metric != "segment_f1":
        assert plain != describe_figure(metric, Conventions(time_tolerance_us=5))
        assert plain != describe_figure(metric, Conventions(arithmetic="seconds"))
    if not metric.startswith("psds"):
        assert plain != describe_figure(metric, Conventions(threshold=0.4))
        assert plain != describe_figure(metric, Conventions(classes_without_hits="skip"))


def test_classes_may_have_thresholds_of_their_own():
    truth = GroundTruth.build({"a": 2.0}, [("a", 0.0, 1.0, "Dog"), ("a", 0.0, 1.0, "Cat")], CLASSES)
    scores = Scores.from_uniform([[[0.4, 0.9], [0.2, 0.3]]], 1.0)
    made = Conventions(class_thresholds={"Cat": 0.3})
    for conventions, expected in ((Conventions(), 0.5), (made, 1.0)):
        evaluation = evaluate_scores(scores, truth, conventions)
        assert evaluation.means()["collar_f1"] == expected
    assert "thresholds by class" in describe_figure("collar_f1", made)
