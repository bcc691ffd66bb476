"""The submission zip: the same bytes for the same files, and there whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dcase_energy.documents.files import open_plain
from dcase_energy.documents.tree import Folder
from dcase_energy.errors import WriteError
from dcase_energy.writing.files import replacing

# The earliest time a zip can hold: a submission does not depend on when its files were written.
_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644
_UNIX = 3
_LEVEL = 6
_CHUNK = 1 << 20


def members(folder: Path, output: Path) -> list[str]:
    """What goes into the zip, sorted: all plain files but links, hidden ones, editors' leavings and the zip itself."""
    inside = output.resolve()
    return [name for name in Folder(folder).names() if not _left_out(name) and (folder / name).resolve() != inside]


def _left_out(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") or part == "__pycache__" for part in parts) or parts[-1].endswith(("~", ".tmp"))


@dataclass(frozen=True)
class Packed:
    """What was written: path of the zip, the names of its files, and its size and SHA-256."""

    path: Path
    names: list[str]
    size_bytes: int
    sha256: str


def write_zip(folder: Path, output: Path) -> Packed:
    """Write the files of a folder, below the folder's own name, into a zip.

    Names are sorted, times, owners and modes are fixed, and nothing but name and content of a file enters: the same
    files give the same bytes (with the same zlib). Files are streamed, not held in memory.

    Raises
    ------
    WriteError
        If a file cannot be read or the zip cannot be written; an older zip is then untouched.
    """
    names = members(folder, output)
    try:
        with replacing(output) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                for name in names:
                    _add(archive, folder, name)
            size = file.tell()
            file.seek(0)
            digest = hashlib.sha256()
            for chunk in iter(partial(file.read, _CHUNK), b""):
                digest.update(chunk)
    except OSError as error:
        raise WriteError(f"cannot write {output}: {error.strerror or error}") from None
    return Packed(output, names, size, digest.hexdigest())


def _add(archive: zipfile.ZipFile, folder: Path, name: str) -> None:
    entry = zipfile.ZipInfo(f"{folder.resolve().name}/{name}", _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _PLAIN_FILE << 16
    entry.file_size = (folder / name).stat().st_size
    with archive.open(entry, "w") as target, open_plain(folder / name) as source:
        shutil.copyfileobj(source, target, _CHUNK)
