"""Where libraries differ from each other or from this program: each difference is a decision that a test holds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Events, GroundTruth, Scores
from dcase_energy.scoring.evaluation import Figure, evaluate_points, evaluate_scores
from dcase_energy.scoring.truth import read_ground_truth

SCENARIO = {"dtc": 0.5, "gtc": 0.5, "alpha_ct": 0.0, "alpha_st": 1.0}


def test_a_perfect_system_of_one_class_has_a_psds_of_1():
    """psds_eval gives 0: its cross-triggers are a mean over no other class."""
    truth = GroundTruth.build({"a": 10.0}, [("a", 1.0, 3.0, "Dog")], ("Dog",))
    evaluation = evaluate_points([truth.events, truth.events], truth.events, truth, Conventions())
    assert evaluation.means()["psds1"] == evaluation.means()["psds2"] == 1.0


def test_times_are_rounded_to_microseconds_and_compared_exactly():
    """An event of a third of a second, a detection of two: half of it is covered except for the rounding."""
    truth = GroundTruth.build({"a": 10.0}, [("a", 0.0, float(Fraction(1, 3)), "Dog")], ("Dog",))
    found = GroundTruth.build({"a": 10.0}, [("a", 0.0, float(Fraction(2, 3)), "Dog")], ("Dog",)).events
    assert (truth.events.offset_us.tolist(), found.offset_us.tolist()) == ([333_333], [666_667])
    for tolerance_us, expected in ((0, 0.0), (1, 1.0)):
        made = Conventions(scores={"it": ("intersection_f1", {})}, time_tolerance_us=tolerance_us)
        assert evaluate_points([found], found, truth, made).means()["it"] == expected


@pytest.mark.parametrize(
    ("event", "clip_s", "words"),
    [("1.0\t1.0", "10", "lasts from 1.0 to 1.0 s"), ("1.0\t2.0", "0", "lasts 0.0 s")],
)
def test_events_and_clips_without_length_are_refused(tmp_path, event, clip_s, words):
    (tmp_path / "truth.tsv").write_text(f"filename\tonset\toffset\tevent_label\na.wav\t{event}\tDog\n")
    (tmp_path / "durations.tsv").write_text(f"filename\tduration\na.wav\t{clip_s}\n")
    truth, findings = read_ground_truth(tmp_path / "truth.tsv", tmp_path / "durations.tsv", ["Dog"])
    assert truth is None
    assert any(words in finding.message for finding in findings)


def test_touching_events_are_two_and_a_silent_class_does_not_count():
    """sed_scores_eval stops at both."""
    rows = [("a", 0.0, 2.0, "Dog"), ("a", 2.0, 4.0, "Dog")]
    truth = GroundTruth.build({"a": 10.0}, rows, ("Cat", "Dog"))
    values = np.zeros((1, 10, 2))
    values[0, :2, 1], values[0, 2:4, 1] = 0.9, 0.8
    evaluation = evaluate_scores(Scores.from_uniform(values, 1.0), truth, Conventions())
    found = dict(zip(evaluation.names(), evaluation.figures().tolist(), strict=True))
    # One detection of four seconds covers both; for the collars it is neither.
    assert found[Figure("intersection_f1")] == found[Figure("psds1")] == 1.0
    assert found[Figure("collar_f1")] == 0.0
    assert np.isnan(found[Figure("psds1", "Cat")])


def test_the_same_duration_may_be_given_once_per_event(tmp_path):
    """As in psds_eval's own metadata; two different ones are an error."""
    (tmp_path / "truth.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t0\t1\tDog\n")
    for second, usable in (("10.0", True), ("9", False)):
        (tmp_path / "durations.tsv").write_text(f"filename\tduration\na.wav\t10\na.wav\t{second}\n")
        truth, findings = read_ground_truth(tmp_path / "truth.tsv", tmp_path / "durations.tsv", ["Dog"])
        assert (truth is not None) == usable
        assert [finding.code for finding in findings] == ([] if usable else ["T106"])


def test_overlapping_annotations_are_merged_kept_or_refused(tmp_path):
    (tmp_path / "truth.tsv").write_text(
        "filename\tonset\toffset\tevent_label\na.wav\t0\t2\tDog\na.wav\t1\t3\tDog\na.wav\t5\t6\tCat\n"
    )
    (tmp_path / "durations.tsv").write_text("filename\tduration\na.wav\t10\n")
    found = {}
    detections = Events.from_rows([(0, 1, 0, 2_000_000), (0, 0, 5_000_000, 6_000_000)])
    for chosen in ("merge", "keep", "refuse"):
        truth, findings = read_ground_truth(
            tmp_path / "truth.tsv", tmp_path / "durations.tsv", ["Cat", "Dog"], overlapping=chosen
        )
        assert [finding.code for finding in findings] == ["G702"]
        if truth is not None:
            evaluation = evaluate_points([detections], detections, truth, Conventions())
            named = dict(zip(evaluation.names(), evaluation.figures().tolist(), strict=True))
            found[chosen] = named[Figure("collar_f1", None, "micro")]
    # sed_eval counts three events, two of them found.
    assert found == {"merge": 0.5, "keep": pytest.approx(0.8)}
