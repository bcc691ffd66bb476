"""Reading every score file of a run without ground truth, in memory that does not grow with the run.

Files are joined to blocks of a few megabytes and parsed together; the fast way only accepts. What it cannot accept is
read again, file by file and line by line, to say what is wrong. Findings of one kind are shown for the first files of a
run and counted for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from dcase_energy.documents.files import kind_of_bytes
from dcase_energy.documents.names import folded
from dcase_energy.documents.rules import TABLE_EMPTY, TABLE_ENCODING
from dcase_energy.documents.tree import Tree
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.rules import SCORE_TIMES, SCORE_VALUE
from dcase_energy.scoring.score_header import column_order, header_finding
from dcase_energy.scoring.score_numbers import numbers
from dcase_energy.submission.output_lines import explain_lines
from dcase_energy.submission.output_rules import CLIP_TWICE, OUTPUT_KIND

MAX_SCORE_FILE_BYTES = 50_000_000
SHOWN = 3
_BLOCK_BYTES = 8_000_000
_GAP_TOLERANCE_S = 1e-3
_AUDIO = (".wav", ".flac", ".ogg", ".mp3")
# Nothing else occurs in a table of plain decimal numbers: not nan, inf, 0x10, 1_0, blanks, quotes or other digits.
_NUMBERS = b"0123456789.eE+-\t\r\n"


@dataclass(frozen=True)
class _Member:
    """A score file on its way: name in the tree, clip, what follows its header."""

    name: str
    clip: str
    body: bytes


@dataclass
class Run:
    """What is kept of a run's outputs.

    Attributes
    ----------
    folder
        The run's folder in the tree.
    digests
        SHA-256 of each clip's file.
    ends_s
        Where the frames of each clip end, in seconds; clips whose file cannot be used are not in it.
    low, high
        Smallest and largest score.
    findings
        What is wrong with the files.
    """

    folder: str
    digests: dict[str, bytes] = field(default_factory=dict)
    ends_s: dict[str, float] = field(default_factory=dict)
    low: float = 1.0
    high: float = 0.0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Outputs:
    """What was found in the output folders of a system: one `Run` a folder, by number of the run."""

    runs: dict[int, Run] = field(default_factory=dict)
    unprocessed: dict[int, Run] = field(default_factory=dict)


def read_run(tree: Tree, names: Sequence[str], classes: Sequence[str]) -> Run:
    """Read all files of one output folder, each once."""
    import hashlib

    run = Run(str(PurePosixPath(names[0]).parent))
    notes = _Notes()
    waiting: dict[bytes, list[_Member]] = {}
    n_bytes = 0
    for clip, name in _score_files(tree, names, notes):
        data = tree.read(name, MAX_SCORE_FILE_BYTES)
        if isinstance(data, Finding):
            notes.add(data)
            continue
        run.digests[clip] = hashlib.sha256(data).digest()
        if kind := kind_of_bytes(data[:512]):
            notes.add(OUTPUT_KIND.finding(tree.where(name), f"{kind} under the name of a score file"))
            continue
        header, _, body = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
        waiting.setdefault(header.rstrip(b"\r"), []).append(_Member(name, clip, body))
        n_bytes += len(body)
        if n_bytes > _BLOCK_BYTES:
            _judge(waiting, run, tree, classes, notes)
            waiting, n_bytes = {}, 0
    _judge(waiting, run, tree, classes, notes)
    run.findings = notes.findings()
    return run


def _score_files(tree: Tree, names: Sequence[str], notes: _Notes) -> Iterator[tuple[str, str]]:
    """Clip and name of each file to read; files of other kinds are refused by name and never opened."""
    seen: dict[str, str] = {}
    for name in names:
        clip, dot, suffix = name.rpartition("/")[2].rpartition(".")
        if dot + suffix != ".tsv":
            notes.add(OUTPUT_KIND.finding(tree.where(name), "not a score file (.tsv); it was not opened"))
            continue
        if clip.lower().endswith(_AUDIO):
            clip = clip.rpartition(".")[0]
        if (key := folded(clip)) in seen:
            other = seen[key].rpartition("/")[2]
            notes.add(CLIP_TWICE.finding(tree.where(name), f"clip {clip} also has the file {other}"))
            continue
        seen[key] = name
        yield clip, name


def _judge(waiting: dict[bytes, list[_Member]], run: Run, tree: Tree, classes: Sequence[str], notes: _Notes) -> None:
    """Parse and check the files that have been read so far; files of one header together."""
    for header, members in waiting.items():
        columns = column_order(header, classes)
        if columns is None:
            for member in members:
                notes.add(_wrong_header(tree.where(member.name), header, classes))
            continue
        # Nothing is copied to see it.
        filled = [member for member in members if member.body and not member.body.isspace()]
        for member in members:
            if not member.body or member.body.isspace():
                notes.add(TABLE_EMPTY.finding(tree.where(member.name), "no frames"))
        for block in _blocks(filled, len(columns), notes):
            if isinstance(block, _Member):
                for finding in explain_lines(block.body, tree.where(block.name), header, len(columns)):
                    notes.add(finding)
            else:
                _check(block, run, tree, notes)


def _wrong_header(where: Where, header: bytes, classes: Sequence[str]) -> Finding:
    where = replace(where, line=1)
    try:
        text = header.decode()
    except UnicodeDecodeError as error:
        return TABLE_ENCODING.finding(where, f"byte 0x{header[error.start]:02x} is not UTF-8")
    if "\x00" in text:
        return TABLE_ENCODING.finding(where, "NUL bytes: a file in UTF-16, or no text")
    return header_finding(where, text, classes)


@dataclass(frozen=True)
class _Block:
    """Files of one header parsed together: a row of (onset, offset, scores...) each frame, shape (rows, columns)."""

    members: Sequence[_Member]
    rows: Any
    first_row: Any


def _blocks(members: Sequence[_Member], n_columns: int, notes: _Notes) -> Iterator[_Block | _Member]:
    """All files in one block; if that fails one by one, those that cannot be parsed as they are."""
    together = _parse(members, n_columns) if members else None
    if together is not None:
        yield together
        return
    for member in members:
        alone = _parse([member], n_columns)
        if alone is not None:
            yield alone
        elif notes.explained < SHOWN:
            notes.explained += 1
            yield member
        else:
            notes.unexplained += 1


def _parse(members: Sequence[_Member], n_columns: int) -> _Block | None:
    """Parse files together; None if anything in them is not a finite decimal number or a row is ragged."""
    import numpy as np

    bodies = [member.body.rstrip(b"\r\n") + b"\n" for member in members]
    joined = b"".join(bodies)
    if joined.translate(None, _NUMBERS):
        return None
    lines = np.array([body.count(b"\n") for body in bodies], dtype=np.int64)
    rows = numbers(joined, int(lines.sum()), n_columns)
    return None if rows is None else _Block(members, rows, np.append(0, np.cumsum(lines)))


def _check(block: _Block, run: Run, tree: Tree, notes: _Notes) -> None:
    """Times and values of all frames of a block."""
    import numpy as np

    onset, offset, scores = block.rows[:, 0], block.rows[:, 1], block.rows[:, 2:]
    first = block.first_row[:-1]
    before = np.empty_like(offset)
    before[1:] = offset[:-1]
    before[first] = 0.0
    bad = (np.abs(onset - before) > _GAP_TOLERANCE_S) | (offset <= onset)
    for member, row, line in _first_of_each(block, bad):
        message = (
            f"frame from {onset[row]:g} to {offset[row]:g} s does not follow the one that ends at {before[row]:g} s"
        )
        notes.add(SCORE_TIMES.finding(replace(tree.where(member.name), line=line), message))
    low, high = float(scores.min()), float(scores.max())
    run.low, run.high = min(run.low, low), max(run.high, high)
    if low < 0 or high > 1:
        for member, row, line in _first_of_each(block, ((scores < 0) | (scores > 1)).any(axis=1)):
            value = next(value for value in scores[row] if not 0 <= value <= 1)
            message = f"a score outside 0 to 1 in the frame at {onset[row]:g} s"
            where = replace(tree.where(member.name), line=line)
            notes.add(SCORE_VALUE.finding(where, message, expected="0 to 1", found=f"{value:g}"))
    for member, end_s in zip(block.members, offset[block.first_row[1:] - 1], strict=True):
        run.ends_s[member.clip] = float(end_s)


def _first_of_each(block: _Block, bad: Any) -> Iterator[tuple[_Member, int, int]]:
    """For each file with a bad row: the file, the first such row of the block, and its line."""
    import numpy as np

    rows = np.flatnonzero(bad)
    owners = np.searchsorted(block.first_row, rows, side="right") - 1
    for owner, at in zip(*np.unique(owners, return_index=True), strict=True):
        row = int(rows[at])
        yield block.members[owner], row, row - int(block.first_row[owner]) + 2


class _Notes:
    """Collects the findings of a run: of each rule the first files', and how many more there are."""

    def __init__(self) -> None:
        self.explained = 0
        self.unexplained = 0
        self._kept: dict[str, list[Finding]] = {}
        self._more: dict[str, set[tuple[str, str | None]]] = {}

    def add(self, finding: Finding) -> None:
        kept = self._kept.setdefault(finding.code, [])
        files = {(one.where.file, one.where.member) for one in kept}
        place = (finding.where.file, finding.where.member)
        if place in files or len(files) < SHOWN:
            kept.append(finding)
        else:
            self._more.setdefault(finding.code, set()).add(place)

    def findings(self) -> list[Finding]:
        found: list[Finding] = []
        for code, kept in self._kept.items():
            more = len(self._more.get(code, ()))
            found += kept[:-1]
            found.append(_with_more(kept[-1], more))
        if self.unexplained and found:
            message = f"{self.unexplained:,} more files of this run cannot be read as numbers either"
            found.append(replace(found[0], message=message, expected=None, found=None, where=_folder(found[0].where)))
        return found


def _with_more(finding: Finding, more: int) -> Finding:
    return replace(finding, message=f"{finding.message} (and {more:,} more files of this run)") if more else finding


def _folder(where: Where) -> Where:
    if where.member is None:
        return Where(where.file.rpartition("/")[0])
    return Where(where.file, where.member.rpartition("/")[0])
