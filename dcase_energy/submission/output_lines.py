"""Reading a score file slowly, to say which of its lines and cells are to blame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.rules import TABLE_ENCODING, TABLE_NUMBER, TABLE_ROW
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.rules import SCORE_VALUE

_SHOWN = 3
_NUMBER = rb"[-+]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]{1,2})?+"
_NOT_A_NUMBER = frozenset({"nan", "inf", "infinity", "none", "null", "na", "n/a"})


def explain_lines(body: bytes, where: Where, header: bytes, n_columns: int) -> Iterator[Finding]:
    """Findings of the first bad lines of a score file (what follows its header).

    Lines that are right are skipped by one regular expression, so a bad line at the end of a large file is found fast.
    """
    names = header.decode("utf-8", errors="replace").split("\t")
    row = rb"%s(?:\t%s){%d}\r?(?:\n|\Z)" % (_NUMBER, _NUMBER, n_columns - 1)
    good = re.compile(rb"(?:%s)*+" % row)
    body = body.rstrip(b"\r\n")
    at = shown = 0
    while shown < _SHOWN:
        match = good.match(body, at)
        at = at if match is None else match.end()
        if at >= len(body):
            break
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        line = body.count(b"\n", 0, at) + 2
        yield _judge_line(body[at:end].removesuffix(b"\r"), replace(where, line=line), names)
        shown += 1
        at = end + 1
    if not shown:
        yield SCORE_VALUE.finding(where, "a number too large for any program")


def _judge_line(line: bytes, where: Where, names: list[str]) -> Finding:
    try:
        cells = line.decode().split("\t")
    except UnicodeDecodeError as error:
        return TABLE_ENCODING.finding(where, f"byte 0x{line[error.start]:02x} is not UTF-8")
    if len(cells) != len(names):
        found = "an empty line" if cells == [""] else str(len(cells))
        return TABLE_ROW.finding(where, "ragged row", expected=f"{len(names)} cells", found=found)
    for name, cell in zip(names, cells, strict=True):
        if parse_number(cell) is None:
            where = replace(where, path=name)
            found = repr(cell[:40]) if cell else "nothing"
            word = cell.strip().lstrip("+-").casefold()
            rule = SCORE_VALUE if word in _NOT_A_NUMBER else TABLE_NUMBER
            return rule.finding(where, f"column {name!r} is not a number", expected="a decimal number", found=found)
    return SCORE_VALUE.finding(where, "a number too large for any program")
