"""Stated scores (R)."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.editions.fields import FieldKind
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import System, each_system

SCORE_SCALE = define(
    Rule(
        code="R403",
        name="score-scale",
        title="Scores asked for in percent are not fractions",
        why="An accuracy of 0.584 percent is possible and hardly ever meant. Nothing is converted silently.",
        bad="accuracy: 0.584, where the edition asks for percent",
        good="accuracy: 58.4",
        fix="multiply by 100 if this is a fraction",
        severity=Severity.WARNING,
    )
)


_MOST_SHOWN = 3


@each_system
def percent_not_fraction(system: System) -> Iterator[Finding]:
    """Scores asked for in percent are not fractions: not one among others, and not all of them.

    A single score of at most 1 by itself may be what it says; so may a zero.
    """
    metadata, fields = system.metadata, system.edition.fields
    scores = {
        name: value
        for name, value in metadata.values.items()
        if fields[name].kind is FieldKind.PERCENT and isinstance(value, int | float)
    }
    small = {name: value for name, value in scores.items() if 0 < value <= 1}
    if len(scores) < 2 or not small or 2 * len(small) > len(scores) > len(small):
        return
    together = len(small) == len(scores)
    for name, value in list(small.items())[: 1 if together else _MOST_SHOWN]:
        message = f"{value:g} is a fraction among percentages"
        if together:
            message = f"all {len(scores)} scores that should be in percent are at most 1"
        yield system.finding(SCORE_SCALE, name, message, expected=f"{100 * value:g}?", found=f"{value:g}")
