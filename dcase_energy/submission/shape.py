"""What the JSON Schema finds, told as findings at the place the user wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from dcase_energy.documents.document import dotted
from dcase_energy.documents.numbers import advise_count, advise_energy
from dcase_energy.editions.model import FieldKind
from dcase_energy.editions.schema import submission_schema
from dcase_energy.findings import Finding
from dcase_energy.rules import Rule, get
from dcase_energy.submission.canonical import Canonical, describe
from dcase_energy.submission.rules import FIELD_MISSING, FIELD_TYPE, FIELD_VALUE

_EXPECTED = {
    FieldKind.ENERGY: "a number of kWh greater than 0",
    FieldKind.COUNT: "a whole number of at least 1 in plain digits",
    FieldKind.SCORE: "a fraction between 0 and 1",
    FieldKind.POSITIVE: "a number greater than 0",
    FieldKind.TEXT: "text",
    FieldKind.SHORT_TEXT: "text of at most 10 characters",
    FieldKind.TEXTS: "text or a list of texts",
    FieldKind.AUTHORS: "a list of authors, each with lastname and firstname",
}
_LENGTH_HINTS = {"maxLength": "shorten it", "minLength": "fill it in, or write null where that is allowed"}


def shape_findings(canonical: Canonical) -> Iterator[Finding]:
    """Judge the fields by the edition's schema; every violation is a finding, all at once.

    The names of fields whose value is refused are removed from ``canonical.values``: a refused value is neither
    missing nor usable.
    """
    validator = Draft7Validator(submission_schema(canonical.edition))
    refused: set[str] = set()
    for error in sorted(validator.iter_errors(canonical.tree()), key=lambda e: [str(p) for p in e.absolute_path]):
        missing = _missing_key(error)
        path = (*error.absolute_path, missing) if missing else tuple(error.absolute_path)
        name, original = canonical.original(path)
        if name is None or (missing and name in canonical.paths and name not in canonical.values):
            continue
        refused.add(name)
        where = canonical.document.where(original)
        if missing or (error.instance is None and name in canonical.edition.required):
            message = f"{dotted(original)} is missing" if missing else f"{dotted(original)} is empty"
            expected = _expected(canonical, name) if dotted(path) == canonical.edition.fields[name].paths[0] else None
            if expected and name in canonical.edition.present:
                expected += ", or null"
            yield FIELD_MISSING.finding(where, message, expected=expected, hint=None if missing else "fill it in")
        else:
            yield _violation(error, canonical, name, where, dotted(original))
    for name in refused:
        canonical.values.pop(name, None)


def _missing_key(error: ValidationError) -> str | None:
    if error.validator != "required":
        return None
    keys = error.validator_value if isinstance(error.validator_value, list) else []
    return next(str(key) for key in keys if error.message.startswith(repr(key)))


def _expected(canonical: Canonical, name: str) -> str:
    spec, edition = canonical.edition.fields[name], canonical.edition
    if spec.kind is FieldKind.LABEL:
        return f"a label such as {edition.label_example}"
    if spec.kind is FieldKind.CHOICE:
        return "one of " + ", ".join(spec.choices)
    return _EXPECTED[spec.kind]


def _violation(error: ValidationError, canonical: Canonical, name: str, where: Any, shown: str) -> Finding:
    spec = canonical.edition.fields[name]
    rule = _rule(error)
    message = f"{shown} is not {_expected(canonical, name)}"
    if len(error.absolute_path) > len(spec.path):
        message = f"{shown} cannot be {describe(error.instance)}"
    return rule.finding(
        where,
        message,
        expected=_expected(canonical, name),
        found=describe(error.instance),
        hint=_LENGTH_HINTS.get(str(error.validator)) or _hint(error.instance, spec.kind, spec.choices),
    )


def _rule(error: ValidationError) -> Rule:
    schema = error.schema if isinstance(error.schema, dict) else {}
    named = get(schema.get("x-rule", ""))
    if named is not None:
        return named
    return FIELD_TYPE if error.validator == "type" else FIELD_VALUE


def _hint(value: Any, kind: FieldKind, choices: tuple[str, ...]) -> str | None:
    """Advice for the most frequent slips; None leaves the rule's own."""
    if isinstance(value, str):
        if kind is FieldKind.ENERGY:
            return advise_energy(value)
        if kind is FieldKind.COUNT:
            return advise_count(value)
        if close := difflib.get_close_matches(value.casefold(), choices, n=1, cutoff=0.75):
            return f"did you mean {close[0]!r}?"
    elif isinstance(value, bool | int | float) and kind in {FieldKind.TEXT, FieldKind.SHORT_TEXT, FieldKind.TEXTS}:
        return "put the text in quotes"
    elif kind is FieldKind.SCORE and isinstance(value, int | float) and 1 < value <= 100:
        return f"this looks like per cent: write {value / 100:.6g}"
    return None
