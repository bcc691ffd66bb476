"""A letter to each team: what was accepted, what is wrong, where, how to fix it, and what has changed."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import InputError
from dcase_energy.findings import Severity
from dcase_energy.submission.addressees import Addressee, Addressees
from dcase_energy.submission.by_package import by_package, gravity, of_organiser

if TYPE_CHECKING:
    from dcase_energy.findings import Finding
    from dcase_energy.submission.checks.system import System
    from dcase_energy.submission.validate import Validation

# What was written last time, for the next: in the folder of the letters.
STATE = "letters.json"
_SCHEMA_VERSION = "1.0"
_MOST_STATE_BYTES = 100_000_000
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class LetterItem:
    """A finding as a team sees it.

    Attributes
    ----------
    finding, place
        What was found, and where in what the team submitted: no path of the organiser's machine.
    systems
        Labels of the systems that it concerns; none where it concerns a package as a whole.
    is_new
        Whether the last letter did not have it; None where there was no letter.
    """

    finding: Finding
    place: str
    systems: tuple[str, ...]
    is_new: bool | None = None

    @property
    def key(self) -> Key:
        """What makes a finding the same one after the team has sent its files anew: lines and folders may move."""
        where = self.finding.where
        return self.finding.code, " ".join(self.systems), PurePath(where.member or where.file).name, where.path or ""


@dataclass(frozen=True)
class Letter:
    """What one team is written.

    Attributes
    ----------
    team
        Its name; that of the package or file where no system could be read, or where ``doubt`` is there.
    systems
        Its systems, and whether each was accepted: whether it has no error.
    items
        Everything that was found, the gravest first.
    fixed
        What the last letter had and is no longer found, as its code with its place; None where there was none.
    doubt
        For the organiser: why the letter does not go to the team that a label names; None where it does.
    """

    team: str
    systems: Sequence[tuple[System, bool]]
    items: Sequence[LetterItem]
    fixed: Sequence[str] | None = None
    doubt: str | None = None

    def of(self, severity: Severity) -> list[LetterItem]:
        """The findings of a severity; what the organisers waived is not among them."""
        return [one for one in self.items if one.finding.severity is severity and one.finding.waived is None]


@dataclass(frozen=True)
class Changes:
    """How many findings all teams with an earlier letter have fixed, have anew, and still have."""

    fixed: int
    new: int
    still: int


def letters_of(validation: Validation, before: Mapping[str, Sequence[Mapping[str, str]]] | None) -> list[Letter]:
    """Return the letters, by team.

    Parameters
    ----------
    validation
        What was found.
    before
        By team what the letters before had, as `read_state` returns it; None where there were none.
    """
    systems, items = _by_team(validation)
    letters = []
    for team in sorted({*systems, *items}, key=lambda one: one.name):
        last = None if before is None else before.get(team.name)
        own, fixed = _compared(items[team], last)
        own.sort(key=lambda item: (gravity(item.finding), item.systems, item.finding.sort_key()))
        failed = {name for item in own if item.finding.severity is Severity.ERROR for name in item.systems}
        judged = [(system, system.name not in failed) for system in systems[team]]
        letters.append(Letter(team.name, judged, own, fixed, team.doubt))
    return letters


def _by_team(validation: Validation) -> tuple[dict[Addressee, list[System]], dict[Addressee, list[LetterItem]]]:
    """Systems and findings by team; what lies in a package of several teams and is none's is written to each."""
    systems: dict[Addressee, list[System]] = defaultdict(list)
    items: dict[Addressee, list[LetterItem]] = defaultdict(list)
    roots = [PurePath(path) for path in validation.packages.paths]
    own = of_organiser(validation)
    packages = by_package(validation)
    addressees = Addressees(packages)
    for package in packages:
        for system in package.systems:
            systems[addressees.of(package, system)].append(system)
        for finding in package.findings:
            if not package.systems and PurePath(finding.where.file) in own:
                continue
            owners = [system for system in package.systems if system.files.holds(finding.where)]
            item = LetterItem(finding, _place(finding, roots), tuple(system.name for system in owners))
            for team in {addressees.of(package, system) for system in owners} or addressees.all_of(package):
                items[team].append(item)
    return systems, items


def _place(finding: Finding, roots: Sequence[PurePath]) -> str:
    """The place below the folder that holds the package."""
    place, file = str(finding.where), PurePath(finding.where.file)
    root = next((root for root in roots if root == file or root in file.parents), None)
    return place if root is None else place.removeprefix(str(root.parent)).lstrip("/\\")


def _compared(
    items: Sequence[LetterItem], last: Sequence[Mapping[str, str]] | None
) -> tuple[list[LetterItem], list[str] | None]:
    """The findings with whether each is new, and those of the last letter that are gone."""
    if last is None:
        return list(items), None
    keys = [(one["code"], one["system"], one["file"], one["path"]) for one in last]
    known, found, gone = Counter(keys), [], []
    for item in items:
        is_new = known[item.key] == 0
        known[item.key] -= not is_new
        found.append(replace(item, is_new=is_new))
    for key, one in zip(keys, last, strict=True):
        if known[key] > 0:
            known[key] -= 1
            gone.append(f"{one['code']} {one['place']}")
    return found, gone


def changes_of(letters: Sequence[Letter]) -> Changes | None:
    """Return what changed since the letters before; None where there were none."""
    known = [letter for letter in letters if letter.fixed is not None]
    items = [item for letter in known for item in letter.items]
    fixed = sum(len(letter.fixed or ()) for letter in known)
    new = sum(item.is_new is True for item in items)
    return Changes(fixed, new, len(items) - new) if known else None


def state_of(letters: Sequence[Letter], edition: str) -> bytes:
    """Return what the next letters are compared with."""
    teams = {
        letter.team: [
            {**dict(zip(("code", "system", "file", "path"), item.key, strict=True)), "place": item.place}
            for item in letter.items
        ]
        for letter in letters
    }
    document = {"schema_version": _SCHEMA_VERSION, "edition": edition, "teams": teams}
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def read_state(folder: Path) -> dict[str, list[dict[str, str]]] | None:
    """Return what the letters in a folder had, by team; None where there are none.

    Raises
    ------
    InputError
        If the file is not what `state_of` writes.
    """
    path = folder / STATE
    try:
        with path.open("rb") as file:
            document: Any = json.loads(file.read(_MOST_STATE_BYTES))
        return {
            str(team): [{name: str(one[name]) for name in ("code", "system", "file", "path", "place")} for one in items]
            for team, items in document["teams"].items()
        }
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = f"{path} was not written by this program ({type(error).__name__}): remove it to begin anew"
        raise InputError(problem) from None


def file_names(letters: Sequence[Letter]) -> list[str]:
    """Return a name for the files of each letter that is safe anywhere, without its ending."""
    names: list[str] = []
    for letter in letters:
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", letter.team)[:80].strip("_") or "team"
        while name.casefold() in {other.casefold() for other in names}:
            name = f"{name}_"
        names.append(name)
    return names
