"""A callback for the Trainer of transformers."""

from __future__ import annotations

from typing import Any

from dcase_energy.integrations.stages import StageCallback

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError("dcase_energy.integrations.transformers needs transformers and torch") from error


class EnergyCallback(StageCallback, TrainerCallback):  # type: ignore[misc]
    """Measures ``Trainer.train`` and writes one record, in the first process for all GPUs of one host.

    ``Trainer.evaluate`` and ``predict`` have no hook before their work: put `measured` of
    `dcase_energy.integrations.stages` around them.

    Parameters
    ----------
    output, on_record, **settings
        As `StageMeter` takes them.

    Attributes
    ----------
    record, path
        The record and its file.

    Examples
    --------
    ::

        trainer = Trainer(model, arguments, train_dataset=data, callbacks=[EnergyCallback()])
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Begin; with DataParallel one process uses several GPUs."""
        devices = [f"cuda:{index}" for index in range(args.n_gpu)] if args.n_gpu > 1 else [args.device]
        self._stages.begin("training", *devices)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """End, and write the record."""
        self._stages.end()
