"""Mean of AUCs and partial AUCs of anomaly scores over machines and domains (DCASE task 2, from 2023 on).

Of a machine, the AUC of a domain compares its normal clips with the anomalous ones of both domains; the partial AUC
compares all clips, up to the false positive rate ``max_fpr``, and is scaled as scikit-learn's (McClish). The first
column that figures are reported by names the machine, the second one the domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dcase_energy.scoring.clip_means import UNITS_OF_SHARES, scale_of
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import Floats
from dcase_energy.scoring.metrics import ClipRun, Options, Prepared
from dcase_energy.scoring.operating_points import Area, Decisions

OUTPUTS = "clips"
OPTIONS: Mapping[str, bool | tuple[str, ...]] = {
    "max_fpr": False,
    "mean": ("harmonic", "arithmetic"),
    "unit": UNITS_OF_SHARES,
}
_DEFAULTS: Mapping[str, Any] = {"max_fpr": 0.1, "mean": "harmonic"}


@dataclass(frozen=True)
class AnomalyAuc(Prepared):
    """The areas of all machines, for any weighting of the clips.

    ``areas`` are by label, ``<machine> AUC <domain>`` and ``<machine> pAUC``: the decisions, the highest false positive
    rate, and how the area is computed.
    """

    areas: Mapping[str, tuple[Decisions, float, Area]]
    mean: str
    scale: float

    def figures(self, clip_weight: Floats) -> Floats:
        """Mean over all areas, and each; NaN where one of them has no normal or no anomalous clip."""
        found = np.array([one.area(max_fpr, area, clip_weight) for one, max_fpr, area in self.areas.values()])
        if self.mean == "arithmetic" or np.isnan(found).any():
            mean = found.mean()
        else:
            mean = 0.0 if (found == 0).any() else len(found) / (1 / found).sum()
        return self.scale * np.append(mean, found)


def prepare(run: ClipRun, wanted: Mapping[str, Options]) -> dict[str, AnomalyAuc]:
    """Sort the clips of each machine by their scores; a table without scores has no AUC."""
    if run.truth.layout.score is None:
        return {}
    found = {}
    for name, options in wanted.items():
        chosen = {**_DEFAULTS, **options}
        areas = dict(_areas(run, chosen["max_fpr"]))
        found[name] = AnomalyAuc(tuple(areas), areas, chosen["mean"], scale_of(options))
    return found


def _areas(run: ClipRun, max_fpr: float) -> Iterator[tuple[str, tuple[Decisions, float, Area]]]:
    scores, anomalous = run.table.values[:, 0], run.truth.label == 1
    unnamed = np.full(len(scores), "")
    machines, domains = (
        np.array(run.truth.groups.get(column, unnamed)) for column in (*run.truth.layout.groups, "", "")[:2]
    )
    for machine in np.unique(machines).tolist():
        own = machines == machine
        for domain in np.unique(domains[own]).tolist():
            clips = np.flatnonzero(own & (anomalous | (domains == domain)))
            decisions = Decisions.build(scores[clips], anomalous[clips], clips)
            yield " ".join(filter(None, (machine, "AUC", domain))), (decisions, 1.0, "linear")
        clips = np.flatnonzero(own)
        decisions = Decisions.build(scores[clips], anomalous[clips], clips)
        yield " ".join(filter(None, (machine, "pAUC"))), (decisions, max_fpr, "mcclish")


def describe(options: Options, conventions: Conventions) -> list[str]:  # noqa: ARG001
    """What a figure depends on besides the data."""
    chosen = {**_DEFAULTS, **options}
    return [f"{chosen['mean']} mean", f"pAUC up to FPR {chosen['max_fpr']:g}, McClish"]
