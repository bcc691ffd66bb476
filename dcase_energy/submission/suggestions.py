"""Which known key an unknown one was probably meant to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dcase_energy.documents.document import Path, dotted
from dcase_energy.editions.fields import FieldKind
from dcase_energy.editions.model import Edition
from dcase_energy.editions.spelling import fold

_CLOSE = 0.75
# Two candidates nearer to each other than this are as likely.
_AS_LIKELY = 0.06
_OTHER_UNIT = re.compile(r"(?<!k)wh|mwh|kj|mj|j|joules?|watts?|kw|w|co2|co2e|kgco2|emissions?|carbon")


@dataclass(frozen=True)
class Suggestion:
    """What to do about an unknown key.

    Attributes
    ----------
    hint
        For people.
    key
        What to write in its place, where nothing but the spelling of this one key is wrong; else None.
    """

    hint: str
    key: str | None = None


def suggest(path: Path, edition: Edition) -> Suggestion | None:
    """The one known key that was probably meant: a near spelling here, or this key at another level."""
    key = str(path[-1])
    if (advice := _other_quantity(key, edition)) is not None:
        return Suggestion(advice)
    if (near := _near_here(path, edition)) is not None:
        return near
    elsewhere = {dotted(spec.path) for spec in edition.fields.values() if fold(key) == fold(str(spec.path[-1]))}
    return Suggestion(f"did you mean {elsewhere.pop()}?") if len(elsewhere) == 1 else None


def _other_quantity(key: str, edition: Edition) -> str | None:
    """A key that names another unit or quantity must not be taken for a slip of the pen: its figure is another one."""
    words = re.split(r"[\s_.()\[\]-]+", key.casefold())
    energies = any(spec.kind is FieldKind.ENERGY for spec in edition.fields.values())
    if energies and any(_OTHER_UNIT.fullmatch(word) for word in words):
        return "energies are in kWh under the edition's own keys; convert the figure and use one of these"
    if "macs" in edition.fields and any(word in {"flops", "flop", "gflops", "mflops"} for word in words):
        return "give MACs, not FLOPs, under system.complexity.macs; most tools count two FLOPs a MAC"
    return None


def _near_here(path: Path, edition: Edition) -> Suggestion | None:
    # Only what stands after the nearest known parent can be misspelt; a whole block may be as well.
    siblings = edition.keys_below.get(path[:-1], {})
    rated = sorted(_rated(fold(str(path[-1])), siblings), key=lambda one: -one[0])
    best = [(ratio, name) for ratio, name in rated if ratio >= rated[0][0] - _AS_LIKELY]
    named = {name: _named(siblings[name], edition) for _, name in best}
    meant = {shown for shown, _ in named.values()}
    if not meant or (len(meant) > 1 and best[0][0] < 1):
        return None
    shown, key = named[best[0][1]]
    return Suggestion(f"did you mean {shown}?", key)


def _rated(key: str, names: Iterable[str]) -> Iterator[tuple[float, str]]:
    """How near each of the names is, for those that are near at all."""
    matcher = difflib.SequenceMatcher(None, b=key)
    for name in names:
        matcher.set_seq1(fold(name))
        # Cheap upper bounds first: a hostile file has thousands of unknown keys.
        if matcher.real_quick_ratio() >= _CLOSE and matcher.quick_ratio() >= _CLOSE and matcher.ratio() >= _CLOSE:
            yield matcher.ratio(), name


def _named(known: Path, edition: Edition) -> tuple[str, str]:
    """How a known path is shown, and the key to write at its level: the template's, where that is at the same level."""
    name = edition.field_of_path.get(known)
    template = known if name is None else edition.fields[name].path
    if template[:-1] == known[:-1]:
        return repr(str(template[-1])), str(template[-1])
    return dotted(template), str(known[-1])
