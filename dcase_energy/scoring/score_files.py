"""Reading the score files of one run, for validation and for scoring: one TSV per clip with ``onset offset class...``.

Files are joined to blocks that fit a core's cache and are parsed together; the fast way only accepts. What it cannot
accept is read again, file by file and line by line, to say what is wrong: a file is in the result, or a finding names
it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from dcase_energy.documents.files import kind_of_bytes
from dcase_energy.documents.names import folded
from dcase_energy.documents.rules import TABLE_EMPTY
from dcase_energy.documents.tree import Tree, same_content
from dcase_energy.findings import Finding, Where, capped, has_errors
from dcase_energy.rules import Rule
from dcase_energy.scoring.clips import clip_findings, clip_of_file, end_findings
from dcase_energy.scoring.data import MAX_TIME_S, Block, GroundTruth, Scores, to_us
from dcase_energy.scoring.rules import (
    CLIP_TWICE,
    CLIPS_IDENTICAL,
    OUTPUT_KIND,
    SCORE_FILE_CUT,
    SCORE_TIMES,
    SCORE_VALUE,
    SCORES_CONSTANT,
)
from dcase_energy.scoring.score_text import column_order, explain_lines, numbers, split_lines, wrong_header
from dcase_energy.text import more
from dcase_energy.units import MICROSECONDS_PER_SECOND

MAX_SCORE_FILE_BYTES = 50_000_000
_SHOWN_FILES = 3
# Few enough for a core's cache while pandas goes over them several times, many enough to outweigh each of its calls.
_BLOCK_BYTES = 2_000_000
_GAP_TOLERANCE_US = 1_000


@dataclass(frozen=True, slots=True)
class _Member:
    """A score file to parse: name in the tree, clip, and the lines below its header."""

    name: str
    clip: str
    body: bytes


@dataclass(slots=True)
class ScoreFiles:
    """The score files of a run: their scores, their checksums, and everything that is wrong with them.

    Attributes
    ----------
    folder
        The run's folder in the tree.
    files
        Name of the score file of each clip that has one, whether it can be used or not.
    named
        Clips that something in the folder is named after: score files, and entries that are not read (links, other
        kinds of file). Their scores are unusable, not missing.
    checksums
        Size in bytes and CRC-32 of each clip's file, of those that could be read. Files that differ in them differ;
        of others the bytes must be compared.
    ends
        Where the frames of each clip end, in seconds, and how many they are; only of clips whose file can be used.
    scores
        Scores of all clips of the ground truth; None without one, and if there is any error.
    findings
        What is wrong with the files.
    """

    folder: str
    files: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    checksums: dict[str, tuple[int, int]] = field(default_factory=dict)
    ends: dict[str, tuple[float, int]] = field(default_factory=dict)
    scores: Scores | None = None
    findings: list[Finding] = field(default_factory=list)

    def where(self, clip: str, tree: Tree) -> Where:
        """Place of a clip's score file."""
        return tree.where(self.files[clip])

    @property
    def digest(self) -> bytes:
        """Of the checksums of all its files with their clips; nothing where none could be read."""
        return hashlib.sha256(repr(sorted(self.checksums.items())).encode()).digest() if self.checksums else b""


def check_score_files(tree: Tree, names: Sequence[str], classes: Sequence[str]) -> ScoreFiles:
    """Read all files of one output folder, each once, in memory that does not grow with their number.

    ``classes`` are the columns they must have, in any order.
    """
    return _Reader(tree, names, classes, keep=False).read()


def read_scores(tree: Tree, names: Sequence[str], truth: GroundTruth) -> ScoreFiles:
    """Read the score files of one run as scores of the clips of a ground truth, each number the nearest double.

    There are none if there is any error: the scores of some clips only are not those of the run.
    """
    reader = _Reader(tree, names, truth.columns or truth.classes, keep=True, kept=truth.classes)
    run = reader.read()
    durations_s = dict(zip(truth.clips, (truth.duration_us / MICROSECONDS_PER_SECOND).tolist(), strict=True))
    run.findings += clip_findings(run.files, run.named, truth.clips, tree.where(run.folder))
    run.findings += end_findings(run.ends, durations_s, partial(run.where, tree=tree))
    if not has_errors(run.findings) and run.files.keys() == set(truth.clips):
        run.scores = Scores.from_blocks(reader.blocks, truth.clips)
    return run


