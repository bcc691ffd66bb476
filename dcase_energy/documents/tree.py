"""A folder of files that nobody vouches for, seen as a list of names. Links are never followed out of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dcase_energy.documents.files import read_bytes
from dcase_energy.findings import Finding, Where

IGNORED_NAMES = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git"})


class Tree(Protocol):
    """Files by name, whether in a folder or in an archive."""

    def names(self) -> list[str]:
        """Names of all plain files, relative, with ``/``, sorted."""

    def where(self, name: str) -> Where:
        """The place of a file for findings."""

    def read(self, name: str, limit_bytes: int) -> bytes | Finding:
        """Read one file, or say in a finding why not."""


@dataclass(frozen=True)
class Folder:
    """A folder on disk."""

    root: Path

    def names(self) -> list[str]:
        """Names of all plain files below the folder, without system litter; links are left out."""
        found: list[str] = []
        for directory, folders, files in os.walk(self.root, followlinks=False):
            folders[:] = sorted(name for name in folders if name not in IGNORED_NAMES)
            base = Path(directory)
            found += [
                (base / name).relative_to(self.root).as_posix()
                for name in files
                if name not in IGNORED_NAMES and not (base / name).is_symlink()
            ]
        return sorted(found)

    def where(self, name: str) -> Where:
        """The path of a file as the user would write it."""
        return Where(str(self.root / name) if name else str(self.root))

    def read(self, name: str, limit_bytes: int) -> bytes | Finding:
        """Read one file below the folder."""
        return read_bytes(self.root / name, limit_bytes)
