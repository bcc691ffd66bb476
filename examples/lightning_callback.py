"""A Lightning callback that measures `Trainer.fit` or `Trainer.test` as `dcase-energy calibrate` measures the baseline.

::

    trainer = lightning.Trainer(callbacks=[EnergyCallback()])

Copy this file into your project. Use one process a machine: each process measures the whole machine.
"""

from __future__ import annotations

from typing import Any

from dcase_energy import EnergyMeter

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:  # Lightning calls callbacks by name; its class adds nothing this one needs
    Callback = object


class EnergyCallback(Callback):
    """Measures training (from the first epoch's start to the end of `fit`), and testing.

    Parameters
    ----------
    output
        Energy records to write; ``{stage}`` is ``training`` or ``test``. A complete record is never replaced: see
        `EnergyMeter`.
    device
        As torch names it; ``auto`` is the GPU torch uses.

    Attributes
    ----------
    record, path
        The last record, and its file.
    """

    def __init__(self, output: str = "energy_{stage}.json", device: str = "auto") -> None:
        self.output = output
        self.device = device
        self.record = None
        self.path = None
        self._meter: EnergyMeter | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin, after the data loaders and the sanity check."""
        self._begin("training", trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End, and write the record."""
        self._end(None)

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin."""
        self._begin("test", trainer)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """End, and write the record."""
        self._end(None)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """What was cut off is written as such: the record says it is not complete."""
        self._end(exception)

    def _begin(self, stage: str, trainer: Any) -> None:
        if getattr(trainer, "world_size", 1) > 1:
            raise RuntimeError("every process would measure the whole machine: train with one process to measure")
        self._meter = EnergyMeter(stage, self.output.format(stage=stage), device=self.device)
        self._meter.__enter__()

    def _end(self, error: BaseException | None) -> None:
        if self._meter is not None:
            meter, self._meter = self._meter, None
            meter.__exit__(None if error is None else type(error), error, None)
            self.record, self.path = meter.record, meter.path
