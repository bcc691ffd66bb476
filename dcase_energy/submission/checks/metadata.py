"""Metadata (M)."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.editions.model import FieldKind
from dcase_energy.findings import Finding
from dcase_energy.submission.checks.rules import HASH_IN_VALUE, NONE_AS_TEXT, SAMPLING_RATE, TEMPLATE_TEXT
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.rules import CORRESPONDING


def one_corresponding_author(system: System) -> Iterator[Finding]:
    """Exactly one author is the corresponding author."""
    authors = system.submission.authors
    count = sum(author.corresponding is True for author in authors)
    if authors and count != 1:
        where = system.metadata.canonical.where("authors")
        message = f"{count} of {len(authors)} authors have corresponding: true"
        yield CORRESPONDING.finding(where, message, expected="exactly one", found=str(count))


_TEXT_KINDS = {FieldKind.TEXT, FieldKind.TEXTS, FieldKind.SHORT_TEXT}
_NONE_WORDS = {"none", "null", "nil", "n/a", "na", "nan", "not applicable", "-", "--", "!!null"}
_HZ_PER_KHZ = 1000


def _texts(system: System) -> Iterator[tuple[str, str]]:
    """All texts of fields of text, with the field's name."""
    for name, spec in system.edition.fields.items():
        value = system.metadata.canonical.values.get(name)
        if spec.kind in _TEXT_KINDS and value is not None:
            yield from (
                (name, text) for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
            )


def not_of_template(system: System) -> Iterator[Finding]:
    """No field holds a text of the official template."""
    for name, text in _texts(system):
        left = next((known for known in system.edition.template_texts if known in text), None)
        if left is not None:
            where = system.metadata.canonical.where(name)
            yield TEMPLATE_TEXT.finding(where, f"{left!r} is the template's text", found=repr(text[:60]))


def none_is_null(system: System) -> Iterator[Finding]:
    """No optional field holds a word for nothing."""
    for name, text in _texts(system):
        if text.strip().casefold() in _NONE_WORDS:
            where = system.metadata.canonical.where(name)
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
    """The sampling rate is a known one, in kHz."""
    rate, known = system.submission.input_sampling_rate_khz, system.edition.plausible.sampling_rates_khz
    if rate is None or not known or rate in known:
        return
    where = system.metadata.canonical.where("input_sampling_rate_khz")
    hint = None
    if rate / _HZ_PER_KHZ in known:
        hint = f"this is in Hz; in kHz it is {rate / _HZ_PER_KHZ:g}"
    elif near := [one for one in known if int(one) == rate]:
        hint = f"did you mean {near[0]:g}?"
    expected = ", ".join(f"{one:g}" for one in known)
    yield SAMPLING_RATE.finding(
        where, f"audio of {rate:g} kHz is unusual", expected=expected, found=f"{rate:g}", hint=hint
    )
