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
from dcase_energy.documents.names import MAX_FOLDER_DEPTH, judge_names, litter_in
from dcase_energy.documents.package_rules import ARCHIVE_BOMB, LINK
from dcase_energy.documents.rules import FILE_UNREADABLE
from dcase_energy.findings import Finding, Where
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

    def read(self, name: str, limit_bytes: int) -> tuple[bytes | None, list[Finding]]:
        """Read one file; None where that cannot be, with the finding that says why."""


def same_content(one: Tree, names: Mapping[str, str], other: Tree, others: Mapping[str, str]) -> bool:
    """Whether two sets of files, names in a tree by their places in the set, hold the same bytes at the same places."""
    return names.keys() == others.keys() and all(
        (digest := _digest(one, names[place])) is not None and digest == _digest(other, others[place])
        for place in names
    )


def _digest(tree: Tree, name: str) -> str | None:
    data, _ = tree.read(name, MAX_COMPARED_BYTES)
    return None if data is None else hashlib.sha256(data).hexdigest()


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
        return self._walked[1]

    def where(self, name: str) -> Where:
        """The path of a file as the user would write it."""
        return Where(printable(str(self.root / name) if name else str(self.root)))

    def read(self, name: str, limit_bytes: int) -> tuple[bytes | None, list[Finding]]:
        """Read one file below the folder."""
        place, shown = self._beginnings
        return read_bytes(place + name, limit_bytes, shown_as=shown + name)

    @cached_property
    def _beginnings(self) -> tuple[str, str]:
        """What stands before the name of a file, where it lies and as it is shown: no paths are joined for each."""
        place, shown = (str(path / "x")[:-1] for path in (self.base / self.root, self.root))
        return place, shown

    @cached_property
    def _walked(self) -> tuple[list[str], list[Finding]]:
        """Names and findings, without recursion and without following links."""
        root = self.base / self.root
        found: list[str] = []
        odd: list[Finding] = []
        pending = [""]
        while pending and len(found) <= MAX_FILES:
            folder = pending.pop()
            try:
                with os.scandir(root / folder) as entries:
                    for entry in entries:
                        name = f"{folder}/{entry.name}" if folder else entry.name
                        if entry.is_symlink():
                            odd.append(LINK.finding(self.where(name), "a symbolic link; links are not followed"))
                        elif not entry.is_dir(follow_symlinks=False):
                            if entry.is_file(follow_symlinks=False):
                                found.append(name)
                            else:
                                message = "not a plain file but a pipe, socket or device"
                                odd.append(LINK.finding(self.where(name), message))
                        # Litter, and what is too deep, is named once and not walked.
                        elif litter_in(entry.name):
                            found.append(name)
                        elif name.count("/") > MAX_FOLDER_DEPTH:
                            found.append(f"{name}/...")
                        else:
                            pending.append(name)
            except OSError as error:
                message = f"cannot be read: {error.strerror or error}"
                odd.append(FILE_UNREADABLE.finding(self.where(folder), message))
        if len(found) > MAX_FILES:
            odd.append(ARCHIVE_BOMB.finding(self.where(""), f"more than {MAX_FILES:,} files in the folder"))
        names, problems = judge_names(found, self.where)
        return names, [*problems, *odd]


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

    def read(self, name: str, limit_bytes: int) -> tuple[bytes | None, list[Finding]]:  # noqa: ARG002
        """Read the file."""
        return read_bytes(self.path, limit_bytes) if self.data is None else (self.data, [])
