"""Measuring any command: it runs as it would alone, its exit code is passed on, and a record is left in any case."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dcase_energy.errors import MeterError
from dcase_energy.locks import only_session
from dcase_energy.measure.control import Signals, stopped
from dcase_energy.measure.energy_record import energy_of, measurement_header
from dcase_energy.measure.gpu import list_gpus, load_nvml, select_gpus
from dcase_energy.measure.instruments import instruments_for
from dcase_energy.measure.journal import canonical_json, computed, read_journal, sha256_text
from dcase_energy.measure.measurement import Measurement
from dcase_energy.measure.plan import Executed, MeasuredWork, MeasurePlan
from dcase_energy.measure.preflight import loud
from dcase_energy.measure.probes import Probes, ProbeSettings
from dcase_energy.measure.record_file import RecordFile, journal_of
from dcase_energy.measure.recorder import POLL_S, Instruments, LenientRecorder, Say
from dcase_energy.measure.records import Energy, Evidence

if TYPE_CHECKING:
    from dcase_energy.measure.entries import Entries

__all__ = ["journal_of", "measure_command", "measure_work", "record_from_journal"]

# Exit codes of commands that run others (POSIX env, nohup, timeout).
OWN_FAILURE, CANNOT_EXECUTE, NOT_FOUND = 125, 126, 127

MakeInstruments = Callable[[], tuple[Instruments, dict[str, str]]]
Mark = Callable[..., object]
_Record = TypeVar("_Record", bound=Evidence)


def measure_command(
    plan: MeasurePlan,
    command: Sequence[str],
    output: Path | RecordFile,
    *,
    say: Say | None = None,
    make_instruments: MakeInstruments | None = None,
    probing: ProbeSettings | None = None,
) -> tuple[Energy, int]:
    """Run a command under a measuring session, write its record, and give both it and the exit code to pass on.

    Parameters
    ----------
    plan, command
        What to measure.
    output
        The record to write; the journal is written beside it. A complete record is never replaced:
        `dcase_energy.measure.record_file.RecordFile` says where the new one goes.
    say
        Gets lines for people.
    make_instruments
        In place of the machine's own, with variables for the command; for tests.
    probing
        Probes of the baseline to run before, inside and after the command; None: there are none.

    Returns
    -------
    record, exit_code
        The command's own code, 128 and the signal's number where one ended it, 126 or 127 where it could not be
        started, 125 where the measurement failed. That of a repetition is not passed on, unless it was asked for or a
        signal ended it.

    Raises
    ------
    OSError
        If the journal cannot be begun, or journal or record cannot be written at the end.
    """
    file = output if isinstance(output, RecordFile) else RecordFile(output)
    say = say or (lambda _: None)
    work = MeasuredWork(
        "energy",
        partial(measurement_header, plan, sha256_text(canonical_json(list(command)))),
        [Executed(command, plan.repeat, plan.min_window_s, {}, plan.folder)],
        plan.idle_s,
    )
    make = make_instruments or partial(machines_own, plan.gpu, say, allow_estimate=plan.allow_estimate)
    return measure_work(work, file, energy_of, say, make, probing)


def measure_work(
    work: MeasuredWork,
    file: RecordFile,
    compute: Callable[[Entries], _Record],
    say: Say,
    make_instruments: MakeInstruments,
    probing: ProbeSettings | None = None,
) -> tuple[_Record, int]:
    """Run the commands of some work under one session; ``compute`` makes the record from the journal.

    The rest is as for `measure_command`; a `JournalError` says where no record can be computed, and the journal stays.
    """
    measured = Measurement(work, file, say, probing)
    inside = probing is not None and probing.every_s is not None
    try:
        code = _Run(work, measured, say, make_instruments, inside=inside).all()
    finally:
        measured.close()
    record = measured.record(compute)
    measured.write(record)
    return record, code


def record_from_journal(journal: Path, file: RecordFile) -> Energy:
    """Write the record of a journal once more, as after a full disk or a killed session.

    Raises
    ------
    JournalError
        If it cannot be read, or is not the journal of a measured command or block.
    OSError
        If the record cannot be written.
    """
    record = computed(energy_of, read_journal(journal), str(journal))
    file.adopt(journal)
    file.write(record, resumable=True)
    return record


def machines_own(gpu: str, say: Say, *, allow_estimate: bool) -> tuple[Instruments, dict[str, str]]:
    """The machine's own instruments for some GPUs, and variables that keep a command on these.

    Raises
    ------
    MeterError
        If a GPU cannot be identified or counted.
    """
    gpus = select_gpus(list_gpus(load_nvml()), gpu)
    return loud(instruments_for(gpus, allow_estimate=allow_estimate), say), dict(gpus.environment)


class _Run:
    """One call of `measure_work`."""

    def __init__(
        self, work: MeasuredWork, measured: Measurement, say: Say, make: MakeInstruments, *, inside: bool
    ) -> None:
        self._todo, self._measured = work, measured
        self._say, self._make, self._inside = say, make, inside
        self._not_started: str | None = None
        self._due_s = 0.0
        self._environment: dict[str, str] = {}
        # Of the work that counts, and to pass on.
        self._code: int | None = None
        self._signal: str | None = None
        self._passed = OWN_FAILURE

    def all(self) -> int:
        """Everything between the header and the end of the journal; gives the exit code to pass on."""
        try:
            with only_session() as locked:
                self._measured.write_header(locked)
                instruments, self._environment = self._make()
                recorder = LenientRecorder(instruments, self._measured.journal, self._say)
                probes = self._measured.start(recorder, gpu_context=False)
                with Signals(own_group=self._inside) as signals:
                    self._work(recorder, signals, probes)
        except MeterError as error:
            self._measured.write_header(False)
            self._measured.refusal = error.failure
        finally:
            self._write_end()
        return OWN_FAILURE if self._measured.failed and self._passed == 0 else self._passed

    def _write_end(self) -> None:
        complete = self._code == 0 and self._signal is None
        self._measured.write_end(complete=complete, exit_code=self._code, signal=self._signal)

    def _work(self, recorder: LenientRecorder, signals: Signals, probes: Probes) -> None:
        """All commands, with a probe before and after them; what fails after their end spoils no figure."""
        signals.on_signal = probes.stop
        probes.before()
        if signals.seen:
            name = signal.Signals(signals.seen[0]).name
            self._measured.refusal = f"interrupted: {name} came before the command was started"
            self._passed = 128 + signals.seen[0]
            return
        began = time.monotonic()
        for part in self._todo.parts:
            for number in range(1, part.repeat + 1):
                if not self._window(part, recorder, number, signals, probes) or signals.seen:
                    return
        self._write_end()
        probes.after(time.monotonic() - began)
        if not signals.seen:
            recorder.idle("after", self._todo.idle_s, gpu_context=False)

    def _window(self, part: Executed, recorder: LenientRecorder, number: int, signals: Signals, probes: Probes) -> bool:
        """Executions until the window is long enough; whether all of them ended well."""
        mark = partial(recorder.mark, phase="window", epoch=number, **part.marked)
        mark(edge="begin")
        began = time.monotonic()
        # Counted over executions: of a short command none lasts until a reading is due.
        self._due_s = began + POLL_S
        noted_s, well = began, 0
        while True:
            code = self._execute(part, recorder, mark, signals, probes)
            if code or signals.seen:
                self._end_badly(mark, number, well, code, signals)
                return False
            well += 1
            now = time.monotonic()
            if now - began >= part.min_window_s or self._measured.failure:
                break
            if well == 1:
                hint = " (--min-window 0 measures one execution)" if self._todo.kind == "energy" else ""
                self._say(
                    f"the command took {now - began:.1f} s: it is executed again until {part.min_window_s:g} s are "
                    f"measured{hint}"
                )
            if well == 1 or now - noted_s >= POLL_S:
                # Should a later execution fail, the window ends here.
                mark(edge="so_far", executions=well)
                noted_s = now
        mark(edge="end", executions=well)
        self._code = self._passed = 0
        return True

    def _end_badly(self, mark: Mark, number: int, well: int, code: int, signals: Signals) -> None:
        """End a window whose last execution failed: a repetition does not spoil what was measured before it."""
        received = signal.Signals(signals.seen[0]).name if signals.seen else None
        if number > 1 or well:
            # Of a repetition that was not asked for, the exit code is not the command's.
            self._code, self._passed = 0, code if number > 1 or received else 0
            mark(edge="failed", executions=well, exit_code=code, signal=received)
            self._say(f"execution {well + 1} of window {number} failed; what was measured before it counts")
            return
        if code in {CANNOT_EXECUTE, NOT_FOUND} and self._not_started:
            self._measured.refusal = f"interrupted: the command could not be started: {self._not_started}"
        else:
            mark(edge="end", executions=1)
        self._code = self._passed = code
        self._signal = received

    def _execute(self, part: Executed, recorder: LenientRecorder, mark: Mark, signals: Signals, probes: Probes) -> int:
        self._not_started = None
        callers = os.environ if self._todo.variables is None else self._todo.variables
        variables = {**callers, **self._environment}
        try:
            child = subprocess.Popen(list(part.command), cwd=part.folder, env=variables, start_new_session=self._inside)
        except OSError as error:
            self._not_started = error.strerror
            return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_EXECUTE
        signals.started(child)
        probes.schedule()
        while True:
            try:
                code = child.wait(max(0.0, min(self._due_s, probes.due_s) - time.monotonic()))
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() >= probes.due_s and child.poll() is None:
                    probes.inside(stopped(child.pid), mark)
                else:
                    recorder.poll()
                self._due_s = time.monotonic() + POLL_S
        signals.child = None
        return 128 - code if code < 0 else code
