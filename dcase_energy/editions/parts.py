"""What an edition's file may write short: fields of the library, further spellings, groups of fields."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dcase_energy.documents.document import quoted
from dcase_energy.editions.spelling import expand
from dcase_energy.errors import EditionError

_LIST = re.compile(r"<([a-z_]+)>")


def assemble(table: Mapping[str, Any]) -> dict[str, Any]:
    """An edition's table, bases merged in, with ``use``, ``aliases`` and ``groups`` turned into fields.

    ``use`` names fields of ``[library]``, which `schemas/common.toml` has; what ``[fields]`` says of them is laid over.
    ``[aliases]`` are further spellings by canonical field. Each path of a group is a separate field, named by its path;
    ``<name>`` in it represents each entry of a list of ``[lists]`` (and ``<classes>`` each class).
    """
    edition = {
        key: value for key, value in table.items() if key not in {"use", "library", "aliases", "groups", "lists"}
    }
    own = _tables(table, "fields")
    library = _tables(table, "library")
    used = {name: {**_known(name, library, "use"), **own.get(name, {})} for name in table.get("use", ())}
    # The order is that of the metadata: the block of the submission, what the edition takes, what it adds.
    first = {name: spec for name, spec in own.items() if name not in used and _of_submission(spec)}
    fields = {**first, **used, **{name: spec for name, spec in own.items() if name not in {*first, *used}}}
    for name, group in _tables(table, "groups").items():
        fields |= dict(_group(name, group, {"classes": table.get("classes", []), **table.get("lists", {})}))
    for name, paths in _tables(table, "aliases", of=object).items():
        known = _known(name, fields, "aliases")
        added = [paths] if isinstance(paths, str) else paths
        if not isinstance(added, list):
            raise EditionError(f"aliases.{name} must be a key path or a list of key paths")
        fields[name] = {**known, "paths": [*known["paths"], *added]}
    return {**edition, "fields": fields}


def _of_submission(spec: Mapping[str, Any]) -> bool:
    paths = spec.get("paths")
    return isinstance(paths, list) and bool(paths) and str(paths[0]).startswith("submission.")


def _tables(table: Mapping[str, Any], key: str, of: type = dict) -> dict[str, Any]:
    """A table of tables; what is none is left to the model to refuse."""
    found = table.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(value, of) for value in found.values()):
        raise EditionError(f"{key} must be a table, such as [{key}.name]")
    return found


def _known(name: str, known: Mapping[str, Any], where: str) -> dict[str, Any]:
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
        raise EditionError(f"{where} names a field {name!r} that is not defined{hint}")
    found: dict[str, Any] = known[name]
    return found


def _group(name: str, group: Mapping[str, Any], lists: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for written in group.get("paths", ()):
        try:
            paths = list(expand(_LIST.sub(lambda match: _alternatives(match[1], lists, name), written)))
        except ValueError as error:
            raise EditionError(f"groups.{name}: {error}") from None
        for path in paths:
            yield path, {**group, "paths": [path], "group": name}


def _alternatives(name: str, lists: Mapping[str, Any], group: str) -> str:
    if not lists.get(name):
        raise EditionError(f"groups.{group}: no list is named {name!r}; known: {', '.join(lists)}")
    return "{" + ",".join(quoted(str(entry)) for entry in lists[name]) + "}"
