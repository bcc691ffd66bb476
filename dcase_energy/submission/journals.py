"""Journals as they arrive in packages: the lines are those that were written, what lies between them need not be."""

from __future__ import annotations

import json
import re
from typing import Any

from dcase_energy.errors import JournalError
from dcase_energy.measure.journal import canonical_json, journal_digest, parse_journal

_BLANKS = re.compile(r"[ \t\r\n]*")


def entries_of(data: bytes, name: str, digest: object) -> list[dict[str, Any]]:
    """The entries of a journal whose chain holds.

    Editors and version control change line ends and blanks, end a file without a new line or begin it with a mark of
    byte order. None of that changes an entry, so such a journal is read as it was written. The digest of the record
    beside it says which reading is meant; a journal that fits it in neither way is read as it lies there.

    Raises
    ------
    JournalError
        If the chain does not hold; the message names the line.
    """
    try:
        found = parse_journal(data, name)
    except JournalError:
        restored = _restored(data, name)
        if restored is None:
            raise
        return restored
    if journal_digest(found) != digest:
        restored = _restored(data, name)
        if restored is not None and journal_digest(restored) == digest:
            return restored
    return found


def _restored(data: bytes, name: str) -> list[dict[str, Any]] | None:
    """The entries of the same values, each on a line as the program writes it; None if they are no journal either."""
    try:
        return parse_journal(_as_written(data.decode("utf-8-sig")), name)
    except (ValueError, RecursionError):
        return None


def _as_written(text: str) -> bytes:
    decoder, lines, at = json.JSONDecoder(), [], _end_of_blanks(text, 0)
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        lines.append(canonical_json(value) + "\n")
        at = _end_of_blanks(text, at)
    return "".join(lines).encode()


def _end_of_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return at if match is None else match.end()
