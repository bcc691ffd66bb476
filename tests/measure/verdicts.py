"""What the guards say about entries that a test made."""

from __future__ import annotations

from typing import Any

from dcase_energy.measure.guards import judge_guards
from dcase_energy.measure.records import GuardState, Tier
from dcase_energy.measure.view import JournalView

_WORST = [GuardState.OK, GuardState.WARN, GuardState.INVALID]


def view_of(entries, *, cpu_threads: int = 2, **fields: Any) -> JournalView:
    """A view of entries; fields that a view computes from entries are what the test says."""
    header = {"entry": "energy", "hardware": {"cpu_threads": cpu_threads}, "host": {}, "locked": True}
    header |= fields.pop("header", {})
    computed = {name: fields.pop(name) for name in ("tier", "warnings", "idle", "interruptions") if name in fields}
    view = JournalView(header, entries, **{"stages": {}, "complete": True, **fields})
    view.__dict__.update({"tier": Tier.MEASURED, **computed})
    return view


def verdicts_of(entries, **fields: Any) -> dict[str, str]:
    """The worst state by code."""
    found: dict[str, GuardState] = {}
    for guard in judge_guards(view_of(entries, **fields)):
        found[guard.code] = max(found.get(guard.code, GuardState.OK), guard.state, key=_WORST.index)
    return {code: state.value for code, state in found.items()}
