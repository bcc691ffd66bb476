"""Whether a system's energy may be divided by a baseline's: the same hardware, tracker, tier and stage.

Two records are judged by the guards of measuring (`measure.guards.pairs`), here as after `dcase-energy measure`. They
look at fields. Of a system without a record there are only words, its team's or a table's, in any spelling, and most of
them missing: comparing those is another matter, and is done here. Energies are kept by stage, so that a stage never
meets another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dcase_energy.measure.records import Calibration, Evidence, GuardState
from dcase_energy.ranking.gpu import gpu_model


@dataclass(frozen=True)
class Provenance:
    """What is said of how an energy was obtained; None is not known, and what is not known is not compared.

    Attributes
    ----------
    hardware
        What it ran on; where it names a GPU model, only that counts.
    tracker
        Name and version of what measured.
    tier
        Measured, mixed or estimated.
    """

    hardware: str | None = None
    tracker: str | None = None
    tier: str | None = None


def why_not_comparable(system: Provenance, baseline: Provenance) -> str | None:
    """Why the two may not be divided, in words with both values; None where nothing speaks against it."""
    models = gpu_model(system.hardware), gpu_model(baseline.hardware)
    hardware = models if None not in models else (system.hardware, baseline.hardware)
    pairs = [
        ("hardware", *hardware),
        ("tracker", system.tracker, baseline.tracker),
        ("tier", system.tier, baseline.tier),
    ]
    for name, own, other in pairs:
        if own and other and _plain(own) != _plain(other):
            return f"another {name}: system {own}, baseline {other}"
    return None


def why_records_not_comparable(system: Evidence, baseline: Calibration) -> str | None:
    """The same of two records: what their guards hold invalid; what they only warn of does not keep them apart."""
    from dcase_energy.measure.guards.pairs import compare

    return next((guard.message for guard in compare(baseline, system) if guard.state is GuardState.INVALID), None)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
