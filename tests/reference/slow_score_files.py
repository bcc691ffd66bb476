"""The slow, obvious twin of the reader of score files: character by character, line by line, cell by cell.

Written from what docs/scoring.md says of score files, without looking at the fast reader.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
TOLERANCE_S = Decimal("0.001")


class RefusedError(ValueError):
    """The file cannot be read."""


def lines_of(text: str) -> list[str]:
    """Lines that end in LF, with any CR just before it; or all in CR if the text contains no LF."""
    if "\n" not in text:
        lines = text.split("\r")
    else:
        lines = [line.rstrip("\r") for line in text.split("\n")[:-1]]
        lines.append(text.split("\n")[-1])
    while lines and not lines[-1].strip(" "):
        lines.pop()
    if any("\r" in line for line in lines):
        raise RefusedError("a CR inside a line")
    return lines


def read(data: bytes, classes: tuple[str, ...]) -> list[tuple[Decimal, Decimal, dict[str, float]]]:
    """Frames (onset, offset, scores) of a file."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        raise RefusedError("not UTF-8") from None
    lines = lines_of(text)
    if len(lines) < 2:
        raise RefusedError("no frames")
    names = lines[0].split("\t")
    if names[:2] != ["onset", "offset"] or sorted(names[2:]) != sorted(classes):
        raise RefusedError("another header")
    frames = []
    end = Decimal(0)
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != len(names) or not all(DECIMAL.fullmatch(cell) for cell in cells):
            raise RefusedError("not a row of numbers")
        scores = [float(cell) for cell in cells[2:]]
        if not all(math.isfinite(score) and 0 <= score <= 1 for score in scores):
            raise RefusedError("not a score")
        onset, offset = (Decimal(cell) for cell in cells[:2])
        if abs(onset - end) > TOLERANCE_S or offset <= onset or offset > 10**9:
            raise RefusedError("frames that do not follow each other")
        frames.append((onset, offset, dict(zip(names[2:], scores, strict=True))))
        end = offset
    return frames
