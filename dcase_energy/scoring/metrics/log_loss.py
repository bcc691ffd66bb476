"""Log loss (multiclass cross-entropy) of the probabilities of clips, in nats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dcase_energy.scoring.clip_means import DESCRIBED, ClipMeans
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.metrics import ClipRun, Options

OUTPUTS = "clips"
OPTIONS: Mapping[str, bool | tuple[str, ...]] = {"average": tuple(DESCRIBED)}
# As scikit-learn does: a probability of 0 would cost infinitely much.
_LEAST = float(np.finfo(np.float64).eps)


def prepare(run: ClipRun, wanted: Mapping[str, Options]) -> dict[str, ClipMeans]:
    """Take the probability of the true class of each clip; a table without probabilities has no log loss."""
    if not run.truth.layout.probabilities:
        return {}
    own = run.table.values[np.arange(len(run.truth.clips)), run.truth.label]
    loss = -np.log(np.clip(own, _LEAST, 1 - _LEAST))
    return {name: ClipMeans.build(loss, run.truth, options.get("average", "micro")) for name, options in wanted.items()}


def describe(options: Options, conventions: Conventions) -> list[str]:  # noqa: ARG001
    """What a figure depends on besides the data."""
    return [DESCRIBED[options.get("average", "micro")], "nats"]
