"""Tables with one row for each clip: its class, probabilities, an anomaly score or a text; and what is true of them.

An edition says which columns there are (`dcase_energy.editions.outputs.Outputs`). Columns are separated by tabs, or by
commas where the first line has no tab.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.tables import DelimitedTable, read_table
from dcase_energy.documents.tree import Tree
from dcase_energy.editions.outputs import Outputs
from dcase_energy.findings import Finding, capped, has_errors
from dcase_energy.scoring.clip_rules import (
    CLIP_LABEL,
    CLIP_PROBABILITIES_SUM,
    CLIP_PROBABILITY,
    CLIP_ROW_TWICE,
    CLIP_ROWS_SAME,
    CLIP_TEXT,
)
from dcase_energy.scoring.clips import clip_findings, clip_name, unknown_labels
from dcase_energy.scoring.data import Floats, GroundTruth, Ints
from dcase_energy.scoring.rules import TRUTH_EVENT

MAX_CLIP_TABLE_BYTES = 200_000_000
# What is decided where a clip has a score; the ground truth may also write 0 and 1.
NORMAL, ANOMALOUS = "normal", "anomaly"
_WRITTEN = {"0": NORMAL, "1": ANOMALOUS, "anomalous": ANOMALOUS}
_SUM_SLACK = 0.01
_FEWEST_ROWS = 10


@dataclass(frozen=True)
class ClipTruth:
    """What is true of each clip.

    Attributes
    ----------
    clips, classes
        Names; indices refer to these.
    label
        Class of each clip, shape (n_clips,).
    groups
        For each column that figures are reported by, the value of each clip.
    layout
        Columns of the tables to score.
    """

    clips: tuple[str, ...]
    classes: tuple[str, ...]
    label: Ints
    groups: Mapping[str, tuple[str, ...]]
    layout: Outputs


@dataclass(frozen=True)
class ClipTable:
    """The rows of a system's tables.

    Attributes
    ----------
    clips
        Clip of each row.
    label
        Its class as an index, shape (n_rows,); -1 where the edition has no such class or the table no classes.
    values
        Probabilities, shape (n_rows, n_classes), or scores, shape (n_rows, 1); no column where there are none.
    """

    clips: tuple[str, ...]
    label: Ints
    values: Floats

    def in_order_of(self, clips: Sequence[str]) -> ClipTable:
        """The rows of these clips, which must all be there."""
        place = {clip: index for index, clip in enumerate(self.clips)}
        rows = np.array([place[clip] for clip in clips], dtype=np.int64)
        return ClipTable(tuple(clips), self.label[rows], self.values[rows])


Truth = GroundTruth | ClipTruth


def classes_of(layout: Outputs, classes: Sequence[str]) -> tuple[str, ...]:
    """What a clip may be: the edition's classes, or normal and anomaly where clips have a score."""
    return (NORMAL, ANOMALOUS) if layout.score is not None else tuple(classes)


def read_clip_truth(path: Path, layout: Outputs, classes: Sequence[str]) -> tuple[ClipTruth | None, list[Finding]]:
    """Read a table with one row for each clip: the clip, its class, and the columns that figures are reported by.

    The class stands in the column that tables of outputs have it in, or in ``label``. Columns that figures are reported
    by may be missing, except for the one that names the group of a table.

    Returns
    -------
    ClipTruth or None
        None if there is any error.
    list of Finding
        What is wrong.
    """
    data, unread = read_bytes(path, MAX_CLIP_TABLE_BYTES)
    if data is None:
        return None, unread
    header = re.split(rb"[\t,\r\n]", data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0])
    named = layout.label if layout.label is not None and layout.label.encode() in header else "label"
    required = layout.groups[: layout.file is not None]
    table = read_table(data, str(path), required=[layout.id, named, *required], delimiter=_delimiter(data))
    if not table.columns:
        return None, table.findings
    known = classes_of(layout, classes)
    columns = {name: [row[table.columns.index(name)].strip() for row in table.rows] for name in table.columns}
    labels = [_WRITTEN.get(one, one) if layout.score is not None else one for one in columns[named]]
    wrong = [(row, label) for row, label in enumerate(labels) if label not in known]
    clips = [clip_name(one) for one in columns[layout.id]]
    if layout.file is not None:
        clips = [f"{group}/{clip}" for group, clip in zip(columns[layout.groups[0]], clips, strict=True)]
    findings = [*table.findings, *unknown_labels(wrong, table, TRUTH_EVENT), *_twice(clips, table)]
    if not clips:
        findings.append(TRUTH_EVENT.finding(table.where(), "the table holds no clip"))
    if has_errors(findings):
        return None, findings
    index = {name: number for number, name in enumerate(known)}
    label = np.array([index[one] for one in labels], dtype=np.int64)
    return ClipTruth(
        tuple(clips), known, label, {name: tuple(columns[name]) for name in layout.groups if name in columns}, layout
    ), findings


