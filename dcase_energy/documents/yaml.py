"""Strict YAML with positions.

Built on PyYAML's events, so that nothing is constructed that was not asked for. Refused, each with its place: aliases
and anchors, tags other than the template's ``!!null``, merge keys, duplicate keys, more than one document, documents
too deep or too large. Plain scalars follow YAML 1.2's core schema: ``no`` is text, ``0123`` is 123, ``1:30`` is text.
``.nan`` and ``.inf`` stay text, so that a number field refuses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from dcase_energy.documents.document import Document, Path, Place, dotted
from dcase_energy.documents.names import folded
from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.rules import (
    YAML_ALIAS,
    YAML_ALIKE,
    YAML_CHARACTER,
    YAML_DUPLICATE_KEY,
    YAML_EMPTY,
    YAML_ENCODING,
    YAML_KEY,
    YAML_LIMIT,
    YAML_OTHER_READERS,
    YAML_SEVERAL,
    YAML_SYNTAX,
    YAML_TAG,
)
from dcase_energy.documents.yaml_1_1 import other_reading
from dcase_energy.findings import Finding, Where

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_KEY_CHARACTERS = 200
_MAX_INT_DIGITS = 18

Scalar = str | int | float | bool | None
_TAG_PREFIX = "tag:yaml.org,2002:"
_NULL_TAG = f"{_TAG_PREFIX}null"
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
# C0, C1, line breaks that only some readers know, marks of direction, a BOM inside, and what is no character.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def load_yaml(data: bytes, file: str, member: str | None = None) -> Document:
    """Read one strict YAML document whose root is a mapping.

    Never raises for what ``data`` holds; see `Document.findings`.
    """
    document = Document(file, member)
    text = _decode(data, document)
    if text is None:
        return document
    document.lines = re.split(r"\r\n|[\n\r]", text)
    if not _characters_allowed(text, document):
        return document
    reader = _Reader(document)
    try:
        reader.read(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        document.findings.append(_syntax_finding(error, document))
        document.data = None
    except _LimitReachedError:
        document.data = None
    return document


def _decode(data: bytes, document: Document) -> str | None:
    here = Where(document.file, document.member)
    if len(data) > MAX_BYTES:
        message = f"the document has {len(data):,} bytes"
        document.findings.append(YAML_LIMIT.finding(here, message, expected=f"at most {MAX_BYTES:,}"))
        return None
    if b"\x00" in data[:2]:
        message = "NUL bytes at the start: a file in UTF-16 or UTF-32, or no text"
        document.findings.append(YAML_ENCODING.finding(here, message))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        where = Where(document.file, document.member, line)
        document.findings.append(YAML_ENCODING.finding(where, message))
        return None


def _characters_allowed(text: str, document: Document) -> bool:
    match = _FORBIDDEN.search(text)
    if match is None:
        return True
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
    where = Where(document.file, document.member, line, column)
    message = f"control character U+{ord(match[0]):04X}"
    document.findings.append(YAML_CHARACTER.finding(where, message))
    return False


def _syntax_finding(error: yaml.YAMLError, document: Document) -> Finding:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = Where(document.file, document.member)
    if mark is not None:
        where = Where(document.file, document.member, mark.line + 1, mark.column + 1)
    return YAML_SYNTAX.finding(where, f"not valid YAML: {problem}")


class _LimitReachedError(Exception):
    """Reading stops: the document is larger than any honest one. The finding is already noted."""


class _Reader:
    """Builds the data of one document from parser events."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.events: Iterator[yaml.Event] = iter(())
        self.nodes = 0

    def read(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        next(events)  # start of the stream
        event = next(events)
        if isinstance(event, yaml.StreamEndEvent):
            self._note(YAML_EMPTY, event, "the document is empty")
            return
        root = next(events)
        value = self._value(root, ())
        next(events)  # end of the document
        if not isinstance(next(events), yaml.StreamEndEvent):
            self._note(YAML_SEVERAL, root, "more than one document in the file")
        elif isinstance(value, dict):
            self.document.data = value
        elif value is None and not self.document.findings:
            self._note(YAML_EMPTY, root, "the document is empty")
        elif not self.document.findings:
            self._note(YAML_EMPTY, root, f"the document is a {_kind(value)}, not a mapping")

    def _value(self, event: yaml.Event, path: Path) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._note(YAML_LIMIT, event, f"more than {MAX_NODES:,} values")
            raise _LimitReachedError
        if len(path) > MAX_DEPTH:
            self._note(YAML_LIMIT, event, f"nested deeper than {MAX_DEPTH} levels")
            raise _LimitReachedError
        self.document.values[path] = _place(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(YAML_ALIAS, event, path, f"alias *{event.anchor}")
            return None
        elif (anchor := getattr(event, "anchor", None)) is not None:
            self._note(YAML_ALIAS, event, f"anchor &{anchor}", path)
        tag = getattr(event, "tag", None)
        if tag and not (tag == _NULL_TAG and isinstance(event, yaml.ScalarEvent)):
            self._refuse(YAML_TAG, event, path, f"tag {tag.replace(_TAG_PREFIX, '!!')}")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        alike: dict[str, str] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path)
            # The first of two equal keys stays; the value of the second is read to get past it, under no path.
            usable = key is not None and key not in mapping
            if key is not None and alike.setdefault(folded(key), key) != key:
                message = f"key {key!r} looks like {alike[folded(key)]!r}"
                self._note(YAML_ALIKE, event, message, (*path, key))
            child = (*path, key) if key is not None and usable else (*path, "", "unusable")
            if usable:
                self.document.keys[child] = _place(event)
            value = self._value(next(self.events), child)
            if key is not None and usable and child not in self.document.refused:
                mapping[key] = value
        return mapping

    def _key(self, event: yaml.Event, path: Path) -> str | None:
        if not isinstance(event, yaml.ScalarEvent):
            self._note(YAML_KEY, event, "a key must be plain text", path)
            self._value(event, (*path, "?"))
            return None
        key: str = event.value
        if len(key) > MAX_KEY_CHARACTERS:
            self._note(YAML_LIMIT, event, f"a key of {len(key):,} characters", path)
            raise _LimitReachedError
        if event.anchor:
            self._note(YAML_ALIAS, event, f"anchor &{event.anchor}", path)
        if key == "<<":
            self._note(YAML_ALIAS, event, "merge key <<", path)
            return None
        if event.tag or (not event.style and _CONSTANTS.get(key, 0) is None):
            self._note(YAML_KEY, event, "a key must be plain text", path)
            return None
        first = self.document.keys.get((*path, key))
        if first is not None:
            message = f"key {key!r} is written twice; line {first.line} has it first"
            self._note(YAML_DUPLICATE_KEY, event, message, (*path, key))
        return key

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Scalar:
        text: str = event.value
        self.document.texts[path] = text
        if event.tag == _NULL_TAG:
            if text not in _CONSTANTS or _CONSTANTS[text] is not None:
                self._refuse(YAML_TAG, event, path, f"!!null in front of {text[:40]!r}")
            return None
        if event.style:
            if _FORBIDDEN.search(text):
                self._refuse(YAML_CHARACTER, event, path, "control character written as an escape")
            return text
        if reading := other_reading(text):
            self._note(YAML_OTHER_READERS, event, f"{text[:40]!r} is {reading} to other programs", path)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INT.fullmatch(text) and len(text) <= _MAX_INT_DIGITS:
            return int(text)
        number = parse_number(text)
        # A whole number too long for its digits to survive, or too large for a float, stays text.
        return text if number is None or _INT.fullmatch(text) else number

    def _note(self, rule: Any, event: yaml.Event, message: str, path: Path = ()) -> None:
        place = _place(event)
        document = self.document
        where = Where(document.file, document.member, place.line, place.column, dotted(path) or None)
        document.findings.append(rule.finding(where, message))

    def _refuse(self, rule: Any, event: yaml.Event, path: Path, message: str) -> None:
        self._note(rule, event, message, path)
        self.document.refused.add(path)


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


def _kind(value: Any) -> str:
    return "list" if isinstance(value, list) else "single value"
