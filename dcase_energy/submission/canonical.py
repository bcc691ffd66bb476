"""From a document in any known spelling to one mapping of canonical fields."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dcase_energy.documents.document import Document, Path, dotted
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Where
from dcase_energy.submission.rules import FIELD_TWICE, FIELD_TYPE, UNKNOWN_KEY


@dataclass
class Canonical:
    """Fields of a document by canonical name, with the key path each was found at."""

    document: Document
    edition: Edition
    values: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def where(self, name: str) -> Where:
        """Place of a field's value, or of the mapping it is missing from."""
        return self.document.where(self.paths.get(name, self.edition.fields[name].path))

    def text(self, name: str) -> str | None:
        """A scalar field as it was written; None if it is absent or no scalar."""
        path = self.paths.get(name)
        return None if path is None else self.document.texts.get(path)

    def given(self, name: str) -> bool:
        """Whether a field holds anything, be it refused: null and absent are not given."""
        return name in self.paths and self.values.get(name, ...) is not None

    def tree(self) -> dict[str, Any]:
        """The fields at the template's key paths, parents of all required fields included."""
        root: dict[str, Any] = {}
        for name in (*self.edition.required, *self.values):
            node = root
            *parents, last = self.edition.fields[name].path
            for parent in parents:
                node = node.setdefault(str(parent), {})
            if name in self.values:
                node[str(last)] = self.values[name]
        return root

    def original(self, path: Path) -> tuple[str | None, Path]:
        """The field a path in `tree` belongs to, and the path as the document has it."""
        for name, spec in self.edition.fields.items():
            if path[: len(spec.path)] == spec.path:
                return name, self.paths.get(name, spec.path) + path[len(spec.path) :]
        return None, path


def canonicalise(document: Document, edition: Edition) -> Canonical:
    """Find each field of the edition under any of its key paths; report keys that are none."""
    canonical = Canonical(document, edition)
    parents = {path[:end] for path in edition.field_of_path for end in range(1, len(path))}
    for path, value in _entries(document.data or {}, (), parents):
        name = edition.field_of_path.get(path)
        if name is None:
            canonical.findings.append(_not_a_field(path, value, canonical, parents))
        elif name in canonical.values:
            _note_twice(name, path, value, canonical)
        else:
            canonical.values[name] = value
            canonical.paths[name] = path
    for path in document.refused:
        # A refused value is not missing: its finding is there already.
        if name := edition.field_of_path.get(path):
            canonical.paths.setdefault(name, path)
    return canonical


def _entries(node: Mapping[str, Any], path: Path, parents: set[Path]) -> Iterator[tuple[Path, Any]]:
    """All keys below a mapping, not descending into fields or unknown keys."""
    for key, value in node.items():
        child = (*path, key)
        if child in parents and isinstance(value, dict):
            yield from _entries(value, child, parents)
        elif not (child in parents and value is None):
            yield child, value


def _note_twice(name: str, path: Path, value: Any, canonical: Canonical) -> None:
    if value is None or value == canonical.values[name]:
        return
    if canonical.values[name] is None:
        canonical.values[name], canonical.paths[name] = value, path
        return
    first = dotted(canonical.paths[name])
    message = f"{dotted(path)} and {first} both give {name}, with different values"
    where = canonical.document.where(path, key=True)
    found = f"{value!r:.60} and {canonical.values[name]!r:.60}"
    canonical.findings.append(FIELD_TWICE.finding(where, message, expected="one of them", found=found))


def _not_a_field(path: Path, value: Any, canonical: Canonical, parents: set[Path]) -> Finding:
    if path in parents:
        where = canonical.document.where(path)
        message = f"{dotted(path)} must hold further keys"
        return FIELD_TYPE.finding(where, message, expected="a mapping", found=describe(value))
    where = canonical.document.where(path, key=True)
    hint = _suggestion(path, canonical)
    return UNKNOWN_KEY.finding(where, f"unknown key {dotted(path)}", hint=hint)


def _suggestion(path: Path, canonical: Canonical) -> str | None:
    """The one known key that was probably meant: a near spelling here, or this key at another level."""
    edition, key = canonical.edition, str(path[-1])
    folded = key.casefold()
    # Only what stands after the nearest known parent can be misspelt; a whole block may also be at another level.
    siblings = {
        str(known[len(path) - 1]): known for known in edition.field_of_path if known[: len(path) - 1] == path[:-1]
    }
    by_case = {name.casefold(): name for name in siblings}
    near = difflib.get_close_matches(folded, by_case, n=2, cutoff=0.75)
    meant = [_spelt_as_template(siblings[by_case[name]], canonical) for name in near]
    if meant and (len(set(meant)) == 1 or near[0] == folded):
        return f"did you mean {meant[0]}?"
    elsewhere = {spec.paths[0] for spec in edition.fields.values() if folded == str(spec.path[-1]).casefold()}
    if len(elsewhere) == 1:
        return f"did you mean {elsewhere.pop()}?"
    return None


def _spelt_as_template(known: Path, canonical: Canonical) -> str:
    """The last key of a known path, or the template's whole path where the known one is an alias of it."""
    edition = canonical.edition
    name = edition.field_of_path.get(known)
    template = known if name is None else edition.fields[name].path
    return repr(str(template[-1])) if template[:-1] == known[:-1] else dotted(template)


def describe(value: Any) -> str:
    """Name a value for people, cut to a length that fits a line."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {str(value).lower()}"
        case str():
            return f"the text {value!r}" if len(value) <= 60 else f"a text of {len(value):,} characters"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a mapping"
        case _:
            return str(value)
