"""No process outlives the one that started it, even if that was killed: orphans take cores, memory and energy.

A process that waits for a pipe, which its parent holds open, notices the parent's end on every system. Linux is asked
to end it as well, since a thread cannot run while other code holds Python's lock.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

EXIT_ORPHANED = 1


def end_with_parent() -> None:
    """End this process, a worker of `multiprocessing`, when its parent ends: the initializer of a pool."""
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is not None:
        ask_system()
        sentinel = parent.sentinel
        _in_background(lambda: wait([sentinel]), _leave)


def end_when_closed(handle: int, end: Callable[[], object] | None = None) -> None:
    """End this process, or call ``end``, when the other end of a pipe that nothing is written to is closed."""

    def read_to_end() -> None:
        with contextlib.suppress(OSError):
            while os.read(handle, 1024):
                pass

    _in_background(read_to_end, _leave if end is None else end)


def ask_system() -> None:
    """Ask Linux to terminate this process when the thread that started it ends."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, int(signal.SIGTERM), 0, 0, 0)


def _in_background(wait_for_end: Callable[[], object], end: Callable[[], object]) -> None:
    def run() -> None:
        wait_for_end()
        end()

    threading.Thread(target=run, name="dcase-energy-parent", daemon=True).start()


def _leave() -> None:
    os._exit(EXIT_ORPHANED)
