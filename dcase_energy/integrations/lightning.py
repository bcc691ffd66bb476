"""A callback for Lightning: `lightning.pytorch` or `pytorch_lightning`, whichever is installed."""

from __future__ import annotations

from typing import Any

from dcase_energy.integrations.loggers import metrics_of_record
from dcase_energy.integrations.stages import StageCallback

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    from pytorch_lightning.callbacks import Callback


class EnergyCallback(StageCallback, Callback):  # type: ignore[misc]
    """Measures ``fit`` (stage training), ``test`` and ``predict`` (stage evaluation), each with its own record.

    Sanity checks and the set-up of data loaders before the training are not in it, validation during the training is.
    With several processes on one host the first one measures all of their GPUs.

    Parameters
    ----------
    output, on_record, **settings
        As `StageMeter` takes them.

    Attributes
    ----------
    record, path
        The last record and its file.

    Examples
    --------
    ::

        trainer = lightning.Trainer(callbacks=[EnergyCallback()])
    """

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Begin, after the data loaders and the sanity check."""
        self._stages.begin("training", pl_module.device)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """End, write the record, and give its figures to the trainer's loggers."""
        self._end(trainer)

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Begin."""
        self._stages.begin("test", pl_module.device)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """End as a training ends."""
        self._end(trainer)

    def on_predict_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Begin."""
        self._stages.begin("evaluation", pl_module.device)

    def on_predict_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """End as a training ends."""
        self._end(trainer)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
        """Write what was cut off: the record says that it is not complete."""
        self._stages.cut_off(exception)

    def _end(self, trainer: Any) -> None:
        before = self._stages.record
        self._stages.end()
        if self.record is not None and self.record is not before:
            for logger in trainer.loggers:
                logger.log_metrics(metrics_of_record(self.record), step=trainer.global_step)
