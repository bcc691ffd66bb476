"""Checks of systems, one file a family, each with its rules.

Every module of this folder is imported with it, and its decorated functions are the checks: a new file is found by its
place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules

from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import POOL_CHECKS, SYSTEM_CHECKS, TEAM_CHECKS, Peer, System
from dcase_energy.submission.model import team_of

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def check_alone(system: System) -> Iterator[Finding]:
    """What shows in one system by itself."""
    for check in SYSTEM_CHECKS:
        yield from check(system)


def check_together(systems: Sequence[System], pool: Sequence[Peer] = ()) -> Iterator[Finding]:
    """What only shows in systems beside each other: those of one team, and all of them with the pool of others."""
    teams: dict[str, list[System]] = defaultdict(list)
    for system in systems:
        teams[team_of(system.name)].append(system)
    for team in teams.values():
        for check, largest in TEAM_CHECKS:
            yield from check(team[:largest])
    for pool_check in POOL_CHECKS:
        yield from pool_check(systems, pool)
