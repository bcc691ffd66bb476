"""`EnergyMeter`: measuring in one's own program, in three lines."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from dcase_energy.api.shared import Log, PathLike, check_probing, read_calibration, silent
from dcase_energy.arguments import ProbeGapSeconds, SomeSeconds, checked
from dcase_energy.errors import InputError, JournalError, MeterError
from dcase_energy.locks import only_session
from dcase_energy.measure.energy_record import energy_of, measurement_header
from dcase_energy.measure.gpu import Gpus, list_gpus, load_nvml, select_gpus
from dcase_energy.measure.instruments import gpus_of_torch, instruments_for
from dcase_energy.measure.measurement import Measurement
from dcase_energy.measure.plan import STAGES, MeasuredWork, MeasurePlan, scope_of
from dcase_energy.measure.probes import Probes, ProbeSettings, about_probes
from dcase_energy.measure.record_file import RecordFile, how_to_write
from dcase_energy.measure.recorder import POLL_S, Instruments, LenientRecorder
from dcase_energy.measure.records import Energy
from dcase_energy.measure.session import raise_on_sigterm
from dcase_energy.measure.torch_state import torch_facts
from dcase_energy.units import format_energy


class EnergyMeter:
    """Measures a block of a program as `dcase-energy measure` measures a command, and writes the same record.

    Parameters
    ----------
    stage
        ``training``, ``test`` or ``evaluation``.
    output
        Record to write; the journal is written beside it. Where a complete record stands, the next one is written to
        ``energy.2.json``, one that is not complete to ``energy.failed.json``; the attribute ``path`` names the file.
    device
        ``cpu``, ``cuda``, ``cuda:1``, ... as torch names it; ``auto`` is the GPU that torch uses now, if torch is
        loaded and has one, else what CUDA_VISIBLE_DEVICES shows.
    scope
        What the block holds, such as ``("inference",)``: see `dcase_energy.measure.plan.SCOPES`.
    idle_s
        Seconds of idle power measured first and last, where a sensor would see them.
    allow_estimate
        Estimate the processor where its counters exist and may not be read.
    force
        Replace a complete record, once the new one is complete.
    probe, probe_every_s, calibration
        Whether the baseline is measured for half a minute before and after the block, and about how often inside it, as
        for `dcase_energy.api.energy.measure`. Other than there, None probes only where ``probe_every_s`` is given.
        Inside, a probe that is due waits until `phase` begins or ends a phase: the program waits for it there, and
        where it works in other threads or processes meanwhile, the probe does not count. GPU memory that the program
        holds must leave room for the baseline.
    gpu
        GPUs to count as ``measure --gpu`` takes them, for blocks that use several; None: that of ``device``.
    log
        Receives messages about probes; those about probes that do not count are warnings, too.

    Attributes
    ----------
    record, path
        After the block, the record and its file; the file is None where it could not be written, and both where
        nothing was measured.
    energy_kwh
        The record's energy; None before the end of the block, or where there is no valid figure.

    Raises
    ------
    InputError
        If an argument cannot be used.
    RecordError
        If ``calibration`` is not a calibration record.
    MeterError
        On entering, if energy cannot be measured rightly here. On leaving nothing is raised: a measurement that
        failed must not cost the training. ``record`` says so, or a warning where it could not be written.
    SystemExit
        Within the block, on SIGTERM, so that the record is written before a batch system kills the program; not in
        programs that handle this signal themselves.

    Examples
    --------
    ::

        from dcase_energy import EnergyMeter

        with EnergyMeter("training", "training.json"):
            train()

    With probes before and after it and, where an epoch ends, about every quarter of an hour::

        with EnergyMeter("training", "training.json", probe_every_s=900) as meter:
            for epoch in range(epochs):
                with meter.phase("training_steps", epoch=epoch):
                    train_epoch()
    """

    @checked
    def __init__(
        self,
        stage: str = "training",
        output: PathLike = "energy.json",
        *,
        device: object = "auto",
        scope: Sequence[str] = (),
        idle_s: SomeSeconds = 0.0,
        allow_estimate: bool = False,
        force: bool = False,
        probe: Literal["auto", "none", "both"] | None = None,
        probe_every_s: ProbeGapSeconds | None = None,
        calibration: PathLike | None = None,
        gpu: str | None = None,
        log: Log = silent,
    ) -> None:
        if stage not in STAGES:
            raise InputError(f"stage: expected one of {', '.join(STAGES)}; found {stage!r}")
        self._plan = MeasurePlan(
            stage, scope_of(scope, stage), min_window_s=0.0, idle_s=idle_s, allow_estimate=allow_estimate
        )
        check_probing(probe or "auto", probe_every_s)
        self._probe: Literal["auto", "none", "both"] = probe or ("none" if probe_every_s is None else "both")
        self._probe_every_s, self._log = probe_every_s, log
        self._calibration = None if calibration is None else read_calibration(calibration)
        self._file = RecordFile(Path(output), force=force)
        self._device, self._gpu = str(device), gpu
        self._torch_device: Any = None
        self._measured: Measurement | None = None
        self._recorder: LenientRecorder | None = None
        self._probes: Probes | None = None
        self._phases: list[str] = []
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._began_s, self._entered_by = 0.0, 0
        self._lock = contextlib.ExitStack()
        self.record: Energy | None = None
        self.path: Path | None = None

    def __repr__(self) -> str:
        state = "not started" if self._measured is None else "measuring"
        if self._ended.is_set():
            energy = "no valid figure" if self.energy_kwh is None else format_energy(self.energy_kwh)
            state = f"{energy}, {self.path}"
        return f"<EnergyMeter {self._plan.stage}: {state}>"

    @property
    def energy_kwh(self) -> float | None:
        """The energy of the block."""
        record = self.record
        return None if record is None or not record.valid else record.stages[record.stage].energy_kwh

    def start(self) -> Self:
        """Begin to measure, where a program has no block to put it around; `stop` ends it. Raises as the block does."""
        return self.__enter__()

    def stop(self) -> Energy | None:
        """End the measurement and return the record; None where it could not be written."""
        if self._measured is None:
            raise RuntimeError("stop() without start(): nothing was measured")
        if not self._ended.is_set():
            self.__exit__(None, None, None)
        return self.record

    def __enter__(self) -> Self:
        if self._ended.is_set():
            raise RuntimeError("an EnergyMeter measures one block: make another one for the next")
        locked = self._lock.enter_context(only_session())
        try:
            self._begin(locked)
        except BaseException:
            self._lock.close()
            if self._measured is not None:
                self._measured.write_end(complete=False, exit_code=None)
                with contextlib.suppress(OSError, JournalError):
                    self._measured.close()  # CodeCarbon must not keep measuring in the user's process
            raise
        # Only where the program does not handle the signal itself, and signals can be handled.
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            self._lock.enter_context(raise_on_sigterm(SystemExit, 128 + signal.SIGTERM))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        complete = kind is None
        try:
            self._mark("end", "window", epoch=1, executions=1, **_torch_facts())
        except RuntimeError as problem:  # torch's: what was started on the GPU has failed
            complete = False
            warnings.warn(f"the end of the block could not be marked: {problem}", RuntimeWarning, stacklevel=2)
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            try:
                self._end(complete=complete)
            except OSError as problem:
                message = f"{problem}; {how_to_write(self._file.journal, problem)}"
                warnings.warn(message, RuntimeWarning, stacklevel=2)
            except JournalError as problem:  # the block removed it
                warnings.warn(str(problem), RuntimeWarning, stacklevel=2)

    @checked
    @contextlib.contextmanager
    def phase(self, name: str, epoch: int = 0) -> Iterator[None]:
        """Mark a phase of the block (``data_preparation``, ``training_steps``, ...), shown apart in the record.

        A probe that is due runs before the phase, or after it unless an exception passes.
        """
        if name == "window":
            raise InputError("name: 'window' is the name of the whole block; choose another")
        self._probe_if_due()
        self._mark("begin", name, epoch=epoch)
        self._phases.append(name)
        try:
            yield
        finally:
            self._phases.remove(name)
            self._mark("end", name, epoch=epoch)
        self._probe_if_due()

    def _probe_if_due(self) -> None:
        """Probe inside the block; only the thread that began it can make the program wait."""
        if self._probes is None or threading.get_ident() != self._entered_by or time.monotonic() < self._probes.due_s:
            return
        self._probes.inside(contextlib.nullcontext(True), self._mark_open)

    def _mark_open(self, edge: str) -> None:
        """Mark the block and all phases that are open, which stand still together."""
        for phase in ("window", *self._phases):
            self._mark(edge, phase)

    def _begin(self, locked: bool) -> None:
        block = MeasuredWork("energy", partial(measurement_header, self._plan, None), idle_s=self._plan.idle_s)
        self._measured = measured = Measurement(block, self._file, self._log, self._probing())
        measured.write_header(locked)
        self._recorder = recorder = LenientRecorder(self._instruments(), measured.journal)
        self._probes = measured.start(recorder, gpu_context=_has_gpu_context())
        self._probes.before()
        self._mark("begin", "window", epoch=1)
        if recorder.failure is not None:  # nothing has begun yet: no hours of training without a measurement
            code, _, message = recorder.failure.partition(": ")
            raise MeterError(message, code)
        self._began_s, self._entered_by = time.monotonic(), threading.get_ident()
        self._probes.schedule()
        self._thread = threading.Thread(target=self._poll, args=(recorder,), name="dcase-energy", daemon=True)
        self._thread.start()

    def _probing(self) -> ProbeSettings | None:
        """When to probe; None where it is not wanted, or cannot be: then one line says why."""
        if self._probe == "none":
            return None
        from dcase_energy.calibration.probing import probing_for

        try:
            gpus = self._gpus()
        except MeterError:  # the instruments raise it again
            return None
        said: list[str] = []
        probing = probing_for(
            self._probe,
            self._plan.stage,
            gpus,
            said.append,
            calibration=self._calibration,
            every_s=self._probe_every_s,
        )
        for line in said:
            self._log(line)
        if probing is None and self._probe == "both":
            warnings.warn(said[-1], RuntimeWarning, stacklevel=4)
        return probing

    def _instruments(self) -> Instruments:
        return instruments_for(self._gpus(), allow_estimate=self._plan.allow_estimate)

    def _gpus(self) -> Gpus:
        """The GPUs that the block uses; none for the processor."""
        if self._gpu is not None:
            return select_gpus(list_gpus(load_nvml()), self._gpu)
        torch = sys.modules.get("torch")
        if self._device == "cpu":
            return Gpus()
        if torch is not None and (self._device != "auto" or torch.cuda.is_available()):
            device = torch.device("cuda" if self._device == "auto" else self._device)
            if device.type != "cuda":
                return gpus_of_torch(device.type, None)
            if device.index is None:  # the block may change which is current
                device = torch.device("cuda", torch.cuda.current_device())
            self._torch_device = device
            return gpus_of_torch("cuda", f"GPU-{torch.cuda.get_device_properties(device).uuid}")
        if self._device != "auto":
            raise MeterError(f"device {self._device!r} is torch's name for a GPU: import torch before measuring")
        return select_gpus(list_gpus(load_nvml()), "auto")

    def _poll(self, recorder: LenientRecorder) -> None:
        while not self._ended.wait(POLL_S):
            recorder.poll()

    def _mark(self, edge: str, phase: str, **fields: Any) -> None:
        """Read the instruments once the GPU is idle: what was started must end within its window."""
        self._synchronise()
        if self._recorder is not None:
            self._recorder.mark(edge=edge, phase=phase, **fields)

    def _synchronise(self) -> None:
        torch = sys.modules.get("torch")
        if torch is not None and self._device != "cpu" and _has_gpu_context():
            # Where torch was imported within the block, the GPU is not known: the current one.
            torch.cuda.synchronize(self._torch_device)

    def _end(self, *, complete: bool) -> None:
        measured, recorder, probes = self._measured, self._recorder, self._probes
        if measured is None or recorder is None or probes is None:
            return
        measured.write_end(complete=complete, exit_code=None)
        try:
            if complete:
                probes.after(time.monotonic() - self._began_s)
                recorder.idle("after", self._plan.idle_s, gpu_context=_has_gpu_context())
        finally:
            measured.close()
            self.record = measured.record(energy_of)
            self.path = measured.write(self.record)
            for line in about_probes(self.record)[1:]:  # after what they cost, which do not count
                warnings.warn(line, RuntimeWarning, stacklevel=3)


def _torch_facts() -> dict[str, Any]:
    """Versions and switches of the block's torch, as it left them; nothing where it did not use torch."""
    torch = sys.modules.get("torch")
    return {} if torch is None else torch_facts(torch)


def _has_gpu_context() -> bool:
    """Whether this process has begun to use a GPU."""
    torch = sys.modules.get("torch")
    return torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized()
