"""The lines of a score file: where they end, and which of them are to blame when the file cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.rules import TABLE_EMPTY, TABLE_ENCODING, TABLE_LINE_ENDS, TABLE_NUMBER, TABLE_ROW
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.rules import SCORE_VALUE

_SHOWN = 3
_NUMBER = rb"[-+]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]{1,2})?+"
_NOT_A_NUMBER = frozenset({"nan", "inf", "infinity", "none", "null", "na", "n/a"})
_TIMES = ("onset", "offset")


@dataclass(frozen=True)
class Lines:
    """A score file in two pieces.

    Attributes
    ----------
    header
        First line, without its end.
    body
        All other lines, each with a line feed; without blank lines at the end.
    ended
        Whether the last line of the file had an end.
    """

    header: bytes
    body: bytes
    ended: bool


def split_lines(data: bytes, where: Where) -> Lines | Finding:
    """Split a score file, or say why its lines are not clear.

    Lines end in LF, CR LF, CR CR LF (written twice by a program on Windows), or all of them in CR. A CR anywhere else,
    and a blank line between other lines, are not guessed at. Blank lines at the end have no meaning.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = _with_line_feeds(data)
        at = data.find(b"\r")
        if at >= 0:
            line = data.count(b"\n", 0, at) + 1
            return TABLE_LINE_ENDS.finding(replace(where, line=line), "a carriage return (CR) inside a line")
    ended = data.endswith(b"\n")
    header, _, body = data.partition(b"\n")
    body = _without_blank_end(body)
    if not header.strip(b" ") and not body:
        return TABLE_EMPTY.finding(where, "the file is empty")
    return Lines(header, body, ended)


def _with_line_feeds(data: bytes) -> bytes:
    data = data.replace(b"\r\n", b"\n")
    if b"\r" not in data:
        return data
    return re.sub(rb"\r+\n", b"\n", data) if b"\n" in data else data.replace(b"\r", b"\n")


def _without_blank_end(body: bytes) -> bytes:
    """The lines without the last ones that hold nothing, or nothing but blanks."""
    if not body.endswith(b"\n"):
        body += b"\n"
    while True:
        before = body.rfind(b"\n", 0, -1) + 1
        if body[before:-1].strip(b" "):
            return body
        body = body[:before].rstrip(b"\n")
        if not body:
            return body
        body += b"\n"


def explain_lines(body: bytes, where: Where, header: bytes, n_columns: int) -> Iterator[Finding]:
    """Findings of the first bad lines of a score file (what follows its header), at least one.

    Lines that are right are skipped by one regular expression, so a bad line at the end of a large file is found fast.
    """
    names = header.decode("utf-8", errors="replace").split("\t")
    row = rb"%s(?:\t%s){%d}\n" % (_NUMBER, _NUMBER, n_columns - 1)
    good = re.compile(rb"(?:%s)*+" % row)
    at = shown = 0
    while shown < _SHOWN:
        match = good.match(body, at)
        at = at if match is None else match.end()
        if at >= len(body):
            break
        end = body.find(b"\n", at)
        line = body.count(b"\n", 0, at) + 2
        yield _judge_line(body[at:end], replace(where, line=line), names)
        shown += 1
        at = end + 1
    if not shown:
        yield SCORE_VALUE.finding(where, "a number too large for any program")


def _judge_line(line: bytes, where: Where, names: list[str]) -> Finding:
    try:
        cells = line.decode().split("\t")
    except UnicodeDecodeError as error:
        return TABLE_ENCODING.finding(where, f"byte 0x{line[error.start]:02x} is not UTF-8")
    if not line.strip(b" "):
        return TABLE_ROW.finding(where, "an empty line between the rows", hint="remove the empty line")
    if len(cells) != len(names):
        return _ragged(cells, where, len(names))
    for name, cell in zip(names, cells, strict=True):
        if parse_number(cell) is None:
            where = replace(where, path=name)
            found = repr(cell[:40]) if cell else "nothing"
            word = cell.strip().lstrip("+-").casefold()
            rule = SCORE_VALUE if word in _NOT_A_NUMBER and name not in _TIMES else TABLE_NUMBER
            message = f"column {name!r} is not a number"
            hint = "remove the blanks around the number" if parse_number(cell.strip()) is not None else None
            return rule.finding(where, message, expected="a decimal number", found=found, hint=hint)
    return SCORE_VALUE.finding(where, "a number too large for any program")


def _ragged(cells: list[str], where: Where, wanted: int) -> Finding:
    expected, found = f"{wanted} cells", str(len(cells))
    if cells[-1] == "" and len(cells) > 1:
        message = "ragged row: its last cell is empty (a tab before the line end)"
        return TABLE_ROW.finding(where, message, expected=expected, found=found, hint="remove the tab at the line end")
    return TABLE_ROW.finding(where, "ragged row", expected=expected, found=found)
