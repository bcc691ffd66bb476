"""Units: one exact conversion each, and figures written with significant digits.

Every name that holds a quantity carries its unit (``energy_kwh``, ``power_w``, ``duration_s``).
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

JOULES_PER_KWH = 3_600_000
SECONDS_PER_HOUR = 3_600
MICROSECONDS_PER_SECOND = 1_000_000


def joules_to_kwh(energy_j: float) -> float:
    """Convert joules to kilowatt-hours (1 kWh = 3.6 MJ exactly)."""
    return energy_j / JOULES_PER_KWH


def kwh_to_joules(energy_kwh: float) -> float:
    """Convert kilowatt-hours to joules (1 kWh = 3.6 MJ exactly)."""
    return energy_kwh * JOULES_PER_KWH


def mean_power_w(energy_kwh: float, duration_s: float) -> float:
    """Mean power in watts of an energy in kWh spent over a duration in seconds."""
    return kwh_to_joules(energy_kwh) / duration_s


def significant_digits(text: str) -> int:
    """Count the significant digits of a number as it was written.

    Leading zeros never count; trailing zeros count when a decimal point was written.

    Examples
    --------
    >>> significant_digits("0.030"), significant_digits("1.39"), significant_digits("1200")
    (2, 3, 2)
    """
    mantissa = text.strip().lower().split("e")[0].lstrip("+-")
    digits = mantissa.replace(".", "").lstrip("0")
    return len(digits if "." in mantissa else digits.rstrip("0"))


def format_significant(value: float, digits: int = 4) -> str:
    """Write a number with the given count of significant digits, never in exponent form.

    Examples
    --------
    >>> format_significant(0.0012345), format_significant(1234567.0), format_significant(0.0)
    ('0.001234', '1235000', '0')
    """
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(Decimal(repr(value)), digits - 1 - exponent)
    return f"{rounded:f}"


def format_factor(factor: float) -> str:
    """Write a factor with three significant digits at most, and a large one in plain digits.

    Examples
    --------
    >>> format_factor(6.0), format_factor(0.7129), format_factor(1063.2)
    ('6', '0.713', '1,060')
    """
    return f"{float(f'{factor:.3g}'):,.0f}" if 1000 <= abs(factor) < 1e7 else f"{factor:.3g}"


def format_energy(energy_kwh: float, digits: int = 4, *, like_kwh: float | None = None) -> str:
    """Write an energy with a unit that suits its size, or that of ``like_kwh`` (the figure of an interval's end).

    Examples
    --------
    >>> format_energy(0.0004047), format_energy(1.284), format_energy(2.1e-8), format_energy(0.09, like_kwh=0.11)
    ('0.4047 Wh', '1.284 kWh', '0.07560 J', '0.09000 kWh')
    """
    size_kwh = abs(energy_kwh if like_kwh is None else like_kwh)
    units = ((0.1, 1.0, "kWh"), (1e-5, 1e3, "Wh"), (0.0, float(JOULES_PER_KWH), "J"))
    factor, unit = next((factor, unit) for least_kwh, factor, unit in units if size_kwh >= least_kwh or not size_kwh)
    return f"{format_significant(energy_kwh * factor, digits)} {unit}"


def format_duration(duration_s: float) -> str:
    """Write a duration for people: ``42.0 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if duration_s < 60:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def parse_duration(text: str) -> float | None:
    """Return the seconds of a duration such as ``90``, ``90s``, ``10m`` or ``1h30m``; None if it is not one.

    Examples
    --------
    >>> parse_duration("90"), parse_duration("1h30m"), parse_duration("2.5 m"), parse_duration("soon")
    (90.0, 5400.0, 150.0, None)
    """
    number = r"([0-9]+(?:\.[0-9]+)?)"
    match = re.fullmatch(rf"(?:{number}h)?(?:{number}m)?(?:{number}s?)?", text.replace(" ", ""), re.ASCII)
    if match is None or not any(match.groups()):
        return None
    return sum(float(part) * unit for part, unit in zip(match.groups(), (3600.0, 60.0, 1.0), strict=True) if part)
