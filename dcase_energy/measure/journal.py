"""The journal of a session: one JSON line an entry, synced to disk, each line sealed by the one before.

A record is computed from its journal and can be computed again by anybody. The chain of hashes shows an entry that was
changed or removed later; it cannot show that the whole journal was invented.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dcase_energy.documents.files import load_bytes
from dcase_energy.errors import JournalError, JournalUnwrittenError, RecordError
from dcase_energy.locks import lock_file

if TYPE_CHECKING:
    from dcase_energy.measure.entries import Entries, JournalEntry

# More than a month of readings: a long training must not end without its record.
MAX_OWN_BYTES = 1_000_000_000
_FIRST = "0" * 64
_Record = TypeVar("_Record")


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

    The file is locked until it is closed, so that no other process takes it for one that was cut off.

    Parameters
    ----------
    path
        A file that does not exist yet.
    resume
        Continue behind the last whole line of a file that exists; a torn line after it is cut off.

    Raises
    ------
    FileExistsError, FileNotFoundError
        If the file is there although not resumed, or the other way round.
    JournalError
        If what is there is no journal, or another process is writing it.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self._previous = _FIRST
        self._unwritten = b""
        flags = os.O_RDWR | (0 if resume else os.O_CREAT | os.O_EXCL) | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o666)
        try:
            if lock_file(self._handle, wait=not resume) is False:
                raise JournalError(f"{path}: another process is writing it")
            if resume:
                self._go_on()
            elif not names_still(path, self._handle):
                raise FileExistsError(f"{path} was moved while it was begun")
        except BaseException:
            os.close(self._handle)
            raise

    def _go_on(self) -> None:
        self._previous = journal_digest(read_journal(self.path))
        size = self.path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(self._handle, size)
        os.lseek(self._handle, size, os.SEEK_SET)

    @property
    def empty(self) -> bool:
        """Whether nothing has been written yet."""
        return self._previous == _FIRST

    def write(self, entry: str, **fields: Any) -> None:
        """Append an entry of the given name.

        Raises
        ------
        OSError
            If it cannot be written now (the disk is full); it is kept, and written with the next entry.
        """
        line = canonical_json({"entry": entry, "previous": self._previous, **fields})
        self._previous, self._unwritten = sha256_text(line), self._unwritten + line.encode() + b"\n"
        self._write_out()

    def _write_out(self) -> None:
        while self._unwritten:
            self._unwritten = self._unwritten[os.write(self._handle, self._unwritten) :]
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the file.

        Raises
        ------
        JournalUnwrittenError
            If entries can still not be written.
        """
        if self._handle < 0:
            return
        try:
            if self._unwritten:
                self._write_out()
        except OSError as error:
            raise JournalUnwrittenError(error, self._copy()) from None
        finally:
            os.close(self._handle)
            self._handle = -1

    def _copy(self) -> Path | None:
        """All entries in a file in the system's folder for temporary files; None if that cannot be written either."""
        try:
            handle, name = tempfile.mkstemp(prefix=f"{self.path.name.partition('.')[0]}-", suffix=".journal.jsonl")
            with os.fdopen(handle, "wb") as file, os.fdopen(os.dup(self._handle), "rb") as written:
                written.seek(0)
                file.write(written.read() + self._unwritten)
            return Path(name)
        except OSError:
            return None


def names_still(path: Path, handle: int) -> bool:
    """Whether a path still names an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def read_journal(path: Path) -> list[JournalEntry]:
    """Read the entries of a journal and check their chain.

    A torn last line, which a killed process leaves, is dropped.

    Raises
    ------
    JournalError
        If a line is not JSON or does not follow from the one before.
    """
    try:
        data = load_bytes(path, MAX_OWN_BYTES)
        return parse_journal(data, str(path))
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from None


def parse_journal(data: bytes, path: str) -> list[JournalEntry]:
    """Read the entries of a journal from bytes; see `read_journal`."""
    lines = data.split(b"\n")
    lines.pop()  # what stands after the last newline: nothing, or a torn line
    entries: list[Any] = []  # what is read may say anything
    previous = _FIRST
    for number, line in enumerate(lines, 1):
        try:
            entry = strict_json(line.decode())
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise JournalError(f"{path}:{number}: not a journal line ({reason})") from None
        if not isinstance(entry, dict) or entry.get("previous") != previous:
            raise JournalError(f"{path}:{number}: does not follow from the line before; the journal was changed")
        previous = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    return entries


def strict_json(text: str | bytes) -> Any:
    """Parse JSON.

    Raises
    ------
    ValueError
        If it is not JSON, holds NaN, infinity or a number too large to be one, or writes a key twice.
    """
    # A number of a thousand digits becomes infinity without a sign.
    return json.loads(text, parse_constant=_finite, parse_float=_finite, object_pairs_hook=_refuse_twice)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number:.20} is not allowed")
    return value


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is written twice")
    return table


def computed(compute: Callable[[Entries], _Record], entries: Entries, name: str) -> _Record:
    """Compute a record from a journal that may be invented, or of another program, although its chain holds.

    Raises
    ------
    JournalError
        If it is not the journal of such a record: whatever computing stumbles over is the journal's fault.
    """
    try:
        return compute(entries)
    except JournalError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, StopIteration) as error:
        raise JournalError(f"no record can be computed from {name} ({type(error).__name__})") from error


def journal_digest(entries: Entries) -> str:
    """SHA-256 of the last entry's line, which seals all before it."""
    return sha256_text(canonical_json(entries[-1])) if entries else _FIRST


def sealed(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record without its own ``digest``."""
    return sha256_text(canonical_json({key: value for key, value in record.items() if key != "digest"}))


def check_seal(document: Mapping[str, Any], name: str) -> None:
    """Raise `RecordError` unless the digest of a document is that of everything else in it."""
    try:
        holds = document["digest"] == sealed(document)
    except (KeyError, ValueError):  # a lone surrogate has no UTF-8
        holds = False
    if not holds:
        raise RecordError(f"{name} was changed after it was written: its digest does not match")
