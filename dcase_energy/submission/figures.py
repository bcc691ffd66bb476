"""Compare a declared figure with the measured one."""

from __future__ import annotations

from functools import lru_cache

_RELATIVE = 0.005
# Slips that turn up in real submissions.
_SLIPS = {1e3: "Wh given as kWh", 3.6e6: "J given as kWh", 3600.0: "kJ given as kWh", 10.0: "a misplaced decimal point"}


def agrees(declared: float, text: str | None, measured: float) -> bool:
    """Whether a declared figure is the measured one, rounded to the digits it was written with."""
    return abs(declared - measured) <= max(_RELATIVE * abs(measured), _half_unit(text) * (1 + 1e-9))


def slip(declared: float, measured: float) -> str | None:
    """What probably went wrong between two figures that do not agree, by their quotient."""
    ratio = max(declared, measured) / max(min(declared, measured), 1e-300)
    return next((name for factor, name in _SLIPS.items() if abs(ratio / factor - 1) < 0.05), None)


@lru_cache(maxsize=256)
def _half_unit(text: str | None) -> float:
    """Half a unit of the last digit written."""
    from decimal import Decimal, InvalidOperation

    try:
        exponent = Decimal(text or "0").as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return 0.5 * 10.0**exponent if text and isinstance(exponent, int) and -300 < exponent < 300 else 0.0
