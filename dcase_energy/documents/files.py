"""Read untrusted files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from dcase_energy.documents.rules import FILE_UNREADABLE, TABLE_LIMIT
from dcase_energy.errors import NotPlainError, TooLargeError
from dcase_energy.findings import Finding, Where
from dcase_energy.text import printable

# First bytes of the kinds of file that come in place of a zip archive or a table.
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"%PDF-", "a PDF"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x80\x04\x95", "a pickle"),
    (b"\xd0\xcf\x11\xe0", "a file of an old office program"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\x89HDF", "an HDF5 file"),
    (b"RIFF", "an audio file"),
    (b"fLaC", "an audio file"),
)
_MAGICS = tuple(magic for magic, _ in _MAGIC)
_PIECE = 1 << 20


def kind_of_bytes(head: bytes) -> str | None:
    """What a file is by its first 512 bytes, in words; None if it may be text."""
    if head.startswith(_MAGICS):
        return next(kind for magic, kind in _MAGIC if head.startswith(magic))
    return "a tar archive" if head[257:262] == b"ustar" else None


def kind_of_file(path: Path) -> str | None:
    """What a plain file is by its first bytes; None if it may be text or cannot be read."""
    try:
        with open_plain(path) as file:
            return kind_of_bytes(file.read(512))
    except (OSError, ValueError):
        return None


def open_plain(path: Path | str) -> BinaryIO:
    """Open a plain file for reading. A link is followed; folders, pipes, sockets and devices are refused unopened.

    Raises
    ------
    OSError
        If it cannot be opened; `NotPlainError` if it is not a regular file.
    """
    return os.fdopen(_open(path)[0], "rb")


def _open(path: Path | str) -> tuple[int, int]:
    """Open a plain file; returns its handle and its size in bytes."""
    _refuse_special(os.stat(path).st_mode)  # noqa: PTH116 - a text is not made a Path for each of thousands
    # Not blocking: between the look and the opening a pipe may take the file's place.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        found = os.fstat(handle)
        _refuse_special(found.st_mode)
    except OSError:
        os.close(handle)
        raise
    return handle, found.st_size


def _refuse_special(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "special file"
        raise NotPlainError(None, f"not a plain file but a {kind}")


def load_bytes(path: Path | str, limit_bytes: int) -> bytes:
    """Read a plain file of at most so many bytes. Others are refused before anything is read from them.

    Raises
    ------
    OSError
        If it cannot be read; `NotPlainError` if it is not a regular file, `TooLargeError` if it is larger.
    """
    # A file object costs as much as reading a small file.
    handle, size = _open(path)
    try:
        # Files of /proc say that they are empty. Room for what is asked for is made first: never for the whole limit.
        most = 0 if size > limit_bytes else size or limit_bytes + 1
        data = os.read(handle, min(most, size or _PIECE))
        while 0 < len(data) < most and (more := os.read(handle, min(most - len(data), _PIECE))):
            data += more
    finally:
        os.close(handle)
    if max(size, len(data)) > limit_bytes:
        raise TooLargeError(None, f"the file has {max(size, len(data)):,} bytes; at most {limit_bytes:,} are read")
    return data


def read_bytes(path: Path | str, limit_bytes: int, shown_as: str | None = None) -> tuple[bytes | None, list[Finding]]:
    """Read a plain file as `load_bytes` does; None where that cannot be, with the finding that says why."""

    def where() -> Where:
        return Where(printable(shown_as if shown_as is not None else str(path)))

    try:
        return load_bytes(path, limit_bytes), []
    except TooLargeError as error:
        message, _, most = str(error.strerror).partition("; ")
        return None, [TABLE_LIMIT.finding(where(), message, expected=most.removesuffix(" are read"))]
    except NotPlainError as error:
        return None, [FILE_UNREADABLE.finding(where(), str(error.strerror))]
    except (OSError, ValueError) as error:
        # A name with a NUL is a ValueError.
        reason = getattr(error, "strerror", None) or error
        return None, [FILE_UNREADABLE.finding(where(), f"cannot be read: {reason}")]
