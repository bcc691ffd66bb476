"""From a document in any known spelling to one mapping of canonical fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dcase_energy.documents.document import Document, Path, dotted
from dcase_energy.editions.model import Edition
from dcase_energy.editions.spelling import folded
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define
from dcase_energy.submission.suggestions import Suggestion, suggest

FIELD_TYPE = define(
    Rule(
        code="M102",
        name="field-type",
        title="Every field holds the kind of value the template asks for",
        why="Text where a number belongs, or a number where text belongs, cannot be tabulated.",
        bad="input_sampling_rate: 44.1kHz",
        good="input_sampling_rate: 44.1",
        fix="write a value of the expected kind",
    )
)
UNKNOWN_KEY = define(
    Rule(
        code="M104",
        name="unknown-key",
        title="Every key is one the edition knows",
        why="A misspelt key leaves its field empty, and no common reader says so.",
        bad="total_paramters: 1112420",
        good="total_parameters: 1112420",
        fix="remove the key, or correct its spelling or its level; it is ignored as it stands",
        severity=Severity.WARNING,
    )
)
FIELD_TWICE = define(
    Rule(
        code="M105",
        name="field-twice",
        title="No field is given under two keys with different values",
        why="Which of the two counts is not known.",
        bad="energy: {training: 1.4}\nenergy_consumption: {training: 1.5}",
        good="energy_consumption: {training: 1.5}",
        fix="keep one of the two",
    )
)


# No one misspells more keys than this; a file of thousands of unknown ones is not worth the time.
_MOST_SUGGESTIONS = 200


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
        """Whether a field holds anything, even if it was refused: null and absent are not given."""
        return name in self.paths and self.values.get(name, ...) is not None

    def tree(self) -> dict[str, Any]:
        """The fields at the template's key paths, parents of all fields that must be there included."""
        root: dict[str, Any] = {}
        for name in (*self.edition.required, *self.edition.present, *self.values):
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
    for path, written in _entries(document.data or {}, (), edition):
        name, value = _field(path, edition), None if written in edition.null_texts else written
        if name is None:
            canonical.findings += _not_a_field(path, value, canonical)
        elif name in canonical.values:
            _note_twice(name, path, value, canonical)
        else:
            canonical.values[name] = value
            canonical.paths[name] = path
    for path in document.refused:
        # A refused value is not missing, and neither is anything below it: its finding is there already.
        if name := _field(path, edition):
            canonical.paths.setdefault(name, path)
        elif _is_parent(path, edition):
            for known, below in edition.field_of_path.items():
                if folded(known[: len(path)]) == folded(path):
                    canonical.paths.setdefault(below, known)
    return canonical


def _field(path: Path, edition: Edition) -> str | None:
    """The field of a key path; fields of energy and complexity are found whatever their case and separators."""
    return edition.field_of_path.get(path) or edition.field_of_folded_path.get(folded(path))


def _is_parent(path: Path, edition: Edition) -> bool:
    return path in edition.parents or folded(path) in edition.parents


def _entries(node: Mapping[str, Any], path: Path, edition: Edition) -> Iterator[tuple[Path, Any]]:
    """All keys below a mapping, not descending into fields or unknown keys."""
    for key, value in node.items():
        child = (*path, key)
        parent = _is_parent(child, edition)
        if parent and isinstance(value, dict):
            yield from _entries(value, child, edition)
        elif not (parent and value is None):
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


def _not_a_field(path: Path, value: Any, canonical: Canonical) -> Iterator[Finding]:
    if _is_parent(path, canonical.edition):
        where = canonical.document.where(path)
        message = f"{dotted(path)} must hold further keys"
        yield FIELD_TYPE.finding(where, message, expected="a mapping", found=describe(value))
        return
    where = canonical.document.where(path, key=True)
    meant = suggest(path, canonical.edition) if len(canonical.findings) < _MOST_SUGGESTIONS else None
    if not canonical.edition.open_keys or _misspelt(path, meant, canonical.document):
        yield UNKNOWN_KEY.finding(where, f"unknown key {dotted(path)}", hint=meant.hint if meant else None)


def _misspelt(path: Path, meant: Suggestion | None, document: Document) -> bool:
    """Whether a key is near a known one that the file does not have besides."""
    return meant is not None and meant.key is not None and (*path[:-1], meant.key) not in document.keys


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
