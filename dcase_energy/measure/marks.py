"""Marks: how measured work reports to the session where its phases begin and end.

The session starts the work as a child process with three pipes. A mark is one JSON line to the session; the work waits
for the answer, so that the meter is read exactly at the mark. Nothing is written to the third pipe: it closes when the
session ends, even if it is killed, and so ends the work. Work that runs outside a session makes marks that do
nothing.
"""

from __future__ import annotations

import json
import os
from typing import Any, TextIO

from dcase_energy.orphans import ask_system, end_when_closed

MARKS_VARIABLE = "DCASE_ENERGY_MARKS"


class Marks:
    """The work's end of the pipes.

    Examples
    --------
    >>> marks = Marks(None, None)  # outside a session
    >>> marks.send("begin", "training_steps", epoch=1)
    {}
    """

    def __init__(self, answers: TextIO | None, marks: TextIO | None) -> None:
        self._answers = answers
        self._marks = marks

    @classmethod
    def from_environment(cls) -> Marks:
        """Take up the pipes of the session that started this process, if one did."""
        fds = os.environ.pop(MARKS_VARIABLE, "")
        if not fds:
            return cls(None, None)
        answers_fd, marks_fd, session_fd = (int(fd) for fd in fds.split(","))
        # No session would measure what this process does after its session has ended.
        ask_system()
        end_when_closed(session_fd)
        return cls(os.fdopen(answers_fd, encoding="utf-8"), os.fdopen(marks_fd, "w", encoding="utf-8"))

    def send(self, edge: str, phase: str, **fields: Any) -> dict[str, Any]:
        """Mark the ``begin`` or ``end`` of a phase (or a ``note``) and give the session's answer.

        Raises
        ------
        BrokenPipeError
            If the session is gone: work that is not measured any more should end.
        """
        if self._marks is None or self._answers is None:
            return {}
        self._marks.write(json.dumps({"edge": edge, "phase": phase, **fields}, allow_nan=False) + "\n")
        self._marks.flush()
        answer = self._answers.readline()
        if not answer:
            raise BrokenPipeError("the measuring session has ended")
        reply: dict[str, Any] = json.loads(answer)
        return reply
