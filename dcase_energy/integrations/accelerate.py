"""A block of a training with accelerate, measured, its figures given to the accelerator's trackers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Unpack

from dcase_energy.integrations import stages
from dcase_energy.integrations.loggers import metrics_of_record


@contextlib.contextmanager
def measured(
    accelerator: Any,
    stage: str = "training",
    output: str = "energy_{stage}.json",
    on_record: stages.OnRecord | None = None,
    **settings: Unpack[stages.MeterChoices],
) -> Iterator[stages.StageMeter]:
    """Measure a block that all processes of an accelerator execute.

    Parameters
    ----------
    accelerator
        The `accelerate.Accelerator`.
    stage, output, on_record, **settings
        As `dcase_energy.integrations.stages.measured` takes them.

    Examples
    --------
    ::

        with measured(accelerator, "training"):
            train(accelerator, model)
    """
    with stages.measured(stage, output, on_record, **{"device": accelerator.device, **settings}) as meter:
        yield meter
    if meter.record is not None:
        accelerator.log(metrics_of_record(meter.record))
