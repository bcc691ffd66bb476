"""Guards: what could make a number wrong, looked at in the journal. Each says ok, warn or invalid, and why.

A guard never changes a figure and never hides one. Thresholds are data (`catalogue`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dcase_energy.measure.guards.catalogue import GUARDS
from dcase_energy.measure.guards.model import JournalView
from dcase_energy.measure.meter import Obtained
from dcase_energy.measure.records import Guard, GuardState, Tier

__all__ = ["GUARDS", "JournalView", "judge", "tier_of", "validity"]


def tier_of(methods: Mapping[str, Mapping[str, Any]]) -> Tier:
    """How much is counted of the devices the work ran on. Memory is always estimated and does not decide."""
    used = [m["obtained"] for name, m in methods.items() if name != "ram" and m["obtained"] != Obtained.NOT_MEASURED]
    counted = [obtained == Obtained.COUNTED for obtained in used]
    if counted and all(counted):
        return Tier.MEASURED
    return Tier.MIXED if any(counted) else Tier.ESTIMATED


def judge(view: JournalView) -> list[Guard]:
    """Run all guards; each gives at least one verdict."""
    return [guard for spec in GUARDS for guard in spec.judge(view)]


def validity(guards: Sequence[Guard]) -> dict[str, Any]:
    """``valid`` and ``reasons`` of a record."""
    reasons = [f"{guard.code}: {guard.message}" for guard in guards if guard.state is GuardState.INVALID]
    return {"valid": not reasons, "reasons": reasons}
