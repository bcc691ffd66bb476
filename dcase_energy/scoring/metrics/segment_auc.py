"""Area under the ROC of segments, whole or partial: mPAUC of DCASE 2024 task 4 on MAESTRO.

All segments of all clips make up one ROC for each class. Its area ends at ``max_fpr`` and is divided by it; the figure
is the mean over the classes. Two conventions of the area exist, see `area_under_roc`; they differ where scores tie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dcase_energy.scoring.conventions import SEGMENT_S, Conventions
from dcase_energy.scoring.data import Floats, known_mean
from dcase_energy.scoring.metrics import Options, Prepared, Run
from dcase_energy.scoring.operating_points import AREAS, Area, Decisions
from dcase_energy.scoring.segments import segment_decisions

OPTIONS: Mapping[str, bool | tuple[str, ...]] = {"segment_s": False, "max_fpr": False, "area": AREAS}
_DEFAULTS: Mapping[str, Any] = {"segment_s": SEGMENT_S, "max_fpr": 0.1, "area": "staircase"}


@dataclass(frozen=True)
class SegmentAuc(Prepared):
    """The areas of all classes, for any weighting of the clips."""

    classes: tuple[Decisions, ...]
    max_fpr: float
    area: Area

    def figures(self, clip_weight: Floats) -> Floats:
        """Mean over the classes, and the area of each; NaN where no segment, or each, is annotated."""
        areas = np.array([one.area(self.max_fpr, self.area, clip_weight) for one in self.classes])
        return np.append(known_mean(areas), areas)


def prepare(run: Run, wanted: Mapping[str, Options]) -> dict[str, SegmentAuc]:
    """Score the segments; detections at one threshold have no ROC."""
    if run.scores is None:
        return {}
    found = {}
    for name, options in wanted.items():
        chosen = {**_DEFAULTS, **options}
        decisions = segment_decisions(run.scores, run.truth, chosen["segment_s"], run.conventions.segment_grid)
        found[name] = SegmentAuc(run.truth.classes, tuple(decisions), chosen["max_fpr"], chosen["area"])
    return found


def describe(options: Options, conventions: Conventions) -> list[str]:
    """What a figure depends on besides the data."""
    chosen = {**_DEFAULTS, **options}
    segments = f"{chosen['segment_s']:g} s, {conventions.segment_grid} at the end"
    return [segments, f"FPR up to {chosen['max_fpr']:g}", f"{chosen['area']} area"]
