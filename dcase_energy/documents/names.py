"""Names of files in packages: which are unsafe anywhere, and which some system takes for the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from dcase_energy.documents.package_rules import LITTER, NAME_TWICE, NAME_UNSAFE, NESTED_ARCHIVE
from dcase_energy.findings import Finding, Where, capped
from dcase_energy.rules import Rule
from dcase_energy.text import JOINERS, UNSAFE, more

MAX_NAME_BYTES = 1024
OWN_FOLDER = ".dcase-energy"
MAX_PART_BYTES = 255
MAX_FOLDER_DEPTH = 20
SHOWN = 5

# What systems and tools leave beside people's files, in small letters. What is hidden (.DS_Store, .git, ._x) is too.
_LITTER = frozenset(
    {
        "__macosx", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini", "__pycache__", "$recycle.bin",
        "system volume information",
    }
)  # fmt: skip
# Reserved by Windows with any extension.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_HIDDEN = re.compile(f"[{JOINERS}]|{UNSAFE.pattern}")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_OF_RUN = re.compile(r"(?P<system>.+?)(?:_run(?P<run>[0-9]+))?(?P<raw>_unprocessed)?\.output")
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")


class OutputFolder(NamedTuple):
    """What the name of a folder of outputs says: ``<system>_run<number>.output``, ``_unprocessed`` before its end."""

    system: str
    run: int
    unprocessed: bool


def output_folder(name: str) -> OutputFolder | None:
    """The system and the run (the first where none is named) of a folder of outputs; None for any other name."""
    match = _OF_RUN.fullmatch(name)
    return None if match is None else OutputFolder(match["system"], int(match["run"] or 1), match["raw"] is not None)


def litter_in(name: str) -> str | None:
    """The beginning of a name up to what is not part of a package: hidden, or left by a system or tool.

    None if there is none. A name that is hidden and unsafe as well is judged as unsafe.
    """
    folder, _, own = name.rpartition("/")
    return (_litter_above(folder) if folder else None) or (name if _is_litter(own, name) else None)


@lru_cache(maxsize=4096)
def _litter_above(folder: str) -> str | None:
    beginnings = accumulate(folder.split("/"), "{}/{}".format)
    return next((name for name in beginnings if _is_litter(name.rpartition("/")[2], name)), None)


def _is_litter(own: str, name: str) -> bool:
    """Whether a file or folder is litter by its own name; the whole name says whether it is safe."""
    if own.startswith("~$") or own.lower() in _LITTER:
        return True
    return own.startswith(".") and own[1:2] not in {"", "."} and why_unsafe(name) is None


def why_unsafe(name: str) -> str | None:
    """Why a name (with ``/`` between its parts) cannot be used everywhere; None if it can."""
    if not name:
        return "an empty name"
    if match := _HIDDEN.search(name):
        return f"the character U+{ord(match[0]):04X} in a name"
    if "\\" in name:
        return "a backslash in a name: some systems take it for a folder"
    if name.startswith("/") or _DRIVE.match(name):
        return "an absolute name"
    parts = name.split("/")
    if ".." in parts:
        return "the name leads out of the package (..)"
    if len(parts) > MAX_FOLDER_DEPTH:
        return f"a name of {len(parts)} folders; at most {MAX_FOLDER_DEPTH} are read"
    if _bytes(name) > MAX_NAME_BYTES or any(_bytes(part) > MAX_PART_BYTES for part in parts):
        return f"a name of {len(name):,} characters"
    return next((reason for part in parts if (reason := _why_part_unsafe(part))), None)


@lru_cache(maxsize=1_000)
def _why_part_unsafe(part: str) -> str | None:
    if part in {"", "."}:
        return "an empty part in a name"
    if part[-1] in ". ":
        return "a name that ends in a dot or a space"
    if _RESERVED.fullmatch(part):
        return f"{part[:20]} is a name that Windows keeps for a device"
    if match := _FORBIDDEN.search(part):
        return f"the character {match[0]} in a name"
    return None


def _bytes(name: str) -> int:
    return len(name) if name.isascii() else len(name.encode("utf-8", "surrogatepass"))


def folded(name: str) -> str:
    """What is equal for names that differ in case, composition or form of letters alone (Unicode, D146)."""
    if name.isascii():
        return name.lower()
    # Forms may hide capitals, and capitals forms: ℕ, ﬁ, ϔ.
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def judge_names(names: Iterable[str], where: Callable[[str], Where]) -> tuple[list[str], list[Finding]]:
    """Sort names into those that can be used and findings about the others.

    Parameters
    ----------
    names
        Relative, with ``/`` between their parts.
    where
        The place of a name for findings.

    Returns
    -------
    list of str
        Names of files of the package, litter and unsafe ones left out, sorted. The first of equal names stays.
    list of Finding
        The first few of each rule; the last one says how many more there are.
    """
    usable: dict[str, str] = {}
    unsafe: dict[str, list[str]] = {}
    twice: list[tuple[Rule, str, str]] = []
    litter: set[str] = set()
    kept: list[str] = []
    for name in sorted(names):
        if left := litter_in(name):
            litter.add(left)
        elif reason := why_unsafe(name):
            unsafe.setdefault(reason, []).append(name)
        else:
            kept.append(name)
            other = usable.get(key := folded(name))
            if other is None:
                usable[key] = name
            # Of two folders that differ in case alone, the folders are the finding, not each file in them.
            elif other.rpartition("/")[0] == name.rpartition("/")[0]:
                same = "the same name twice" if other == name else f"some systems take it for {other}"
                twice.append((NAME_TWICE, name, same))
    problems = [
        *((NAME_UNSAFE, bad[0], f"{reason}{more(len(bad) - 1)}") for reason, bad in unsafe.items()),
        *twice,
        *_folders_taken_for_one(kept),
        *(
            (NAME_TWICE, usable[key], "a file and a folder of one name")
            for key in sorted(_folders_of(usable) & usable.keys())
        ),
        # A packed file among the outputs is judged there.
        *(
            (NESTED_ARCHIVE, name, "an archive inside the package")
            for name in usable.values()
            if name.lower().endswith(ARCHIVES) and ".output/" not in name
        ),
    ]
    findings = few(rule.finding(where(name), message) for rule, name, message in problems)
    # `init` leaves a schema for editors there.
    if reported := [name for name in litter if OWN_FOLDER not in name.split("/")]:
        message = f"hidden, or left by the operating system or a tool: ignored ({len(reported):,} in all)"
        findings.append(LITTER.finding(where(min(reported)), message))
    return sorted(usable.values()), findings


def _folders_taken_for_one(names: Iterable[str]) -> Iterator[tuple[Rule, str, str]]:
    """Folders beside each other that some system takes for one."""
    first: dict[str, str] = {}
    for folder in sorted(_folders_of(names)):
        other = first.setdefault(folded(folder), folder)
        if other != folder and other.rpartition("/")[0] == folder.rpartition("/")[0]:
            yield NAME_TWICE, folder, f"on some operating systems this folder and {other} are the same"


def _folders_of(names: Iterable[str]) -> set[str]:
    folders = {name.rpartition("/")[0] for name in names} - {""}
    return folders | {folder[: slash.start()] for folder in folders for slash in re.finditer("/", folder)}


def few(findings: Iterable[Finding]) -> list[Finding]:
    """Return the first few findings of each rule; the last of them says how many more there are."""
    return capped(findings, SHOWN, family=lambda finding: finding.code, what="like this")
