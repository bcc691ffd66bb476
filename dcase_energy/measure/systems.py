"""The list of systems that an organiser measures on one machine: a TOML file with the commands of each."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcase_energy.documents.files import load_bytes
from dcase_energy.errors import InputError
from dcase_energy.measure.plan import STAGES, scope_of

_MAX_BYTES = 1_000_000
# The label is the name of a folder of records, too.
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.'-]{0,199}")
_KEYS = ("label", "folder", "gpu", "scope", *STAGES)


@dataclass(frozen=True, slots=True)
class ListedSystem:
    """One system of the list.

    Attributes
    ----------
    label
        As in the ranking.
    folder
        Where its commands run.
    commands
        Words of the command of each stage, in the order of the stages.
    gpu
        GPUs to count; None as for all systems.
    scope
        What the commands of the stages besides training do, as `measure --scope` takes it.
    """

    label: str
    folder: Path
    commands: Mapping[str, tuple[str, ...]]
    gpu: str | None = None
    scope: tuple[str, ...] = ()


def read_systems(path: Path) -> list[ListedSystem]:
    """Read a list of systems: ``[[systems]]`` with ``label``, ``folder`` and a command for each stage.

    Raises
    ------
    InputError
        If it cannot be used; the message says where, what was expected and what was found.
    """
    try:
        document = tomllib.loads(load_bytes(path, _MAX_BYTES).decode())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from None
    tables = document.get("systems")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise InputError(f"{path}: expected a table [[systems]] for each system; found {', '.join(document) or 'none'}")
    if unknown := sorted(set(document) - {"systems"}):
        raise InputError(f"{path}: {', '.join(unknown)} is not known; expected [[systems]] alone")
    systems = [_system(path, number, table) for number, table in enumerate(tables, 1)]
    labels = [system.label.casefold() for system in systems]
    if twice := next((one.label for one in systems if labels.count(one.label.casefold()) > 1), None):
        raise InputError(f"{path}: label {twice!r} stands there twice")
    return systems


def _system(path: Path, number: int, table: Mapping[str, Any]) -> ListedSystem:
    where = f"{path}: system {number}"
    label = table.get("label")
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise InputError(f"{where}: expected label = text of letters, digits and _ . ' -; found {label!r}")
    where = f"{path}: {label}"
    if unknown := sorted(set(table) - set(_KEYS)):
        raise InputError(f"{where}: {', '.join(unknown)} is not known; expected {', '.join(_KEYS)}")
    folder = table.get("folder", ".")
    if not isinstance(folder, str) or not (path.parent / folder).is_dir():
        raise InputError(f"{where}: expected folder = a folder that exists, from that of the list; found {folder!r}")
    gpu, scope = table.get("gpu"), table.get("scope", [])
    if gpu is not None and not isinstance(gpu, str):
        raise InputError(f"{where}: expected gpu = text such as '0' or 'all'; found {gpu!r}")
    parts = [scope] if isinstance(scope, str) else scope
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InputError(f"{where}: expected scope = text such as 'inference' or a list of texts; found {scope!r}")
    try:
        scopes = scope_of(parts, STAGES[-1])
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    commands = dict(_commands(where, table))
    if not commands:
        raise InputError(f"{where}: expected a command for one of {', '.join(STAGES)}; found none")
    return ListedSystem(label, (path.parent / folder).resolve(), commands, gpu, scopes)


def _commands(where: str, table: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for stage in STAGES:
        given = table.get(stage)
        if given is None:
            continue
        words: list[Any] = []
        try:
            words = shlex.split(given) if isinstance(given, str) else list(given)
        except (ValueError, TypeError) as error:
            raise InputError(f"{where}: {stage} cannot be split into words: {error}") from None
        # No program can be given a word with a NUL in it.
        if not words or not all(isinstance(word, str) and "\0" not in word for word in words):
            raise InputError(f"{where}: expected {stage} = a command as text or list of words; found {given!r}")
        yield stage, tuple(words)
