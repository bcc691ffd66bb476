"""Spellings of key paths: keys in quotes, alternatives in braces, and comparison without case and separators."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from functools import lru_cache

_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
_SEPARATORS = re.compile(r"[\s_.()\[\]-]+")
_KEY = r'(?:"[^"]+"|[^."{}]+)'
_WELL_FORMED = re.compile(rf"{_KEY}(?:\.{_KEY})*")
_KEYS = re.compile(r'"([^"]+)"|([^."]+)')
_MOST = 5_000


def expand(written: str) -> Iterator[str]:
    """All paths that a path with alternatives in braces represents, in the order written.

    Raises
    ------
    ValueError
        If braces do not match, a part is empty, or there are absurdly many paths.

    Examples
    --------
    >>> list(expand("system.{energy,power}.training{,_kwh}"))[:3]
    ['system.energy.training', 'system.energy.training_kwh', 'system.power.training']
    """
    parts = _ALTERNATIVES.split(written)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    if (count := math.prod(map(len, choices))) > _MOST:
        raise ValueError(f"{written!r} represents {count:,} paths")
    for chosen in itertools.product(*choices):
        path = "".join(chosen)
        if not _WELL_FORMED.fullmatch(path):
            raise ValueError(f"{written!r} is not a key path: {path!r}")
        yield path


def split_path(path: str) -> tuple[str | int, ...]:
    """Split a dotted key path; a key that holds a dot is written in quotes, as in TOML.

    Examples
    --------
    >>> split_path('results."bsd10k-v1.2".overall.hF')
    ('results', 'bsd10k-v1.2', 'overall', 'hF')
    """
    if '"' not in path:
        return tuple(path.split("."))
    return tuple(inside or bare for inside, bare in _KEYS.findall(path))


@lru_cache(maxsize=10_000)
def fold(key: str) -> str:
    """A key without case, separators, brackets and the unit kWh: ``Training (kWh)`` and ``training`` are one.

    Examples
    --------
    >>> fold("Training (kWh)"), fold("post-processing")
    ('training', 'postprocessing')
    """
    return _SEPARATORS.sub("", key).casefold().removesuffix("kwh")


def folded_path(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A key path with each key folded."""
    return tuple(fold(part) if isinstance(part, str) else part for part in path)
