"""A measuring session: it runs a child process, reads the meter at its marks and in between, and writes the journal."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any

from dcase_energy.errors import ChildFailedError
from dcase_energy.measure.counters import Tick
from dcase_energy.measure.guards import BY_CODE
from dcase_energy.measure.journal import JournalWriter
from dcase_energy.measure.marks import MARKS_VARIABLE
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.recorder import POLL_S, Instruments, Recorder

_GRACE_S = 10.0

# Gets each mark with the reading taken at it; what it returns is the answer to the work.
MarkHandler = Callable[[dict[str, Any], Reading], dict[str, Any]]


class Session:
    """Runs one piece of work under instruments.

    Parameters
    ----------
    make_instruments
        Makes them when the work's first mark says which device it uses (the mark's fields are passed).
    journal
        Where readings and marks are written before anything is done with them.
    idle_s
        Seconds of idle power that are measured while the work waits for the answer to its first mark, and to its last
        (the end of the phase ``session``).

    Attributes
    ----------
    recorder
        Reads the instruments; None before the work's first mark.
    """

    def __init__(
        self,
        make_instruments: Callable[[dict[str, Any]], Instruments],
        journal: JournalWriter,
        *,
        idle_s: float = 0.0,
    ) -> None:
        self._make_instruments = make_instruments
        self._idle_s = idle_s
        self._journal = journal
        self.recorder: Recorder | None = None
        self._on_gpu = False

    def run(self, command: Sequence[str], environment: Mapping[str, str], on_mark: MarkHandler, cwd: Path) -> None:
        """Run a command to its end.

        Raises
        ------
        ChildFailedError
            If it ends with an error.
        MeterError
            If the meter fails; the work is then stopped.
        KeyboardInterrupt
            On SIGINT and SIGTERM; the work is stopped and the journal says so.
        """
        complete = False
        try:
            with (
                raise_on_sigterm(KeyboardInterrupt),
                measured_child(command, environment, cwd) as (child, answers_fd, marks_fd),
            ):
                serve(answers_fd, marks_fd, lambda mark: self._mark(mark, on_mark), self._poll)
                returncode = child.wait()
            if returncode:
                raise ChildFailedError(f"the measured work ended with exit code {returncode}")
            complete = True
        finally:
            if self.recorder is not None:
                self.recorder.finish()
            self._journal.write("finish", complete=complete)

    def _poll(self) -> None:
        if self.recorder is not None:
            self.recorder.poll()

    def _mark(self, mark: dict[str, Any], on_mark: MarkHandler) -> dict[str, Any]:
        if self.recorder is None:
            recorder = Recorder(self._make_instruments(mark), self._journal)
            recorder.start()
            self.recorder = recorder
            self._on_gpu = "gpu_uuid" in mark
            recorder.idle("before", self._idle_s, gpu_context=self._on_gpu)
        reading = self.recorder.mark(**mark)
        if (mark["edge"], mark["phase"]) == ("end", "session"):
            self.recorder.idle("after", self._idle_s, gpu_context=self._on_gpu)
        return on_mark(mark, reading)


def serve(
    answers_fd: int, marks_fd: int, answer: Callable[[dict[str, Any]], dict[str, Any]], poll: Callable[[], object]
) -> None:
    """Answer the marks of work until it closes its end; call ``poll`` when none came for ``POLL_S`` seconds."""
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(marks_fd, selectors.EVENT_READ)
        while True:
            if not selector.select(POLL_S):
                poll()
                continue
            data = os.read(marks_fd, 65536)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                reply = answer(json.loads(line))
                # The work may have died waiting for the answer; its exit code will say so.
                with contextlib.suppress(BrokenPipeError):
                    os.write(answers_fd, (json.dumps(reply) + "\n").encode())


def least_window_s(planned_s: float, ticks: Mapping[str, Tick | None]) -> float:
    """Seconds that a window must last: as it is planned, and a hundred steps of the slowest counter."""
    steps = BY_CODE["resolution"].limits["ticks"]
    return max([planned_s, *(steps * tick.interval_s for tick in ticks.values() if tick is not None)])


@contextlib.contextmanager
def measured_child(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path, stderr: IO[bytes] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """Start the work with its pipes for answers and marks; whatever ends the session also ends the work."""
    child_answers, answers = os.pipe()
    marks, child_marks = os.pipe()
    child_session, session = os.pipe()
    passed_on = (child_answers, child_marks, child_session)
    variables = {**environment, MARKS_VARIABLE: ",".join(map(str, passed_on))}
    try:
        child = subprocess.Popen(command, env=variables, cwd=cwd, pass_fds=passed_on, stderr=stderr)
    except OSError:
        for handle in (answers, marks, session):
            os.close(handle)
        raise
    finally:
        for handle in passed_on:
            os.close(handle)
    try:
        yield child, answers, marks
    finally:
        os.close(answers)
        os.close(marks)
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        os.close(session)


@contextlib.contextmanager
def raise_on_sigterm(error: type[BaseException], *arguments: object) -> Iterator[None]:
    """Raise an error on SIGTERM, which a scheduler sends before it kills."""

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise error(*arguments)

    previous = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is leave:
            signal.signal(signal.SIGTERM, previous)
