"""From the bytes of a metadata file, in any known spelling, to its fields by canonical name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dcase_energy.documents.document import Document, Path, dotted
from dcase_energy.documents.numbers import parse_short_count
from dcase_energy.documents.rules import YAML_OTHER_READERS
from dcase_energy.editions.fields import COUNT_KINDS, NUMBER_KINDS, FieldKind
from dcase_energy.editions.model import Edition
from dcase_energy.editions.spelling import folded_path
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define
from dcase_energy.submission.model import Submission
from dcase_energy.submission.suggestions import suggest
from dcase_energy.submission.values import FIELD_TYPE, describe_value, expected_of, finding_of, missing, violations
from dcase_energy.text import plural

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
_MOST_OF_A_GROUP = 3
_COPIED = frozenset(Submission.__slots__) - {"figures"}


@dataclass(slots=True)
class Metadata:
    """The fields of a metadata file by canonical name.

    Attributes
    ----------
    document, edition
        The file as read, and the edition that names its fields.
    values
        What each field holds; a value that is refused is removed.
    paths
        The key path each field was found at, those of refused values included.
    submission
        The fields that the program computes with.
    """

    document: Document
    edition: Edition
    values: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    submission: Submission = field(default_factory=Submission)

    def where(self, name: str) -> Where:
        """Place of a field's value, or of the mapping it is missing from."""
        return self.document.where(self.paths.get(name, self.edition.fields[name].path))

    def text(self, name: str) -> str | None:
        """A scalar field as it was written; None if it is absent or not a scalar."""
        path = self.paths.get(name)
        return None if path is None else self.document.texts.get(path)

    def given(self, name: str) -> bool:
        """Whether a field holds anything, even if it was refused: null and absent are not given."""
        return name in self.paths and self.values.get(name, ...) is not None


def read_metadata(document: Document, edition: Edition) -> tuple[Metadata, list[Finding]]:
    """Read metadata by the rules of an edition, and judge each field. Never raises for what the file holds.

    The fields that are refused are absent from the submission.
    """
    metadata, findings = canonicalise(document, edition)
    if document.data is not None:
        wrong, meant = _judge(metadata)
        findings = [one for one in findings if one.where.path not in meant]
        findings += _few_of_a_group(metadata, wrong)
        for name, _ in wrong:
            metadata.values.pop(name, None)
    metadata.submission = _submission(metadata)
    return metadata, [*_of_document(metadata), *findings]


def _judge(metadata: Metadata) -> tuple[list[tuple[str, Finding]], set[str]]:
    """Judge each field once, by the schema of its kind.

    Returned are all violations, each as the name of its field and the finding, and the paths of keys that are not
    unknown: the edition means them and takes a key with a dot for two.
    """
    document, edition = metadata.document, metadata.edition
    found: list[tuple[str, Finding]] = []
    meant: set[str] = set()
    for name, spec in edition.fields.items():
        if name in metadata.values:
            for place, error in violations(edition, name, metadata.values[name]).items():
                found.append((name, finding_of(document, edition, name, metadata.paths[name], place, error)))
        elif name not in metadata.paths and (name in edition.required or name in edition.present):
            hint, there = None, _with_dot(document, spec.path)
            if there is not None:
                meant |= {dotted(there[:end]) for end in range(1, len(there) + 1)}
                hint = f"the file has it; in the edition a key that holds a dot is written in quotes: {dotted(there)}"
            expected = expected_of(edition, name) + (", or null" if name in edition.present else "")
            found.append((name, missing(document, spec.path, expected, hint)))
    return found, meant


def _with_dot(document: Document, path: Path) -> Path | None:
    """The path in the file of a field whose key holds a dot, which the edition must write in quotes."""
    plain = ".".join(map(str, path))
    return next((known for known in document.keys if ".".join(map(str, known)) == plain), None)


def _few_of_a_group(metadata: Metadata, found: Sequence[tuple[str, Finding]]) -> Iterator[Finding]:
    """The findings; of a group of fields the first few of each rule, or one where no value of the group is right."""
    fields = metadata.edition.fields
    given = Counter(fields[name].group for name, value in metadata.values.items() if value is not None)
    count = Counter((fields[name].group, one.code) for name, one in found)
    shown: Counter[tuple[str | None, str]] = Counter()
    for name, one in sorted(found, key=lambda pair: pair[1].sort_key()):
        group, _ = family = fields[name].group, one.code
        most = 1 if count[family] == given[group] else _MOST_OF_A_GROUP
        shown[family] += 1
        left = count[family] - most
        if group is None or shown[family] < most or left <= 0:
            yield one
        elif shown[family] == most:
            yield replace(one, message=f"{one.message} (and {plural(left, 'more value')} of this kind)")


