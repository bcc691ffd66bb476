"""The text of a score file: its lines, header and numbers, and what to say about a file that cannot be read."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dcase_energy.documents.names import folded
from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.rules import TABLE_EMPTY, TABLE_ENCODING, TABLE_LINE_ENDS, TABLE_NUMBER, TABLE_ROW
from dcase_energy.findings import Finding, Where
from dcase_energy.scoring.rules import SCORE_HEADER, SCORE_VALUE

_SHOWN_LINES = 3
_SHOWN_NAMES = 5
_NUMBER = rb"[-+]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]{1,2})?+"
_NOT_A_NUMBER = frozenset({"nan", "inf", "infinity", "none", "null", "na", "n/a"})
_TIMES = ("onset", "offset")
# Around a number, pandas takes no notice of these; all else that is not a number it refuses (a test tries each byte).
_BLANKS = (b" ", b"\v", b"\f", b"\r")


def split_lines(data: bytes, where: Callable[[], Where]) -> tuple[tuple[bytes, bytes, bool] | None, list[Finding]]:
    """Split a score file; None where its lines are not clear, with the finding that says why.

    Returns the first line without its end, all other lines, each with a line feed and without blank lines at the end,
    and whether the last line of the file had an end.

    Lines end in LF, CR LF, CR CR LF (written twice by a program on Windows), or all of them in CR. A CR anywhere else,
    and a blank line between other lines, are not guessed at. Blank lines at the end have no meaning.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        # The lookbehind starts each run of CRs once, however long it is.
        data = re.sub(rb"(?<!\r)\r++\n", b"\n", data) if b"\n" in data else data.replace(b"\r", b"\n")
        if (at := data.find(b"\r")) >= 0:
            place = replace(where(), line=data.count(b"\n", 0, at) + 1)
            return None, [TABLE_LINE_ENDS.finding(place, "a carriage return (CR) inside a line")]
    header, _, body = data.partition(b"\n")
    body = _without_blank_end(body)
    if not header.strip(b" ") and not body:
        return None, [TABLE_EMPTY.finding(where(), "the file is empty")]
    return (header, body, data.endswith(b"\n")), []


def _without_blank_end(body: bytes) -> bytes:
    """Remove the last lines that hold nothing, or only spaces; the line before them gets an end."""
    if body[-1:] == b"\n" and body[-2:-1] not in b"\n ":
        return body
    filled = len(body.rstrip(b"\n "))
    stop = body.find(b"\n", filled)
    return (body if stop < 0 else body[:stop]) + b"\n" if filled else b""


def numbers(body: bytes, n_rows: int, n_columns: int) -> Any:
    """Parse rows of plain decimal numbers separated by tabs, each with a line feed.

    Returns
    -------
    numpy.ndarray or None
        float64, shape (n_rows, n_columns), each the nearest double of its text; None if any cell is not a finite
        number or a row is ragged.
    """
    import pandas as pd

    if any(blank in body for blank in _BLANKS):
        return None
    options: dict[str, Any] = {"sep": "\t", "header": None, "engine": "c", "quoting": 3, "low_memory": False}
    options |= {"dtype": np.float64, "na_filter": False, "skip_blank_lines": False}
    try:
        rows = pd.read_csv(io.BytesIO(body), **options | exact_floats()).to_numpy()
    except (ValueError, OverflowError, pd.errors.ParserError):
        return None
    # The sum is finite if all are, and it is quick; it may overflow though all are.
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(rows.sum()) or np.isfinite(rows).all()
    return rows if finite and rows.shape == (n_rows, n_columns) else None


def exact_floats() -> dict[str, Any]:
    """What makes pandas read each number as the nearest double; from 3.1 on it does, and the option is deprecated."""
    import pandas as pd

    major, minor = (int(part) for part in pd.__version__.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}


def explain_lines(body: bytes, where: Where, header: bytes, n_columns: int) -> Iterator[Finding]:
    """Findings of the first bad lines of a score file (what follows its header), at least one.

    Lines that are right are skipped by one regular expression, so a bad line at the end of a large file is found fast.
    """
    names = header.decode("utf-8", errors="replace").split("\t")
    good = re.compile(rb"(?:%s(?:\t%s){%d}\n)*+" % (_NUMBER, _NUMBER, n_columns - 1))
    at = 0
    for _ in range(_SHOWN_LINES):
        match = good.match(body, at)
        start = at if match is None else match.end()
        if start >= len(body):
            break
        at = body.find(b"\n", start) + 1
        yield _bad_line(body[start : at - 1], replace(where, line=body.count(b"\n", 0, start) + 2), names)
    if not at:
        yield SCORE_VALUE.finding(where, "a number too large for any program")