class _Reader:
    """Reads one run."""

    def __init__(
        self, tree: Tree, names: Sequence[str], classes: Sequence[str], *, keep: bool, kept: Sequence[str] = ()
    ) -> None:
        self.tree, self.names, self.classes, self.keep = tree, names, classes, keep
        self.kept = [2 + classes.index(name) for name in kept]
        self.run = ScoreFiles(names[0].rpartition("/")[0] if names else "")
        self.blocks: list[Block] = []
        self.low, self.high = 1.0, 0.0
        self.findings: list[Finding] = []
        self.explained: list[Finding] = []
        self.unread: list[str] = []
        self.cut: list[tuple[str, str]] = []

    def read(self) -> ScoreFiles:
        _keep_freed_memory()
        waiting: dict[bytes, list[_Member]] = {}
        n_bytes = 0
        for clip, name in self._score_files():
            found = self._open(clip, name)
            if found is None:
                continue
            header, member = found
            waiting.setdefault(header, []).append(member)
            n_bytes += len(member.body)
            if n_bytes > _BLOCK_BYTES:
                self._parse_all(waiting)
                waiting, n_bytes = {}, 0
        self._parse_all(waiting)
        self._compare_files()
        self.run.findings = capped(
            self.findings,
            _SHOWN_FILES,
            family=lambda one: one.code,
            unit=lambda one: (one.where.file, one.where.member),
            what="files of this run",
        )
        return self.run

    def _add(self, rule: Rule, name: str, message: str, line: int | None = None, **more: Any) -> None:
        self.findings.append(rule.finding(replace(self.tree.where(name), line=line), message, **more))

    def _score_files(self) -> Iterator[tuple[str, str]]:
        """Clip and name of each file to read; files of other kinds are refused by name and never opened."""
        run = self.run
        seen: dict[str, str] = {}
        other_kinds: dict[str, list[str]] = {}
        for problem in _not_read(self.tree, run.folder):
            run.named.add(clip_of_file(problem.where.member or problem.where.file))
            self.findings.append(problem)
        for name in self.names:
            clip = clip_of_file(name)
            run.named.add(clip)
            if not name.endswith(".tsv"):
                other_kinds.setdefault(PurePosixPath(name).suffix, []).append(name)
            elif (key := folded(clip)) in seen:
                other = seen[key].rpartition("/")[2]
                self._add(CLIP_TWICE, name, f"clip {clip} also has the file {other}")
            else:
                seen[key] = run.files[clip] = name
                yield clip, name
        for suffix, some in other_kinds.items():
            others = more(len(some) - 1, f"{suffix} files")
            self._add(OUTPUT_KIND, some[0], f"not a score file (.tsv); it was not opened{others}")

    def _open(self, clip: str, name: str) -> tuple[bytes, _Member] | None:
        """Read one file and split it into its header and its other lines."""
        data, unread = self.tree.read(name, MAX_SCORE_FILE_BYTES)
        if data is None:
            self.findings += unread
            return None
        self.run.checksums[clip] = len(data), zlib.crc32(data)
        if kind := kind_of_bytes(data[:512]):
            self._add(OUTPUT_KIND, name, f"{kind} under the name of a score file")
            return None
        lines, unclear = split_lines(data, partial(self.tree.where, name))
        if lines is None:
            self.findings += unclear
            return None
        header, body, ended = lines
        if not ended:
            self.cut.append((clip, name))
        return header, _Member(name, clip, body)

    def _parse_all(self, waiting: Mapping[bytes, list[_Member]]) -> None:
        """Parse and check the files that have been read so far: those of one header together, or else one by one."""
        for header, members in waiting.items():
            columns = column_order(header, self.classes)
            if columns is None:
                self.findings += [wrong_header(self.tree.where(one.name), header, self.classes) for one in members]
                continue
            for member in members:
                if not member.body:
                    self._add(TABLE_EMPTY, member.name, "no frames")
            self._parse([member for member in members if member.body], header, columns)

    def _parse(self, members: Sequence[_Member], header: bytes, columns: Sequence[int]) -> None:
        """Parse files together; if that fails one by one, and say which lines are to blame."""
        text = b"".join([member.body for member in members])
        first_row = np.cumsum([0, *(_line_ends(member.body) for member in members)])
        rows = numbers(text, int(first_row[-1]), len(columns)) if members else None
        if rows is not None:
            self._take(members, first_row, rows, columns)
        elif len(members) > 1:
            for member in members:
                self._parse([member], header, columns)
        elif members:
            (member,) = members
            self.unread.append(member.name)
            if len(self.unread) <= _SHOWN_FILES:
                self.explained += explain_lines(member.body, self.tree.where(member.name), header, len(columns))

    def _take(self, members: Sequence[_Member], first_row: Any, rows: Any, columns: Sequence[int]) -> None:
        """Check times and values of all frames of a block, and keep what is wanted of it."""
        times_us = self._check_times(members, rows, first_row)
        self._check_values(members, rows, first_row)
        if self.keep and not self.explained and not has_errors(self.findings):
            clips = [member.clip for member in members]
            self.blocks.append(Block(clips, np.diff(first_row), times_us, rows.T[[columns[at] for at in self.kept]]))

    def _check_times(self, members: Sequence[_Member], rows: Any, first_row: Any) -> Any:
        """Check that frames follow each other; returns their times in microseconds, shape (2, n_frames)."""
        times_s = rows[:, :2].T
        absurd = (np.abs(times_s) > MAX_TIME_S).any(axis=0)
        onset_us, offset_us = times_us = to_us(np.where(absurd, 0.0, times_s))
        before_us = np.append(0, offset_us[:-1])
        before_us[first_row[:-1]] = 0
        gap = np.abs(onset_us - before_us) > _GAP_TOLERANCE_US
        wrong = dict(_first_of_each(first_row, absurd | gap | (offset_us <= onset_us)))
        for owner, row in wrong.items():
            line = row - int(first_row[owner]) + 2
            message = f"frame from {times_s[0, row]:g} to {times_s[1, row]:g} s "
            if gap[row]:
                after = f"does not follow the one that ends at {before_us[row] / 1e6:g} s"
                message += "is the first; frames begin at 0 s" if line == 2 else after
            else:
                message += "has no length" if not absurd[row] else "lies beyond any clip"
            self._add(SCORE_TIMES, members[owner].name, message, line)
        ends_s, counts = times_s[1, first_row[1:] - 1].tolist(), np.diff(first_row).tolist()
        for owner, (member, end_s, count) in enumerate(zip(members, ends_s, counts, strict=True)):
            if owner not in wrong:
                self.run.ends[member.clip] = end_s, count
        return times_us

    def _check_values(self, members: Sequence[_Member], rows: Any, first_row: Any) -> None:
        values = rows[:, 2:]
        low, high = float(values.min()), float(values.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        if low >= 0 and high <= 1:
            return
        for owner, row in _first_of_each(first_row, ((values < 0) | (values > 1)).any(axis=1)):
            value = next(value for value in values[row] if not 0 <= value <= 1)
            message = f"a score outside 0 to 1 in the frame at {rows[row, 0]:g} s"
            line = row - int(first_row[owner]) + 2
            self._add(SCORE_VALUE, members[owner].name, message, line, expected="0 to 1", found=f"{value:g}")

    def _compare_files(self) -> None:
        """What shows only beside the other files: files cut short, and one file under two names."""
        run = self.run
        if (n_more := len(self.unread) - _SHOWN_FILES) > 0:
            message = f"{self.explained[-1].message} (and {n_more:,} more files of this run cannot be read as numbers)"
            self.explained[-1] = replace(self.explained[-1], message=message)
        self.findings += self.explained
        if 2 * len(self.cut) <= len(run.checksums):
            for clip, name in self.cut:
                if clip in run.ends:
                    self._add(
                        SCORE_FILE_CUT,
                        name,
                        "no line break at the end, unlike the other files: the file may be cut short",
                    )
        if run.ends and self.low >= self.high:
            self._add(SCORES_CONSTANT, run.folder, f"every score of the run is {self.low:g}")
        first: dict[tuple[int, int], str] = {}
        for clip in run.ends if self.low < self.high else ():
            name, other = run.files[clip], run.files[first.setdefault(run.checksums[clip], clip)]
            if other != name and same_content(self.tree, {"": name}, self.tree, {"": other}):
                shown = other.rpartition("/")[2]
                self._add(CLIPS_IDENTICAL, name, f"the same scores, byte for byte, as in {shown}")


def _keep_freed_memory() -> None:
    """Let the C library of Linux keep what is freed, up to this size, instead of fetching every block's memory anew.

    It learns the size from the largest piece that was freed. Nothing is written to the piece, so it costs no memory.
    """
    np.empty(16_000_000, dtype=np.uint8)


def _line_ends(text: bytes) -> int:
    """How many lines end in a text; numpy counts them in half the time of ``bytes.count``."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")))


def _not_read(tree: Tree, folder: str) -> list[Finding]:
    """What is wrong with entries of a folder that are not part of the tree: links and other kinds."""
    place = tree.where(folder)
    beginning = f"{place.member or place.file}/"
    return [one for one in tree.problems() if (one.where.member or one.where.file).startswith(beginning)]


def _first_of_each(first_row: Any, bad: Any) -> Iterator[tuple[int, int]]:
    """For each file with a bad row: its number, and the first such row of the block."""
    rows = np.flatnonzero(bad)
    owners = np.searchsorted(first_row, rows, side="right") - 1
    for owner, at in zip(*np.unique(owners, return_index=True), strict=True):
        yield int(owner), int(rows[at])
