"""Finding and reading editions."""

from __future__ import annotations

import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dcase_energy.editions.model import Edition, Guess


class EditionError(ValueError):
    """An edition cannot be found or read; the message says what to do."""


def schemas_dir() -> Path:
    """Folder of the editions: inside the installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


def edition_names() -> list[str]:
    """Names of the editions that come with the program."""
    return sorted(path.parent.name for path in schemas_dir().glob("*/edition.toml"))


@cache
def guesses() -> dict[str, Guess]:
    """What gives each edition away. Reads the editions' own files alone, not what they are based on."""
    tables = {name: _read_toml(schemas_dir() / name / "edition.toml") for name in edition_names()}
    return {name: Guess.model_validate(table.get("guess", {})) for name, table in tables.items()}


@cache
def load_edition(name_or_path: str) -> Edition:
    """Load an edition by name, or an organiser's own by the path of its folder or TOML file.

    Raises
    ------
    EditionError
        If there is none, or if its file is not a valid edition.
    """
    if name_or_path in edition_names():
        return _read(schemas_dir() / name_or_path / "edition.toml")
    path = Path(name_or_path)
    path = path / "edition.toml" if path.is_dir() else path
    if path.suffix == ".toml" and path.is_file():
        return _read(path)
    close = difflib.get_close_matches(name_or_path, edition_names(), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise EditionError(
        f"no edition {name_or_path!r}.{hint} Known: {', '.join(edition_names())}; or give the path of a folder with an "
        "edition.toml."
    )


def _read(path: Path) -> Edition:
    table = _table(path, ())
    _add_aliases(table, path)
    try:
        return Edition.model_validate(table)
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise EditionError("\n".join([f"{path} is not a valid edition:", *lines])) from None


def _table(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """A file's table laid over that of its ``base``: a file beside it, a shared part, or a whole edition."""
    if path in seen:
        raise EditionError(f"{path} is its own base, by way of {', '.join(str(p) for p in seen[1:]) or 'nothing'}")
    table = _read_toml(path)
    base = table.pop("base", None)
    if base is None:
        return table
    places = [path.parent / f"{base}.toml", schemas_dir() / f"{base}.toml", schemas_dir() / f"{base}" / "edition.toml"]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise EditionError(f"{path}: there is no base {base!r}; it may be one of {', '.join(edition_names())}")
    return _merge(_table(found, (*seen, path)), table)


def _add_aliases(table: dict[str, Any], path: Path) -> None:
    """Append ``[aliases]``, further spellings by canonical field, to the fields' own lists."""
    aliases = table.pop("aliases", {})
    fields = table.get("fields", {})
    for name, paths in aliases.items() if isinstance(aliases, dict) else ():
        if name not in fields:
            close = difflib.get_close_matches(name, fields, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(fields)}"
            raise EditionError(f"{path}: aliases names a field {name!r} that is not defined{hint}")
        added = [paths] if isinstance(paths, str) else paths
        if not isinstance(added, list):
            raise EditionError(f"{path}: aliases.{name} must be a key path or a list of key paths")
        fields[name] = {**fields[name], "paths": [*fields[name]["paths"], *added]}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EditionError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EditionError(f"{path} is not valid TOML: {error}") from None


def _merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The base with an edition's own tables laid over it; lists are replaced, not joined."""
    merged = dict(base)
    for key, value in own.items():
        known = merged.get(key)
        merged[key] = _merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged
