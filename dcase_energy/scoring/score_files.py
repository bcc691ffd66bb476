"""Reading score files: one TSV a clip with ``onset offset class...``, all of them parsed in one go.

The fast way only accepts. Whatever it cannot accept is read again, file by file and cell by cell, to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from dcase_energy.documents.names import folded
from dcase_energy.documents.rules import TABLE_EMPTY
from dcase_energy.documents.tables import read_table
from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule
from dcase_energy.scoring.data import Floats, GroundTruth, Ints, Scores, to_us
from dcase_energy.scoring.rules import (
    CLIPS_MISSING,
    CLIPS_UNKNOWN,
    SCORE_COVERAGE,
    SCORE_TIMES,
    SCORE_VALUE,
)
from dcase_energy.scoring.score_header import column_order, header_finding
from dcase_energy.scoring.score_numbers import numbers
from dcase_energy.scoring.truth import clip_name

MAX_SCORE_FILE_BYTES = 50_000_000
_GAP_TOLERANCE_US = 1_000
_COVERAGE_TOLERANCE_US = 250_000
_SHOWN = 5
# Parsed in one go: large enough that calls cost nothing, small enough that text and numbers never stand side by side.
_BATCH_BYTES = 8_000_000


# Clip, name of the file, what follows its header.
_Member = tuple[int, str, bytes]


@dataclass(frozen=True)
class _Batch:
    """Files with one and the same header, parsed together; file i has the rows ``first_row[i]:first_row[i + 1]``."""

    clips: list[int]
    names: list[str]
    onset_us: Ints
    offset_us: Ints
    values: Floats
    first_row: Ints


def read_scores(tree: Tree, names: Sequence[str], truth: GroundTruth) -> tuple[Scores | None, list[Finding]]:
    """Read the score files of one run.

    Parameters
    ----------
    tree, names
        Where the files are.
    truth
        Whose clips and classes they must have.

    Returns
    -------
    Scores or None
        None if anything is wrong that would change a figure.
    list of Finding
        Everything that is wrong.
    """
    files, findings = _assign(tree, names, truth)
    batches: list[_Batch] = []
    for header, members in _by_header(tree, files, findings):
        columns = column_order(header, truth.classes)
        if columns is None:
            text = header.decode("utf-8", errors="replace")
            findings += [header_finding(tree.where(name), text, truth.classes) for _, name, _ in members]
            continue
        for batch in _batches(members, columns):
            if isinstance(batch, _Batch):
                findings += _check_frames(batch, tree, truth)
                batches.append(batch)
            else:
                findings += _explain(tree, batch, truth.classes)
    if any(finding.code != SCORE_COVERAGE.code for finding in findings) or not batches:
        return None, findings
    return _assemble(batches), findings


def _assign(tree: Tree, names: Sequence[str], truth: GroundTruth) -> tuple[dict[int, str], list[Finding]]:
    """Which file holds which clip; missing and unknown clips as one finding each, with the first names."""
    index = {clip: i for i, clip in enumerate(truth.clips)}
    files: dict[int, str] = {}
    unknown: list[str] = []
    for name in names:
        pure = PurePosixPath(name)
        clip = index.get(clip_name(pure.stem))
        if pure.suffix != ".tsv" or clip is None:
            unknown.append(pure.name)
        else:
            files[clip] = name
    findings = []
    folder = tree.where(str(PurePosixPath(names[0]).parent)) if names else tree.where("")
    if missing := [clip for i, clip in enumerate(truth.clips) if i not in files]:
        message = f"no scores of {len(missing)} of {len(truth.clips)} clips: {_some(missing)}"
        findings.append(CLIPS_MISSING.finding(folder, message))
    if unknown:
        message = f"{len(unknown)} files of no clip of the ground truth: {_some(unknown)}"
        findings.append(CLIPS_UNKNOWN.finding(folder, message, found=_look_alike(unknown, missing)))
    return files, findings


def _look_alike(unknown: Sequence[str], missing: Sequence[str]) -> str | None:
    """Unknown files that differ from a missing clip in case or in the form of Unicode alone."""
    alike = {folded(clip): clip for clip in missing}
    pairs = [
        f"{name} for {alike[key]}" for name in unknown if (key := folded(clip_name(PurePosixPath(name).stem))) in alike
    ]
    return f"differ in case or Unicode form only: {_some(pairs)}" if pairs else None


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _by_header(tree: Tree, files: Mapping[int, str], findings: list[Finding]) -> Iterator[tuple[bytes, list[_Member]]]:
    """Read every file once and give those of one header together, as many as are parsed well in one go."""
    groups: dict[bytes, list[_Member]] = {}
    held: dict[bytes, int] = {}
    for clip in sorted(files):
        name = files[clip]
        data = tree.read(name, MAX_SCORE_FILE_BYTES)
        if isinstance(data, Finding):
            findings.append(data)
            continue
        header, _, body = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
        if not body.strip():
            findings.append(TABLE_EMPTY.finding(tree.where(name), "no frames"))
            continue
        body = body if body.endswith(b"\n") else body + b"\n"
        header = header.rstrip(b"\r")
        groups.setdefault(header, []).append((clip, name, body))
        held[header] = held.get(header, 0) + len(body)
        if held[header] >= _BATCH_BYTES:
            yield header, groups.pop(header)
            del held[header]
    yield from groups.items()


def _batches(members: Sequence[_Member], columns: list[int]) -> Iterator[_Batch | _Member]:
    """All files in one batch; if that fails, the files one by one, those that cannot be parsed as they are."""
    together = _parse(members, columns)
    if together is not None:
        yield together
        return
    for member in members:
        alone = _parse([member], columns)
        yield member if alone is None else alone


def _parse(members: Sequence[_Member], columns: list[int]) -> _Batch | None:
    """Parse files of one header together; None if any cell is not a finite number."""
    joined = b"".join(body for _, _, body in members)
    lines = np.array([body.count(b"\n") for _, _, body in members], dtype=np.int64)
    rows = numbers(joined, int(lines.sum()), len(columns), exact=True)
    if rows is None:
        return None
    return _Batch(
        clips=[clip for clip, _, _ in members],
        names=[name for _, name, _ in members],
        onset_us=to_us(rows[:, 0]),
        offset_us=to_us(rows[:, 1]),
        values=np.ascontiguousarray(rows[:, columns[2:]]),
        first_row=np.append(0, np.cumsum(lines)),
    )


def _explain(tree: Tree, member: _Member, classes: Sequence[str]) -> Iterator[Finding]:
    """Read slowly what could not be parsed, to say which cells are to blame."""
    name = member[1]
    data = tree.read(name, MAX_SCORE_FILE_BYTES)
    if isinstance(data, Finding):
        yield data
        return
    where = tree.where(name)
    columns = ["onset", "offset", *classes]
    table = read_table(data, where.file, required=columns, member=where.member)
    for row in range(len(table.rows)):
        for column in columns:
            table.number(row, column)
        if len(table.findings) >= _SHOWN:
            break
    yield from table.findings[:_SHOWN]


def _check_frames(batch: _Batch, tree: Tree, truth: GroundTruth) -> Iterator[Finding]:
    """Times and values of all files of a batch; at most one finding of each rule a file."""
    onset_us, offset_us = batch.onset_us, batch.offset_us
    first, last = batch.first_row[:-1], batch.first_row[1:] - 1
    starts = np.zeros(len(onset_us), dtype=bool)
    starts[first] = True
    before = np.where(starts, 0, np.append(0, offset_us[:-1]))
    bad_time = np.logical_or(np.abs(onset_us - before) > _GAP_TOLERANCE_US, offset_us <= onset_us)
    yield from _first_in_each(batch, tree, bad_time, SCORE_TIMES, "frame from {0:g} to {1:g} s does not follow")
    bad_value = np.logical_or(batch.values < 0, batch.values > 1).any(axis=1)
    yield from _first_in_each(batch, tree, bad_value, SCORE_VALUE, "a score outside 0 to 1 in the frame at {0:g} s")
    short_us = truth.duration_us[batch.clips] - offset_us[last]
    # Frames past the end are usual: systems pad clips to ten seconds.
    for i in np.flatnonzero(short_us > _COVERAGE_TOLERANCE_US):
        end_s, clip_s = offset_us[last[i]] / 1e6, truth.duration_us[batch.clips[i]] / 1e6
        message = f"frames end at {end_s:g} s, the clip at {clip_s:g} s"
        yield SCORE_COVERAGE.finding(tree.where(batch.names[i]), message)


def _first_in_each(
    batch: _Batch, tree: Tree, bad: np.ndarray | np.bool_, rule: Rule, message: str
) -> Iterator[Finding]:
    rows = np.flatnonzero(bad)
    owners = np.searchsorted(batch.first_row, rows, side="right") - 1
    _, chosen = np.unique(owners, return_index=True)
    for row, owner in zip(rows[chosen], owners[chosen], strict=True):
        where = tree.where(batch.names[owner])
        line = int(row - batch.first_row[owner]) + 2
        text = message.format(batch.onset_us[row] / 1e6, batch.offset_us[row] / 1e6)
        yield rule.finding(Where(where.file, where.member, line), text)


def _assemble(batches: Sequence[_Batch]) -> Scores:
    """Put the clips of all batches into the order of the ground truth."""
    clips = np.concatenate([np.array(batch.clips, dtype=np.int64) for batch in batches])
    counts = np.concatenate([np.diff(batch.first_row) for batch in batches])
    first_frame = np.append(0, np.cumsum(counts))
    scores = Scores(
        np.concatenate([batch.values for batch in batches]),
        np.concatenate([batch.onset_us for batch in batches]),
        np.concatenate([batch.offset_us for batch in batches]),
        first_frame,
    )
    order = np.argsort(clips)
    in_order = (np.diff(order) == 1).all()
    return scores if in_order else scores.take_clips(order)
