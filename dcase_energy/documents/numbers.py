"""Numbers as people write them: a strict reading, and advice where the reading fails."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

from dcase_energy.units import JOULES_PER_KWH

_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_WITH_UNIT = re.compile(r"\s*([-+]?[0-9.,\s_]*[0-9.])\s*([^\W\d_]+|%)\s*")
_MAX_LENGTH = 64

# What one of each unit is in kWh; used to suggest the number that was meant, never to read it.
_KWH_PER_UNIT = {
    "kwh": 1.0,
    "wh": 1e-3,
    "mwh": 1e3,
    "j": 1 / JOULES_PER_KWH,
    "kj": 1e3 / JOULES_PER_KWH,
    "mj": 1e6 / JOULES_PER_KWH,
}
_SCALE = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12, "million": 1e6, "billion": 1e9, "trillion": 1e12}
# What is counted, written on to the suffix: GMac, MMACs.
_COUNTED = re.compile(r"(?<=[kmgt])macs?$")
_BYTES_PER_UNIT = {
    "b": 1, "byte": 1, "bytes": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3
}  # fmt: skip
_SHORT_COUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s?([kmgt])\s*", re.ASCII | re.IGNORECASE)
_KHZ = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*khz\s*", re.ASCII | re.IGNORECASE)
_LARGEST_EXACT = 1e15
_MAX_ADVISED = 200


def parse_number(text: str) -> float | None:
    """Read a decimal number; None if the text is anything else or does not fit a finite float.

    Python's ``float`` would also take ``nan``, ``inf``, ``1_0`` and digits of other scripts.

    Examples
    --------
    >>> parse_number("1.5e-3"), parse_number("1_0"), parse_number("nan"), parse_number("1e400")
    (0.0015, None, None, None)
    """
    if len(text) > _MAX_LENGTH or not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


@lru_cache(maxsize=256)
def half_unit(text: str | None) -> float:
    """Return half a unit of the last digit of a number as it is written; 0 where the text is not a number.

    Examples
    --------
    >>> half_unit("1.50"), half_unit("1.5e-3"), half_unit("many")
    (0.005, 5e-05, 0.0)
    """
    if text is None or parse_number(text) is None:
        return 0.0
    mantissa, _, exponent = text.casefold().partition("e")
    return float(0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def advise_energy(text: str) -> str | None:
    """Suggest what to write instead of an energy that is not a plain number of kWh; None if that is unclear."""
    if len(text) > _MAX_ADVISED:
        return None
    if comma := _decimal_comma(text):
        return f"write a decimal point: {comma}"
    match = _WITH_UNIT.fullmatch(text)
    value = parse_number(match[1].replace(" ", "").replace("_", "")) if match else None
    if match is None or value is None:
        return _advise_digits(text)
    per_unit = _KWH_PER_UNIT.get(match[2].lower())
    if per_unit is None:
        return None
    return f"the unit is always kWh and is not written: {value * per_unit:.6g}"


def advise_count(text: str) -> str | None:
    """Suggest what to write instead of a count with a suffix or separators; None if that is unclear."""
    if len(text) > _MAX_ADVISED:
        return None
    digits_only = re.sub(r"[,_\s'’]", "", text)
    if re.fullmatch(r"[0-9]{1,18}", digits_only, re.ASCII):
        return f"write plain digits: {digits_only}"
    if text.strip().casefold() in {"none", "null", "n/a", "-"}:
        return "write null, or leave the field out"
    if len(re.findall(r"[0-9.]+\s*[kmgtb]\b", text, re.IGNORECASE)) > 1:
        return "two counts in one value: write one count in full, the sum of all parts"
    if leading := re.fullmatch(r"\s*([0-9]{1,18})\s*\(.*\)\s*", text, re.ASCII):
        return f"write the count alone: {leading[1]}"
    match = _WITH_UNIT.fullmatch(
        re.sub(r"^\s*(?:~|≈|about|ca\.?)|(?<=[0-9a-zA-Z])\s+(?:params|parameters|macs?)\s*$", "", text)
    )
    value = parse_number(match[1].strip()) if match else parse_number(text.strip())
    if match is None and value is not None and value.is_integer() and abs(value) < _LARGEST_EXACT:
        return f"write plain digits: {int(value)}"
    if match is None or value is None:
        return _advise_digits(text)
    if match[2].lower() in {"kb", "mb", "gb", "kib", "mib", "gib"}:
        return f"{text.strip()} is a size in bytes; give the count of parameters"
    scale = _SCALE.get(match[2].lower()) or _SCALE.get(_COUNTED.sub("", match[2].lower()))
    return f"write the count in full: {round(value * scale)}" if scale else None


def parse_short_count(text: str) -> int | None:
    """Read a count with a suffix; None if the text is anything else.

    Examples
    --------
    >>> parse_short_count("9.9 M"), parse_short_count("625K"), parse_short_count("9.9 M / 7.1 B")
    (9900000, 625000, None)
    """
    match = _SHORT_COUNT.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    return round(float(match[1]) * _SCALE[match[2].lower()]) if match else None


def parse_khz(text: str) -> float | None:
    """Read a sampling rate with its unit: ``44.1kHz``; None if the text is anything else."""
    match = _KHZ.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    return float(match[1]) if match else None


def advise_bytes(text: str) -> str | None:
    """Suggest what to write instead of a size that is not a plain number of bytes; None if that is unclear."""
    match = _WITH_UNIT.fullmatch(text) if len(text) <= _MAX_ADVISED else None
    unit = _BYTES_PER_UNIT.get(match[2].lower()) if match else None
    value = parse_number(match[1].strip()) if match else None
    if unit is None or value is None:
        return advise_count(text) if match is None else None
    return f"write the bytes in full: {round(value * unit)}"


def advise_number(text: str) -> str | None:
    """Suggest what to write instead of a number with a decimal comma, a percent sign or digits of another script."""
    plain = text[:_MAX_ADVISED].strip().removesuffix("%").strip()
    if comma := _decimal_comma(plain):
        return f"write a decimal point: {comma}"
    if plain != text and parse_number(plain) is not None:
        return f"write the number alone: {plain}"
    return _advise_digits(plain)


def advise_rate(text: str) -> str | None:
    """Suggest what to write instead of a sampling rate in another form; None if that is unclear."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(hz|k)?\s*", text[:_MAX_ADVISED], re.ASCII | re.IGNORECASE)
    if match is None:
        return None
    rate = float(match[1]) / 1000 if (match[2] or "").lower() == "hz" or float(match[1]) >= 1000 else float(match[1])
    return f"write {rate:g}kHz"


def _decimal_comma(text: str) -> str | None:
    match = re.fullmatch(r"\s*([-+]?[0-9]+),([0-9]+)\s*", text, re.ASCII)
    return f"{match[1]}.{match[2]}" if match else None


def _advise_digits(text: str) -> str | None:
    """Digits of another script or with underscores, written as plain ones."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain).replace("_", "")
    return f"write plain digits: {plain}" if plain != text and parse_number(plain) is not None else None
