"""Reading ground truth: events and durations as DESED keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.rules import TABLE_DUPLICATE
from dcase_energy.documents.tables import Table, read_table
from dcase_energy.findings import Finding
from dcase_energy.scoring.data import Events, GroundTruth, to_us
from dcase_energy.scoring.rules import TRUTH_CLASS, TRUTH_EVENT, TRUTH_OVERLAP, TRUTH_PAST_END

MAX_TRUTH_BYTES = 200_000_000
_AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")

# Table row, clip, class, onset and offset in microseconds.
_Row = tuple[int, int, int, int, int]


def clip_name(filename: str) -> str:
    """Name of a clip: its file's name without the extension of an audio format."""
    for suffix in _AUDIO_SUFFIXES:
        if filename.lower().endswith(suffix):
            return filename[: -len(suffix)]
    return filename


def read_ground_truth(
    truth_path: Path, durations_path: Path, classes: Sequence[str]
) -> tuple[GroundTruth | None, list[Finding]]:
    """Read annotated events and durations.

    Parameters
    ----------
    truth_path
        TSV with ``filename onset offset event_label`` (seconds); a row of a clip without events has empty cells.
    durations_path
        TSV with ``filename duration`` (seconds). It says which clips there are.
    classes
        Classes of the edition, in order.

    Returns
    -------
    GroundTruth or None
        None if a file cannot be used at all.
    list of Finding
        Every row that was refused, merged or is doubtful.
    """
    durations, findings = _table(durations_path, ["filename", "duration"])
    events, more = _table(truth_path, ["filename", "onset", "offset", "event_label"])
    findings += more
    if durations is None or events is None:
        return None, findings
    clips = _clips(durations)
    rows = _merge(list(_rows(events, list(clips), clips, classes)), events)
    findings += [*durations.findings, *events.findings]
    if not clips:
        return None, findings
    table = np.array([row[1:] for row in rows], dtype=np.int64).reshape(-1, 4)
    found = Events(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    truth = GroundTruth(tuple(clips), tuple(classes), to_us(list(clips.values())), found)
    findings += _classes_without_events(truth, events)
    return truth, findings


def read_durations(path: Path) -> tuple[dict[str, float], list[Finding]]:
    """Duration in seconds of each clip, from a TSV with ``filename duration``, and what is wrong with it."""
    table, findings = _table(path, ["filename", "duration"])
    if table is None:
        return {}, findings
    clips = _clips(table)
    return clips, table.findings


def _table(path: Path, columns: list[str]) -> tuple[Table | None, list[Finding]]:
    data = read_bytes(path, MAX_TRUTH_BYTES)
    if isinstance(data, Finding):
        return None, [data]
    table = read_table(data, str(path), required=columns)
    if not table.columns:
        return None, table.findings
    return table, []


def _clips(durations: Table) -> dict[str, float]:
    """Duration in seconds of each clip, in the order of the file."""
    clips: dict[str, float] = {}
    column = durations.columns.index("filename")
    for index, row in enumerate(durations.rows):
        clip, duration_s = clip_name(row[column]), durations.number(index, "duration")
        if duration_s is None:
            continue
        if clip in clips:
            where = durations.where(index, "filename")
            durations.findings.append(TABLE_DUPLICATE.finding(where, f"clip {clip} has two durations"))
        elif duration_s <= 0:
            where = durations.where(index, "duration")
            durations.findings.append(TRUTH_EVENT.finding(where, f"clip {clip} lasts {duration_s} s"))
        else:
            clips[clip] = duration_s
    return clips


def _rows(events: Table, names: list[str], clips: dict[str, float], classes: Sequence[str]) -> Iterator[_Row]:
    """The usable rows; the others become findings."""
    clip_index = {name: index for index, name in enumerate(names)}
    class_index = {name: index for index, name in enumerate(classes)}
    at = {name: events.columns.index(name) for name in ("filename", "onset", "offset", "event_label")}
    for index, row in enumerate(events.rows):
        clip, label = clip_name(row[at["filename"]]), row[at["event_label"]].strip()
        problem = None if clip in clip_index else f"clip {clip!r} has no duration"
        if not label and not row[at["onset"]].strip():
            if problem:
                events.findings.append(TRUTH_EVENT.finding(events.where(index), problem))
            continue
        onset_s, offset_s = events.number(index, "onset"), events.number(index, "offset")
        if onset_s is None or offset_s is None:
            continue
        if problem is None and label not in class_index:
            problem = f"label {label!r} is not a class of the edition"
        if problem is None and not 0 <= onset_s < offset_s:
            problem = f"the event lasts from {onset_s} to {offset_s} s"
        if problem is not None:
            events.findings.append(TRUTH_EVENT.finding(events.where(index), problem))
            continue
        onset_us, offset_us = (int(time_us) for time_us in to_us([onset_s, offset_s]))
        if offset_us > int(to_us([clips[clip]])[0]):
            message = f"{label} ends at {offset_s} s in a clip of {clips[clip]} s"
            events.findings.append(TRUTH_PAST_END.finding(events.where(index), message))
        yield index, clip_index[clip], class_index[label], onset_us, offset_us


def _merge(rows: list[_Row], events: Table) -> list[_Row]:
    """Sort by clip and class, and merge overlapping events of one class in one clip."""
    merged: list[_Row] = []
    for row in sorted(rows, key=lambda row: (*row[1:], row[0])):
        index, clip, label, onset_us, offset_us = row
        if merged and merged[-1][1:3] == (clip, label) and onset_us < merged[-1][4]:
            first = merged.pop()
            other = events.row_lines[first[0]]
            message = f"the event overlaps the one of the same class in line {other}; both are merged"
            events.findings.append(TRUTH_OVERLAP.finding(events.where(index), message))
            row = (first[0], clip, label, first[3], max(first[4], offset_us))
        merged.append(row)
    return merged


def _classes_without_events(truth: GroundTruth, events: Table) -> Iterator[Finding]:
    counts = np.bincount(truth.events.label, minlength=len(truth.classes))
    for name, count in zip(truth.classes, counts, strict=True):
        if count == 0:
            yield TRUTH_CLASS.finding(events.where(), f"no event of class {name}; it does not count")
