"""What a plain scalar is to programs that read YAML 1.1, where that differs from YAML 1.2."""

from __future__ import annotations

import re

from dcase_energy.documents.numbers import parse_number

_TRUTH = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF")
_BASE_60 = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)
_OCTAL = re.compile(r"[-+]?0[0-7_]+", re.ASCII)
_OTHER_WHOLE = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[1-9][0-9]*_[0-9_]*)", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", re.ASCII)
# A float of YAML 1.1 needs a point, and a sign in its exponent.
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+][0-9]+)?", re.ASCII)
_MAX_LENGTH = 40


def other_reading(text: str) -> str | None:
    """What an unquoted scalar is to other programs, in words; None if it is the same to all.

    Examples
    --------
    >>> other_reading("NO"), other_reading("0123"), other_reading("1e-3"), other_reading("0.001")
    ('the truth value false', 'the number 83', 'text', None)
    """
    if len(text) > _MAX_LENGTH:
        return None
    if _TRUTH.fullmatch(text):
        return f"the truth value {'true' if text.lower() in {'yes', 'on'} else 'false'}"
    if _OCTAL.fullmatch(text) and text.strip("+-0_"):
        return f"the number {int(text.replace('_', ''), 8)}"
    if _OTHER_WHOLE.fullmatch(text):
        return f"the number {int(text.replace('_', ''), 0)}"
    if _BASE_60.fullmatch(text):
        return "a number in base 60"
    if _DATE.fullmatch(text):
        return "a date"
    if re.search("[eE]", text) and parse_number(text) is not None and not _FLOAT.fullmatch(text):
        return "text"
    return None
