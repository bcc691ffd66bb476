"""Locks of the kernel on files: they end with the process that holds them, however it ends."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dcase_energy.errors import LockedError, MeterError, SessionRunningError

# Names another lock of measuring sessions: where one session per GPU may run on a machine, and in tests.
SESSION_LOCK_VARIABLE = "DCASE_ENERGY_LOCK"
_POLL_S = 0.2


def lock_file(handle: int, *, wait: bool = False) -> bool | None:
    """Lock an open file until it is closed. False: another process holds it; None: the system has no such locks."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


@contextlib.contextmanager
def held(path: Path, wait_s: float | None = None, on_wait: Callable[[], object] | None = None) -> Iterator[bool]:
    """Hold a lock; gives whether there is one, since some systems have no such locks.

    Parameters
    ----------
    path
        The file; it stays behind, empty.
    wait_s
        How long to wait for it; None waits without a limit.
    on_wait
        Called once if it is not free at once.

    Raises
    ------
    LockedError
        If it did not become free in time.
    OSError
        If the file cannot be opened.
    """
    # Readable is enough to lock, so that users can share a machine's lock; some systems refuse to create it anew.
    # In a folder that all may write to, another user may have put a link or a pipe in the place of the lock.
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        handle = os.open(path, flags | os.O_CREAT, 0o644)
    try:
        deadline = None if wait_s is None else time.monotonic() + wait_s
        waited = False
        while (locked := lock_file(handle)) is False:
            if deadline is not None and time.monotonic() >= deadline:
                raise LockedError(str(path))
            if on_wait is not None and not waited:
                on_wait()
            waited = True
            time.sleep(_POLL_S)
        yield locked is not None
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether another process holds a lock."""
    if not path.exists():
        return False
    try:
        with held(path, wait_s=0):
            return False
    except LockedError:
        return True


@contextlib.contextmanager
def only_session(path: Path | None = None) -> Iterator[bool]:
    """Hold the host's lock of measuring sessions; gives whether there is one. Two would count each other's work.

    Raises
    ------
    SessionRunningError
        If another session holds it.
    MeterError
        If the lock cannot be opened.
    """
    path = path or Path(os.environ.get(SESSION_LOCK_VARIABLE) or Path(tempfile.gettempdir()) / "dcase-energy.lock")
    with contextlib.ExitStack() as stack:
        try:
            locked = stack.enter_context(held(path, wait_s=0))
        except LockedError:
            raise SessionRunningError(
                "another dcase-energy session measures on this machine; each would count the other's work. Wait until "
                "it ends"
            ) from None
        except OSError as error:
            reason = "it is a link" if path.is_symlink() else error.strerror
            raise MeterError(f"the lock {path} cannot be opened: {reason}") from None
        yield locked


def training_lock(device: str, *, per_device: bool) -> Path:
    """The lock of trainings: one for the machine, or one for each of its GPUs.

    A process sees its GPU under a number that depends on CUDA_VISIBLE_DEVICES, so that is part of the lock's name.
    """
    name = "dcase-energy-training"
    if per_device and device != "cpu":
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        name += "-" + re.sub(r"[^A-Za-z0-9]+", "-", f"{visible}-{device}").strip("-")
    return Path(tempfile.gettempdir()) / f"{name}.lock"
