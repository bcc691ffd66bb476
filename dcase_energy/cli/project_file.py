"""The project file: values of options that a project's commands share, so that they are not typed each time.

``dcase-energy.toml``, or the table ``[tool.dcase-energy]`` of ``pyproject.toml``, in the working folder or the nearest
one above it. What the command line says comes first.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dcase_energy.cli.parameters import SetFile, Sources
from dcase_energy.errors import InputError
from dcase_energy.text import visible

FILE_NAME = "dcase-energy.toml"
_TABLE = "tool.dcase-energy"
# Options that several commands have under one name; those of one command belong into its table.
SHARED = (
    *("edition", "paths", "ground_truth", "durations", "calibration", "pool", "field", "bootstrap", "jobs"),
    *("scheduler", "strict", "device", "data", "threads", "allow_estimate", "gpu", "quiet", "verbose"),
)
# Commands that work on the project's packages.
_OF_PATHS = ("validate", "pack", "score", "report", "rank")
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project file that was found.

    Attributes
    ----------
    path
        The file.
    settings
        Its values by name, those of a command in a table of its name; dashes are underscores.
    """

    path: Path
    settings: Mapping[str, Any]


def find_project_file(folder: Path) -> ProjectFile | None:
    """Return the nearest project file of a folder and those above it.

    Raises
    ------
    InputError
        If it is not TOML, or cannot be read.
    """
    for place in (folder, *folder.parents):
        for name in (FILE_NAME, "pyproject.toml"):
            path = place / name
            try:
                data = path.read_bytes() if path.is_file() and path.stat().st_size <= _MOST_BYTES else b""
            except OSError as error:
                raise InputError(f"{path} cannot be read: {error.strerror}") from None
            # Most pyproject.toml have no such table: no parser is loaded for them.
            if (name == FILE_NAME and path.is_file()) or f"[{_TABLE}".encode() in data:
                return ProjectFile(path, _settings(path, data, within=name != FILE_NAME))
    return None


def _settings(path: Path, data: bytes, *, within: bool) -> dict[str, Any]:
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{visible(str(path))} is not TOML: {visible(str(error))}") from None
    table = document.get("tool", {}).get("dcase-energy", {}) if within else document
    if not isinstance(table, dict):
        raise InputError(f"{visible(str(path))}: {_TABLE} is not a table")
    return _with_underscores(table)


def _with_underscores(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.replace("-", "_"): _with_underscores(value) if isinstance(value, dict) else value
        for name, value in table.items()
    }


def default_map(found: ProjectFile, command: click.Command, commands: Sequence[str]) -> dict[str, Any]:
    """Return a command's defaults as click takes them: shared values, then those of the command's own table.

    Parameters
    ----------
    found
        The project file.
    command
        The command that is called, or its group.
    commands
        Names of all commands, which may have a table.

    Raises
    ------
    InputError
        If a name is unknown, or a value cannot belong to the option of that name.
    """
    for name, value in found.settings.items():
        if isinstance(value, dict) and name not in commands:
            raise InputError(f"{_place(found)}: no command {name!r}{_close(name, commands)}")
        if not isinstance(value, dict) and name not in SHARED:
            hint = _close(name, SHARED) or "; options of one command belong in its table, such as [report]"
            raise InputError(f"{_place(found)}: {_shown(name)!r} is not a setting of all commands{hint}")
    shared = {name: value for name, value in found.settings.items() if not isinstance(value, dict)}
    table = found.settings.get(str(command.name), {})
    return _defaults(found, command, shared, table, [str(command.name)])


def _defaults(
    found: ProjectFile, command: click.Command, shared: Mapping[str, Any], table: Any, words: list[str]
) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise InputError(f"{_place(found)}: [{'.'.join(words)}]: expected a table of options, found {table!r}")
    if isinstance(command, click.Group):
        if unknown := sorted(set(table) - set(command.commands)):
            hint = _close(unknown[0], list(command.commands))
            raise InputError(f"{_place(found)}: [{'.'.join(words)}] has no command {unknown[0]!r}{hint}")
        return {
            name: _defaults(found, one, shared, table.get(name, {}), [*words, name])
            for name, one in command.commands.items()
        }
    known = _parameters(command)
    if unknown := sorted(set(table) - set(known)):
        hint = _close(unknown[0], list(known))
        raise InputError(f"{_place(found)}: [{'.'.join(words)}] has no option {_shown(unknown[0])!r}{hint}")
    values = {name: value for name, value in {**shared, **table}.items() if name in known}
    return {str(known[name].name): _value(found, known[name], value) for name, value in values.items()}


def _parameters(command: click.Command) -> dict[str, click.Parameter]:
    """Parameters by their name in the file: that of the option, and ``paths`` for what a command works on."""
    known: dict[str, click.Parameter] = {}
    for one in command.params:
        if isinstance(one, click.Option) and not one.hidden:
            long = next((name for name in one.opts if name.startswith("--")), one.opts[0])
            known[long.lstrip("-").replace("-", "_")] = one
        elif command.name in _OF_PATHS:
            known["paths"] = one
    return known


def _value(found: ProjectFile, parameter: click.Parameter, value: Any) -> Any:
    """A value as the command line would give it; paths are relative to the file."""
    is_flag = isinstance(parameter, click.Option) and parameter.is_flag
    if isinstance(value, bool) != is_flag or not isinstance(value, bool | str | int | float | list):
        wanted = "true or false" if is_flag else "a text, a number or a list of them"
        raise InputError(f"{_place(found)}: {_shown(str(parameter.name))}: expected {wanted}, found {value!r}")
    several = parameter.multiple or parameter.nargs == -1
    parts = [_part(found, parameter, one) for one in (value if isinstance(value, list) else [value])]
    if several:
        return parts
    return parts[0] if len(parts) == 1 else ",".join(map(str, parts))


def _part(found: ProjectFile, parameter: click.Parameter, value: Any) -> Any:
    folder = found.path.parent
    if not isinstance(value, str) or folder == Path.cwd():
        return value
    is_path = isinstance(parameter.type, click.Path | Sources)
    if isinstance(parameter.type, SetFile):
        name, equals, path = value.rpartition("=")
        return f"{name}{equals}{os.path.relpath(folder / path)}"
    if is_path or (parameter.name in {"edition", "field"} and (folder / value).exists()):
        return os.path.relpath(folder / value)
    return value


def _place(found: ProjectFile) -> str:
    return visible(os.path.relpath(found.path))


def _shown(name: str) -> str:
    return visible(name.replace("_", "-"))


def _close(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {_shown(close[0])!r}?" if close else ""
