"""Reading ground truth: events and durations as DESED keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.rules import TABLE_DUPLICATE
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.findings import Finding, Severity, capped, has_errors
from dcase_energy.scoring.clips import clip_name, some_names, unknown_labels
from dcase_energy.scoring.data import MAX_TIME_S, Events, GroundTruth, to_us
from dcase_energy.scoring.event_files import EVENT_COLUMNS, event_rows, far_past, in_another_unit
from dcase_energy.scoring.rules import TRUTH_CLASS, TRUTH_EVENT, TRUTH_OVERLAP, TRUTH_PAST_END, TRUTH_SOFT
from dcase_energy.units import MICROSECONDS_PER_SECOND

Overlapping = Literal["merge", "keep", "refuse"]
MAX_TRUTH_BYTES = 200_000_000

# Table row, clip, class, onset and offset in microseconds.
_Row = tuple[int, int, int, int, int]


def read_ground_truth(
    truth_path: Path,
    durations_path: Path,
    classes: Sequence[str],
    *,
    overlapping: Overlapping = "merge",
    columns: Sequence[str] = (),
) -> tuple[GroundTruth | None, list[Finding]]:
    """Read annotated events and durations.

    Parameters
    ----------
    truth_path
        TSV with ``filename onset offset event_label`` (seconds); a row of a clip without events has empty cells. Where
        it has ``confidence`` (soft labels, from 0 to 1), an event is annotated if its confidence is above 0.5.
    durations_path
        TSV with ``filename duration`` (seconds). It says which clips there are.
    classes
        Classes of the edition, in order.
    columns
        Classes that score files have columns of, where they are more: events of the others do not count.
    overlapping
        What becomes of events of one class in one clip that overlap: they are merged, kept as they are, or refused.

    Returns
    -------
    GroundTruth or None
        None if there is any error: figures of a part of the ground truth are not those of the whole.
    list of Finding
        What was refused, merged or is doubtful: of each kind the first few rows.
    """
    durations = _table(durations_path, ["filename", "duration"])
    events = _table(truth_path, EVENT_COLUMNS)
    if not durations.columns or not events.columns:
        return None, [*durations.findings, *events.findings]
    clips = _clips(durations)
    if not clips and not durations.findings:
        durations.add(TRUTH_EVENT.finding(durations.where(), "the table holds no clip"))
    rows = _overlaps(list(_rows(events, clips, classes, set(columns) - set(classes))), events, overlapping)
    findings = [*durations.findings, *events.findings]
    if has_errors(findings):
        return None, findings
    found = Events.from_rows(row[1:] for row in rows)
    truth = GroundTruth(tuple(clips), tuple(classes), to_us(list(clips.values())), found, tuple(columns))
    findings += [*_past_end(truth, rows, events), *_classes_without_events(truth, events)]
    return (None if has_errors(findings) else truth), findings


def read_durations(path: Path) -> tuple[dict[str, float], list[Finding]]:
    """Duration in seconds of each clip, from a TSV with ``filename duration``, and what is wrong with it."""
    table = _table(path, ["filename", "duration"])
    return _clips(table) if table.columns else {}, table.findings


def _table(path: Path, columns: Sequence[str]) -> DelimitedTable:
    """The table in a file; without columns where it has findings of the whole file."""
    data, unread = read_bytes(path, MAX_TRUTH_BYTES)
    if data is not None:
        return read_table(data, str(path), required=columns)
    table = DelimitedTable(str(path))
    table.add(unread[0])
    return table


def _clips(durations: DelimitedTable) -> dict[str, float]:
    """Duration in seconds of each clip, in the order of the file; the same duration may be given several times."""
    clips: dict[str, float] = {}
    column = durations.columns.index("filename")
    for index, row in enumerate(durations.rows):
        clip, duration_s = clip_name(row[column]), durations.number(index, "duration")
        if duration_s is None:
            continue
        if duration_s > MAX_TIME_S or to_us([duration_s])[0] <= 0:
            where = durations.where(index, "duration")
            durations.add(TRUTH_EVENT.finding(where, f"clip {clip} lasts {duration_s} s"))
        elif clips.setdefault(clip, duration_s) != duration_s:
            where = durations.where(index, "filename")
            message = f"clip {clip} has two durations: {clips[clip]:g} and {duration_s:g} s"
            durations.add(TABLE_DUPLICATE.finding(where, message))
    return clips


def _rows(
    events: DelimitedTable, clips: dict[str, float], classes: Sequence[str], others: Collection[str]
) -> Iterator[_Row]:
    """The usable rows; the others become findings."""
    clip_index = {name: index for index, name in enumerate(clips)}
    class_index = {name: index for index, name in enumerate(classes)}
    labels: list[tuple[int, str]] = []
    for index, clip, written, onset_s, offset_s in event_rows(events, set(_doubtful_rows(events))):
        label = written.strip()
        if clip not in clip_index:
            continue
        if label not in class_index:
            labels += [] if label in others else [(index, label)]
            continue
        onset_us, offset_us = to_us([onset_s, offset_s]).tolist()
        if not 0 <= onset_us < offset_us or offset_s > MAX_TIME_S:
            events.add(TRUTH_EVENT.finding(events.where(index), f"the event lasts from {onset_s} to {offset_s} s"))
        else:
            yield index, clip_index[clip], class_index[label], onset_us, offset_us
    for finding in unknown_labels(labels, events, TRUTH_EVENT):
        events.add(finding)
    _clips_without_duration(events, clips)


def _doubtful_rows(events: DelimitedTable) -> list[int]:
    """Rows of a soft label that is not above one half, where the table has confidences: nothing is annotated there."""
    if "confidence" not in events.columns:
        return []
    doubtful = []
    for index in range(len(events.rows)):
        confidence = events.number(index, "confidence", empty=True)
        if confidence is not None and not 0 <= confidence <= 1:
            where = events.where(index, "confidence")
            events.add(TRUTH_EVENT.finding(where, f"a confidence of {confidence:g}", expected="a number from 0 to 1"))
        elif confidence is not None and confidence <= 0.5:
            doubtful.append(index)
    if doubtful:
        message = f"{len(doubtful):,} of {len(events.rows):,} rows have a confidence of at most 0.5: left out"
        events.add(TRUTH_SOFT.finding(events.where(), message))
    return doubtful


def _clips_without_duration(events: DelimitedTable, clips: Collection[str]) -> None:
    """Clips of the ground truth that have no duration; one finding if none has."""
    column = events.columns.index("filename")
    first: dict[str, int] = {}
    for index, row in enumerate(events.rows):
        first.setdefault(clip_name(row[column]), index)
    unknown = [clip for clip in first if clip not in clips]
    if unknown and len(unknown) == len(first) > 1:
        message = f"none of the {len(unknown):,} clips has a duration: {some_names(unknown)}"
        hint = "give the durations of the same set, with the same names"
        events.add(TRUTH_EVENT.finding(events.where(), message, hint=hint))
        return
    for clip in unknown:
        events.add(TRUTH_EVENT.finding(events.where(first[clip]), f"clip {clip!r} has no duration"))


def _overlaps(rows: list[_Row], events: DelimitedTable, overlapping: Overlapping) -> list[_Row]:
    """Sort by clip and class; find overlapping events of one class in one clip, and merge them if asked to."""
    words = {"merge": "both are merged", "keep": "both are kept", "refuse": "refused"}[overlapping]
    found: list[_Row] = []
    for row in sorted(rows, key=lambda row: (*row[1:], row[0])):
        index, clip, label, onset_us, offset_us = row
        last = found[-1] if found and found[-1][1:3] == (clip, label) and onset_us < found[-1][4] else None
        if last is not None:
            message = f"the event overlaps the one of the same class in line {events.row_lines[last[0]]}; {words}"
            finding = TRUTH_OVERLAP.finding(events.where(index), message)
            events.add(finding.with_severity(Severity.ERROR) if overlapping == "refuse" else finding)
        if last is not None and overlapping == "merge":
            found[-1] = (last[0], clip, label, last[3], max(last[4], offset_us))
        else:
            found.append(row)
    return found


def _past_end(truth: GroundTruth, rows: Sequence[_Row], events: DelimitedTable) -> list[Finding]:
    """Events that end after their clip; an error if nearly all do, for then the times are not seconds."""
    offset_us, end_us = truth.events.offset_us, truth.duration_us[truth.events.clip]
    n_far, n_all = int(far_past(offset_us, end_us).sum()), len(rows)
    found = []
    for at in np.flatnonzero(offset_us > end_us).tolist():
        label, clip_s = truth.classes[truth.events.label[at]], end_us[at] / MICROSECONDS_PER_SECOND
        message = f"{label} ends at {offset_us[at] / MICROSECONDS_PER_SECOND:g} s in a clip of {clip_s:g} s"
        found.append(TRUTH_PAST_END.finding(events.where(rows[at][0]), message))
    found.sort(key=Finding.sort_key)
    if not in_another_unit(n_far, n_all):
        return capped(found)
    message = f"{found[0].message}, as {n_far:,} of {n_all:,} events do; are the times in milliseconds?"
    hint = "write onset and offset in seconds from the beginning of the clip, or correct the durations"
    return [replace(found[0], message=message, hint=hint, severity=Severity.ERROR)]


def _classes_without_events(truth: GroundTruth, events: DelimitedTable) -> Iterator[Finding]:
    counts = np.bincount(truth.events.label, minlength=len(truth.classes))
    for name, count in zip(truth.classes, counts, strict=True):
        if count == 0:
            yield TRUTH_CLASS.finding(events.where(), f"no event of class {name}; it does not count")
