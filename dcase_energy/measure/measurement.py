"""What lies around measured work: its journal, idle power and probes, how it ended, and the record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dcase_energy.measure.journal import computed, read_journal
from dcase_energy.measure.plan import MeasuredWork
from dcase_energy.measure.probes import Probes, ProbeSettings, about_probes
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.recorder import LenientRecorder, Say
from dcase_energy.measure.records import Evidence

if TYPE_CHECKING:
    from dcase_energy.measure.entries import Entries

_Record = TypeVar("_Record", bound=Evidence)


class Measurement:
    """One measurement of work that its caller executes: commands, or a block of the caller's own program.

    The caller marks the work with the recorder that it gives to `start`, and says with `write_end` how it ended; probes
    and idle power may follow before `close`.

    Parameters
    ----------
    work
        What is measured.
    file
        Where the record goes; the journal is begun at once, and an `OSError` says why it cannot be.
    say
        Gets lines about probes, for people.
    probing
        Probes of the baseline around the work; None: there are none.

    Attributes
    ----------
    journal
        Where the recorder writes.
    refusal
        Why nothing was measured, as records hold it; the caller sets it.
    failed
        Whether the measurement had failed when the work ended: what fails after it spoils no figure.
    """

    def __init__(self, work: MeasuredWork, file: RecordFile, say: Say, probing: ProbeSettings | None) -> None:
        self._todo, self._file, self._say, self._probing = work, file, say, probing
        self.journal = file.begin()
        self.refusal: str | None = None
        self.failed = self._ended = False
        self._recorder: LenientRecorder | None = None

    @property
    def failure(self) -> str | None:
        """Why nothing, or not all, was measured so far; None while all goes well."""
        return self.refusal or (None if self._recorder is None else self._recorder.failure)

    def write_header(self, locked: bool) -> None:
        """Write the first entry of the journal, once."""
        if self.journal.empty:
            more = {} if self._probing is None else self._probing.header()
            self.journal.write(self._todo.kind, **self._todo.header(locked), **more)

    def start(self, recorder: LenientRecorder, *, gpu_context: bool) -> Probes:
        """Take the recorder and measure idle power; gives the probes, none of which has run."""
        self._recorder = recorder
        recorder.idle("before", self._todo.idle_s, gpu_context=gpu_context)
        return Probes(self._probing, recorder, self._say, self._todo.name)

    def write_end(self, *, complete: bool, **how: Any) -> None:
        """Write how the work ended, once: it is complete only where its measurement did not fail."""
        if not self.journal.empty and not self._ended:
            self._ended, failure = True, self.failure
            self.failed = failure is not None
            with contextlib.suppress(OSError):  # closing the journal tries once more
                self.journal.write("finish", complete=complete and not self.failed, failure=failure, **how)

    def close(self) -> None:
        """Take the last reading and close the journal; raises as `JournalWriter.close` does."""
        if self._recorder is not None:
            self._recorder.finish()
        self.journal.close()

    def record(self, compute: Callable[[Entries], _Record]) -> _Record:
        """Compute the record from the closed journal; a `JournalError` says that there is none."""
        return computed(compute, read_journal(self.journal.path), str(self.journal.path))

    def write(self, record: Evidence) -> Path:
        """Write the record as `RecordFile.write` does, and report on its probes; gives its path."""
        path = self._file.write(record)
        for line in about_probes(record):
            self._say(line)
        return path
