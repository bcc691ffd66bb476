"""Metadata (M)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dcase_energy.documents.document import Path
from dcase_energy.documents.numbers import parse_khz
from dcase_energy.editions.fields import TEXT_KINDS, FieldKind
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.placeholders import FILL_IN, is_none_word, placeholder
from dcase_energy.submission.values import TEMPLATE_TEXT, none_as_text

CORRESPONDING = define(
    Rule(
        code="M106",
        name="corresponding-author",
        title="Exactly one author is the corresponding author",
        why="The official tools accept `corresponding: false` for all, or true for several; then no one gets the mail.",
        bad="authors:\n  - {lastname: Adams, firstname: Ada, corresponding: false}",
        good="authors:\n  - {lastname: Adams, firstname: Ada, corresponding: true}",
        fix="write `corresponding: true` for one author",
    )
)
SAMPLING_RATE = define(
    Rule(
        code="M109",
        name="sampling-rate-unusual",
        title="The sampling rate is one that audio has, in kHz",
        why="Three systems of 2022 and several of 2023 gave 44 for 44.1; 16000 is a rate in Hz.",
        bad="input_sampling_rate: 16000",
        good="input_sampling_rate: 16",
        fix="write the rate in kHz, with its decimals",
        severity=Severity.WARNING,
    )
)
HASH_IN_VALUE = define(
    Rule(
        code="M110",
        name="hash-in-value",
        title="No value holds a # where the official reader cuts lines at it",
        why="The official tools of 2020 and 2024 drop everything after the first # of a line before they read it: an "
        "address loses its end, and a value in quotes makes the whole file unreadable to them.",
        bad="source_code: https://uni.example/code#readme",
        good="source_code: https://uni.example/code",
        fix="write the value without #",
        severity=Severity.WARNING,
    )
)
ADDRESS_SCHEME = define(
    Rule(
        code="M111",
        name="address-without-scheme",
        title="An address begins with https:// or another scheme",
        why="Submissions of 2020 give github.com/...; pages of results turn that into a link within their own site.",
        bad="source_code: github.com/adams/code",
        good="source_code: https://github.com/adams/code",
        fix="write the scheme in front of the address",
        severity=Severity.WARNING,
    )
)


@each_system
def one_corresponding_author(system: System) -> Iterator[Finding]:
    """Exactly one author is the corresponding author."""
    authors = system.submission.authors
    count = sum(author.get("corresponding") is True for author in authors)
    if authors and count != 1:
        message = f"{count} of {len(authors)} authors have corresponding: true"
        yield system.finding(CORRESPONDING, "authors", message, expected="exactly one", found=str(count))


_HZ_PER_KHZ = 1000
_WITHOUT_SCHEME = re.compile(r"(?!\w+:)[\w-]+(?:\.[\w-]+)+(?::\d+)?/")


def _texts(system: System, *kinds: FieldKind) -> Iterator[tuple[Where, str]]:
    """All texts of fields of text, and of some kinds beside these, with their places."""
    metadata = system.metadata
    for name, value in metadata.values.items():
        if system.edition.fields[name].kind in TEXT_KINDS.union(kinds):
            yield from ((metadata.document.where(at), text) for at, text in _texts_in(value, metadata.paths[name]))


def _texts_in(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """All texts in lists and mappings."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list | dict):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts_in(below, (*path, key))


@each_system
def not_of_template(system: System) -> Iterator[Finding]:
    """No field holds a text of the official template."""
    for where, text in _texts(system, FieldKind.AUTHORS, FieldKind.DATASETS):
        left = next((known for known in system.edition.template_texts if known in text), None) or placeholder(text)
        if left is not None:
            hint = FILL_IN if placeholder(text) else None
            yield TEMPLATE_TEXT.finding(where, f"{left!r} is the template's text", found=repr(text[:60]), hint=hint)


@each_system
def address_has_scheme(system: System) -> Iterator[Finding]:
    """An address has its scheme."""
    for name, value in system.metadata.values.items():
        is_address = system.edition.fields[name].kind is FieldKind.ADDRESS and isinstance(value, str)
        if is_address and _WITHOUT_SCHEME.match(value):
            shown = value[:80]
            yield system.finding(
                ADDRESS_SCHEME, name, f"{shown!r} has no scheme", expected=f"https://{shown}", found=repr(shown)
            )


@each_system
def none_is_null(system: System) -> Iterator[Finding]:
    """No optional field holds a word for nothing."""
    for where, text in _texts(system, FieldKind.DATASETS):
        if is_none_word(text):
            yield none_as_text(where, text)


@each_system
def no_hash(system: System) -> Iterator[Finding]:
    """No value holds a character at which the official reader would cut it."""
    document = system.metadata.document
    for path, text in document.texts.items() if system.edition.hash_cuts else ():
        if "#" in text:
            kept = text.partition("#")[0].rstrip()
            yield HASH_IN_VALUE.finding(
                document.where(path),
                f"the official reader cuts lines at #: it sees {kept[:80]!r}, or nothing at all",
                found=repr(text[:80]),
            )


@each_system
def sampling_rate_usual(system: System) -> Iterator[Finding]:
    """Each sampling rate is a known one, in kHz."""
    field, known = "input_sampling_rate_khz", system.edition.plausible.sampling_rates_khz
    value = system.metadata.values.get(field)
    for one in value if isinstance(value, list) else [value]:
        rate = parse_khz(one) if isinstance(one, str) else one
        if rate is None or not known or rate in known:
            continue
        near = [other for other in known if int(other) == rate]
        hint = f"did you mean {near[0]:g}?" if near else None
        if rate / _HZ_PER_KHZ in known:
            hint = f"this is in Hz; in kHz it is {rate / _HZ_PER_KHZ:g}"
        expected = ", ".join(f"{other:g}" for other in known)
        message = f"audio of {rate:g} kHz is unusual"
        yield system.finding(SAMPLING_RATE, field, message, expected=expected, found=f"{rate:g}", hint=hint)
