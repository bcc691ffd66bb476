"""Guards: what could make a number wrong, looked for in the journal. Each says ok, warn or invalid, and why.

A guard never changes a figure and never hides one. The numbers it judges by are data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dcase_energy.measure.guards import after, before, during, enough
from dcase_energy.measure.guards.model import GuardSpec
from dcase_energy.measure.record_parts import Guard, GuardState
from dcase_energy.measure.view import JournalView

GUARDS = tuple(
    found
    for module in (before, during, after, enough)
    for found in vars(module).values()
    if isinstance(found, GuardSpec)
)
BY_CODE = {found.code: found for found in GUARDS}


def judge_guards(view: JournalView) -> list[Guard]:
    """Run all guards; each gives at least one verdict."""
    return [verdict for found in GUARDS for verdict in found.judge(view)]


def validity(guards: Sequence[Guard]) -> dict[str, Any]:
    """``valid`` and ``reasons`` of a record."""
    reasons = [f"{guard.code}: {guard.message}" for guard in guards if guard.state is GuardState.INVALID]
    return {"valid": not reasons, "reasons": reasons}
