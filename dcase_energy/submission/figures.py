"""Compare a declared figure with the measured one."""

from __future__ import annotations

from dcase_energy.documents.numbers import half_unit

_RELATIVE = 0.005
# Slips that turn up in real submissions, by the declared figure over the measured one: words of a hint, whatever the
# edition. The factors at which a finding is made are its own, `plausible.slips`.
_SLIPS = {
    1e3: "Wh given as kWh",
    3600.0: "kJ given as kWh",
    3.6e6: "J given as kWh",
    10.0: "a misplaced decimal point",
    0.1: "a misplaced decimal point",
}


def agrees(declared: float, text: str | None, measured: float) -> bool:
    """Whether a declared figure is the measured one, rounded to the digits it was written with."""
    return abs(declared - measured) <= max(_RELATIVE * abs(measured), half_unit(text) * (1 + 1e-9))


def slip(declared: float, measured: float) -> str | None:
    """What probably went wrong between two figures that do not agree, by their quotient."""
    ratio = declared / max(measured, 1e-300)
    return next((name for factor, name in _SLIPS.items() if abs(ratio / factor - 1) < 0.05), None)
