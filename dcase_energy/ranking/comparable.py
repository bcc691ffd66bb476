"""Whether a system's energy may be divided by a baseline's: the same hardware, tracker, tier and stage."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dcase_energy.ranking.gpu import gpu_model


@dataclass(frozen=True)
class Provenance:
    """How an energy was obtained; None is not known, and what is not known is not compared.

    Attributes
    ----------
    hardware
        Fingerprint of a record, or what the team wrote.
    gpu
        Name of the GPU in any spelling.
    tracker
        Name and version of what measured.
    tier
        Measured, mixed or estimated.
    stage
        Training or test.
    """

    hardware: str | None = None
    gpu: str | None = None
    tracker: str | None = None
    tier: str | None = None
    stage: str | None = None


def why_not_comparable(system: Provenance, baseline: Provenance) -> str | None:
    """Why the two may not be divided, in words with both values; None where nothing speaks against it."""
    models = gpu_model(system.gpu or system.hardware), gpu_model(baseline.gpu or baseline.hardware)
    hardware = models if None not in models else (system.hardware, baseline.hardware)
    pairs = [
        ("hardware", *hardware),
        ("tracker", system.tracker, baseline.tracker),
        ("tier", system.tier, baseline.tier),
        ("stage", system.stage, baseline.stage),
    ]
    for name, own, other in pairs:
        if own and other and _plain(own) != _plain(other):
            return f"another {name}: system {own}, baseline {other}"
    return None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
