"""What an edition's file may write short: fields of the library, further spellings, groups of fields."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dcase_energy.documents.document import quoted
from dcase_energy.editions.parts import UNITS, stated_field
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
    fields |= dict(_stated(_tables(table, "scores"), fields))
    for name, group in _tables(table, "groups").items():
        fields |= dict(_group(name, group, {"classes": table.get("classes", []), **table.get("lists", {})}))
    for name, paths in _tables(table, "aliases", of=object).items():
        known = _known(name, fields, "aliases")
        added = [paths] if isinstance(paths, str) else paths
        if not isinstance(added, list):
            raise EditionError(f"aliases.{name} must be a key path or a list of key paths")
        fields[name] = {**known, "paths": [*known["paths"], *added]}
    stages = {name: _stage(name, stage) for name, stage in _tables(table, "stages").items()}
    return {**edition, "stages": stages, "fields": {name: _expanded(name, spec) for name, spec in fields.items()}}


def ranked_by_its_own(table: dict[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """An edition's own table; one score that its base does not have is ranked by where it has no ``[ranking]``."""
    added = [name for name in _tables(table, "scores") if name not in _tables(base, "scores")]
    if not added or "ranking" in table:
        return table
    if len(added) > 1:
        raise EditionError(f"[ranking] must say which scores systems are ranked by, as there are {', '.join(added)}")
    return {**table, "ranking": {"kind": "ratio_mean", "terms": [{"score": added[0]}]}}


def _stated(scores: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, score in scores.items():
        unit = score.get("unit")
        if score.get("stated") and unit in UNITS:
            field = stated_field(name)
            text = f"{score.get('title')} on the development set"
            made = {"kind": UNITS[unit][1].value, "paths": score["stated"], "description": text}
            yield field, {**made, **fields.get(field, {})}


def _stage(name: str, stage: Mapping[str, Any]) -> dict[str, Any]:
    return {"energy": f"energy_{name}_kwh", "baseline": f"energy_baseline_{name}_kwh", **stage}


def _expanded(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A field with the alternatives in its paths written out; what is not a list of texts is refused elsewhere."""
    written = spec.get("paths")
    if not isinstance(written, list) or not all(isinstance(path, str) for path in written):
        return dict(spec)
    try:
        return {**spec, "paths": list(dict.fromkeys(path for one in written for path in expand(one)))}
    except ValueError as error:
        raise EditionError(f"fields.{name}: {error}") from None


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
