"""The stages of a training program, measured one after the other by one process of a host."""

from __future__ import annotations

import atexit
import contextlib
import socket
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from dcase_energy.api.energy_meter import EnergyMeter
from dcase_energy.api.shared import Log, PathLike
from dcase_energy.arguments import ProbeGapSeconds, SomeSeconds, checked
from dcase_energy.errors import DcaseEnergyError
from dcase_energy.measure.records import Energy

OnRecord = Callable[[Energy, Path | None], object]


class MeterChoices(TypedDict, total=False):
    """Arguments of `EnergyMeter` besides the stage and the record."""

    device: object
    scope: Sequence[str]
    idle_s: SomeSeconds
    allow_estimate: bool
    force: bool
    probe: Literal["auto", "none", "both"] | None
    probe_every_s: ProbeGapSeconds | None
    calibration: PathLike | None
    gpu: str | None
    log: Log


class StageMeter:
    """Measures stages in a program whose processes train together, as a library's callbacks need it.

    All processes call `begin` and `end`; the first one measures the host, the others wait for it. What fails is a
    warning. A training on several hosts is not measured, as a record holds one host.

    Parameters
    ----------
    output
        Records to write; ``{stage}`` is the stage. A complete record is never replaced: see `EnergyMeter`.
    on_record
        Receives each record and its file, for loggers.
    **settings
        Arguments of `EnergyMeter`, such as ``allow_estimate``.

    Attributes
    ----------
    record, path
        The last record and its file; None in the processes that do not measure, and where the measurement failed.

    Raises
    ------
    InputError
        If a setting cannot be used: before the training, not as a warning when it begins.
    """

    @checked
    def __init__(
        self, output: str = "energy_{stage}.json", on_record: OnRecord | None = None, **settings: Unpack[MeterChoices]
    ) -> None:
        self._output, self._on_record, self._settings = output, on_record, settings
        self._meter: EnergyMeter | None = None
        self.record: Energy | None = None
        self.path: Path | None = None

    def begin(self, stage: str, *devices: Any) -> None:
        """Begin a stage on this process's devices, as torch names them, or on the one it uses.

        A stage that was not ended is cut off.
        """
        self.cut_off()
        with self._guarded("not measured"):
            hosts, gpus = _all_processes(devices or ("auto",))
            if hosts > 1:
                raise DcaseEnergyError(f"the training runs on {hosts} hosts, and a record holds one")
            if _rank() == 0:
                used: MeterChoices = {"device": str((*devices, "auto")[0])}
                if len(gpus) > 1:
                    used["gpu"] = ",".join(gpus)
                used.update(self._settings)
                self._meter = EnergyMeter(stage, self._output.format(stage=stage), **used).start()
                atexit.register(self.cut_off)
        _wait_for_all()

    def end(self) -> None:
        """End the stage once all processes have come here, and write its record."""
        _wait_for_all()
        self._close(None)

    def cut_off(self, error: BaseException | None = None) -> None:
        """End a stage that an error ended: the record says that it is not complete."""
        self._close(error or RuntimeError("the stage was not ended"))

    def _close(self, error: BaseException | None) -> None:
        if self._meter is None:
            return
        atexit.unregister(self.cut_off)
        meter, self._meter = self._meter, None
        with self._guarded("the record is missing"):
            meter.__exit__(None if error is None else type(error), error, None)
        self.record, self.path = meter.record, meter.path
        if self.record is not None and self._on_record is not None:
            with self._guarded("the record is not logged"):
                self._on_record(self.record, self.path)

    @contextlib.contextmanager
    def _guarded(self, meaning: str) -> Iterator[None]:
        try:
            yield
        except Exception as problem:  # noqa: BLE001 - whatever it is, hours of training are worth more
            warnings.warn(f"dcase-energy: {meaning}: {problem}", RuntimeWarning, stacklevel=3)


class StageCallback:
    """What the callbacks of libraries share: a `StageMeter` of their stages, and what it measured last.

    Parameters
    ----------
    output, on_record, **settings
        As `StageMeter` takes them.

    Attributes
    ----------
    record, path
        The last record and its file.
    """

    def __init__(
        self, output: str = "energy_{stage}.json", on_record: OnRecord | None = None, **settings: Unpack[MeterChoices]
    ) -> None:
        super().__init__()
        self._stages = StageMeter(output, on_record, **settings)

    @property
    def record(self) -> Energy | None:
        """The last record."""
        return self._stages.record

    @property
    def path(self) -> Path | None:
        """The last record's file."""
        return self._stages.path


@contextlib.contextmanager
def measured(
    stage: str = "training",
    output: str = "energy_{stage}.json",
    on_record: OnRecord | None = None,
    **settings: Unpack[MeterChoices],
) -> Iterator[StageMeter]:
    """Measure a block that all processes of a training execute: under torchrun, accelerate, SpeechBrain or alone.

    Parameters
    ----------
    stage, output
        As `EnergyMeter` and `StageMeter` take them.
    on_record, **settings
        As `StageMeter` takes them; ``device`` where it is not the one that torch uses.

    Yields
    ------
    StageMeter
        Its ``record`` and ``path`` are there after the block, in the process that measures.

    Examples
    --------
    ::

        with measured("training") as energy:
            brain.fit(brain.hparams.epoch_counter, train_set, valid_set)
    """
    devices = [settings.pop("device")] if "device" in settings else []
    meter = StageMeter(output, on_record, **settings)
    meter.begin(stage, *devices)
    try:
        yield meter
    except BaseException as error:
        meter.cut_off(error)
        raise
    meter.end()


def _distributed() -> Any | None:
    """The module ``torch.distributed`` where several processes work together; None where this one is alone."""
    torch = sys.modules.get("torch")
    found = None if torch is None else torch.distributed
    return found if found is not None and found.is_available() and found.is_initialized() else None


def _rank() -> int:
    distributed = _distributed()
    return 0 if distributed is None else int(distributed.get_rank())


def _wait_for_all() -> None:
    if (distributed := _distributed()) is not None:
        distributed.barrier()


def _all_processes(devices: Sequence[Any]) -> tuple[int, list[str]]:
    """How many hosts there are, and the UUIDs of the GPUs that all processes use."""
    torch, distributed = sys.modules.get("torch"), _distributed()
    own: list[str] = []
    if torch is not None and torch.cuda.is_available():
        used = [None if str(one) == "auto" else one for one in devices if str(one) != "cpu"]
        own = [f"GPU-{torch.cuda.get_device_properties(one).uuid}" for one in used]
    if distributed is None:
        return 1, own
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, (socket.gethostname(), own))
    return len({host for host, _ in found}), sorted({gpu for _, gpus in found for gpu in gpus})
