"""What identifies the content of a package: the SHA-256 of each file, and of lists of them as sha256sum writes them.

Nothing here depends on what a version of the program reads of a package: a receipt is compared with it years later.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from dcase_energy.documents.files import open_plain
from dcase_energy.documents.names import litter_in
from dcase_energy.errors import InputError
from dcase_energy.text import printable

# A folder of more files is listed as a whole: outputs have a thousand each.
_MOST_LISTED = 100
_CHUNK = 1 << 20


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a plain file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open_plain(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{printable(str(path))} cannot be read: {error.strerror or error}") from None
    return digest.hexdigest()


def file_digests(package: Path, known: Collection[str] = ()) -> dict[str, str]:
    """Return the SHA-256 of every file of a package, by name; of an archive or a metadata file, of it alone.

    Hidden files and those of systems and tools are left out, except those of a ``known`` name. Of a link the text is
    taken: it is never followed.

    Raises
    ------
    InputError
        If a file or folder cannot be read.
    """
    if not package.is_dir():
        return {printable(package.name): file_digest(package)}

    def refuse(error: OSError) -> None:
        raise InputError(f"{printable(str(error.filename))} cannot be read: {error.strerror or error}")

    found = {}
    for folder, folders, files in os.walk(package, onerror=refuse):
        place = Path(folder)
        links = [name for name in folders if (place / name).is_symlink()]
        for path in (place / name for name in (*files, *links)):
            name = printable(path.relative_to(package).as_posix())
            if litter_in(name) is None or name in known:
                found[name] = _digest(path)
    return found


def _digest(path: Path) -> str:
    if path.is_symlink():
        return hashlib.sha256(b"link to " + os.fsencode(path.readlink())).hexdigest()
    # Pipes and devices are refused by validation; only that they are there counts.
    return file_digest(path) if path.is_file() else hashlib.sha256(b"special file").hexdigest()


def list_digest(digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of the lines that ``sha256sum`` prints for files, sorted by name as bytes.

    Examples
    --------
    >>> list_digest({"b": "1" * 64, "a": "2" * 64}) == list_digest({"a": "2" * 64, "b": "1" * 64})
    True
    """
    lines = sorted((name.encode(), digest.encode()) for name, digest in digests.items())
    return hashlib.sha256(b"".join(digest + b"  " + name + b"\n" for name, digest in lines)).hexdigest()


def listed(digests: Mapping[str, str], whole: Collection[str] | None = None) -> dict[str, str]:
    """Return digests by file, and for a folder of many files (or those of ``whole``) one, under ``name/``."""
    folders: dict[str, dict[str, str]] = {}
    for name, digest in sorted(digests.items()):
        folders.setdefault(name.rpartition("/")[0] + "/", {})[name] = digest
    found: dict[str, str] = {}
    for folder, files in folders.items():
        together = len(files) > _MOST_LISTED if whole is None else folder in whole
        found |= {folder: list_digest(files)} if together else files
    return dict(sorted(found.items()))
