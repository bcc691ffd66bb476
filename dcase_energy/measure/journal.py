"""The journal of a session: one JSON line an entry, synced to disk, each line sealed by the one before.

A record is computed from its journal and can be computed again by anybody. The chain of hashes shows an entry that was
changed or removed later; it cannot show that the whole journal was invented.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

_FIRST = "0" * 64


class JournalError(ValueError):
    """A journal is not what was written; the message names the line."""


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces, the same bytes for the same value.

    Raises
    ------
    ValueError
        If the value holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class JournalWriter:
    """Appends entries to a journal file; each is on disk when `write` returns.

    Parameters
    ----------
    path
        A file that does not exist yet.
    resume
        Go on behind the last whole line of a file that exists; a torn line after it is cut off.

    Raises
    ------
    FileExistsError, FileNotFoundError
        If the file is there although not resumed, or the other way round.
    JournalError
        If what is there is no journal.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self._previous = _FIRST
        if resume:
            entries = read_journal(path)
            self._previous = journal_digest(entries)
            with path.open("r+b") as file:
                file.truncate(file.read().rfind(b"\n") + 1)
        self._file: TextIO = path.open("a" if resume else "x", encoding="utf-8")

    @property
    def empty(self) -> bool:
        """Whether nothing has been written yet."""
        return self._previous == _FIRST

    def write(self, entry: str, **fields: Any) -> None:
        """Append an entry of the given name."""
        line = canonical_json({"entry": entry, "previous": self._previous, **fields})
        self._previous = sha256_text(line)
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def fresh_journal(path: Path) -> JournalWriter:
    """Begin a journal anew.

    One that was cut off is moved aside (``.interrupted-1.jsonl``, ...), not lost: it holds what was measured.
    """
    if path.exists():
        try:
            entries = read_journal(path)
            finished = not entries or entries[-1].get("entry") == "finish"
        except JournalError:
            finished = False
        if finished:
            path.unlink()
        else:
            stem = path.name.removesuffix(".journal.jsonl")
            number = 1
            while (aside := path.with_name(f"{stem}.interrupted-{number}.jsonl")).exists():
                number += 1
            path.rename(aside)
    return JournalWriter(path)


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Read the entries of a journal and check their chain.

    A torn last line, which a killed process leaves, is dropped.

    Raises
    ------
    JournalError
        If a line is not JSON or does not follow from the one before.
    """
    try:
        data = path.read_bytes()
        return parse_journal(data, str(path))
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from None


def parse_journal(data: bytes, path: str) -> list[dict[str, Any]]:
    """Read the entries of a journal from bytes; see `read_journal`."""
    lines = data.split(b"\n")
    lines.pop()  # what stands after the last newline: nothing, or a torn line
    entries: list[dict[str, Any]] = []
    previous = _FIRST
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise JournalError(f"{path}:{number}: not a journal line ({reason})") from None
        if not isinstance(entry, dict) or entry.get("previous") != previous:
            raise JournalError(f"{path}:{number}: does not follow from the line before; the journal was changed")
        previous = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    return entries


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not allowed")


def journal_digest(entries: list[dict[str, Any]]) -> str:
    """SHA-256 of the last entry's line, which seals all before it."""
    return sha256_text(canonical_json(entries[-1])) if entries else _FIRST


def sealed(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record without its own ``digest``."""
    return sha256_text(canonical_json({key: value for key, value in record.items() if key != "digest"}))
