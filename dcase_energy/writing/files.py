"""Writing files so that a reader finds the old one or the new one, never half of either."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def write_bytes(path: Path, data: bytes) -> None:
    """Write beside the target, sync, then rename over it; see `replacing`."""
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file to fill, which takes its place whole when the block ends without an error.

    A symbolic link is replaced, not followed. A replaced file keeps its mode, and its owner where the system allows
    that; a new one gets what the umask allows. What is there and is not a regular file (a pipe, a terminal,
    ``/dev/null``, also behind a link) is never replaced: what was filled is written to it.

    Raises
    ------
    OSError
        If the folder does not exist or is not writable, or the disk is full; the old file is then untouched.
    """
    if is_special(path):
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            _write_through(path, file)
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _keep_owner_and_mode(Path(temporary), path)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a set of files into a folder, which is made where there is none.

    All are written and synced beside their targets before the first is renamed. An interrupted call so leaves each file
    old or new, never half of either; renaming takes a moment, and only in that moment can some be old and others new.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; the old files are then untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name, content in files.items():
            file = stack.enter_context(replacing(folder / name))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def is_special(path: Path) -> bool:
    """Whether something is there that is neither a regular file nor a folder, links followed."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _write_through(path: Path, source: BinaryIO) -> None:
    """Copy to a pipe, terminal or other device that is there; a disk is refused."""
    if stat.S_ISBLK(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is a block device (a disk)")
    with open(os.open(path, os.O_WRONLY), "wb") as target:  # noqa: PTH123 - nothing is created or cut
        shutil.copyfileobj(source, target)


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


def why_not_writable(path: Path) -> str | None:
    """Why a file cannot be written, as far as that shows before any work is done; None where it seems that it can."""
    if is_special(path):
        return None if os.access(path, os.W_OK) else os.strerror(errno.EACCES)
    return os.strerror(errno.EISDIR) if path.is_dir() else _why_not_in(path.parent)


def why_no_folder(path: Path) -> str | None:
    """The same of a folder, which is made where it is missing."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return _why_not_in(path)


def _why_not_in(folder: Path) -> str | None:
    if not folder.exists():
        return os.strerror(errno.ENOENT)
    if not folder.is_dir():
        return os.strerror(errno.ENOTDIR)
    return None if os.access(folder, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see `write_bytes`."""
    write_bytes(path, text.encode())


def umask() -> int:
    """Permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power loss where the system can (not Windows, nor every network's disk)."""
    if os.name == "posix":
        with suppress(OSError):  # the file is in its place already
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
