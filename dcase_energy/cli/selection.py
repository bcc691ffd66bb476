"""Which findings the caller wants to see: ``--select`` and ``--ignore``. Nothing inside a submission can do this."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation


def codes(value: str | None, option: str) -> tuple[str, ...]:
    """Split ``E,M101`` into the beginnings of codes; one that begins no code is a usage error."""
    from dcase_energy.rules import all_rules

    wanted = tuple(part.strip().upper() for part in (value or "").split(",") if part.strip())
    known = {rule.code: rule.code for rule in all_rules()} | {rule.name.upper(): rule.code for rule in all_rules()}
    found = []
    for part in wanted:
        code = known.get(part, part)
        if not any(other.startswith(code) for other in known.values()):
            close = difflib.get_close_matches(part, known, n=1)
            hint = f"did you mean {close[0].lower() if '-' in close[0] else close[0]}? " if close else ""
            raise click.UsageError(f"{option}: no rule begins with {part!r}; {hint}`dcase-energy explain` lists all")
        found.append(code)
    if value is not None and not found:
        raise click.UsageError(f"{option}: name codes such as E201, or beginnings such as E")
    return tuple(found)


def select(validation: Validation, selected: Sequence[str], ignored: Sequence[str]) -> Validation:
    """Keep findings whose code begins with a selected one (all, if none is) and with no ignored one."""
    kept = [
        finding
        for finding in validation.findings
        if (not selected or finding.code.startswith(tuple(selected)))
        and not (ignored and finding.code.startswith(tuple(ignored)))
    ]
    return replace(validation, findings=kept)
