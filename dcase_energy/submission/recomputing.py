"""Whether a record follows from its journal, and whether its energies are possible at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dcase_energy import __version__
from dcase_energy.errors import JournalError
from dcase_energy.units import mean_power_w

if TYPE_CHECKING:
    from dcase_energy.measure.entries import Entries
    from dcase_energy.measure.records import Evidence, Stage

# Recomputing sums the same numbers; only their order may have changed between versions.
_TOLERANCE = 1e-9
# Verdicts are recomputed from the journal; the stored ones are ignored.
_VERDICTS = frozenset({"guards", "warnings", "valid", "reasons", "digest", "schema_version"})
# What every version computes in the same way: the work, the machine, and the figures that others are divided by.
_WORK = ("run_id", "kind", "stage", "edition", "recipe", "recipe_sha256", "implementation", "complete", "executions")
_MACHINE = ("hardware", "hardware_sha256", "software", "devices", "tier")
_FIGURES = ("energy_kwh", "full_recipe_energy_kwh", "duration_s")
_MOST_SHOWN = 60
# Measured power may be a little above a nominal one.
OVER_NOMINAL = 1.2
# What the tracker assumes for memory: so much a machine with few modules, more only by its size.
_MEMORY_W, _MEMORY_W_PER_GIB = 70.0, 0.375
_NOT_BLANK = re.compile(r"[^ \t\r\n]")
_Value = Any


def entries_of(data: bytes, name: str, digest: object) -> Entries:
    """Return the entries of a journal whose chain holds.

    Editors and version control change line ends and spaces, end a file without a new line or begin it with a mark of
    byte order. None of that changes an entry, so such a journal is read as it was written. The digest of the record
    beside it says which reading is meant; a journal that fits it in neither way is read as it is.

    Raises
    ------
    JournalError
        If the chain does not hold; the message names the line.
    """
    from dcase_energy.measure.journal import journal_digest, parse_journal

    try:
        found = parse_journal(data, name)
    except JournalError:
        if (restored := _restored(data, name)) is None:
            raise
        return restored
    restored = _restored(data, name) if journal_digest(found) != digest else None
    return found if restored is None or journal_digest(restored) != digest else restored


def _restored(data: bytes, name: str) -> Entries | None:
    """The entries of the same values, each on a line as the program writes it; None if they are no journal either."""
    from dcase_energy.measure.journal import canonical_json, parse_journal

    decoder, lines, at = json.JSONDecoder(), [], 0
    try:
        text = data.decode("utf-8-sig")
        while match := _NOT_BLANK.search(text, at):
            value, at = decoder.raw_decode(text, match.start())
            lines.append(canonical_json(value) + "\n")
        return parse_journal("".join(lines).encode(), name)
    except (ValueError, RecursionError):
        return None


def differs(record: Evidence, entries: Entries, compute: Callable[[Entries], Evidence]) -> str | None:
    """Return in what a record and the one computed from its journal differ; None if they are the same."""
    again, problem = recomputed(entries, compute)
    return problem if again is None else difference(record, again)


def recomputed(entries: Entries, compute: Callable[[Entries], Evidence]) -> tuple[Evidence | None, str | None]:
    """Return the record that a journal gives, or None and why it gives none."""
    from dcase_energy.measure.journal import computed

    try:
        return computed(compute, entries, "the journal"), None
    except JournalError as error:
        cause = error.__cause__ or error
        return None, f"no record can be computed from the journal ({type(cause).__name__})"


def difference(record: Evidence, again: Evidence) -> str | None:
    """Return the first of `all_differences`; None if there are none."""
    return next(all_differences(record, again), None)


def all_differences(record: Evidence, again: Evidence) -> Iterator[str]:
    """Yield where a record differs from the one its journal gives.

    A record of this version of the program must hold the very same figures. Of another version, which may have computed
    intervals and details in another way, those are compared that a ratio is made of.
    """
    stored, computed = record.model_dump(mode="json"), again.model_dump(mode="json")
    if stored["software"].get("dcase_energy") != __version__:
        stored, computed = _core(stored), _core(computed)
    for name in (name for name in stored if name not in _VERDICTS):
        yield from _differences(stored[name], computed.get(name), (name,))
    if record.valid and not again.valid:
        yield f"the record is marked as valid, but the journal shows: {'; '.join(again.reasons)}"[:300]


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
            yield _shown(path, *(", ".join(map(str, one)) or "none" for one in (stored, computed)))
        for key in stored:
            yield from _differences(stored[key], computed.get(key), (*path, str(key)))
    elif isinstance(stored, list) and isinstance(computed, list):
        if len(stored) != len(computed):
            yield _shown(path, f"{len(stored)} entries", f"{len(computed)} entries")
        for index, (one, other) in enumerate(zip(stored, computed, strict=False), 1):
            yield from _differences(one, other, (*path, str(index)))
    elif type(stored) in {int, float} and type(computed) in {int, float}:
        if abs(stored - computed) > _TOLERANCE * max(abs(stored), abs(computed)):
            yield _shown(path, f"{stored:.6g}", f"{computed:.6g}")
    elif stored != computed:
        yield _shown(path, stored, computed)


def _shown(path: tuple[str, ...], stored: _Value, computed: _Value) -> str:
    place = path[1:] if path[0] == "stages" and len(path) > 1 else path
    record, journal = ("nothing" if value is None else f"{value!s:.{_MOST_SHOWN}}" for value in (stored, computed))
    return f"{' '.join(place)[: _MOST_SHOWN * 2]}: the record has {record}, the journal gives {journal}"


def impossible_power(record: Evidence) -> str | None:
    """Return the first stage and component whose mean power is more than the record itself allows; None if none.

    The limit of an estimated component is its nominal power, that of a counted GPU its board's power limit. What the
    record does not say is not checked.
    """
    for name, stage in record.figures.items():
        for component, part in stage.components.items():
            limit_w = _limit_w(record, stage, component)
            for energy_kwh, duration_s, what in (
                (part.energy_kwh, stage.timed_s, ""),
                (part.full_recipe_energy_kwh, stage.full_recipe_duration_s, " of the whole recipe"),
            ):
                power_w = mean_power_w(energy_kwh, duration_s) if energy_kwh and duration_s > 0 else 0.0
                if limit_w is not None and power_w > OVER_NOMINAL * limit_w:
                    shown = f"{component} drew {power_w:,.4g} W on average{what}; it can draw at most {limit_w:,.4g} W"
                    return f"{name}: {shown}"
    return None


def _limit_w(record: Evidence, stage: Stage, component: Any) -> float | None:
    part, memory_gib = stage.components[component], record.hardware.get("memory_gib")
    if part.method == "counted":
        limits = [board.get("limit_w") for board in record.devices] if component == "gpu" else []
        known = [float(limit) for limit in limits if isinstance(limit, int | float) and limit > 0]
        return sum(known) if known and len(known) == len(limits) else None
    constant_w = record.constants_w.get(component)
    nominal_w = part.nominal_w if constant_w is None else float(constant_w)
    if nominal_w is None and component == "ram" and isinstance(memory_gib, int | float):
        return max(_MEMORY_W, _MEMORY_W_PER_GIB * memory_gib)
    return nominal_w
