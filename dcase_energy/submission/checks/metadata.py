"""Metadata (M)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dcase_energy.documents.document import Path
from dcase_energy.documents.numbers import parse_khz
from dcase_energy.editions.fields import TEXT_KINDS, FieldKind
from dcase_energy.findings import Finding, Where
from dcase_energy.submission.checks.rules import (
    ADDRESS_SCHEME,
    HASH_IN_VALUE,
    SAMPLING_RATE,
)
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.placeholders import FILL_IN, NONE_WORDS, placeholder
from dcase_energy.submission.rules import CORRESPONDING, NONE_AS_TEXT, TEMPLATE_TEXT


def one_corresponding_author(system: System) -> Iterator[Finding]:
    """Exactly one author is the corresponding author."""
    authors = system.submission.authors
    count = sum(author.corresponding is True for author in authors)
    if authors and count != 1:
        where = system.metadata.canonical.where("authors")
        message = f"{count} of {len(authors)} authors have corresponding: true"
        yield CORRESPONDING.finding(where, message, expected="exactly one", found=str(count))


_HZ_PER_KHZ = 1000
_WITHOUT_SCHEME = re.compile(r"(?!\w+:)[\w-]+(?:\.[\w-]+)+(?::\d+)?/")


def _texts(system: System, *kinds: FieldKind) -> Iterator[tuple[Where, str]]:
    """All texts of fields of text, and of some kinds beside these, with their places."""
    canonical = system.metadata.canonical
    for name, spec in system.edition.fields.items():
        value, path = canonical.values.get(name), canonical.paths.get(name)
        if path is None or (spec.kind not in TEXT_KINDS and spec.kind not in kinds):
            continue
        if isinstance(value, str):
            yield canonical.where(name), value
        elif value is not None:
            yield from ((canonical.document.where(at), text) for at, text in _texts_in(value, path))


def _texts_in(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """All texts in lists and mappings."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list | dict):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts_in(below, (*path, key))


def not_of_template(system: System) -> Iterator[Finding]:
    """No field holds a text of the official template."""
    for where, text in _texts(system, FieldKind.AUTHORS, FieldKind.DATASETS):
        left = next((known for known in system.edition.template_texts if known in text), None) or placeholder(text)
        if left is not None:
            hint = FILL_IN if placeholder(text) else None
            yield TEMPLATE_TEXT.finding(where, f"{left!r} is the template's text", found=repr(text[:60]), hint=hint)


def address_has_scheme(system: System) -> Iterator[Finding]:
    """An address has its scheme."""
    canonical = system.metadata.canonical
    for name, spec in system.edition.fields.items():
        value = canonical.values.get(name)
        if spec.kind is FieldKind.ADDRESS and isinstance(value, str) and _WITHOUT_SCHEME.match(value):
            message = f"{value[:80]!r} has no scheme"
            expected = f"https://{value[:80]}"
            yield ADDRESS_SCHEME.finding(canonical.where(name), message, expected=expected, found=repr(value[:80]))


def none_is_null(system: System) -> Iterator[Finding]:
    """No optional field holds a word for nothing."""
    for where, text in _texts(system, FieldKind.DATASETS):
        if text.strip().casefold() in NONE_WORDS:
            yield NONE_AS_TEXT.finding(
                where, f"the text {text!r} stands for nothing", expected="null", found=repr(text)
            )


def no_hash(system: System) -> Iterator[Finding]:
    """No value holds a character at which the official reader would cut it."""
    document = system.metadata.document
    for path, text in document.texts.items() if system.edition.hash_cuts else ():
        if "#" in text:
            kept = text.partition("#")[0].rstrip()
            message = f"the official reader cuts lines at #: it sees {kept[:80]!r}, or nothing at all"
            yield HASH_IN_VALUE.finding(document.where(path), message, found=repr(text[:80]))


def sampling_rate_usual(system: System) -> Iterator[Finding]:
    """Each sampling rate is a known one, in kHz."""
    canonical, known = system.metadata.canonical, system.edition.plausible.sampling_rates_khz
    value = canonical.values.get("input_sampling_rate_khz")
    for one in value if isinstance(value, list) else [value]:
        rate = parse_khz(one) if isinstance(one, str) else one
        if rate is not None and known and rate not in known:
            yield _unusual_rate(rate, known, canonical.where("input_sampling_rate_khz"))


def _unusual_rate(rate: float, known: Sequence[float], where: Where) -> Finding:
    hint = None
    if rate / _HZ_PER_KHZ in known:
        hint = f"this is in Hz; in kHz it is {rate / _HZ_PER_KHZ:g}"
    elif near := [one for one in known if int(one) == rate]:
        hint = f"did you mean {near[0]:g}?"
    expected = ", ".join(f"{one:g}" for one in known)
    return SAMPLING_RATE.finding(
        where, f"audio of {rate:g} kHz is unusual", expected=expected, found=f"{rate:g}", hint=hint
    )
