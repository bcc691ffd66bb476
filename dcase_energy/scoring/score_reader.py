"""Reading the score files of one run, for validation and for scoring: one TSV a clip with ``onset offset class...``.

Files are joined to blocks of a few megabytes and parsed together; the fast way only accepts. What it cannot accept is
read again, file by file and line by line, to say what is wrong: a file is in the result, or a finding names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from dcase_energy.documents.files import kind_of_bytes
from dcase_energy.documents.names import folded
from dcase_energy.documents.rules import TABLE_EMPTY
from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, capped, has_errors
from dcase_energy.rules import Rule
from dcase_energy.scoring.rules import (
    CLIP_TWICE,
    CLIPS_IDENTICAL,
    OUTPUT_KIND,
    SCORE_FILE_CUT,
    SCORE_TIMES,
    SCORE_VALUE,
    SCORES_CONSTANT,
)
from dcase_energy.scoring.score_clips import clip_of_file
from dcase_energy.scoring.score_header import column_order, wrong_header
from dcase_energy.scoring.score_lines import explain_lines, split_lines
from dcase_energy.scoring.score_numbers import numbers

MAX_SCORE_FILE_BYTES = 50_000_000
_SHOWN_FILES = 3
_BLOCK_BYTES = 8_000_000
_GAP_TOLERANCE_US = 1_000
# Times beyond any clip, which would not fit into whole microseconds.
_MAX_TIME_S = 1e9
# Nothing else occurs in rows of plain decimal numbers: not nan, inf, 0x10, 1_0, blanks, quotes or other digits.
_NUMBERS = b"0123456789.eE+-\t\n"


@dataclass(frozen=True)
class _Member:
    """A score file to parse: name in the tree, clip, the lines below its header, and how many they are."""

    name: str
    clip: str
    body: bytes
    n_rows: int


@dataclass(frozen=True)
class Block:
    """Frames of some files, file after file: file i of ``clips`` has the rows ``first_row[i]:first_row[i + 1]``.

    ``values`` has one column a class, in the order of the classes; times are whole microseconds.
    """

    clips: Sequence[str]
    onset_us: Any
    offset_us: Any
    values: Any
    first_row: Any


@dataclass
class ScoreFiles:
    """What was read of the score files of a run.

    Attributes
    ----------
    folder
        The run's folder in the tree.
    files
        Name of the score file of each clip that has one, whether it can be used or not.
    named
        Clips that something in the folder is named after: score files, and entries that are not read (links, other
        kinds of file). Their scores are unusable, not missing.
    digests
        SHA-256 of each clip's file, of those that could be read.
    ends_s, n_frames
        Where the frames of each clip end, in seconds, and how many they are; only of clips whose file can be used.
    low, high
        Smallest and largest score.
    blocks
        The frames, where they were asked for and no file has an error.
    findings
        What is wrong with the files.
    """

    folder: str
    files: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    digests: dict[str, bytes] = field(default_factory=dict)
    ends_s: dict[str, float] = field(default_factory=dict)
    n_frames: dict[str, int] = field(default_factory=dict)
    low: float = 1.0
    high: float = 0.0
    blocks: list[Block] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def digest(self) -> bytes:
        """Of all its files with their clips; nothing where none could be read."""
        return hashlib.sha256(repr(sorted(self.digests.items())).encode()).digest() if self.digests else b""


def read_score_files(tree: Tree, names: Sequence[str], classes: Sequence[str], *, keep: bool = False) -> ScoreFiles:
    """Read all files of one output folder, each once, in memory that does not grow with the run unless they are kept.

    Parameters
    ----------
    tree, names
        Where the files are.
    classes
        The columns they must have, in any order.
    keep
        Whether the frames are wanted, each number as the nearest double of its text.
    """
    folder = names[0].rpartition("/")[0] if names else ""
    return _Reader(tree, ScoreFiles(folder), classes, keep).read(names)


class _Reader:
    """Reads one run."""

    def __init__(self, tree: Tree, run: ScoreFiles, classes: Sequence[str], keep: bool) -> None:
        self.tree, self.run, self.classes, self.keep = tree, run, classes, keep
        self.findings: list[Finding] = []
        self.explained: list[Finding] = []
        self.n_explained = self.n_unexplained = 0
        self.cut: list[tuple[str, str]] = []

    def read(self, names: Sequence[str]) -> ScoreFiles:
        waiting: dict[bytes, list[_Member]] = {}
        n_bytes = 0
        for clip, name in self._score_files(names):
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
            more="more files of this run",
        )
        return self.run

    def _add(
        self,
        rule: Rule,
        name: str,
        message: str,
        line: int | None = None,
        *,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        where = replace(self.tree.where(name), line=line)
        self.findings.append(rule.finding(where, message, expected=expected, found=found))

    def _score_files(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Clip and name of each file to read; files of other kinds are refused by name and never opened."""
        run = self.run
        seen: dict[str, str] = {}
        other_kinds: dict[str, list[str]] = {}
        for problem in not_read(self.tree, run.folder):
            run.named.add(clip_of_file(problem.where.member or problem.where.file))
            self.findings.append(problem)
        for name in names:
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
            more = f" (and {len(some) - 1:,} more {suffix} files)" if len(some) > 1 else ""
            self._add(OUTPUT_KIND, some[0], f"not a score file (.tsv); it was not opened{more}")

    def _open(self, clip: str, name: str) -> tuple[bytes, _Member] | None:
        """Read one file and split it into its header and its other lines."""
        data = self.tree.read(name, MAX_SCORE_FILE_BYTES)
        if isinstance(data, Finding):
            self.findings.append(data)
            return None
        self.run.digests[clip] = hashlib.sha256(data).digest()
        if kind := kind_of_bytes(data[:512]):
            self._add(OUTPUT_KIND, name, f"{kind} under the name of a score file")
            return None
        lines = split_lines(data, self.tree.where(name))
        if isinstance(lines, Finding):
            self.findings.append(lines)
            return None
        if not lines.ended:
            self.cut.append((clip, name))
        return lines.header, _Member(name, clip, lines.body, lines.body.count(b"\n"))

    def _parse_all(self, waiting: dict[bytes, list[_Member]]) -> None:
        """Parse and check the files that have been read so far; files of one header together."""
        for header, members in waiting.items():
            columns = column_order(header, self.classes)
            if columns is None:
                self.findings += [wrong_header(self.tree.where(one.name), header, self.classes) for one in members]
                continue
            filled = [member for member in members if member.body]
            for member in members:
                if not member.body:
                    self._add(TABLE_EMPTY, member.name, "no frames")
            for some, rows in self._parse(filled, len(columns)):
                if rows is None:
                    self._explain(some[0], header, len(columns))
                else:
                    self._take(some, rows, columns)

    def _parse(self, members: Sequence[_Member], n_columns: int) -> Iterator[tuple[Sequence[_Member], Any]]:
        """All files with their numbers in one piece; if that fails one by one, without numbers where they fail."""
        together = _numbers_of(members, n_columns, exact=self.keep) if members else None
        if together is not None:
            yield members, together
            return
        for member in members:
            yield [member], _numbers_of([member], n_columns, exact=self.keep)

    def _explain(self, member: _Member, header: bytes, n_columns: int) -> None:
        """Say which lines are to blame, of the first files; the others are counted."""
        if self.n_explained < _SHOWN_FILES:
            self.n_explained += 1
            self.explained += explain_lines(member.body, self.tree.where(member.name), header, n_columns)
        else:
            self.n_unexplained += 1

    def _take(self, members: Sequence[_Member], rows: Any, columns: Sequence[int]) -> None:
        """Check times and values of all frames of a block, and keep what is wanted of it."""
        import numpy as np

        first_row = np.append(0, np.cumsum([member.n_rows for member in members]))
        times = self._check_times(members, rows, first_row)
        self._check_values(members, rows, first_row)
        if self.keep and not self.explained and not has_errors(self.findings):
            values = np.ascontiguousarray(rows[:, columns[2:]])
            self.run.blocks.append(Block([member.clip for member in members], *times, values, first_row))

    def _check_times(self, members: Sequence[_Member], rows: Any, first_row: Any) -> tuple[Any, Any]:
        """Check that frames follow each other; returns their times in microseconds."""
        import numpy as np

        from dcase_energy.scoring.data import to_us

        onset, offset = rows[:, 0], rows[:, 1]
        absurd = (np.abs(onset) > _MAX_TIME_S) | (np.abs(offset) > _MAX_TIME_S)
        onset_us, offset_us = (to_us(np.where(absurd, 0.0, times)) for times in (onset, offset))
        before_us = np.append(0, offset_us[:-1])
        before_us[first_row[:-1]] = 0
        bad = absurd | (np.abs(onset_us - before_us) > _GAP_TOLERANCE_US) | (offset_us <= onset_us)
        wrong = set()
        for owner, row in _first_of_each(first_row, bad):
            wrong.add(owner)
            line = row - int(first_row[owner]) + 2
            message = f"frame from {onset[row]:g} to {offset[row]:g} s "
            if line == 2 and abs(onset_us[row]) > _GAP_TOLERANCE_US:
                message += "is the first; frames begin at 0 s"
            elif abs(onset_us[row] - before_us[row]) > _GAP_TOLERANCE_US:
                message += f"does not follow the one that ends at {before_us[row] / 1e6:g} s"
            else:
                message += "has no length" if not absurd[row] else "lies beyond any clip"
            self._add(SCORE_TIMES, members[owner].name, message, line)
        for owner, (member, last) in enumerate(zip(members, first_row[1:] - 1, strict=True)):
            if owner not in wrong:
                self.run.ends_s[member.clip] = float(offset[last])
                self.run.n_frames[member.clip] = member.n_rows
        return onset_us, offset_us

    def _check_values(self, members: Sequence[_Member], rows: Any, first_row: Any) -> None:
        values = rows[:, 2:]
        low, high = float(values.min()), float(values.max())
        self.run.low, self.run.high = min(self.run.low, low), max(self.run.high, high)
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
        if self.n_unexplained:
            last = self.explained.pop()
            message = f"{last.message} (and {self.n_unexplained:,} more files of this run cannot be read as numbers)"
            self.explained.append(replace(last, message=message))
        self.findings += self.explained
        if 2 * len(self.cut) <= len(run.digests):
            for clip, name in self.cut:
                if clip in run.ends_s:
                    self._add(SCORE_FILE_CUT, name, "the last line has no end, unlike those of the other files")
        if run.ends_s and run.low >= run.high:
            where = self.tree.where(run.folder)
            self.findings.append(SCORES_CONSTANT.finding(where, f"every score of the run is {run.low:g}"))
        first: dict[bytes, str] = {}
        for clip in run.ends_s if run.low < run.high else ():
            if (other := first.setdefault(run.digests[clip], clip)) != clip:
                shown = run.files[other].rpartition("/")[2]
                self._add(CLIPS_IDENTICAL, run.files[clip], f"the same scores, byte for byte, as in {shown}")


def not_read(tree: Tree, folder: str) -> list[Finding]:
    """What is wrong with entries of a folder that are not part of the tree: links and other kinds."""
    place = tree.where(folder)
    beginning = f"{place.member or place.file}/"
    return [one for one in tree.problems() if (one.where.member or one.where.file).startswith(beginning)]


def _numbers_of(members: Sequence[_Member], n_columns: int, *, exact: bool) -> Any:
    """Rows of (onset, offset, scores...) of all files; None if anything in them is not a row of finite numbers."""
    joined = b"".join([member.body for member in members])
    if joined.translate(None, _NUMBERS):
        return None
    return numbers(joined, sum(member.n_rows for member in members), n_columns, exact=exact)


def _first_of_each(first_row: Any, bad: Any) -> Iterator[tuple[int, int]]:
    """For each file with a bad row: its number, and the first such row of the block."""
    import numpy as np

    rows = np.flatnonzero(bad)
    owners = np.searchsorted(first_row, rows, side="right") - 1
    for owner, at in zip(*np.unique(owners, return_index=True), strict=True):
        yield int(owner), int(rows[at])
