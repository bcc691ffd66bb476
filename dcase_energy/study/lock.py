"""Locks of the kernel on files: they end with the process that holds them, however it ends."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dcase_energy.errors import LockedError

_POLL_S = 0.2
# Names the lock of `dcase_energy.measure` where one session a GPU may run on a machine.
SESSION_LOCK_VARIABLE = "DCASE_ENERGY_LOCK"


@contextlib.contextmanager
def held(path: Path, wait_s: float | None = None, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock; where the system has no such locks, hold nothing.

    Parameters
    ----------
    path
        The file; it stays behind, empty.
    wait_s
        How long to wait for it; None is for ever.
    on_wait
        Called once if it is not free at once.

    Raises
    ------
    LockedError
        If it did not become free in time.
    OSError
        If the file cannot be opened.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    # Readable is enough to lock, so that users can share a machine's lock.
    handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        deadline = None if wait_s is None else time.monotonic() + wait_s
        waited = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if deadline is not None and time.monotonic() >= deadline:
                    raise LockedError(str(path)) from None
            if on_wait is not None and not waited:
                on_wait()
            waited = True
            time.sleep(_POLL_S)
        yield
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


def training_lock(device: str, *, per_device: bool) -> Path:
    """The lock of trainings: one for the machine, or one for each of its GPUs.

    Processes number the GPUs they see separately, so the lock's name includes what makes GPUs visible.
    """
    name = "dcase-energy-training"
    if per_device and device != "cpu":
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        name += "-" + re.sub(r"[^A-Za-z0-9]+", "-", f"{visible}-{device}").strip("-")
    return Path(tempfile.gettempdir()) / f"{name}.lock"
