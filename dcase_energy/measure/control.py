"""A measured command gets the signals that its session gets, and can be stopped for a probe."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from dcase_energy.measure.counters import read_text
from dcase_energy.measure.watch import ProcessTree

_PROC = Path("/proc")
_STOPPED = "TtZX"  # stopped, traced, ended: proc(5)
_STOP_S = 2.0
_HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # some systems have none


class Signals(contextlib.AbstractContextManager["Signals"]):
    """Passes signals on to the command, which decides what they mean; the session outlives it.

    A terminal sends Ctrl-C, and that it was closed, to all of its foreground group: nothing is sent twice. A command
    with a separate group gets them from here.

    Parameters
    ----------
    own_group
        Whether the command has a separate process group.

    Attributes
    ----------
    seen
        The signals so far.
    child
        The command that runs now, or None.
    on_signal
        Called after each.
    """

    def __init__(self, *, own_group: bool = False) -> None:
        self.seen: list[int] = []
        self.child: subprocess.Popen[bytes] | None = None
        self._unsent: list[int] = []
        self.on_signal: Callable[[], object] | None = None
        self._own_group = own_group
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if self._own_group and _HANGUP is not None and signal.getsignal(_HANGUP) == signal.SIG_DFL:
            numbers.append(_HANGUP)
        for number in numbers:
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def started(self, child: subprocess.Popen[bytes]) -> None:
        """Take the command that runs now; what came while it was being started is passed on to it."""
        self.child = child
        while self._unsent:
            self._send(child, self._unsent.pop(0))

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.seen.append(number)
        if self.child is None:
            self._unsent.append(number)
        else:
            self._send(self.child, number)
        if self.on_signal is not None:
            self.on_signal()

    def _send(self, child: subprocess.Popen[bytes], number: int) -> None:
        to_group = number == _HANGUP or (number == signal.SIGINT and _from_terminal())
        with contextlib.suppress(ProcessLookupError):
            if not to_group:
                child.send_signal(number)
            elif self._own_group:
                os.killpg(child.pid, number)


def _from_terminal() -> bool:
    """Whether Ctrl-C reaches this process and its foreground group from a terminal."""
    with contextlib.suppress(OSError, AttributeError):
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    return False


@contextlib.contextmanager
def stopped(group: int) -> Iterator[bool]:
    """Stop a process group for the time of a block; gives whether the command and all it started stand still.

    Should this process be killed within the block, a shell that waits for that continues the group.
    """
    wait = f"read _; kill -s CONT -- -{group}"
    rescue = subprocess.Popen(
        ["sh", "-c", wait],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield _stop(group)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGCONT)
        rescue.communicate()


def _stop(group: int) -> bool:
    try:
        os.killpg(group, signal.SIGSTOP)
    except (ProcessLookupError, PermissionError):
        return False
    deadline = time.monotonic() + _STOP_S
    while _anything_runs(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _anything_runs(group: int) -> bool:
    """Whether the first process of a group, or one it started, still runs; what it started may have left the group.

    One of the group that waits without being interrupted (D), for the disk or for a child that is stopped before it
    begins, has the signal before it runs again.
    """
    tree = ProcessTree(group)
    tree.cpu_s()
    rows = ((read_text(_PROC / str(pid) / "stat") or "").rpartition(")")[2].split() for pid in tree.pids)
    return any(
        state not in _STOPPED and not (state == "D" and process_group == str(group))
        for state, _, process_group in (row[:3] for row in rows if row)
    )
