"""Finding editions: those that come with the program, and an organiser's own."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from dcase_energy.editions.model import Edition, Guess, edition_of, frozen
from dcase_energy.editions.shipped import edition_names, shipped
from dcase_energy.errors import EditionError


@cache
def guesses() -> dict[str, Guess]:
    """What gives each edition away."""
    return {name: Guess(**frozen(shipped()["editions"][name].get("guess", {}))) for name in edition_names()}


def load_edition(name_or_path: str) -> Edition:
    """Load an edition by name, or an organiser's own by the path of its folder or TOML file, as it is now.

    Raises
    ------
    EditionError
        If there is none, or if its file is not a valid edition.
    """
    if name_or_path in shipped()["editions"]:
        return _shipped(name_or_path)
    path = Path(name_or_path)
    path = path / "edition.toml" if path.is_dir() else path
    if path.suffix == ".toml" and path.is_file():
        # Only this needs TOML and pydantic.
        from dcase_energy.editions.assembly import read_edition

        return read_edition(path)
    begin = [name for name in edition_names() if name.startswith(name_or_path)] if name_or_path else []
    close = begin or difflib.get_close_matches(name_or_path, edition_names(), n=1)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise EditionError(
        f"no edition {name_or_path!r}.{hint} Known: {', '.join(edition_names())}; or give the path of a folder with an "
        "edition.toml."
    )


@cache
def _shipped(name: str) -> Edition:
    return edition_of(shipped()["editions"][name])
