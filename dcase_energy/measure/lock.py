"""One measuring session a host: two would count each other's work.

The lock is the kernel's: it is released when its process ends, however it ends, so it cannot go stale.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dcase_energy.errors import MeterError, SessionRunningError

LOCK_VARIABLE = "DCASE_ENERGY_LOCK"


def lock_path() -> Path:
    """The lock file; an environment variable names another."""
    return Path(os.environ.get(LOCK_VARIABLE) or Path(tempfile.gettempdir()) / "dcase-energy.lock")


@contextlib.contextmanager
def only_session(path: Path | None = None) -> Iterator[bool]:
    """Hold the host's lock; gives whether there is one (not where the system has no such locks).

    Raises
    ------
    SessionRunningError
        If another session holds it.
    """
    with _opened(lock_path() if path is None else path) as file:
        locked = lock_file(file.fileno())
        if locked is False:
            raise SessionRunningError(
                "another dcase-energy session measures on this machine; each would count the other's "
                "work. Wait until it ends"
            )
        yield locked is not None


def lock_file(handle: int, *, wait: bool = False) -> bool | None:
    """Lock an open file until it is closed. False: another process holds it; None: the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _opened(path: Path) -> IO[bytes]:
    """Open for locking; readable is enough, so that users can share the file."""
    try:
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            handle = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise MeterError(f"the lock {path} cannot be opened: {error.strerror}") from None
    return os.fdopen(handle, "rb")
