"""Reading files that nobody vouches for."""

from __future__ import annotations

import stat
from pathlib import Path

from dcase_energy.documents.rules import FILE_UNREADABLE, TABLE_LIMIT
from dcase_energy.findings import Finding, Where


def read_bytes(path: Path, limit_bytes: int, shown_as: str | None = None) -> bytes | Finding:
    """Read a plain file, or say in a finding why not.

    Folders, pipes, sockets and devices are refused before anything is read from them.
    """
    where = Where(shown_as if shown_as is not None else str(path))
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            kind = "folder" if stat.S_ISDIR(info.st_mode) else "special file"
            return FILE_UNREADABLE.finding(where, f"not a plain file but a {kind}")
        if info.st_size > limit_bytes:
            message = f"the file has {info.st_size:,} bytes"
            return TABLE_LIMIT.finding(where, message, expected=f"at most {limit_bytes:,}")
        with path.open("rb") as file:
            return file.read(limit_bytes + 1)
    except OSError as error:
        return FILE_UNREADABLE.finding(where, f"cannot be read: {error.strerror or error}")