def read_clip_tables(
    tree: Tree, names: Sequence[str], layout: Outputs, classes: Sequence[str], expected: Sequence[str] | None
) -> tuple[ClipTable | None, list[Finding]]:
    """Read the tables of a system.

    Parameters
    ----------
    tree, names
        Where they are.
    layout
        Their columns.
    classes
        What a clip may be, as `classes_of` says.
    expected
        Clips that must be there, each once; None if they are not known.

    Returns
    -------
    ClipTable or None
        None if anything is wrong that would change a figure.
    list of Finding
        Everything that is wrong, a few findings of each kind.
    """
    parts: list[ClipTable] = []
    findings: list[Finding] = []
    for name in names:
        data, unread = tree.read(name, MAX_CLIP_TABLE_BYTES)
        if data is None:
            findings += unread
            continue
        where = tree.where(name)
        own = classes if layout.probabilities else ()
        table = read_table(
            data,
            where.file,
            member=where.member,
            required=[*layout.columns, *own],
            delimiter=_delimiter(data),
            header=None if layout.header else [*layout.columns, *own],
        )
        part, problems = _part_of(table, name, layout, classes)
        findings += [*table.findings, *problems]
        parts.append(part)
    clips = tuple(clip for part in parts for clip in part.clips)
    if expected is not None:
        where = tree.where(names[0] if len(names) == 1 else "")
        findings += clip_findings(clips, clips, expected, where, unit="rows")
    if has_errors(findings) or not parts:
        return None, findings
    label, values = (np.concatenate([getattr(part, name) for part in parts]) for name in ("label", "values"))
    return ClipTable(clips, label, values), findings


def group_of(name: str, layout: Outputs) -> str | None:
    """The group that a table is named after; None for a name that is none of the edition's tables."""
    match = re.fullmatch(layout.file or "", name.rpartition("/")[2])
    return None if match is None else match[1]


def _delimiter(data: bytes) -> str:
    return "\t" if b"\t" in data.partition(b"\n")[0] else ","


def _part_of(
    table: DelimitedTable, name: str, layout: Outputs, classes: Sequence[str]
) -> tuple[ClipTable, list[Finding]]:
    """The rows of one table, and what is wrong with them."""
    at = {column: index for index, column in enumerate(table.columns)}
    if not at:
        return ClipTable((), np.empty(0, np.int64), np.empty((0, 0))), []
    clips = [clip_name(row[at[layout.id]].strip()) for row in table.rows]
    findings = list(_twice(clips, table))
    label = np.full(len(clips), -1, dtype=np.int64)
    if layout.label is not None:
        index = {one: number for number, one in enumerate(classes)}
        written = [row[at[layout.label]].strip() for row in table.rows]
        label = np.array([index.get(one, -1) for one in written], dtype=np.int64)
        unknown = [(row, written[row]) for row in np.flatnonzero(label < 0).tolist()]
        findings += capped(list(unknown_labels(unknown, table, CLIP_LABEL)))
    columns = [layout.score] if layout.score is not None else list(classes) if layout.probabilities else []
    values = _values(table, columns)
    if layout.probabilities:
        findings += _of_probabilities(table, values, label)
    if layout.text is not None:
        empty = [row for row, cells in enumerate(table.rows) if not cells[at[layout.text]].strip()]
        findings += capped([CLIP_TEXT.finding(table.where(row), f"clip {clips[row]} has no text") for row in empty])
    findings += _same(table, layout)
    if layout.file is not None:
        clips = [f"{group_of(name, layout)}/{clip}" for clip in clips]
    return ClipTable(tuple(clips), label, values), findings


def _values(table: DelimitedTable, columns: Sequence[str]) -> Floats:
    """Numbers of some columns, shape (n_rows, n_columns); a cell that is none is a finding."""
    places = [table.columns.index(name) for name in columns]
    cells = [[parse_number(row[place]) for place in places] for row in table.rows]
    values = np.array(cells, dtype=np.float64).reshape(len(cells), len(places))
    for row, column in np.argwhere(np.isnan(values)).tolist():
        values[row, column] = table.number(row, columns[column]) or 0.0
    return values


def _twice(clips: Sequence[str], table: DelimitedTable) -> list[Finding]:
    first: dict[str, int] = {}
    again = [(row, clip) for row, clip in enumerate(clips) if first.setdefault(clip, row) != row]
    return capped(
        [
            CLIP_ROW_TWICE.finding(table.where(row), f"clip {clip} is in line {table.row_lines[first[clip]]} already")
            for row, clip in again
        ]
    )


def _of_probabilities(table: DelimitedTable, values: Floats, label: Ints) -> Iterator[Finding]:
    outside = np.flatnonzero(((values < 0) | (values > 1)).any(axis=1)).tolist()
    if outside:
        worst = values[outside[0]]
        message = f"a probability of {worst[np.abs(worst - 0.5).argmax()]:g} ({len(outside):,} of {len(values):,} rows)"
        yield CLIP_PROBABILITY.finding(table.where(outside[0]), message, expected="a number from 0 to 1")
        return
    off = np.flatnonzero(np.abs(values.sum(axis=1) - 1) > _SUM_SLACK).tolist()
    if off:
        message = f"the probabilities sum to {values[off[0]].sum():.3f} ({len(off):,} of {len(values):,} rows)"
        yield CLIP_PROBABILITIES_SUM.finding(table.where(off[0]), message)
    known = np.flatnonzero(label >= 0)
    other = known[values[known, label[known]] < values[known].max(axis=1, initial=0)].tolist()
    if other:
        message = f"the class of the row is not the most probable one ({len(other):,} of {len(values):,} rows)"
        yield CLIP_PROBABILITIES_SUM.finding(table.where(other[0]), message)


def _same(table: DelimitedTable, layout: Outputs) -> Iterator[Finding]:
    """Whether all rows say the same: the whole of it, or the class alone."""
    own = table.columns.index(layout.id)
    if len(table.rows) < _FEWEST_ROWS:
        return
    if len({(*row[:own], *row[own + 1 :]) for row in table.rows}) == 1:
        yield CLIP_ROWS_SAME.finding(table.where(), f"all {len(table.rows):,} rows are the same, except for the clip")
    elif layout.label is not None and len({row[table.columns.index(layout.label)] for row in table.rows}) == 1:
        name = table.rows[0][table.columns.index(layout.label)]
        yield CLIP_ROWS_SAME.finding(table.where(), f"all {len(table.rows):,} clips have one class: {name}")
