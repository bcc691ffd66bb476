"""What the guards say about entries that a test made."""

from __future__ import annotations

from typing import Any

from dcase_energy.measure.guards import JournalView, judge
from dcase_energy.measure.records import GuardState, Tier

_WORST = [GuardState.OK, GuardState.WARN, GuardState.INVALID]


def view_of(entries, *, cpu_threads: int = 2, **fields: Any) -> JournalView:
    header = {"entry": "energy", "hardware": {"cpu_threads": cpu_threads}, "host": {}, "locked": True}
    header |= fields.pop("header", {})
    known = {
        "header": header,
        "meters": [entry for entry in entries if entry["entry"] == "meter"],
        "entries": entries,
        "stages": {},
        "tier": Tier.MEASURED,
        "warnings": [entry["message"] for entry in entries if entry["entry"] == "warning"],
        "complete": True,
    }
    return JournalView(**{**known, **fields})


def verdicts_of(entries, **fields: Any) -> dict[str, str]:
    """The worst state by code."""
    found: dict[str, GuardState] = {}
    for guard in judge(view_of(entries, **fields)):
        found[guard.code] = max(found.get(guard.code, GuardState.OK), guard.state, key=_WORST.index)
    return {code: state.value for code, state in found.items()}
