"""Strict YAML with positions.

Built on PyYAML's events, so that nothing is constructed that was not asked for. Refused, each with its place: aliases
and anchors, tags other than the template's ``!!null``, merge keys, duplicate keys, more than one document, documents
too deep or too large. Plain scalars follow YAML 1.2's core schema: ``no`` is text, ``0123`` is 123, ``1:30`` is text.
``.nan`` and ``.inf`` stay text, so that a number field refuses them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import yaml

from dcase_energy.documents.document import Document, Path, Place
from dcase_energy.documents.look_alikes import meant, oddities
from dcase_energy.documents.names import folded
from dcase_energy.documents.numbers import parse_number
from dcase_energy.documents.rules import (
    YAML_ALIAS,
    YAML_ALIKE,
    YAML_CHARACTER,
    YAML_DUPLICATE_KEY,
    YAML_EMPTY,
    YAML_KEY,
    YAML_LIMIT,
    YAML_LOOK_ALIKE,
    YAML_OTHER_READERS,
    YAML_SEVERAL,
    YAML_SYNTAX,
    YAML_TAG,
)
from dcase_energy.documents.yaml_1_1 import other_reading
from dcase_energy.documents.yaml_bytes import FORBIDDEN, MAX_BYTES, decode
from dcase_energy.documents.yaml_slips import Slip, find_slip, slip_of_key, tabs_as_blanks, taken_for_text
from dcase_energy.rules import Rule

__all__ = ["MAX_BYTES", "MAX_DEPTH", "load_yaml"]

MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_KEY_CHARACTERS = 200
_MAX_INT_DIGITS = 18

# Without libyaml PyYAML has its own parser only.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Scalar = str | int | float | bool | None
_TAG_PREFIX = "tag:yaml.org,2002:"
_NULL_TAG = f"{_TAG_PREFIX}null"
_OWN_TAGS: dict[type[yaml.Event], str] = {
    yaml.MappingStartEvent: f"{_TAG_PREFIX}map",
    yaml.SequenceStartEvent: f"{_TAG_PREFIX}seq",
}
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
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
    text = decode(data, document)
    if text is not None:
        try:
            _fill(document, text)
        except yaml.YAMLError as error:
            return _read_again(document, text, error)
    return document


def _fill(document: Document, text: str) -> None:
    """Read a text into a document; `yaml.YAMLError` if it is not YAML."""
    try:
        _Reader(document).read(yaml.parse(text, Loader=LOADER))
    except _StopError:
        document.data = None


def _read_again(document: Document, text: str, error: yaml.YAMLError) -> Document:
    """Return a document that a parser refused.

    Parsers differ: some refuse tabs that YAML allows, and some have a limit of nesting and read so far ahead that they
    reach it before the first event. Their words for it change between releases, so it is tried.
    """
    plain = tabs_as_blanks(text)
    line, column, index = _stopped_at(error)
    for part, good in ((plain, plain != text), (text[:index], False)):
        again = Document(document.file, document.member, lines=document.lines)
        with suppress(yaml.YAMLError):
            _fill(again, part)
            if good:
                return again
        if any(finding.code == YAML_LIMIT.code for finding in again.findings):
            return again
    slip = find_slip(document.lines, line, column, _stops)
    if slip is None:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        slip = Slip(Place(line + 1, column + 1), problem, YAML_SYNTAX.fix)
    # What was made of the text before the slip follows from it.
    document.findings = [one for one in document.findings if one.code not in {YAML_SYNTAX.code, YAML_LOOK_ALIKE.code}]
    document.note(YAML_SYNTAX, f"not valid YAML: {slip.message}", slip.at, hint=slip.hint)
    document.data = None
    return document


def _stopped_at(error: yaml.YAMLError) -> tuple[int, int, int]:
    """Line, column and index where a parser stopped, from 0."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return (0, 0, 0) if mark is None else (mark.line, mark.column, mark.index)


def _stops(lines: Sequence[str]) -> float:
    """The line, from 0, where a text can be read no further; infinite if it is YAML."""
    try:
        for _ in yaml.parse(tabs_as_blanks("\n".join(lines)), Loader=LOADER):
            pass
    except yaml.YAMLError as error:
        return _stopped_at(error)[0]
    return math.inf


class _StopError(Exception):
    """Reading stops: nothing that follows could be understood. The finding is already noted."""


