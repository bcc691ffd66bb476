"""Replacing a set of files in a folder at once: whoever looks finds all of the old ones or all of the new.

A new folder is filled beside the old one and the two change names in one step of the file system. Files that are not
part of the set go along as further names of the same file. Where that cannot be done (the folder is where somebody
works, holds other folders, or the file system cannot exchange names) the files are renamed one after the other, all of
them having been written before: then each by itself is old or new.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dcase_energy.writing.files import is_special, sync_folder, umask, write_bytes

_MARK = ".dcase-energy-"
_AT_FDCWD = -100
_EXCHANGE = 2
_TEMPORARY = re.compile(re.escape(_MARK) + r"([0-9]+)[-.].*tmp$")


def replace_files(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Put files into a folder, at once if that can be done; the folder is made where there is none.

    Parameters
    ----------
    folder
        Where they go.
    files
        Content by name.

    Returns
    -------
    bool
        Whether all changed at once.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; the old files are then untouched.
    """
    target = folder.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    if target.exists() and not (_can_move(target) and os.access(target.parent, os.W_OK)):
        return _one_by_one(target, files)
    staged = Path(tempfile.mkdtemp(prefix=f".{target.name}{_MARK}{os.getpid()}-", suffix=".tmp", dir=target.parent))
    try:
        _fill(staged, files, target)
        if target.exists():
            staged.chmod(target.stat().st_mode & 0o7777)
            _take_along(target, staged)
        else:
            staged.chmod(0o777 & ~umask())
        sync_folder(staged)
        done = _swap(staged, target)
        if done and staged.exists():
            _take_along(staged, target)  # what came in between
        sync_folder(target.parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return done or _one_by_one(target, files)


def _fill(staged: Path, files: Mapping[str, bytes], target: Path) -> None:
    for name, content in files.items():
        write_bytes(staged / name, content, replaces=target / name)


def _can_move(target: Path) -> bool:
    """Only plain files inside, not a mount, and nobody's working folder as far as we can see."""
    if not target.is_dir() or target.is_mount() or Path.cwd().resolve().is_relative_to(target):
        return False
    return all(
        entry.is_file(follow_symlinks=False) or (entry.is_symlink() and not is_special(Path(entry.path)))
        for entry in os.scandir(target)
    )


def _take_along(old: Path, new: Path) -> None:
    """Give the files that are not part of the set a name in the new folder too."""
    for entry in os.scandir(old):
        with suppress(FileExistsError):
            os.link(entry.path, new / entry.name, follow_symlinks=False)


def _swap(staged: Path, target: Path) -> bool:
    """Let the new folder take the old one's name; the old one then has the new one's."""
    if not target.exists():
        staged.rename(target)
        return True
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(staged), _AT_FDCWD, os.fsencode(target), _EXCHANGE) == 0)


def _one_by_one(target: Path, files: Mapping[str, bytes]) -> bool:
    through = [name for name in files if is_special(target / name)]
    staged = {name: target / f".{name}{_MARK}{os.getpid()}.tmp" for name in files if name not in through}
    try:
        for name, path in staged.items():
            write_bytes(path, files[name], replaces=target / name)
        for name, path in staged.items():
            path.replace(target / name)
        for name in through:
            write_bytes(target / name, files[name])
    finally:
        for path in staged.values():
            path.unlink(missing_ok=True)
    sync_folder(target)
    return False


def _sweep(target: Path) -> None:
    """Remove what killed processes of this machine left behind; nothing of one that still runs."""
    for folder in (target.parent, target):
        for entry in os.scandir(folder) if folder.is_dir() else ():
            owner = _TEMPORARY.search(entry.name)
            ours = entry.name.startswith(".") and (folder == target or target.name in entry.name)
            if owner and ours and not _runs(int(owner[1])):
                with suppress(OSError):
                    _remove(Path(entry.path))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
