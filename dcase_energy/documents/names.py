"""Names of files in packages: which are unsafe anywhere, and which some system takes for the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from dcase_energy.documents.package_rules import LITTER, NAME_TWICE, NAME_UNSAFE, NESTED_ARCHIVE
from dcase_energy.rules import Rule
from dcase_energy.text import JOINERS, UNSAFE, more

MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 255
MAX_DEPTH = 20
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
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")

# Rule, name of the file, what is wrong.
Problem = tuple[Rule, str, str]


def litter_in(name: str) -> str | None:
    """The beginning of a name up to what is not part of a package: hidden, or left by a system or tool.

    None if there is none. A name that is hidden and unsafe as well is judged as unsafe.
    """
    folder, _, own = name.rpartition("/")
    return (_litter_above(folder) if folder else None) or (name if _is_litter(own, name) else None)


@lru_cache(maxsize=4096)
def _litter_above(folder: str) -> str | None:
    parts = folder.split("/")
    beginnings = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return next((name for part, name in zip(parts, beginnings, strict=True) if _is_litter(part, name)), None)


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
        return "a name that leaves the package (..)"
    if len(parts) > MAX_DEPTH:
        return f"a name of {len(parts)} folders; at most {MAX_DEPTH} are read"
    if _bytes(name) > MAX_NAME_BYTES or any(_bytes(part) > MAX_PART_BYTES for part in parts):
        return f"a name of {len(name):,} characters"
    return next((reason for part in parts if (reason := _why_part_unsafe(part))), None)


def _why_part_unsafe(part: str) -> str | None:
    if part in {"", "."}:
        return "an empty part in a name"
    if part[-1] in ". ":
        return "a name that ends in a dot or a blank"
    if _RESERVED.fullmatch(part):
        return f"{part[:20]} is a name that Windows keeps for a device"
    if match := _FORBIDDEN.search(part):
        return f"the character {match[0]} in a name"
    return None


def _bytes(name: str) -> int:
    return len(name.encode("utf-8", "surrogatepass"))


def folded(name: str) -> str:
    """What is equal for names that differ in case, composition or form of letters alone (Unicode, D146)."""
    if name.isascii():
        return name.lower()
    # Forms may hide capitals, and capitals forms: ℕ, ﬁ, ϔ.
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def judge_names(names: Iterable[str]) -> tuple[list[str], list[Problem]]:
    """Sort names into those that can be used and what is wrong with the others.

    Returns
    -------
    list of str
        Names of files of the package, litter and unsafe ones left out, sorted. The first of equal names stays.
    list of (Rule, str, str)
        Rule, name and message; unsafe names are listed up to a number, the rest is counted.
    """
    usable: dict[str, str] = {}
    unsafe: dict[str, list[str]] = {}
    alike: list[Problem] = []
    litter: set[str] = set()
    kept: list[str] = []
    for name in sorted(names):
        if left := litter_in(name):
            litter.add(left)
        elif reason := why_unsafe(name):
            unsafe.setdefault(reason, []).append(name)
        elif (key := folded(name)) in usable:
            kept.append(name)
            other = usable[key]
            same = "the same name twice" if other == name else f"some systems take it for {other}"
            # Of two folders that differ in case alone, the folders are the finding, not each file in them.
            if other.rpartition("/")[0] == name.rpartition("/")[0]:
                alike.append((NAME_TWICE, name, same))
        else:
            kept.append(name)
            usable[key] = name
    clash = [(NAME_TWICE, name, "a file and a folder of one name") for name in _also_folders(usable)]
    inner = [(NESTED_ARCHIVE, name, "an archive inside the package") for name in _archives(usable.values())]
    problems = few([*_by_reason(unsafe), *alike, *_folders_alike(kept), *clash, *inner])
    if litter:
        message = f"hidden, or left by the operating system or a tool: ignored ({len(litter):,} in all)"
        problems.append((LITTER, min(litter), message))
    return sorted(usable.values()), problems


def _by_reason(unsafe: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """One finding a cause: the first name, and how many more there are."""
    for reason, names in unsafe.items():
        yield NAME_UNSAFE, names[0], f"{reason}{more(len(names) - 1)}"


def _folders_alike(names: Iterable[str]) -> Iterator[Problem]:
    """Folders beside each other that some system takes for one."""
    first: dict[str, str] = {}
    for folder in sorted(_folders_of(names)):
        other = first.setdefault(folded(folder), folder)
        if other != folder and other.rpartition("/")[0] == folder.rpartition("/")[0]:
            yield NAME_TWICE, folder, f"some systems take this folder for {other}"


def _folders_of(names: Iterable[str]) -> set[str]:
    folders = {name.rpartition("/")[0] for name in names} - {""}
    for folder in list(folders):
        folders.update("/".join(folder.split("/")[:end]) for end in range(1, folder.count("/") + 1))
    return folders


def _also_folders(usable: dict[str, str]) -> Iterator[str]:
    yield from (usable[key] for key in sorted(_folders_of(usable) & usable.keys()))


def _archives(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        # A packed file among the outputs is judged there.
        if name.lower().endswith(ARCHIVES) and ".output/" not in name:
            yield name


def few(problems: Iterable[Problem]) -> list[Problem]:
    """The first few of each rule; the last of them says how many more there are."""
    by_rule: dict[str, list[Problem]] = {}
    for problem in problems:
        by_rule.setdefault(problem[0].code, []).append(problem)
    kept: list[Problem] = []
    for same in by_rule.values():
        kept += same[:SHOWN]
        if len(same) > SHOWN:
            rule, name, message = kept.pop()
            kept.append((rule, name, f"{message}{more(len(same) - SHOWN, 'like this')}"))
    return kept
