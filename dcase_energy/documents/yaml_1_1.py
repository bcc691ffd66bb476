"""What a plain scalar is to programs that read YAML 1.1, where that differs from YAML 1.2."""

from __future__ import annotations

import re

from dcase_energy.documents.numbers import parse_number

_WHOLE = re.compile(
    r"[-+]?(?:(?P<octal>0[0-7_]+)|0b_*[01][01_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*|[1-9][0-9]*_[0-9_]*)", re.ASCII
)
_READINGS = (
    (re.compile("yes|Yes|YES|on|On|ON"), "the truth value true"),
    (re.compile("no|No|NO|off|Off|OFF"), "the truth value false"),
    (re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII), "a number in base 60"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", re.ASCII), "a date"),
)
# A float of YAML 1.1 needs a point, and a sign in its exponent.
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+][0-9]+)?", re.ASCII)
_MAX_LENGTH = 40


def other_reading(text: str) -> str | None:
    """Return what an unquoted scalar is to readers of YAML 1.1, in words; None if it is the same to all.

    Examples
    --------
    >>> other_reading("NO"), other_reading("0123"), other_reading("1e-3"), other_reading("0.001")
    ('the truth value false', 'the number 83', 'text', None)
    """
    if len(text) > _MAX_LENGTH:
        return None
    whole = _WHOLE.fullmatch(text)
    if whole and text.strip("+-0_"):
        return f"the number {int(text.replace('_', ''), 8 if whole['octal'] else 0)}"
    if reading := next((reading for pattern, reading in _READINGS if pattern.fullmatch(text)), None):
        return reading
    if re.search("[eE]", text) and parse_number(text) is not None and not _FLOAT.fullmatch(text):
        return "text"
    return None
