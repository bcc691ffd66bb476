"""Each criterion on a drawing small enough to count by eye."""

from __future__ import annotations

import numpy as np
import pytest

from dcase_energy.scoring.data import Events, GroundTruth
from dcase_energy.scoring.metrics.collar_f1 import collar_by_clip
from dcase_energy.scoring.metrics.intersection_f1 import intersection_by_clip
from dcase_energy.scoring.metrics.segment_f1 import segment_by_clip
from tests.unit.timeline import draw

CLASSES = ("Cat", "Dog")


def build(truth: str, detected: str) -> tuple[GroundTruth, Events]:
    rows, durations = draw(truth)
    found, _ = draw(detected)
    ground_truth = GroundTruth.build(
        {clip: float(d) for clip, d in durations.items()},
        [(c, float(on), float(off), label) for c, on, off, label in rows],
        CLASSES,
    )
    clips = {clip: i for i, clip in enumerate(ground_truth.clips)}
    events = Events.from_rows(
        (clips[c], CLASSES.index(label), int(on * 10**6), int(off * 10**6)) for c, on, off, label in found
    )
    return ground_truth, events


def counts_of(counts, label: str) -> tuple[int, int, int]:
    i = CLASSES.index(label)
    return int(counts.true_positives[i]), int(counts.false_positives[i]), int(counts.annotated[i])


@pytest.mark.parametrize(
    ("truth", "detected", "dtc", "expected"),
    [
        ("c1 Dog ..####....", "c1 Dog ..####....", 0.7, (1, 0, 1)),
        # Half of the detection lies on the event: enough for 0.5, not for 0.7.
        ("c1 Dog ..####....", "c1 Dog ....####..", 0.5, (1, 0, 1)),
        ("c1 Dog ..####....", "c1 Dog ....####..", 0.7, (0, 1, 1)),
        # Two detections together cover the event.
        ("c1 Dog ..######..", "c1 Dog ..##..##..", 0.5, (1, 0, 1)),
        # A detection of another class, and one in another clip, cover nothing.
        ("c1 Dog ..####....", "c1 Cat ..####....", 0.5, (0, 0, 1)),
        ("c1 Dog ..####....\nc2 Dog ..........", "c2 Dog ..####....", 0.5, (0, 1, 1)),
        # Nothing detected, nothing annotated.
        ("c1 Dog ..####....", "c1 Dog ..........", 0.5, (0, 0, 1)),
        ("c1 Dog ..........", "c1 Dog ..####....", 0.5, (0, 1, 0)),
    ],
)
def test_intersection(truth, detected, dtc, expected):
    ground_truth, events = build(truth, detected)
    assert counts_of(intersection_by_clip(events, ground_truth, dtc=dtc, gtc=dtc).total(), "Dog") == expected


def test_a_tie_counts_as_covered():
    """Seven of ten is at least 0.7, although 0.7 has no exact binary form."""
    truth = GroundTruth.build({"c": 10.0}, [("c", 0.3, 1.3, "Dog")], CLASSES)
    events = Events.from_rows([(0, 1, 300_000, 1_000_000)])
    counts = intersection_by_clip(events, truth, dtc=0.7, gtc=0.7).total()
    assert counts_of(counts, "Dog") == (1, 0, 1)


@pytest.mark.parametrize(
    ("onset_us", "offset_us", "hit"),
    [
        (1_200_000, 3_000_000, True),  # onset exactly on the collar
        (1_200_001, 3_000_000, False),
        (1_000_000, 3_400_000, True),  # 20 % of two seconds is wider than the collar
        (1_000_000, 3_400_001, False),
    ],
)
def test_collar_edges(onset_us, offset_us, hit):
    truth = GroundTruth.build({"c": 10.0}, [("c", 1.0, 3.0, "Dog")], CLASSES)
    counts = collar_by_clip(Events.from_rows([(0, 1, onset_us, offset_us)]), truth).total()
    assert counts_of(counts, "Dog") == ((1, 0, 1) if hit else (0, 1, 1))


def test_collar_matching_is_a_largest_one():
    """The first detection could take either event, the second only the first event: both must be matched.

    truth       [a............]        [b]   with b 0.15 s later
    detection 1  near a and b; detection 2 near a only
    """
    truth = GroundTruth.build({"c": 10.0}, [("c", 1.0, 1.5, "Dog"), ("c", 1.15, 1.65, "Cat")], CLASSES)
    rows = [(0, 1, 1_000_000, 1_500_000), (0, 1, 1_150_000, 1_650_000)]
    events = Events(*np.array(rows, dtype=np.int64).T)
    both = GroundTruth(truth.clips, truth.classes, truth.duration_us, events)
    found = Events.from_rows([(0, 1, 1_100_000, 1_600_000), (0, 1, 850_000, 1_400_000)])
    assert counts_of(collar_by_clip(found, both).total(), "Dog") == (2, 0, 2)


def test_segments_end_with_the_clip():
    #        second  0 1 2 3 4 (the clip ends at 4.5 s)
    ground_truth, events = build("c1 Dog ..####...", "c1 Dog ...######")
    # annotated 1-3 s: segments 1, 2; detected 1.5-4.5 s: segments 1, 2, 3, 4
    assert counts_of(segment_by_clip(events, ground_truth).total(), "Dog") == (2, 2, 2)


def test_a_class_without_true_positives_counts_zero():
    truth = "c1 Dog ..####....\n   Cat ..####...."
    ground_truth, events = build(truth, "c1 Dog ..####....")
    counts = intersection_by_clip(events, ground_truth, dtc=0.5, gtc=0.5).total()
    assert counts.judged_f1()[1] == 0.5
    assert counts.judged_f1("skip")[1] == 1.0


def test_a_class_that_nobody_annotated_or_detected_is_not_judged():
    ground_truth, events = build("c1 Dog ..####....", "c1 Dog ..####....")
    counts = intersection_by_clip(events, ground_truth, dtc=0.5, gtc=0.5).total()
    np.testing.assert_array_equal(counts.judged_f1()[0], [np.nan, 1.0])
    assert counts.judged_f1()[1] == 1.0
