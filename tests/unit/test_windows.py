"""Windows of files are joined as the recipe of 2024 joins them; soft labels become hard ones."""

from __future__ import annotations

import numpy as np
import pytest

from dcase_energy.errors import InputError
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.evaluation import describe_figure, evaluate_scores
from dcase_energy.scoring.truth import read_ground_truth
from dcase_energy.scoring.windows import join_windows

US = 1_000_000
FRAMES = [(0, 0.4, 0.2), (0.4, 1.2, 0.6), (1.2, 2, 0.8), (0, 1, 0.3), (1, 1.3, 0.9), (1.3, 1.6, 0.5)]


def windows() -> tuple[Scores, GroundTruth]:
    """A file of 2.6 s in two clips, 0 to 2 s and 1 to 2.6 s."""
    truth = GroundTruth.build(
        {"park-000000-000200": 2.0, "park-000100-000260": 1.6}, [("park-000100-000260", 0.2, 0.9, "car")], ("car",)
    )
    onset, offset, value = np.array(FRAMES).T
    return Scores(
        value[:, None], np.rint(onset * US).astype(int), np.rint(offset * US).astype(int), np.array([0, 3, 6])
    ), truth


def test_scores_are_averaged_over_seconds_and_windows():
    scores, truth = join_windows(*windows())
    assert scores.values[:, 0] == pytest.approx([0.44, 0.53, 0.70], abs=1e-12)
    assert scores.offset_us.tolist() == [US, 2 * US, 2_600_000]
    assert (truth.clips, truth.duration_us.tolist()) == (("park",), [2_600_000])


def test_events_are_moved_and_merged():
    rows = [("a-000000-001000", t, t + 1.0, "car") for t in (3, 4, 8)] + [
        ("a-000500-001500", t, t + 1.0, "car") for t in (3, 6)
    ]
    truth = GroundTruth.build({"a-000000-001000": 10.0, "a-000500-001500": 10.0}, rows, ("car",))
    scores = Scores.from_uniform(np.zeros((2, 10, 1)), 1.0)
    joined = join_windows(scores, truth)[1]
    times = zip(joined.events.onset_us // US, joined.events.offset_us // US, strict=True)
    assert list(times) == [(3, 5), (8, 9), (11, 12)]


def test_a_second_without_a_window_gets_nothing():
    truth = GroundTruth.build({"a-000000-000100": 1.0, "a-000200-000300": 1.0}, [], ("car",))
    scores = join_windows(Scores.from_uniform(np.ones((2, 1, 1)), 1.0), truth)[0]
    assert scores.values[:, 0].tolist() == [1.0, 0.0, 1.0]


def test_a_file_counts_once_and_the_figure_says_so():
    made = Conventions(windows="join", scores={"auc": ("segment_auc", {"max_fpr": 1.0})})
    evaluation = evaluate_scores(*windows(), made)
    assert evaluation.truth.clips == ("park",)
    assert "windows joined" in describe_figure("auc", made)


@pytest.mark.parametrize("clip", ["a", "cafe_01-000550-001550"])
def test_a_clip_that_is_no_window_is_refused(clip):
    truth = GroundTruth.build({clip: 1.0}, [], ("car",))
    with pytest.raises(InputError, match="city_center_02-000500-001500"):
        join_windows(Scores.from_uniform(np.zeros((1, 1, 1)), 1.0), truth)


@pytest.mark.parametrize(("cell", "n_events", "codes"), [("0.51", 2, set()), ("0.5", 1, {"G705"}), ("", 2, set())])
def test_soft_labels_above_one_half_are_events(tmp_path, cell, n_events, codes):
    rows = ["filename\tonset\toffset\tevent_label\tconfidence", "a.wav\t0\t1\tcar\t1.0", f"a.wav\t2\t3\tcar\t{cell}"]
    (tmp_path / "truth.tsv").write_text("\n".join(rows))
    (tmp_path / "durations.tsv").write_text("filename\tduration\na.wav\t4\n")
    truth, findings = read_ground_truth(tmp_path / "truth.tsv", tmp_path / "durations.tsv", ["car"])
    assert len(truth.events) == n_events
    assert {finding.code for finding in findings} == codes


def test_a_confidence_is_from_0_to_1(tmp_path):
    (tmp_path / "truth.tsv").write_text("filename\tonset\toffset\tevent_label\tconfidence\na.wav\t0\t1\tcar\t70\n")
    (tmp_path / "durations.tsv").write_text("filename\tduration\na.wav\t4\n")
    truth, findings = read_ground_truth(tmp_path / "truth.tsv", tmp_path / "durations.tsv", ["car"])
    assert truth is None
    assert [finding.code for finding in findings] == ["G701"]
