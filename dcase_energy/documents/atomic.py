"""Writing files so that a reader finds the old one or the new one, never half of either."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def write_bytes(path: Path, data: bytes, *, replaces: Path | None = None) -> None:
    """Write beside the target, sync, then rename over it. A symbolic link is replaced, not followed.

    A replaced file keeps its mode, and its owner where the system allows that; a new one gets what the umask allows.
    Where the caller renames later, ``replaces`` names the file that is replaced in the end.

    Raises
    ------
    OSError
        If the folder does not exist or is not writable, or the disk is full; the old file is then untouched.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner_and_mode(Path(temporary), replaces or path)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _keep_owner_and_mode(new: Path, target: Path) -> None:
    """Give a file the owner and mode of the regular file that it replaces, or those of a new file."""
    try:
        old = target.lstat()
    except FileNotFoundError:
        old = None
    if old is None or not stat.S_ISREG(old.st_mode):
        new.chmod(0o666 & ~umask())
        return
    if os.name == "posix":
        with suppress(PermissionError):
            os.chown(new, old.st_uid, old.st_gid)
    # Last: a change of owner resets some bits.
    new.chmod(stat.S_IMODE(old.st_mode))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see `write_bytes`."""
    write_bytes(path, text.encode())


def umask() -> int:
    """Permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power loss (not needed, and not possible, on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