def _of_document(metadata: Metadata) -> Iterator[Finding]:
    """Findings of the document, except for the `yes` and `no` of a truth value: it is one to all readers."""
    fields = metadata.edition.fields
    flags = {dotted(path) for name, path in metadata.paths.items() if fields[name].kind is FieldKind.FLAG}
    for one in metadata.document.findings:
        if one.code != YAML_OTHER_READERS.code or one.where.path not in flags:
            yield one


def _submission(metadata: Metadata) -> Submission:
    """The canonical submission. What it holds is of the right type: `editions.fields.COMPUTED` limits the kinds."""
    given = {name: _plain(value, metadata, name) for name, value in metadata.values.items() if value is not None}
    fields = metadata.edition.fields
    figures = {
        name: value
        for name, value in given.items()
        if fields[name].kind in NUMBER_KINDS and isinstance(value, int | float)
    }
    return Submission(**{name: value for name, value in given.items() if name in _COPIED}, figures=figures)


def _plain(value: Any, metadata: Metadata, name: str) -> Any:
    """A value as the submission has it: lists are tuples, and a count is an integer, however it is written."""
    kind = metadata.edition.fields[name].kind
    if kind is FieldKind.SHORT_COUNT and isinstance(value, str):
        return parse_short_count(value)
    if isinstance(value, list):
        return tuple(value)
    # A whole float is an integer to JSON Schema.
    return int(value) if isinstance(value, float) and kind in COUNT_KINDS else value


def canonicalise(document: Document, edition: Edition) -> tuple[Metadata, list[Finding]]:
    """Find each field of the edition under any of its key paths; report keys that are not of a field."""
    metadata = Metadata(document, edition)
    findings: list[Finding] = []
    values, paths = metadata.values, metadata.paths
    for path, written in _entries(document.data or {}, (), edition):
        name, value = edition.field_at(path), None if written in edition.null_texts else written
        if name is None:
            findings += _not_a_field(path, value, metadata, suggested=len(findings) < _MOST_SUGGESTIONS)
        elif values.get(name) is None:
            # Of several spellings the first that holds something counts.
            if name not in values or value is not None:
                values[name], paths[name] = value, path
        elif value is not None and value != values[name]:
            message = f"{dotted(path)} and {dotted(paths[name])} both give {name}, with different values"
            found = f"{value!r:.60} and {values[name]!r:.60}"
            findings.append(
                FIELD_TWICE.finding(document.where(path, key=True), message, expected="one of them", found=found)
            )
    for path in document.refused:
        # A refused value is not missing, and neither is anything below it: its finding is there already.
        if name := edition.field_at(path):
            paths.setdefault(name, path)
        elif edition.holds_keys(path):
            for known, below in edition.field_of_path.items():
                if folded_path(known[: len(path)]) == folded_path(path):
                    paths.setdefault(below, known)
    return metadata, findings


def _entries(node: Mapping[str, Any], path: Path, edition: Edition) -> Iterator[tuple[Path, Any]]:
    """All keys below a mapping, not descending into fields or unknown keys."""
    for key, value in node.items():
        child = (*path, key)
        # Asked first, since most keys are a field as written.
        if child in edition.field_of_path or not edition.holds_keys(child):
            yield child, value
        elif isinstance(value, dict):
            yield from _entries(value, child, edition)
        elif value is not None:
            yield child, value


def _not_a_field(path: Path, value: Any, metadata: Metadata, *, suggested: bool) -> Iterator[Finding]:
    document, edition = metadata.document, metadata.edition
    if edition.holds_keys(path):
        message = f"{dotted(path)} must hold further keys"
        yield FIELD_TYPE.finding(document.where(path), message, expected="a mapping", found=describe_value(value))
        return
    meant = suggest(path, edition) if suggested else None
    # Near a known key that the file does not have besides.
    misspelt = meant is not None and meant.key is not None and (*path[:-1], meant.key) not in document.keys
    if misspelt or not edition.open_keys:
        where = document.where(path, key=True)
        yield UNKNOWN_KEY.finding(where, f"unknown key {dotted(path)}", hint=meant.hint if meant else None)
