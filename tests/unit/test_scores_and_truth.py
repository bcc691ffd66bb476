"""Reading ground truth and score files: every defect is named, with file and line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dcase_energy.documents.tree import Folder
from dcase_energy.findings import has_errors
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.truth import clip_name, read_ground_truth

CLASSES = ("Cat", "Dog")
TRUTH = "filename\tonset\toffset\tevent_label\na.wav\t0.0\t1.0\tDog\nb.wav\t0.5\t1.5\tCat\nc.wav\t\t\t\n"
DURATIONS = "filename\tduration\na.wav\t2.0\nb.wav\t2.0\nc.wav\t2.0\n"
LASTS = "filename\tduration\na.wav\t{}\nb.wav\t2.0\nc.wav\t2.0\n"
GOOD = "onset\toffset\tCat\tDog\n0.0\t1.0\t0.1\t0.9\n1.0\t2.0\t0.2\t0.3\n"
# The same frames with other scores: no two clips have the same file.
ALSO_GOOD = GOOD.replace("0.3", "0.4")


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
    run = read_scores(tree, tree.names(), truth)
    return run.scores, run.findings


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
        ("a.wav\t0.0\t1e300\tDog", "G701", 5),
        ("a.wav\t1.5\t1.5000001\tDog", "G701", 5),  # of no length in whole microseconds
        ("a.wav\t1.2\t1.6\tdog", "G701", 5),
        ("z.wav\t1.0\t1.5\tDog", "G701", 5),
        ("z.wav\t\t\t", "G701", 5),
        ("a.wav\t0.5\t1.5\tDog", "G702", 5),
        ("a.wav\t1.5\t2.5\tDog", "G703", 5),
        ("a.wav\tnan\t1.5\tDog", "T104", 5),
        ("a.wav\t\t1.5\t", "T104", 5),
        ("a.wav\t1.5\tDog", "T103", 5),
    ],
)
def test_bad_rows_of_ground_truth(tmp_path, row, code, line):
    truth, findings = truth_of(tmp_path, TRUTH + row + "\n")
    assert [(finding.code, finding.where.line) for finding in findings] == [(code, line)]
    # There are no figures of a part of the ground truth.
    assert (truth is None) == (code not in {"G702", "G703"})


def test_overlapping_events_are_merged(tmp_path):
    truth, _ = truth_of(tmp_path, TRUTH + "a.wav\t0.5\t1.5\tDog\na.wav\t1.5\t2.0\tDog\n")
    dogs = truth.events.take(truth.events.label == 1)
    # The first two are one; the third only touches it and stays a separate event.
    assert list(zip(dogs.onset_us.tolist(), dogs.offset_us.tolist(), strict=True)) == [
        (0, 1_500_000),
        (1_500_000, 2_000_000),
    ]


OVERLAP = TRUTH + "a.wav\t0.5\t1.5\tDog\n"


@pytest.mark.parametrize(
    ("overlapping", "events", "severity"), [("merge", 2, "warning"), ("keep", 3, "warning"), ("refuse", 0, "error")]
)
def test_overlapping_events_are_merged_kept_or_refused(tmp_path, overlapping, events, severity):
    truth_of(tmp_path, OVERLAP)
    paths = tmp_path / "truth.tsv", tmp_path / "durations.tsv"
    truth, findings = read_ground_truth(*paths, CLASSES, overlapping=overlapping)
    assert [(f.code, f.severity, f.where.line) for f in findings] == [("G702", severity, 5)]
    assert (0 if truth is None else len(truth.events)) == events


def test_events_in_milliseconds_are_one_error(tmp_path):
    truth, findings = truth_of(tmp_path, TRUTH.replace("0.0\t1.0", "0\t1000").replace("0.5\t1.5", "500\t1500"))
    assert truth is None
    assert [(f.code, f.severity, f.where.line) for f in findings] == [("G703", "error", 2)]


def test_findings_of_rows_are_capped_with_a_count(tmp_path):
    rows = "".join(f"a.wav\t{k}.0\t{k}.0\tDog\n" for k in range(30))
    truth, findings = truth_of(tmp_path, TRUTH + rows)
    assert truth is None
    assert [f.code for f in findings] == ["G701"] * 5
    assert findings[-1].message.endswith("(and 25 more)")


def test_durations_of_another_set_are_one_error(tmp_path):
    truth, findings = truth_of(tmp_path, durations=DURATIONS.replace(".wav", "_mixture.wav"))
    assert truth is None
    assert [(f.code, f.message) for f in findings] == [("G701", "none of the 3 clips has a duration: a, b, c")]


def test_a_class_without_events_is_named(tmp_path):
    _, findings = truth_of(tmp_path, "filename\tonset\toffset\tevent_label\na.wav\t0.0\t1.0\tDog\n")
    assert [(f.code, f.message) for f in findings] == [("G704", "no event of class Cat; it does not count")]


# 1e-7 s are no whole microsecond, and 2e7 s times a million are more than 64 bits of them.
@pytest.mark.parametrize(
    "durations", ["", "filename\n", "filename\tduration\n", *map(LASTS.format, ("1e300", "1e-7", "2e7"))]
)
def test_unusable_durations(tmp_path, durations):
    truth, findings = truth_of(tmp_path, durations=durations)
    assert truth is None
    assert has_errors(findings)


def test_two_durations_of_one_clip(tmp_path):
    truth, findings = truth_of(tmp_path, durations=DURATIONS + "a.wav\t3.0\n")
    assert truth is None
    assert [(f.code, f.where.line) for f in findings] == [("T106", 5)]


def test_a_duration_given_again_is_no_finding(tmp_path):
    truth, findings = truth_of(tmp_path, durations=DURATIONS + "a.wav\t2.00\na\t2\n")
    assert findings == []
    assert truth.duration_us.tolist() == [2_000_000] * 3


def test_good_scores_in_any_order_of_columns(tmp_path):
    other = "onset\toffset\tDog\tCat\n0.0\t2.0\t0.7\t0.4\n"
    scores, findings = scores_of(tmp_path, {"c.tsv": other, "a.tsv": GOOD, "b.tsv": GOOD.replace("\n", "\r\n")})
    assert findings == []
    np.testing.assert_array_equal(scores.first_frame, [0, 2, 4, 5])
    np.testing.assert_array_equal(scores.values[[0, 2, 4]], [[0.1, 0.9], [0.1, 0.9], [0.4, 0.7]])
    assert scores.offset_us.tolist() == [1_000_000, 2_000_000] * 2 + [2_000_000]


def test_a_file_without_a_last_line_end_and_with_a_byte_order_mark(tmp_path):
    scores, findings = scores_of(
        tmp_path, {"a.tsv": "\ufeff" + GOOD.rstrip("\n"), "b.tsv": ALSO_GOOD.rstrip("\n"), "c.tsv": GOOD}
    )
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
        ("b.tsv", GOOD.replace("0.3", "nan"), "O605", 3),
        ("b.tsv", GOOD.replace("0.3", "inf"), "O605", 3),
        ("b.tsv", GOOD.replace("0.3", "1_0"), "T104", 3),
        ("b.tsv", GOOD.replace("0.3", "0x1"), "T104", 3),
        ("b.tsv", GOOD.replace("0.3", ""), "T104", 3),
        ("b.tsv", GOOD.replace("\t0.3", ""), "T103", 3),
        ("b.tsv", GOOD.replace("0.3", "0.3\t0.4"), "T103", 3),
        ("b.tsv", GOOD.replace("0.3", '"0.3"'), "T104", 3),
        ("b.tsv", "onset\toffset\tCat\tDog\n", "T105", None),
        ("b.tsv", "", "T105", None),
        ("b.tsv", b"\x1f\x8b\x08\x00\n\x00\x01", "O623", None),
    ],
)
def test_bad_score_files(tmp_path, name, text, code, line):
    scores, findings = scores_of(tmp_path, {"a.tsv": GOOD, "c.tsv": ALSO_GOOD, name: text})
    assert scores is None
    assert [(finding.code, finding.where.line) for finding in findings] == [(code, line)]
    assert findings[0].where.file.endswith(name)


def test_missing_and_unknown_clips_are_named(tmp_path):
    scores, findings = scores_of(tmp_path, {"a.tsv": GOOD, "d.tsv": ALSO_GOOD, "b.wav.txt": GOOD})
    assert scores is None
    assert [(f.code, f.message) for f in findings] == [
        ("O623", "not a score file (.tsv); it was not opened"),
        ("O601", "no scores of 1 of 3 clips: c"),
        ("O602", "1 of 2 score files belongs to no known clip: d"),
    ]


def test_names_that_differ_in_case_or_unicode_form_only_are_paired(tmp_path):
    scores, findings = scores_of(
        tmp_path, {"A.tsv": GOOD, "b.tsv": ALSO_GOOD, "\uff43.tsv": ALSO_GOOD.replace("0.4", "0.5")}
    )
    assert scores is None
    assert [f.code for f in findings] == ["O601", "O602"]
    assert findings[1].found == "differ in case or Unicode form only: A for a, \uff43 for c"


def test_files_of_many_batches_are_put_in_order(tmp_path, monkeypatch):
    other = "onset\toffset\tDog\tCat\n0.0\t2.0\t0.7\t0.4\n"
    files = {"a.tsv": other, "b.tsv": GOOD, "c.tsv": other + "\n"}
    expected, _ = scores_of(tmp_path, files)
    monkeypatch.setattr("dcase_energy.scoring.score_files._BLOCK_BYTES", 1)
    truth, _ = truth_of(tmp_path)
    tree = Folder(tmp_path / "outputs")
    run = read_scores(tree, tree.names(), truth)
    found = run.scores
    assert run.findings == []
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.values, [[0.4, 0.7], [0.1, 0.9], [0.2, 0.3], [0.4, 0.7]])
    np.testing.assert_array_equal(found.first_frame, [0, 1, 3, 4])


def frames(ends: list[float], score: str = "0.5") -> str:
    """A score file whose frames end at these times."""
    rows = [f"{on:g}\t{off:g}\t0.{k}\t{score}\n" for k, (on, off) in enumerate(pairwise([0.0, *ends]))]
    return "onset\toffset\tCat\tDog\n" + "".join(rows)


TENTHS = [k / 10 for k in range(1, 21)]
MILLISECONDS = "; are the times in milliseconds?"
UNLIKE = ", unlike the others of its length, which end at 2 s"


@pytest.mark.parametrize(
    ("ends", "severity", "message"),
    [
        (TENTHS[:17], "error", "frames end at 1.7 s, the clip at 2 s"),
        (TENTHS[:19], "warning", "frames end at 1.9 s, the clip at 2 s" + UNLIKE),
        ([*TENTHS, 2.5], "warning", "frames end at 2.5 s, the clip at 2 s" + UNLIKE),
        ([*TENTHS, 4.0], "error", "frames end at 4 s, the clip at 2 s"),
        ([1e3 * end for end in TENTHS], "error", "frames end at 2000 s, the clip at 2 s" + MILLISECONDS),
    ],
    ids=["short", "one frame less than the others", "a little long", "twice as long", "milliseconds"],
)  # fmt: skip
def test_frames_that_end_elsewhere_than_the_clip(tmp_path, ends, severity, message):
    files = {"a.tsv": frames(ends), "b.tsv": frames(TENTHS), "c.tsv": frames(TENTHS, "0.6")}
    scores, findings = scores_of(tmp_path, files)
    assert (scores is None) == (severity == "error")
    assert [(f.code, f.severity, f.message) for f in findings] == [("O606", severity, message)]
    assert findings[0].where.file.endswith("a.tsv")


def test_a_run_that_pads_every_clip_to_one_length_is_whole(tmp_path):
    lengths = DURATIONS.replace("b.wav\t2.0", "b.wav\t0.5").replace("c.wav\t2.0", "c.wav\t0.5")
    truth, _ = truth_of(tmp_path, TRUTH.replace("b.wav\t0.5\t1.5", "b.wav\t0.1\t0.4"), lengths)
    for name, score in (("a", "0.4"), ("b", "0.5"), ("c", "0.6")):
        (tmp_path / f"{name}.tsv").write_text(frames(TENTHS, score))
    tree = Folder(tmp_path)
    assert read_scores(tree, ["a.tsv", "b.tsv", "c.tsv"], truth).findings == []
    (tmp_path / "b.tsv").write_text(frames(TENTHS[:10]))
    findings = read_scores(tree, ["a.tsv", "b.tsv", "c.tsv"], truth).findings
    assert [(f.code, f.severity) for f in findings] == [("O606", "warning")]


@pytest.mark.parametrize(
    ("damaged", "code", "line"),
    [
        (GOOD + "\n", None, None),
        (GOOD + " \n\r\n \n", None, None),
        (GOOD.replace("\n", "\r\r\n"), None, None),
        (GOOD.replace("\n", "\r"), None, None),
        (GOOD.replace("\n1.0", "\n\n1.0"), "T103", 3),
        (GOOD.replace("\n1.0", "\n\r1.0"), "T109", 3),
        (GOOD.replace("0.1\t", "0.1\r\t"), "T109", 2),
        ("\n" + GOOD, "O603", 1),
        (GOOD.replace("\n", "\t\n"), "O603", 1),
        (GOOD.replace("0.9\n", "0.9\t\n"), "T103", 2),
        (GOOD.replace("0.9", "0.9 "), "T104", 2),
        (GOOD[:-2], "O629", None),
        (ALSO_GOOD, "O628", None),
    ],
    ids=[
        *("blank line at the end", "blank lines at the end", "CR CR LF", "CR", "blank line inside"),
        *("CR before a line", "CR inside a line", "blank line first", "tab at the ends", "tab at one end"),
        *("blank in a cell", "cut", "copied"),
    ],
)  # fmt: skip
def test_what_is_read_right_and_what_is_named(tmp_path, damaged, code, line):
    whole, _ = scores_of(tmp_path, {"a.tsv": GOOD, "b.tsv": ALSO_GOOD, "c.tsv": GOOD.replace("0.3", "0.5")})
    (tmp_path / "outputs" / "a.tsv").write_bytes(damaged.encode())
    truth, _ = truth_of(tmp_path)
    run = read_scores(Folder(tmp_path / "outputs"), ["a.tsv", "b.tsv", "c.tsv"], truth)
    assert [(f.code, f.where.line) for f in run.findings] == ([] if code is None else [(code, line)])
    if code is None:
        np.testing.assert_array_equal(run.scores.values, whole.values)


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
