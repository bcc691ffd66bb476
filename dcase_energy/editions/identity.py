"""What identifies the rules of an edition, whatever its texts say and whatever a newer program can read besides."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from enum import Enum
from typing import Any

from dcase_energy.editions.model import Edition

# Nothing is judged by these: texts for people, and how an edition is recognised.
_TEXTS = frozenset({"title", "description", "source", "unknown", "example"})
_NO_RULES = _TEXTS | {"schema_version", "name", "label_example", "guess", "guessed", "unjudged"}


def edition_parts(edition: Edition) -> dict[str, str]:
    """Return a digest of each part of an edition that holds rules, by its key.

    What is as it is by default is left out, so that a key which a newer program adds changes no digest. Numbers are as
    the model has them: `docs/make_shipped.py` sees to it that 1 and 1.0 are the same where a fraction may be.
    """
    return {
        name: hashlib.sha256(_canonical(value)).hexdigest()[:16]
        for name, value in _own_values(edition, _NO_RULES).items()
    }


def edition_digest(edition: Edition) -> str:
    """Return the SHA-256 of all rules of an edition."""
    return hashlib.sha256(_canonical(_own_values(edition, _NO_RULES))).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _own_values(part: Any, without: frozenset[str]) -> dict[str, Any]:
    found = {}
    for one in dataclasses.fields(part):
        value = getattr(part, one.name)
        made = one.default_factory() if callable(one.default_factory) else one.default
        if one.name not in without and value != made:
            found[one.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _own_values(value, _TEXTS)
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value
