"""Accuracy of a classification of clips: over the classes (macro) or over the clips, of each class and each group."""

from __future__ import annotations

from collections.abc import Mapping

from dcase_energy.scoring.clip_means import DESCRIBED, UNITS_OF_SHARES, ClipMeans, scale_of
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.metrics import ClipRun, Options

OUTPUTS = "clips"
OPTIONS: Mapping[str, bool | tuple[str, ...]] = {"average": tuple(DESCRIBED), "unit": UNITS_OF_SHARES}


def prepare(run: ClipRun, wanted: Mapping[str, Options]) -> dict[str, ClipMeans]:
    """Compare the class of each clip with the true one; a table without classes has no accuracy."""
    if run.truth.layout.label is None:
        return {}
    right = run.table.label == run.truth.label
    return {
        name: ClipMeans.build(right * scale_of(options), run.truth, options.get("average", "macro"))
        for name, options in wanted.items()
    }


def describe(options: Options, conventions: Conventions) -> list[str]:  # noqa: ARG001
    """What a figure depends on besides the data."""
    return [DESCRIBED[options.get("average", "macro")]]
