"""Reading event lists: every defect is named, with file and line."""

from __future__ import annotations

import numpy as np
import pytest

from dcase_energy.documents.tree import Folder
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.event_files import read_events

HEADER = "filename\tonset\toffset\tevent_label\n"
GOOD = HEADER + "a.wav\t0.5\t1.5\tDog\nb\t0.0\t0.25\tCat\na.wav\t1.5\t2.0\tDog\n"
TRUTH = GroundTruth.build({"a": 10.0, "b": 10.0}, [("a", 0.0, 1.0, "Dog")], ("Cat", "Dog"))


def read(folder, text: str | bytes):
    (folder / "events.tsv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_events(Folder(folder), "events.tsv", TRUTH)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.rstrip("\n"),
        GOOD + "b.wav\t\t\t\n",
        GOOD.replace(".wav", ".flac"),
    ],
    ids=["plain", "crlf", "bom", "no last line end", "a clip without detections", "flac"],
)
def test_good_lists(tmp_path, text):
    events, findings = read(tmp_path, text)
    assert findings == []
    rows = zip(events.clip.tolist(), events.label.tolist(), events.onset_us.tolist(), strict=True)
    assert sorted(rows) == [(0, 1, 500_000), (0, 1, 1_500_000), (1, 0, 0)]


def test_columns_in_another_order(tmp_path):
    events, findings = read(tmp_path, "onset\tevent_label\toffset\tfilename\n0.5\tDog\t1.5\ta.wav\n")
    assert findings == []
    assert events.offset_us.tolist() == [1_500_000]


def test_a_list_without_detections(tmp_path):
    events, findings = read(tmp_path, HEADER)
    assert findings == []
    assert len(events) == 0


@pytest.mark.parametrize(
    ("row", "code", "line"),
    [
        ("z.wav\t0.0\t1.0\tDog", "O608", 5),
        ("a.wav\t3.0\t4.0\tdog", "O609", 5),
        ("a.wav\t4.0\t3.0\tDog", "O610", 5),
        ("a.wav\t3.0\t3.0\tDog", "O610", 5),
        ("a.wav\t-1.0\t0.2\tDog", "O610", 5),
        ("a.wav\t1.0\t1.25\tDog", "O611", 5),
        ("a.wav\t900.0\t1000.0\tDog", "O613", 5),
        ("a.wav\tnan\t4.0\tDog", "T104", 5),
        ("a.wav\t3,0\t4.0\tDog", "T104", 5),
        ("a.wav\t1_0\t20\tDog", "T104", 5),
        ("a.wav\t3.0\tDog", "T103", 5),
        ("a.wav\t3.0\t4.0\tDog\t0.9", "T103", 5),
        ('"a.wav"\t3.0\t4.0\tDog', "O608", 5),
    ],
)
def test_bad_rows(tmp_path, row, code, line):
    events, findings = read(tmp_path, GOOD + row + "\n")
    assert events is None
    assert [(finding.code, finding.where.line) for finding in findings] == [(code, line)]
    assert findings[0].where.file.endswith("events.tsv")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "T105"),
        ("filename\tonset\toffset\n", "T102"),
        (GOOD.replace("event_label", "label"), "T102"),
        (GOOD.encode("utf-16"), "T101"),
        (b"\x1f\x8b\x08\x00\x01", "T101"),
    ],
    ids=["empty", "column missing", "column renamed", "UTF-16", "gzip"],
)
def test_what_is_no_event_list(tmp_path, text, code):
    events, findings = read(tmp_path, text)
    assert events is None
    assert [finding.code for finding in findings] == [code]


def test_many_bad_rows_are_not_all_listed(tmp_path):
    events, findings = read(tmp_path, HEADER + "z.wav\t0.0\t1.0\tDog\n" * 100)
    assert events is None
    assert len([finding for finding in findings if finding.code == "O608"]) == 5


def test_nothing_follows_from_rows_that_are_not_known(tmp_path):
    """Two rows of unknown clips are not two events of one clip."""
    _, findings = read(tmp_path, HEADER + "".join(f"/data/{clip}.wav\t0.0\t1.0\tDog\n" for clip in "aba"))
    assert [(finding.code, finding.where.line) for finding in findings] == [("O608", 2)]
    assert findings[0].hint == "leave out the folder: a.wav"
    _, findings = read(tmp_path, HEADER + "y.wav\t0.0\t1.0\tDog\nz.wav\t0.0\t1.0\tDog\n")
    assert [finding.code for finding in findings] == ["O608", "O608"]


def test_times_in_milliseconds_are_one_finding(tmp_path):
    _, findings = read(tmp_path, HEADER + "".join(f"a.wav\t{k}000\t{k}500\tDog\n" for k in range(1, 9)))
    assert [(finding.code, finding.where.line) for finding in findings] == [("O613", 2)]
    assert "milliseconds" in findings[0].message


def test_a_clip_padded_to_the_longest_may_hold_detections_past_its_end(tmp_path):
    truth = GroundTruth.build({"a": 10.0, "b": 3.0}, [("a", 0.0, 1.0, "Dog")], ("Cat", "Dog"))
    (tmp_path / "events.tsv").write_text(HEADER + "b.wav\t8.0\t9.9\tDog\n")
    events, findings = read_events(Folder(tmp_path), "events.tsv", truth)
    assert (len(events), findings) == (1, [])


@pytest.mark.parametrize(("length", "codes"), [("10.0", ["O614"]), ("9.9", ["O614"]), ("7.0", [])])
def test_events_as_long_as_their_clips_are_a_warning(tmp_path, length, codes):
    truth = GroundTruth.build({str(k): 10.0 for k in range(12)}, [("1", 0.0, 1.0, "Dog")], ("Cat", "Dog"))
    rows = "".join(f"{k}.wav\t0.0\t{length}\tDog\n" for k in range(12))
    (tmp_path / "events.tsv").write_text(HEADER + rows)
    events, findings = read_events(Folder(tmp_path), "events.tsv", truth)
    assert len(events) == 12
    assert [finding.code for finding in findings] == codes


def test_columns_separated_by_commas_are_named(tmp_path):
    events, findings = read(tmp_path, GOOD.replace("\t", ","))
    assert events is None
    assert [(finding.code, finding.hint) for finding in findings] == [("T102", "separate the columns by tabs")]


def test_the_slow_way_reads_the_same(tmp_path):
    """A blank row sends the whole file the slow way."""
    fast, _ = read(tmp_path, GOOD)
    slow, findings = read(tmp_path, GOOD + "a.wav\t\t\t\n")
    assert findings == []
    for name in ("clip", "label", "onset_us", "offset_us"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))
