"""Reading ground truth and score files: every defect is named, with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dcase_energy.documents.tree import Folder
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.truth import clip_name, read_ground_truth

CLASSES = ("Cat", "Dog")
TRUTH = "filename\tonset\toffset\tevent_label\na.wav\t0.0\t1.0\tDog\nb.wav\t0.5\t1.5\tCat\nc.wav\t\t\t\n"
DURATIONS = "filename\tduration\na.wav\t2.0\nb.wav\t2.0\nc.wav\t2.0\n"
GOOD = "onset\toffset\tCat\tDog\n0.0\t1.0\t0.1\t0.9\n1.0\t2.0\t0.2\t0.3\n"


def truth_of(folder: Path, truth: str = TRUTH, durations: str = DURATIONS):
    (folder / "truth.tsv").write_text(truth)
    (folder / "durations.tsv").write_text(durations)
    return read_ground_truth(folder / "truth.tsv", folder / "durations.tsv", CLASSES)


def scores_of(folder: Path, files: dict[str, str | bytes]):
    truth, findings = truth_of(folder)
    assert findings == []
    outputs = folder / "outputs"
    outputs.mkdir()
    for name, text in files.items():
        (outputs / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    tree = Folder(outputs)
    return read_scores(tree, tree.names(), truth)


def test_good_ground_truth(tmp_path):
    truth, findings = truth_of(tmp_path)
    assert findings == []
    assert truth.clips == ("a", "b", "c")
    assert truth.events.onset_us.tolist() == [0, 500_000]
    assert truth.without_empty_clips()[0].clips == ("a", "b")


@pytest.mark.parametrize(
    ("row", "code", "line"),
    [
        ("a.wav\t3.0\t2.0\tDog", "G701", 5),
        ("a.wav\t1.0\t1.0\tDog", "G701", 5),
        ("a.wav\t-1.0\t1.0\tDog", "G701", 5),
        ("a.wav\t1.2\t1.6\tdog", "G701", 5),
        ("z.wav\t1.0\t1.5\tDog", "G701", 5),
        ("z.wav\t\t\t", "G701", 5),
        ("a.wav\t0.5\t1.5\tDog", "G702", 5),
        ("a.wav\t1.5\t2.5\tDog", "G703", 5),
        ("a.wav\tnan\t1.5\tDog", "T104", 5),
        ("a.wav\t1.5\tDog", "T103", 5),
    ],
)
def test_bad_rows_of_ground_truth(tmp_path, row, code, line):
    truth, findings = truth_of(tmp_path, TRUTH + row + "\n")
    assert [(finding.code, finding.where.line) for finding in findings] == [(code, line)]
    assert truth is not None


def test_overlapping_events_are_merged(tmp_path):
    truth, _ = truth_of(tmp_path, TRUTH + "a.wav\t0.5\t1.5\tDog\na.wav\t1.5\t2.0\tDog\n")
    dogs = truth.events.take(truth.events.label == 1)
    # The first two are one; the third only touches it and stays an event of its own.
    assert list(zip(dogs.onset_us.tolist(), dogs.offset_us.tolist(), strict=True)) == [
        (0, 1_500_000),
        (1_500_000, 2_000_000),
    ]


def test_a_class_without_events_is_named(tmp_path):
    _, findings = truth_of(tmp_path, "filename\tonset\toffset\tevent_label\na.wav\t0.0\t1.0\tDog\n")
    assert [(f.code, f.message) for f in findings] == [("G704", "no event of class Cat; it does not count")]


@pytest.mark.parametrize("durations", ["", "filename\n", "filename\tduration\n"])
def test_unusable_durations(tmp_path, durations):
    truth, findings = truth_of(tmp_path, durations=durations)
    assert truth is None
    assert findings or durations == "filename\tduration\n"


def test_two_durations_of_one_clip(tmp_path):
    _, findings = truth_of(tmp_path, durations=DURATIONS + "a.wav\t3.0\n")
    assert [(f.code, f.where.line) for f in findings] == [("T106", 5)]


def test_good_scores_in_any_order_of_columns(tmp_path):
    other = "onset\toffset\tDog\tCat\n0.0\t2.0\t0.7\t0.4\n"
    scores, findings = scores_of(tmp_path, {"c.tsv": other, "a.tsv": GOOD, "b.tsv": GOOD.replace("\n", "\r\n")})
    assert findings == []
    np.testing.assert_array_equal(scores.first_frame, [0, 2, 4, 5])
    np.testing.assert_array_equal(scores.values[[0, 2, 4]], [[0.1, 0.9], [0.1, 0.9], [0.4, 0.7]])
    assert scores.offset_us.tolist() == [1_000_000, 2_000_000] * 2 + [2_000_000]


def test_a_file_without_a_last_line_end_and_with_a_byte_order_mark(tmp_path):
    scores, findings = scores_of(tmp_path, {"a.tsv": "\ufeff" + GOOD.rstrip("\n"), "b.tsv": GOOD, "c.tsv": GOOD})
    assert findings == []
    assert len(scores.values) == 6


@pytest.mark.parametrize(
    ("name", "text", "code", "line"),
    [
        ("b.tsv", GOOD.replace("Cat", "cat"), "O603", 1),
        ("b.tsv", GOOD.replace("Cat", "Dog"), "O603", 1),
        ("b.tsv", GOOD.replace("onset\toffset", "offset\tonset"), "O603", 1),
        ("b.tsv", GOOD.replace("\tCat", "").replace("\t0.1", "").replace("\t0.2", ""), "O603", 1),
        ("b.tsv", GOOD.replace("1.0\t2.0", "1.5\t2.0"), "O604", 3),
        ("b.tsv", GOOD.replace("1.0\t2.0", "0.5\t2.0"), "O604", 3),
        ("b.tsv", GOOD.replace("0.0\t1.0", "0.0\t0.0"), "O604", 2),
        ("b.tsv", GOOD.replace("0.0\t1.0", "0.5\t1.0"), "O604", 2),
        ("b.tsv", GOOD.replace("0.3", "1.3"), "O605", 3),
        ("b.tsv", GOOD.replace("0.3", "-0.3"), "O605", 3),
        ("b.tsv", GOOD.replace("0.3", "nan"), "T104", 3),
        ("b.tsv", GOOD.replace("0.3", "inf"), "T104", 3),
        ("b.tsv", GOOD.replace("0.3", "1_0"), "T104", 3),
        ("b.tsv", GOOD.replace("0.3", "0x1"), "T104", 3),
        ("b.tsv", GOOD.replace("0.3", ""), "T104", 3),
        ("b.tsv", GOOD.replace("\t0.3", ""), "T103", 3),
        ("b.tsv", GOOD.replace("0.3", "0.3\t0.4"), "T103", 3),
        ("b.tsv", GOOD.replace("0.3", '"0.3"'), "T104", 3),
        ("b.tsv", "onset\toffset\tCat\tDog\n", "T105", None),
        ("b.tsv", "", "T105", None),
        ("b.tsv", b"\x1f\x8b\x08\x00\n\x00\x01", "O603", 1),
    ],
)
def test_bad_score_files(tmp_path, name, text, code, line):
    scores, findings = scores_of(tmp_path, {"a.tsv": GOOD, "b.tsv": GOOD, "c.tsv": GOOD, name: text})
    assert scores is None
    assert [(finding.code, finding.where.line) for finding in findings] == [(code, line)]
    assert findings[0].where.file.endswith(name)


def test_missing_and_unknown_clips_are_named(tmp_path):
    scores, findings = scores_of(tmp_path, {"a.tsv": GOOD, "d.tsv": GOOD, "b.wav.txt": GOOD})
    assert scores is None
    assert [(f.code, f.message) for f in findings] == [
        ("O601", "no scores of 2 of 3 clips: b, c"),
        ("O602", "2 files of no clip of the ground truth: b.wav.txt, d.tsv"),
    ]


def test_names_that_differ_in_case_or_unicode_form_only_are_paired(tmp_path):
    scores, findings = scores_of(tmp_path, {"A.tsv": GOOD, "b.tsv": GOOD, "\uff43.tsv": GOOD})
    assert scores is None
    assert [f.code for f in findings] == ["O601", "O602"]
    assert findings[1].found == "differ in case or Unicode form only: A.tsv for a, \uff43.tsv for c"


def test_files_of_many_batches_are_put_in_order(tmp_path, monkeypatch):
    other = "onset\toffset\tDog\tCat\n0.0\t2.0\t0.7\t0.4\n"
    files = {"a.tsv": other, "b.tsv": GOOD, "c.tsv": other}
    expected, _ = scores_of(tmp_path, files)
    monkeypatch.setattr("dcase_energy.scoring.score_files._BATCH_BYTES", 1)
    truth, _ = truth_of(tmp_path)
    tree = Folder(tmp_path / "outputs")
    found, findings = read_scores(tree, tree.names(), truth)
    assert findings == []
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.values, [[0.4, 0.7], [0.1, 0.9], [0.2, 0.3], [0.4, 0.7]])
    np.testing.assert_array_equal(found.first_frame, [0, 1, 3, 4])


def test_short_scores_are_a_warning_and_still_count(tmp_path):
    short = "onset\toffset\tCat\tDog\n0.0\t1.0\t0.1\t0.9\n"
    scores, findings = scores_of(tmp_path, {"a.tsv": short, "b.tsv": GOOD, "c.tsv": GOOD})
    assert scores is not None
    assert [(f.code, f.message) for f in findings] == [("O606", "frames end at 1 s, the clip at 2 s")]


def test_links_are_not_followed(tmp_path):
    (tmp_path / "secret.tsv").write_text(GOOD)
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "a.tsv").symlink_to(tmp_path / "secret.tsv")
    assert Folder(folder).names() == []


@pytest.mark.parametrize(
    ("name", "clip"), [("a.wav", "a"), ("a.b.FLAC", "a.b"), ("a", "a"), ("a_0.0_10.000", "a_0.0_10.000")]
)
def test_clip_names(name, clip):
    assert clip_name(name) == clip
