"""The formulas, and nothing else.

A figure that is missing gives a figure that is missing: None in, None out. Nothing is ever divided by zero, by a
negative number or by a figure that rounding has made zero.

Sources: Serizel, Cornell and Turpault, "Performance above all?" (ICASSP 2023), for the ratio to the baseline on the
same hardware; Ronchini and Serizel, "Performance and energy balance" (ICASSP 2024, arXiv 2310.03455), for the
energy-weighted PSDS; the published results of 2022 and 2023 for rounding and constants, which editions hold as data.
"""

from __future__ import annotations


def energy_ratio(system_kwh: float | None, baseline_kwh: float | None) -> float | None:
    """Energy of a system over energy of the baseline, both of one stage on one machine: E_system / E_baseline."""
    if system_kwh is None or baseline_kwh is None or system_kwh <= 0 or baseline_kwh <= 0:
        return None
    return system_kwh / baseline_kwh


def normalised_energy_kwh(
    system_kwh: float | None, baseline_kwh: float | None, reference_kwh: float, decimals: int | None = None
) -> float | None:
    """Energy on the common reference hardware: E_system x E_reference / E_baseline, rounded to ``decimals`` places.

    The product comes first, as in the published figures: it decides how exact ties are rounded.
    """
    if system_kwh is None or baseline_kwh is None or system_kwh <= 0 or baseline_kwh <= 0:
        return None
    normalised = system_kwh * reference_kwh / baseline_kwh
    return normalised if decimals is None else round(normalised, decimals)


def energy_weighted_psds(psds: float | None, energy_kwh: float | None, reference_kwh: float) -> float | None:
    """PSDS x E_reference / E: the PSDS weighted by how much less energy than the reference the system took."""
    if psds is None or energy_kwh is None or energy_kwh <= 0:
        return None
    return psds * reference_kwh / energy_kwh


def energy_weighted_psds_of_ratio(psds: float | None, ratio: float | None) -> float | None:
    """PSDS / ratio: the same with the baseline on the system's own hardware as the reference."""
    if psds is None or ratio is None or ratio <= 0:
        return None
    return psds / ratio


def ranking_score(
    psds1: float | None, psds2: float | None, psds1_reference: float, psds2_reference: float
) -> float | None:
    """Mean of both PSDS over those of the reference system."""
    if psds1 is None or psds2 is None:
        return None
    return (psds1 / psds1_reference + psds2 / psds2_reference) / 2


def kwh_per_psds_point(energy_kwh: float | None, psds: float | None) -> float | None:
    """Energy per point of PSDS, a point being a hundredth: E / (100 PSDS), kWh."""
    if energy_kwh is None or psds is None or energy_kwh <= 0 or psds <= 0:
        return None
    return energy_kwh / (100 * psds)
