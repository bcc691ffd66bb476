"""Reading event lists: TSVs with ``filename onset offset event_label``, one an operating point.

As with score files, the fast way only accepts; what it cannot accept is read again cell by cell to say what is wrong.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, capped, has_errors
from dcase_energy.scoring.clips import clip_name, unknown_labels
from dcase_energy.scoring.data import Events, GroundTruth, Ints, to_us
from dcase_energy.scoring.overlap import Bools
from dcase_energy.scoring.rules import (
    EVENT_CLIP,
    EVENT_LABEL,
    EVENT_OVERLAP,
    EVENT_PAST_END,
    EVENT_TIMES,
    EVENTS_CLIP_LONG,
)
from dcase_energy.scoring.score_text import exact_floats

MAX_EVENT_FILE_BYTES = 500_000_000
EVENT_COLUMNS = ("filename", "onset", "offset", "event_label")
# Annotations and padded clips end a little late; a second is beyond both.
PAST_END_US = 1_000_000
CLIP_LONG_US = 250_000
_FEWEST_CLIP_LONG = 10


def read_events(tree: Tree, name: str, truth: GroundTruth) -> tuple[Events | None, list[Finding]]:
    """Read one event list.

    Parameters
    ----------
    tree, name
        Where it is.
    truth
        Whose clips and classes its rows must name. A clip without rows has no detections.

    Returns
    -------
    Events or None
        None if anything is wrong that would change a figure.
    list of Finding
        Everything that is wrong, at most five findings of a kind.
    """
    data, unread = tree.read(name, MAX_EVENT_FILE_BYTES)
    if data is None:
        return None, unread
    where = tree.where(name)
    events = _parse(data, truth)
    if events is None or (_bad_times(events) | _far(events, truth)).any() or len(_overlaps(events)):
        header = data.partition(b"\n")[0]
        if b"\t" not in header and b"," in header:
            message = "the columns are separated by commas"
            hint = "separate the columns by tabs"
            return None, [TABLE_HEADER.finding(where, message, expected=", ".join(EVENT_COLUMNS), hint=hint)]
        table = read_table(data, where.file, required=EVENT_COLUMNS, member=where.member)
        rows, events = _read_slowly(table, truth) if table.columns else ([], Events.from_rows([]))
        findings = table.findings or capped(_check_events(table, rows, events, truth))
        if has_errors(findings):
            return None, findings
    if all_clip_long(events, truth):
        message = f"nearly every one of the {len(events):,} detections is as long as its clip"
        return events, [EVENTS_CLIP_LONG.finding(where, message)]
    return events, []


def _parse(data: bytes, truth: GroundTruth) -> Events | None:
    """Parse all rows at once; None if any of them needs a closer look."""
    import pandas as pd

    header, _, body = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    names = header.rstrip(b"\r").decode("utf-8", errors="replace").split("\t")
    if sorted(names) != sorted(EVENT_COLUMNS) or b'"' in body:
        return None
    if not body.strip():
        return Events.from_rows([])
    n_lines = body.count(b"\n") + (not body.endswith(b"\n"))
    if body.count(b"\t") != n_lines * (len(EVENT_COLUMNS) - 1):
        return None
    options: dict[str, Any] = {
        "sep": "\t",
        "names": names,
        "header": None,
        "na_filter": False,
        "engine": "c",
        **exact_floats(),
    }
    types: Any = {"filename": "category", "event_label": "category", "onset": np.float64, "offset": np.float64}
    try:
        frame = pd.read_csv(io.BytesIO(body), dtype=types, **options)
    except (ValueError, pd.errors.ParserError):
        return None
    times = frame[["onset", "offset"]].to_numpy()
    clips = {clip: index for index, clip in enumerate(truth.clips)}
    labels = {label: index for index, label in enumerate(truth.classes)}
    clip = _codes(frame["filename"], {name: clips.get(clip_name(name)) for name in frame["filename"].cat.categories})
    label = _codes(frame["event_label"], {name: labels.get(name) for name in frame["event_label"].cat.categories})
    if clip is None or label is None or len(frame) != n_lines or not np.isfinite(times).all():
        return None
    return Events(clip, label, to_us(times[:, 0]), to_us(times[:, 1]))


def _codes(column: Any, index: dict[str, int | None]) -> Ints | None:
    """Indices of a column of categories; None if one of them is unknown."""
    if None in index.values():
        return None
    codes: Ints = np.array(list(index.values()), dtype=np.int64)[column.cat.codes.to_numpy()]
    return codes


def _bad_times(events: Events) -> Bools:
    return np.logical_or(events.onset_us < 0, events.offset_us <= events.onset_us)


def far_past(offset_us: np.ndarray, end_us: np.ndarray | np.int64 | int) -> Bools:
    """Which events end more than a second after ``end_us``."""
    past: Bools = offset_us - end_us > PAST_END_US
    return past


def in_another_unit(n_past: int, n_events: int) -> bool:
    """Whether so many events lie past their clips that the times themselves are wrong."""
    return n_past > 1 and 2 * n_past > n_events


def all_clip_long(events: Events, truth: GroundTruth) -> bool:
    """Whether nearly every detection is as long as its clip, unlike the annotated events."""
    return (
        len(events) >= _FEWEST_CLIP_LONG and _clip_long(events, truth) >= 0.9 and _clip_long(truth.events, truth) < 0.5
    )


def _clip_long(events: Events, truth: GroundTruth) -> float:
    """Share of the events that are as long as their clip."""
    long = (events.onset_us <= CLIP_LONG_US) & (events.offset_us >= truth.duration_us[events.clip] - CLIP_LONG_US)
    return float(long.mean()) if len(events) else 0.0


def _far(events: Events, truth: GroundTruth) -> Bools:
    """Rows past the end of the longest clip: many systems pad all clips to that length."""
    return far_past(events.offset_us, truth.duration_us.max())


def _overlaps(events: Events) -> Ints:
    """Rows that overlap the one before in the same clip and class, as indices in their own order."""
    order = np.lexsort((events.onset_us, events.label, events.clip))
    ordered = events.take(order)
    same = (ordered.clip[1:] == ordered.clip[:-1]) & (ordered.label[1:] == ordered.label[:-1])
    later: Ints = order[1:][same & (ordered.onset_us[1:] < ordered.offset_us[:-1])]
    return later


def event_rows(table: DelimitedTable, left_out: Collection[int] = ()) -> Iterator[tuple[int, str, str, float, float]]:
    """Rows that hold an event: number, clip, label, onset and offset in seconds.

    A row whose other cells are empty is a clip without events, as DESED writes it. Times that are not numbers become
    findings, except in rows that are ``left_out``.
    """
    at = [table.columns.index(name) for name in EVENT_COLUMNS]
    for index, row in enumerate(table.rows):
        filename, onset, offset, label = (row[place] for place in at)
        if index not in left_out and (onset + offset + label).strip():
            onset_s, offset_s = table.number(index, "onset"), table.number(index, "offset")
            if onset_s is not None and offset_s is not None:
                yield index, clip_name(filename), label, onset_s, offset_s


def _read_slowly(table: DelimitedTable, truth: GroundTruth) -> tuple[list[int], Events]:
    """Rows that hold an event, as numbers and as events; unknown names get the index -1."""
    clips = {clip: index for index, clip in enumerate(truth.clips)}
    labels = {label: index for index, label in enumerate(truth.classes)}
    found = list(event_rows(table))
    events = Events.from_rows(
        (clips.get(clip, -1), labels.get(label, -1), *to_us(times_s).tolist()) for _, clip, label, *times_s in found
    )
    return [row for row, *_ in found], events


def _check_events(table: DelimitedTable, rows: Sequence[int], events: Events, truth: GroundTruth) -> Iterator[Finding]:
    at = {name: table.columns.index(name) for name in EVENT_COLUMNS}

    def cell(row: int, column: str) -> str:
        return table.rows[rows[row]][at[column]]

    unknown = [(rows[row], cell(row, "filename")) for row in np.flatnonzero(events.clip < 0).tolist()]
    yield from _unknown_clips(unknown, table, truth)
    labels = [(rows[row], cell(row, "event_label")) for row in np.flatnonzero(events.label < 0).tolist()]
    yield from unknown_labels(labels, table, EVENT_LABEL)
    for row in np.flatnonzero(_bad_times(events)).tolist():
        message = f"the detection lasts from {cell(row, 'onset')} to {cell(row, 'offset')} s"
        yield EVENT_TIMES.finding(table.where(rows[row]), message)
    known = (events.clip >= 0) & (events.label >= 0)
    far = np.flatnonzero(_far(events, truth) & known).tolist()
    together = in_another_unit(len(far), len(events))
    for row in far[:1] if together else far:
        longest_s = int(truth.duration_us.max()) / 1e6
        message = f"the detection lasts from {cell(row, 'onset')} to {cell(row, 'offset')} s, clips to {longest_s:g} s"
        message += f"; so do {len(far):,} of {len(events):,}: are the times in milliseconds?" if together else ""
        yield EVENT_PAST_END.finding(table.where(rows[row]), message)
    some = np.flatnonzero(known)
    for row in some[np.sort(_overlaps(events.take(some)))].tolist():
        message = f"{cell(row, 'event_label')} overlaps another detection of its class in the same clip"
        yield EVENT_OVERLAP.finding(table.where(rows[row]), message)


def _unknown_clips(unknown: Sequence[tuple[int, str]], table: DelimitedTable, truth: GroundTruth) -> Iterator[Finding]:
    """Rows (with their cell) of clips that the ground truth does not have; one finding where folders are to blame."""
    clips = set(truth.clips)
    bare = [re.split(r"[/\\]", name)[-1] for _, name in unknown]
    if unknown and all(clip_name(name) in clips for name in bare):
        row, name = unknown[0]
        message = f"{name!r} names a folder, the clips of the ground truth do not ({len(unknown):,} rows)"
        yield EVENT_CLIP.finding(table.where(row), message, hint=f"leave out the folder: {bare[0]}")
        return
    for row, name in unknown:
        yield EVENT_CLIP.finding(table.where(row), f"{name!r} is not a clip of the ground truth")
