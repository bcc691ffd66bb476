"""Finding and reading editions."""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from dcase_energy.documents.files import load_bytes
from dcase_energy.editions.assembly import assemble, ranked_by_its_own
from dcase_energy.editions.model import Edition, Guess, edition_of
from dcase_energy.editions.version_1 import converted
from dcase_energy.errors import EditionError

# An edition's signs, and its title, stand on one line each: what only needs them reads no more.
_GUESS, _TITLE = re.compile(r"^guess = .*$", re.MULTILINE), re.compile(r"^title = .*$", re.MULTILINE)

_MAX_BYTES = 1_000_000


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
    """What gives each edition away. Reads this line of each edition alone."""
    # A test compares them with the editions.
    return {name: Guess(**_frozen(_line_of(name, _GUESS).get("guess", {}))) for name in edition_names()}


def _frozen(table: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(tuple(one) if isinstance(one, list) else one for one in value) if isinstance(value, list) else value
        for name, value in table.items()
    }


def titles() -> dict[str, str]:
    """Titles of the editions that come with the program."""
    return {name: str(_line_of(name, _TITLE).get("title", "")) for name in edition_names()}


def _line_of(name: str, line: re.Pattern[str]) -> dict[str, Any]:
    match = line.search(_text(schemas_dir() / name / "edition.toml"))
    return tomllib.loads(match[0]) if match else {}


@cache
def load_edition(name_or_path: str) -> Edition:
    """Load an edition by name, or an organiser's own by the path of its folder or TOML file.

    Raises
    ------
    EditionError
        If there is none, or if its file is not a valid edition.
    """
    if name_or_path in edition_names():
        return edition_of(assemble(_table(schemas_dir() / name_or_path / "edition.toml", ())))
    path = Path(name_or_path)
    path = path / "edition.toml" if path.is_dir() else path
    if path.suffix == ".toml" and path.is_file():
        return _read(path)
    begin = [name for name in edition_names() if name.startswith(name_or_path)] if name_or_path else []
    close = begin or difflib.get_close_matches(name_or_path, edition_names(), n=1)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise EditionError(
        f"no edition {name_or_path!r}.{hint} Known: {', '.join(edition_names())}; or give the path of a folder with an "
        "edition.toml."
    )


def _read(path: Path) -> Edition:
    """Read an edition that is not one of the program's: only this needs pydantic."""
    from pydantic import TypeAdapter, ValidationError

    try:
        edition = TypeAdapter(Edition).validate_python(assemble(_table(path, ())))
        edition.check()
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise EditionError("\n".join([f"{path} is not a valid edition:", *lines])) from None
    except (ValueError, EditionError) as error:
        raise EditionError(f"{path}: {error}") from None
    return edition


def _table(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """A file's table laid over that of its ``base``: a file beside it, a shared part, or a whole edition."""
    if path in seen:
        raise EditionError(f"{path} is its own base, by way of {', '.join(str(p) for p in seen[1:]) or 'nothing'}")
    table = _read_toml(path)
    base = table.pop("base", None)
    if base is None:
        return ranked_by_its_own(converted(table, {}), {})
    places = [path.parent / f"{base}.toml", schemas_dir() / f"{base}.toml", schemas_dir() / f"{base}" / "edition.toml"]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise EditionError(f"{path}: no base named {base!r}; it may be one of {', '.join(edition_names())}")
    merged = _table(found, (*seen, path))
    return _merge(merged, ranked_by_its_own(converted(table, merged), merged))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise EditionError(f"{path} is not valid TOML: {error}") from None


def _text(path: Path) -> str:
    try:
        return load_bytes(path, _MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise EditionError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise EditionError(f"{path} is not valid TOML: {error}") from None


def _merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The base with an edition's own tables laid over it; lists are replaced, not joined.

    A field of another kind than the base's keeps neither its choices nor its example.
    """
    merged = dict(base)
    if {"kind", "paths"} <= base.keys() and own.get("kind", base["kind"]) != base["kind"]:
        merged = {key: value for key, value in base.items() if key not in {"choices", "example"}}
    for key, value in own.items():
        known = merged.get(key)
        merged[key] = _merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged
