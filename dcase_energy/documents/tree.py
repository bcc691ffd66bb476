"""A folder of untrusted files as a list of names. Links that lead out of it are never followed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from dcase_energy.documents.files import read_bytes
from dcase_energy.documents.names import MAX_DEPTH, judge_names, litter_in
from dcase_energy.documents.package_rules import ARCHIVE_BOMB, LINK
from dcase_energy.documents.rules import FILE_UNREADABLE
from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule
from dcase_energy.text import printable

MAX_FILES = 1_000_000
MAX_COMPARED_BYTES = 1_000_000_000


class Tree(Protocol):
    """Files by name, whether in a folder or in an archive."""

    def names(self) -> list[str]:
        """Names of all plain files, relative, with ``/``, sorted; litter and unsafe names left out."""

    def problems(self) -> list[Finding]:
        """What is wrong with names and kinds of the files, whatever they hold."""

    def where(self, name: str) -> Where:
        """The place of a file for findings."""

    def read(self, name: str, limit_bytes: int) -> bytes | Finding:
        """Read one file, or say in a finding why not."""


def same_content(one: Tree, names: Mapping[str, str], other: Tree, others: Mapping[str, str]) -> bool:
    """Whether two sets of files, names in a tree by their places in the set, hold the same bytes at the same places."""
    return names.keys() == others.keys() and all(
        (digest := _digest(one, names[place])) is not None and digest == _digest(other, others[place])
        for place in names
    )


def _digest(tree: Tree, name: str) -> str | None:
    data = tree.read(name, MAX_COMPARED_BYTES)
    return None if isinstance(data, Finding) else hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Folder:
    """A folder on disk.

    Attributes
    ----------
    root
        The folder as the user wrote it.
    base
        What ``root`` is relative to: the working folder, and in another process the working folder it came from.
    """

    root: Path
    base: Path = field(default=Path(), compare=False)

    def __getstate__(self) -> dict[str, Path]:
        # A worker of a cluster has another working folder; names stay as they were written.
        return {"root": self.root, "base": Path.cwd() / self.base}

    def names(self) -> list[str]:
        """Names of all plain files below the folder, without system litter; links are left out."""
        return self._walked[0]

    def problems(self) -> list[Finding]:
        """Links, unsafe names and folders that cannot be read."""
        return [rule.finding(self.where(name), message) for rule, name, message in self._walked[1]]

    def where(self, name: str) -> Where:
        """The path of a file as the user would write it."""
        return Where(printable(str(self.root / name) if name else str(self.root)))

    def read(self, name: str, limit_bytes: int) -> bytes | Finding:
        """Read one file below the folder."""
        place, shown = self._beginnings
        return read_bytes(place + name, limit_bytes, shown_as=shown + name)

    @cached_property
    def _beginnings(self) -> tuple[str, str]:
        """What stands before the name of a file, where it lies and as it is shown: no paths are joined for each."""
        place, shown = (str(path / "x")[:-1] for path in (self.base / self.root, self.root))
        return place, shown

    @cached_property
    def _walked(self) -> tuple[list[str], list[tuple[Rule, str, str]]]:
        walk = _Walk()
        walk.below(self.base / self.root)
        names, problems = judge_names(walk.names)
        return names, [*problems, *walk.problems]


@dataclass(frozen=True)
class OneFile:
    """A single file given by itself: nothing beside it is looked at.

    Attributes
    ----------
    path
        The file, or what to call it where ``data`` holds its bytes (standard input).
    data
        Its bytes, None to read them from the file.
    """

    path: Path
    data: bytes | None = None

    def names(self) -> list[str]:
        """The name of the file."""
        return [self.path.name]

    def problems(self) -> list[Finding]:
        """Nothing: the caller chose the file."""
        return []

    def where(self, name: str) -> Where:  # noqa: ARG002 - there is but one
        """The path as it was given."""
        return Where(printable(str(self.path)))

    def read(self, name: str, limit_bytes: int) -> bytes | Finding:  # noqa: ARG002
        """Read the file."""
        return read_bytes(self.path, limit_bytes) if self.data is None else self.data


class _Walk:
    """Collects the names below a folder, without recursion and without following links."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.problems: list[tuple[Rule, str, str]] = []

    def below(self, root: Path) -> None:
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(root / folder) as entries:
                    for entry in entries:
                        self._take(folder, entry, pending)
            except OSError as error:
                self.problems.append((FILE_UNREADABLE, folder, f"cannot be read: {error.strerror or error}"))
            if len(self.names) > MAX_FILES:
                self.problems.append((ARCHIVE_BOMB, "", f"more than {MAX_FILES:,} files in the folder"))
                return

    def _take(self, folder: str, entry: os.DirEntry[str], pending: list[str]) -> None:
        name = f"{folder}/{entry.name}" if folder else entry.name
        if entry.is_symlink():
            self.problems.append((LINK, name, "a symbolic link; links are not followed"))
        elif entry.is_dir(follow_symlinks=False):
            # Named once, not walked.
            if litter_in(entry.name):
                self.names.append(name)
            elif name.count("/") > MAX_DEPTH:
                self.names.append(f"{name}/...")
            else:
                pending.append(name)
        elif entry.is_file(follow_symlinks=False):
            self.names.append(name)
        else:
            self.problems.append((LINK, name, "no plain file but a pipe, socket or device"))
