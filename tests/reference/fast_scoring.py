"""The fast metrics, called as their slow twins are."""

from __future__ import annotations

from dcase_energy.scoring.metrics.psds import prepare_psds
from dcase_energy.scoring.overlap import EXACT


def psds(detected, truth, scenario, timing=EXACT):
    """PSDS of scores or of operating points on all clips."""
    return prepare_psds(detected, truth, {"psds": scenario}, timing)["psds"].result()
