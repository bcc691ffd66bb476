"""What is known of the files and programs behind a command: digests, the commit, versions."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dcase_energy.calibration.workload import program_name
from dcase_energy.measure.journal import canonical_json, sha256_text

_ASK_S = 60.0
_LIBRARIES = ("torch", "tensorflow", "jax", "numpy", "lightning", "pytorch-lightning", "codecarbon")
_VERSIONS = f"""
import importlib.metadata, json, platform
found = {{"python": platform.python_version()}}
for name in {_LIBRARIES!r}:
    try:
        found[name] = importlib.metadata.version(name)
    except Exception:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class CommandFiles:
    """The files behind a command, by digests: names may identify people.

    Attributes
    ----------
    files, files_sha256
        How many are tracked in its folder or named in it, and the digest of their names and contents.
    program_sha256
        Of the program; None where it is not found.
    commit, modified
        Of the folder's checkout, and how many tracked files differ from it; None outside one.
    """

    files: int
    files_sha256: str
    program_sha256: str | None
    commit: str | None
    modified: int | None


def files_of(commands: Sequence[Sequence[str]], folder: Path, variables: Mapping[str, str]) -> CommandFiles:
    """Read the files behind some commands that run in a folder."""
    commit = _git(folder, "rev-parse", "HEAD")
    tracked = (_git(folder, "ls-files", "-z") or "").split("\0") if commit else []
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".") if commit else None
    named = [word for command in commands for word in command]
    digests = {
        name: digest
        for name in sorted({name for name in (*tracked, *named) if name and not Path(name).is_absolute()})
        if (digest := _digest(folder / name)) is not None
    }
    program = shutil.which(commands[0][0], path=variables.get("PATH"))
    if program is None and (folder / commands[0][0]).is_file():
        program = str(folder / commands[0][0])
    return CommandFiles(
        files=len(digests),
        files_sha256=sha256_text(canonical_json(digests)),
        program_sha256=None if program is None else _digest(Path(program)),
        commit=commit and commit.strip(),
        modified=None if changed is None else len(changed.splitlines()),
    )


def versions_of(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Versions of Python and the libraries that matter, where the program is Python; nothing of other programs."""
    if program_name(command[0]) != "python":
        return {}
    answer = _answer([command[0], "-c", _VERSIONS], folder, variables)
    with contextlib.suppress(ValueError):
        found = json.loads(answer or "")
        return {str(name): str(version) for name, version in found.items()}
    return {}


def _git(folder: Path, *arguments: str) -> str | None:
    return _answer(["git", *arguments], folder)


def _answer(command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None) -> str | None:
    """What a command prints; None where it cannot be started or fails."""
    try:
        done = subprocess.run(
            list(command), cwd=folder, env=variables, capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout


def _digest(path: Path) -> str | None:
    """The SHA-256 of a regular file; None for anything else."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
