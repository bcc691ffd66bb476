"""The exceptions of this project: one tree, so that a program can catch all of them at once.

What is wrong with a file that is checked is a finding, not an exception. An exception means that a call cannot do what
it was asked to do; its message says why, and how to fix it where that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class DcaseEnergyError(Exception):
    """Base of every exception that this project raises on purpose."""


class InputError(DcaseEnergyError, ValueError):
    """Something given cannot be used at all: no such file or edition, ground truth that cannot be read, ...

    Parameters
    ----------
    message
        Why.
    findings
        What was found in it, as `dcase_energy.findings.Finding`.
    """

    def __init__(self, message: str, findings: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class EditionError(InputError):
    """There is no such edition, or its file is not valid."""


class RecipeError(InputError):
    """A recipe, or a batch size of it, cannot be used, or the baseline is not installed."""


class DesedError(InputError):
    """A folder that is not shaped like DESED, or holds what cannot be used."""


class RecordError(InputError):
    """A file is not a record, or was changed after it was sealed."""


class UnusableError(InputError):
    """A file can be read and still not be used: a calibration for an edition, ground truth with errors."""


class JournalError(InputError):
    """A journal is not what was written; the message names the line."""


class MeterError(DcaseEnergyError, RuntimeError):
    """A meter cannot be started or gave no figure. A failed measurement is never a zero.

    Parameters
    ----------
    message
        What happened.
    code
        The guard that refuses, if it is another than ``tracker-started``; the text of the error begins with it.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code or "tracker-started"

    @property
    def message(self) -> str:
        """What happened, without the guard's code."""
        return str(self).removeprefix(f"{self.code}: ")

    @property
    def failure(self) -> str:
        """The error as records hold it: the guard's code, a colon, what happened."""
        return f"{self.code}: {self.message}"


class SessionRunningError(MeterError):
    """Another session, or another process of the same launcher, measures on this host."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "single-tracker")


class CounterResetError(DcaseEnergyError, ValueError):
    """An energy counter fell, and not because it wrapped."""


class ChildFailedError(DcaseEnergyError, RuntimeError):
    """The measured work ended with an error; its own message went to stderr."""


class CalibrationError(DcaseEnergyError, RuntimeError):
    """A calibration cannot start or came to nothing; the message says what to do."""


class TrainingDivergedError(DcaseEnergyError, ArithmeticError):
    """A loss is not a finite number."""


class StudyError(DcaseEnergyError, RuntimeError):
    """A device cannot be used, or a run folder is not what it should be."""


class LockedError(DcaseEnergyError, RuntimeError):
    """Another process holds the lock."""


class ParallelError(DcaseEnergyError, RuntimeError):
    """Work could not be distributed; the message says why and what to do."""


class PlotError(DcaseEnergyError, RuntimeError):
    """Figures cannot be drawn as PNG or PDF: matplotlib is not installed."""


class WriteError(DcaseEnergyError, OSError):
    """A file cannot be written; the message says which and why."""


class JournalUnwrittenError(WriteError):
    """The end of a journal could not be written.

    Attributes
    ----------
    copy
        A file that holds all of it, or None.
    """

    def __init__(self, reason: OSError, copy: Path | None) -> None:
        where = "and its last entries are lost" if copy is None else f"all of it is in {copy}"
        super().__init__(f"the journal could not be written ({reason}); {where}")
        self.copy = copy


class NotPlainError(DcaseEnergyError, OSError):
    """A name belongs to something that is not a plain file."""


class TooLargeError(DcaseEnergyError, OSError):
    """A file is larger than anything that is read from such a file."""


class StdoutError(DcaseEnergyError):
    """Standard output cannot be written."""