class _Reader:
    """Builds the data of one document from parser events."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.events: Iterator[Any] = iter(())
        self.nodes = 0

    def read(self, events: Iterator[Any]) -> None:
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
        elif not self.document.findings:
            kind = "list" if isinstance(value, list) else "single value"
            message = "the document is empty" if value is None else f"the document is a {kind}, not a mapping"
            self._note(YAML_EMPTY, root, message)

    def _value(self, event: Any, path: Path) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._stop(YAML_LIMIT, event, f"more than {MAX_NODES:,} values")
        if len(path) > MAX_DEPTH:
            self._stop(YAML_LIMIT, event, f"nested deeper than {MAX_DEPTH} levels")
        self.document.values[path] = _place(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(YAML_ALIAS, event, f"alias *{event.anchor} is not allowed", path)
            return None
        if event.anchor is not None:
            self._note(YAML_ALIAS, event, f"anchor &{event.anchor} is not allowed", path)
        scalar = isinstance(event, yaml.ScalarEvent)
        if event.tag and not (scalar and event.tag == _NULL_TAG):
            # A tag that says what the value is anyway changes nothing about it.
            note = self._note if event.tag == _OWN_TAGS.get(type(event)) else self._refuse
            note(YAML_TAG, event, f"tag {event.tag.replace(_TAG_PREFIX, '!!')} is not allowed", path)
        if scalar:
            return self._scalar(event, path)
        return self._sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        equal: dict[str, str] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path)
            # The first of two equal keys stays; the value of the second is read to get past it, under no path.
            usable = key is not None and key not in mapping
            if key is not None:
                key = self._as_meant(key, event, path, equal)
            child = (*path, key) if key is not None and usable else (*path, "", "unusable")
            if usable:
                self.document.keys[child] = _place(event)
            value_event = next(self.events)
            value = self._value(value_event, child)
            below = isinstance(value, str) and value_event.start_mark.line > event.start_mark.line
            # A plain text below its key may be meant as a key with a value.
            if below and not value_event.style and (slip := taken_for_text(value)):
                self._refuse(YAML_SYNTAX, value_event, f"not the YAML that was meant: {slip[0]}", child, hint=slip[1])
            if key is not None and usable and child not in self.document.refused:
                mapping[key] = value
        return mapping

    def _as_meant(self, key: str, event: Any, path: Path, equal: dict[str, str]) -> str:
        """The key, or the one it looks like; that one's value is refused: what was meant is for a person to say."""
        plain = meant(key)
        first = equal.setdefault(folded(plain or key), key)
        if first != key:
            self._note(YAML_ALIKE, event, f"key {key!r} looks like {first!r}", (*path, key))
            return key
        if plain is None:
            return key
        message = f"key {key!r} holds {', '.join(oddities(key))}"
        self._note(YAML_LOOK_ALIKE, event, message, (*path, plain), hint=f"write the key as {plain}")
        self.document.refused.add((*path, plain))
        return plain

    def _key(self, event: Any, path: Path) -> str | None:
        if not isinstance(event, yaml.ScalarEvent):
            self._note(YAML_KEY, event, "a key must be plain text", path)
            self._value(event, (*path, "?"))
            return None
        key: str = event.value
        if len(key) > MAX_KEY_CHARACTERS:
            self._stop(YAML_LIMIT, event, f"a key of {len(key):,} characters", path)
        if event.anchor:
            self._note(YAML_ALIAS, event, f"anchor &{event.anchor} is not allowed", path)
        if not event.style and (slip := slip_of_key(_place(event), key)):
            self.document.note(YAML_SYNTAX, f"not valid YAML: {slip.message}", slip.at, hint=slip.hint)
            raise _StopError
        if key == "<<":
            self._note(YAML_ALIAS, event, "merge key << is not allowed", path)
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
                self._refuse(YAML_TAG, event, f"!!null in front of {text[:40]!r}", path)
            return None
        if event.style:
            if control := FORBIDDEN.search(text):
                self._refuse(
                    YAML_CHARACTER,
                    event,
                    f"the text holds a control character ({control[0]!r}), written as an escape",
                    path,
                )
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

    def _note(self, rule: Rule, event: Any, message: str, path: Path = (), *, hint: str | None = None) -> None:
        self.document.note(rule, message, _place(event), path, hint=hint)

    def _refuse(self, rule: Rule, event: Any, message: str, path: Path, *, hint: str | None = None) -> None:
        self._note(rule, event, message, path, hint=hint)
        self.document.refused.add(path)

    def _stop(self, rule: Rule, event: Any, message: str, path: Path = ()) -> NoReturn:
        self._note(rule, event, message, path)
        raise _StopError


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
