"""In what a record and the one computed again from its journal differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dcase_energy import __version__

if TYPE_CHECKING:
    from dcase_energy.measure.records import Evidence

# Recomputing sums the same numbers; only their order may have changed between versions.
_TOLERANCE = 1e-9
# Verdicts are recomputed from the journal; the stored ones are ignored.
_VERDICTS = frozenset({"guards", "warnings", "valid", "reasons", "digest", "schema_version"})
# What every version computes in the same way: the work, the machine, and the figures that others are divided by.
_WORK = ("run_id", "kind", "stage", "edition", "recipe", "recipe_sha256", "implementation", "complete", "executions")
_MACHINE = ("hardware", "hardware_sha256", "software", "devices", "tier")
_FIGURES = ("energy_kwh", "full_recipe_energy_kwh", "duration_s")
_MOST_SHOWN = 60
_Value = Any
_Record = TypeVar("_Record", bound="Evidence")


def differs(
    record: _Record, entries: list[dict[str, Any]], compute: Callable[[list[dict[str, Any]]], _Record]
) -> str | None:
    """In what a record and the one computed from its journal differ; None if they are the same."""
    try:
        again = compute(entries)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, StopIteration) as error:
        # A journal whose chain holds may still be invented: whatever computing stumbles over is the journal's fault.
        return f"no record can be computed from the journal ({type(error).__name__})"
    return difference(record, again)


def difference(record: Evidence, again: Evidence) -> str | None:
    """The first difference between a record and the one its journal gives; None if it holds no other figure.

    A record of this version of the program must hold the very same figures. Of another version, which may have computed
    intervals and details in another way, those are compared that a ratio is made of.
    """
    stored, computed = record.model_dump(mode="json"), again.model_dump(mode="json")
    if stored["software"].get("dcase_energy") != __version__:
        stored, computed = _core(stored), _core(computed)
    for name in stored:
        if name not in _VERDICTS:
            found = next(_differences(stored[name], computed.get(name), (name,)), None)
            if found is not None:
                return found
    if record.valid and not again.valid:
        return f"the record calls itself valid, the journal says: {'; '.join(again.reasons)}"[:300]
    return None


def _core(document: Mapping[str, _Value]) -> dict[str, _Value]:
    """What is compared of a record of another version."""
    stages = {
        name: {key: stage[key] for key in _FIGURES}
        | {
            "components": {
                component: {key: part[key] for key in ("energy_kwh", "full_recipe_energy_kwh", "method")}
                for component, part in stage["components"].items()
            }
        }
        for name, stage in document["stages"].items()
    }
    return {name: document[name] for name in (*_WORK, *_MACHINE) if name in document} | {"stages": stages}


def _differences(stored: _Value, computed: _Value, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(computed, dict):
        if set(stored) != set(computed):
            yield _told(path, ", ".join(map(str, stored)) or "none", ", ".join(map(str, computed)) or "none")
        for key in stored:
            yield from _differences(stored[key], computed.get(key), (*path, str(key)))
    elif isinstance(stored, list) and isinstance(computed, list):
        if len(stored) != len(computed):
            yield _told(path, f"{len(stored)} entries", f"{len(computed)} entries")
        for index, (one, other) in enumerate(zip(stored, computed, strict=False), 1):
            yield from _differences(one, other, (*path, str(index)))
    elif _is_number(stored) and _is_number(computed):
        if abs(stored - computed) > _TOLERANCE * max(abs(stored), abs(computed)):
            yield _told(path, f"{stored:.6g}", f"{computed:.6g}")
    elif stored != computed:
        yield _told(path, stored, computed)


def _is_number(value: _Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(path: tuple[str, ...], stored: _Value, computed: _Value) -> str:
    place = path[1:] if path[0] == "stages" and len(path) > 1 else path
    shown = ["nothing" if value is None else f"{value!s:.{_MOST_SHOWN}}" for value in (stored, computed)]
    return f"{' '.join(place)[: _MOST_SHOWN * 2]}: the record has {shown[0]}, the journal gives {shown[1]}"
