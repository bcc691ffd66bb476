"""The formulas, and nothing else.

A figure that is missing gives a figure that is missing: None in, None out. Nothing is ever divided by zero, by a
negative number, by NaN, by a figure that rounding has made zero, or by one that cannot be an energy: training a
system takes more than a third of a joule and less than a thousand gigawatt-hours.

Sources: Serizel, Cornell and Turpault, "Performance above all?" (ICASSP 2023), for the ratio to the baseline on the
same hardware; Ronchini and Serizel, "Performance and energy balance" (ICASSP 2024, arXiv 2310.03455), for the
energy-weighted PSDS; the published results of 2022 and 2023 for rounding and constants, which editions hold as data.
"""

from __future__ import annotations

import math
from typing import TypeGuard

SMALLEST_KWH = 1e-7
LARGEST_KWH = 1e9


def is_energy(value_kwh: float | None) -> TypeGuard[float]:
    """Whether a figure can be the energy of a stage; neither None nor NaN nor an absurd one can."""
    return value_kwh is not None and SMALLEST_KWH <= value_kwh <= LARGEST_KWH


def is_score(value: float | None) -> TypeGuard[float]:
    """Whether a figure can be a PSDS, or an energy-weighted one: finite and not negative."""
    return value is not None and 0 <= value < math.inf


def energy_ratio(system_kwh: float | None, baseline_kwh: float | None) -> float | None:
    """Energy of a system over energy of the baseline, both of one stage on one machine: E_system / E_baseline."""
    if not is_energy(system_kwh) or not is_energy(baseline_kwh):
        return None
    return system_kwh / baseline_kwh


def normalised_energy_kwh(
    system_kwh: float | None, baseline_kwh: float | None, reference_kwh: float, decimals: int | None = None
) -> float | None:
    """Energy on the common reference hardware: E_system x E_reference / E_baseline, rounded to ``decimals`` places.

    The product comes first, as in the published figures: it decides how exact ties are rounded.
    """
    if not is_energy(system_kwh) or not is_energy(baseline_kwh):
        return None
    normalised = system_kwh * reference_kwh / baseline_kwh
    return normalised if decimals is None else round(normalised, decimals)


def energy_weighted_psds(psds: float | None, energy_kwh: float | None, reference_kwh: float) -> float | None:
    """PSDS x E_reference / E: the PSDS weighted by how much less energy than the reference the system took."""
    if not is_score(psds) or not is_energy(energy_kwh):
        return None
    return psds * reference_kwh / energy_kwh


def energy_weighted_psds_of_ratio(psds: float | None, ratio: float | None) -> float | None:
    """PSDS / ratio: the same with the baseline on the system's own hardware as the reference."""
    if not is_score(psds) or ratio is None or not ratio > 0:
        return None
    return psds / ratio


def ranking_score(
    psds1: float | None, psds2: float | None, psds1_reference: float, psds2_reference: float
) -> float | None:
    """Mean of both PSDS over those of the reference system."""
    if not is_score(psds1) or not is_score(psds2):
        return None
    return (psds1 / psds1_reference + psds2 / psds2_reference) / 2


def kwh_per_psds_point(energy_kwh: float | None, psds: float | None) -> float | None:
    """Energy per PSDS point (a point is a hundredth): E / (100 PSDS), kWh."""
    if not is_energy(energy_kwh) or not is_score(psds) or psds == 0:
        return None
    return energy_kwh / (100 * psds)