def _bad_line(line: bytes, where: Where, names: list[str]) -> Finding:
    try:
        cells = line.decode().split("\t")
    except UnicodeDecodeError as error:
        return TABLE_ENCODING.finding(where, f"byte 0x{line[error.start]:02x} is not UTF-8")
    if not line.strip(b" "):
        return TABLE_ROW.finding(where, "an empty line between the rows", hint="remove the empty line")
    if len(cells) != len(names):
        message, hint = "ragged row", None
        if cells[-1] == "" and len(cells) > 1:
            message += ": its last cell is empty (a tab before the line end)"
            hint = "remove the tab at the line end"
        return TABLE_ROW.finding(where, message, expected=f"{len(names)} cells", found=str(len(cells)), hint=hint)
    for name, cell in zip(names, cells, strict=True):
        if parse_number(cell) is None:
            word = cell.strip().lstrip("+-").casefold()
            rule = SCORE_VALUE if word in _NOT_A_NUMBER and name not in _TIMES else TABLE_NUMBER
            return rule.finding(
                replace(where, path=name),
                f"column {name!r} is not a number",
                expected="a decimal number",
                found=repr(cell[:40]) if cell else "nothing",
                hint=None if parse_number(cell.strip()) is None else "remove the spaces around the number",
            )
    return SCORE_VALUE.finding(where, "a number too large for any program")


def column_order(header: bytes, classes: Sequence[str]) -> list[int] | None:
    """Column of onset, offset and each class; None if the header is not one of each."""
    names = header.decode("utf-8", errors="replace").split("\t")
    if tuple(names[:2]) != _TIMES or sorted(names[2:]) != sorted(classes):
        return None
    return [0, 1, *(names.index(name, 2) for name in classes)]


def wrong_header(where: Where, header: bytes, classes: Sequence[str]) -> Finding:
    """Say what is wrong with the first line of a file, and which columns were probably meant."""
    where = replace(where, line=1)
    try:
        text = header.decode()
    except UnicodeDecodeError as error:
        return TABLE_ENCODING.finding(where, f"byte 0x{header[error.start]:02x} is not UTF-8")
    if "\x00" in text:
        return TABLE_ENCODING.finding(where, "NUL bytes: a file in UTF-16, or no text")
    expected = f"onset, offset and the {len(classes)} classes, separated by tabs"
    if not text.strip(" "):
        return SCORE_HEADER.finding(where, "the first line is empty", expected=expected, hint="remove the empty line")
    names, wanted = text.split("\t"), [*_TIMES, *classes]
    missing = [name for name in wanted if name not in names]
    unknown = [name for name in names if name not in wanted]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    lists = {"missing": missing, "unknown": list(filter(None, unknown)), "more than once": doubled}
    parts = [
        f"{what}: {', '.join(map(_shown, which[:_SHOWN_NAMES]))}{', ...' if len(which) > _SHOWN_NAMES else ''}"
        for what, which in lists.items()
        if which
    ]
    if "" in names:
        last = names[-1] == ""
        parts.append("an empty last column (a tab before the line end)" if last else "an empty name (a tab too many)")
    message = "columns " + ("; ".join(parts) or "not in the order onset, offset, classes")
    found, hint = ", ".join(map(_shown, names))[:200], _advice(missing, unknown, text)
    return SCORE_HEADER.finding(where, message[:500], expected=expected, found=found, hint=hint)


def _shown(name: str) -> str:
    """A column name, quoted where it would not be seen as it is: empty, or with spaces or odd characters."""
    return name if name and name.isprintable() and not set(name) & set(" \u00a0") and name.isascii() else repr(name)


def _advice(missing: Sequence[str], unknown: Sequence[str], header: str) -> str | None:
    if "\t" not in header and ("," in header or ";" in header):
        return "separate the columns by tabs"
    if "" in unknown:
        return "remove the tab from the header, and from every row that has it"
    by_form = {_form(name): name for name in missing}
    near = [(name, difflib.get_close_matches(_form(name[:100]), by_form, 1, 0.75)) for name in unknown[:_SHOWN_NAMES]]
    renamed = ", ".join(f"{name!r:.60} as {by_form[match[0]]!r}" for name, match in near if match)
    return f"write {renamed}" if renamed else None


def _form(name: str) -> str:
    """A name without what people get wrong in it: case, spaces, underscores, confusable letters."""
    return "_".join(folded(name).replace("_", " ").split())
