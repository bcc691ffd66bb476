"""Whom a letter goes to: the team that a label names, unless the file or a package says that it is not theirs.

A label is what its author wrote: one that was copied from another team, or from an example, names a team that has never
seen the package. What such a package holds is written about in a letter that is named after the file or the package.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcase_energy.submission.by_package import Package, bare_name
from dcase_energy.submission.model import people_of, team_of

if TYPE_CHECKING:
    from dcase_energy.submission.checks.system import System

# A person and an institute, as in labels: `Adams_UNI`; `submission_3` and `0042` name no team.
_TEAM = re.compile(r"[A-Z][\w'-]*[a-z][\w'-]*_[A-Z][A-Z0-9-]+(?![a-z])", re.ASCII)


@dataclass(frozen=True)
class Addressee:
    """Whom a letter goes to.

    Attributes
    ----------
    name
        The team; where ``doubt`` is there, the file or the package.
    doubt
        Why the team that the label names is not written to; None where it is.
    """

    name: str
    doubt: str | None = field(default=None, compare=False)


class Addressees:
    """The addressee of each system among packages.

    Parameters
    ----------
    packages
        All packages of a validation.
    """

    def __init__(self, packages: Sequence[Package]) -> None:
        self._homes: dict[str, list[Package]] = defaultdict(list)
        self._names: dict[str, str] = {}
        for package in packages:
            for team in package.teams:
                self._homes[_key(team)].append(package)

    def of(self, package: Package, system: System) -> Addressee:
        """Return whom a letter about a system goes to."""
        team, stem, bare = team_of(system.name), system.files.stem, bare_name(package.name)
        own = _key(team)
        if "_task" in stem and _key(stem) != own:
            return Addressee(self._named(f"file {stem}", package), f"its label names {team}, its file {stem}")
        if own in bare.casefold():
            return Addressee(team)
        if _TEAM.match(bare):
            return Addressee(self._named(f"package {bare}", package), f"its label names {team}, its package {bare}")
        others = [bare_name(one.name) for one in self._homes[own] if one is not package]
        if others:
            return Addressee(self._named(f"package {bare}", package), f"{team} is also named by {others[0]}")
        return Addressee(team)

    def all_of(self, package: Package) -> list[Addressee]:
        """Return all whom a letter about a package goes to."""
        found = {self.of(package, system) for system in package.systems}
        return sorted(found, key=lambda one: one.name) or [Addressee(bare_name(package.name))]

    def _named(self, name: str, package: Package) -> str:
        """A name that no other package's letter has."""
        while self._names.setdefault(name, package.name) != package.name:
            name += "'"
        return name


def _key(label: str) -> str:
    """What is the same for all systems of a team, whatever the subtask."""
    return people_of(label).casefold()
