"""From the file of an edition to its table: its bases, fields of the library, further spellings, groups of fields."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dcase_energy.documents.document import quoted
from dcase_energy.documents.files import load_bytes
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import UNITS, stated_field
from dcase_energy.editions.shipped import edition_names, schemas_dir
from dcase_energy.editions.spelling import expand
from dcase_energy.editions.version_1 import converted
from dcase_energy.errors import EditionError

_LIST = re.compile(r"<([a-z_]+)>")
_MAX_BYTES = 1_000_000


# What pydantic says of keys, in words of a file.
_WORDS = {"missing": "is missing", "unexpected_keyword_argument": "is not a key of an edition"}


def read_edition(path: Path) -> Edition:
    """Read and validate the file of an edition.

    Raises
    ------
    EditionError
        If it cannot be read, or is not a valid edition.
    """
    try:
        edition = TypeAdapter(Edition).validate_python(assembled(path))
        edition.check()
    except ValidationError as error:
        found = [(".".join(map(str, one["loc"])), _WORDS.get(one["type"], one["msg"])) for one in error.errors()]
        lines = [f"  {key}: {message}" for key, message in found]
        if ("schema_version", _WORDS["missing"]) in found:
            lines.append('  what all tasks share comes from another edition: begin the file with base = "common"')
        raise EditionError("\n".join([f"{path} is not a valid edition:", *lines])) from None
    except (TypeError, KeyError, AttributeError) as error:
        message = f"{path} is not a valid edition: a key holds a value of the wrong type, or misses a part"
        raise EditionError(f"{message} ({error}); see docs/reference/editions.md") from None
    except (ValueError, EditionError) as error:
        raise EditionError(f"{error}" if f"{error}".startswith(f"{path}") else f"{path}: {error}") from None
    return edition


def assembled(path: Path) -> dict[str, Any]:
    """The table of an edition's file, with its bases laid below it and everything that is written short expanded."""
    return assemble(_table(path, ()))


def assemble(table: Mapping[str, Any]) -> dict[str, Any]:
    """An edition's table, bases merged in, with ``use``, ``aliases`` and ``groups`` turned into fields.

    ``use`` names fields of ``[library]``, which `schemas/common.toml` has; what ``[fields]`` says of them is laid over.
    ``[aliases]`` are further spellings by canonical field. Each path of a group is a separate field, named by its path;
    ``<name>`` in it represents each entry of a list of ``[lists]`` (and ``<classes>`` each class), as it does in names,
    titles and ``stated`` paths of scores and in the terms of the ranking.
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
    lists = {"classes": table.get("classes", []), **table.get("lists", {})}
    scores = dict(_scores(_tables(table, "scores"), lists))
    if scores:
        edition["scores"] = scores
    if isinstance(ranking := table.get("ranking"), dict) and isinstance(ranking.get("terms"), list):
        edition["ranking"] = {**ranking, "terms": list(_terms(ranking["terms"], lists))}
    stated = dict(_stated(scores, fields))
    fields |= stated
    for name, group in _tables(table, "groups").items():
        for path, spec in _group(name, group, lists):
            # A path of a group may state a score: the field has the score's name, and is judged with its group.
            owner = next((field for field, one in stated.items() if one["paths"] == [path]), path)
            fields[owner] = {**spec, "paths": [path]} if owner == path else {**stated[owner], "group": name}
    for name, paths in _tables(table, "aliases", of=object).items():
        known = _known(name, fields, "aliases")
        added = [paths] if isinstance(paths, str) else paths
        if not isinstance(added, list):
            raise EditionError(f"aliases.{name} must be a key path or a list of key paths")
        fields[name] = {**known, "paths": [*known["paths"], *added]}
    written = {name: _expanded(name, spec) for name, spec in fields.items()}
    return {**edition, "stages": _stages(table), "fields": written}


def ranked_by_its_own(table: dict[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """An edition's own table; one score that its base does not have is ranked by where it has no ``[ranking]``."""
    added = [name for name in _tables(table, "scores") if name not in _tables(base, "scores")]
    if not added or "ranking" in table:
        return table
    if len(added) > 1:
        raise EditionError(f"[ranking] must say which scores systems are ranked by, as there are {', '.join(added)}")
    return {**table, "ranking": {"kind": "ratio_mean", "terms": [{"score": added[0]}]}}


def without_other_stages(base: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The base of an edition; where that has a stage which its base has not, without the stages that it does not name.

    The fields of their energies go with them, what was plausible of them, and the recipe where it measures no other.
    """
    named, stages = _tables(own, "stages"), _stages(base)
    if named.keys() <= stages.keys():
        return base
    kept = {field for name in named.keys() & stages.keys() for field in _energies(stages[name])}
    other = stages.keys() - named.keys()
    gone = other | {field for name in other for field in _energies(stages[name])} - kept
    tables, lists = {"stages", "plausible", "fields", "aliases"}, {"required", "present"}
    left = {key: _without(value, gone) if key in tables else value for key, value in base.items()}
    left |= {key: [name for name in base[key] if name not in gone] for key in lists & base.keys()}
    return left if named.keys() & stages.keys() else {**left, "baseline": {"recipe": "none"}}


def _stages(table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {"energy": f"energy_{name}_kwh", "baseline": f"energy_baseline_{name}_kwh", **stage}
        for name, stage in _tables(table, "stages").items()
    }


def _energies(stage: Mapping[str, Any]) -> tuple[Any, Any]:
    return stage["energy"], stage["baseline"]


def _without(value: Any, names: Set[str]) -> Any:
    """The value without keys of some names, in tables of it as well."""
    if not isinstance(value, dict):
        return value
    return {key: _without(one, names) for key, one in value.items() if key not in names}


def _scores(scores: Mapping[str, Any], lists: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Scores by name; one with ``<list>`` in its name is as many scores as the list has entries."""
    for name, score in scores.items():
        for entry in _entries(name, lists, f"scores.{name}"):
            paths = score.get("stated")
            if not entry:
                yield name, score
                continue
            written = {**score, "title": _LIST.sub(entry, str(score.get("title")))}
            if isinstance(paths, list):
                written["stated"] = [_LIST.sub(quoted(entry), str(path)) for path in paths]
            yield _LIST.sub(entry, name), written


def _terms(terms: list[Any], lists: Mapping[str, Any]) -> Iterator[Any]:
    for term in terms:
        name = term.get("score") if isinstance(term, dict) else None
        if not isinstance(name, str):
            yield term
            continue
        for entry in _entries(name, lists, "ranking"):
            yield {**term, "score": _LIST.sub(entry, name)}


def _entries(name: str, lists: Mapping[str, Any], where: str) -> list[str]:
    """The entries of the list that a name refers to; one empty entry where it refers to none."""
    found = _LIST.search(name)
    if found is None:
        return [""]
    _alternatives(found[1], lists, where)
    return [str(entry) for entry in lists[found[1]]]


def _stated(scores: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, score in scores.items():
        unit = score.get("unit")
        if score.get("stated") and unit in UNITS:
            field = stated_field(name)
            text = f"{score.get('title')} on the development set"
            made = {"kind": UNITS[unit][1].value, "paths": score["stated"], "description": text}
            yield field, {**made, **fields.get(field, {})}


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
            paths = list(expand(_LIST.sub(lambda match: _alternatives(match[1], lists, f"groups.{name}"), written)))
        except ValueError as error:
            raise EditionError(f"groups.{name}: {error}") from None
        for path in paths:
            yield path, {**group, "paths": [path], "group": name}


def _alternatives(name: str, lists: Mapping[str, Any], where: str) -> str:
    if not lists.get(name):
        raise EditionError(f"{where}: no list is named {name!r}; known: {', '.join(lists)}")
    return "{" + ",".join(quoted(str(entry)) for entry in lists[name]) + "}"


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
    own = ranked_by_its_own(converted(table, merged), merged)
    return _merge(without_other_stages(merged, own), own)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(load_bytes(path, _MAX_BYTES).decode("utf-8"))
    except OSError as error:
        raise EditionError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
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
