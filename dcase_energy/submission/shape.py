"""Violations of the JSON Schema as findings at the place that the user wrote."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from dcase_energy.documents.document import Path, dotted
from dcase_energy.documents.numbers import advise_bytes, advise_count, advise_energy, advise_number, advise_rate
from dcase_energy.editions.fields import KINDS, TEXT_KINDS, FieldKind
from dcase_energy.editions.schema import submission_schema
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define, get
from dcase_energy.submission.canonical import FIELD_TYPE, Canonical, describe
from dcase_energy.submission.placeholders import FILL_IN, NONE_WORDS, placeholder

LABEL_FORM = define(
    Rule(
        code="N104",
        name="label-form",
        title="The label has the form of the edition",
        why="Labels name folders, files and rows of every table; four teams of 2023 left out the subtask letter "
        "and were renamed by hand.",
        bad="label: Adams-UNI-1",
        good="label: Adams_UNI_task4_1",
        fix="write [last name of the corresponding author]_[institute]_task[task]_[index]",
    )
)
FIELD_MISSING = define(
    Rule(
        code="M101",
        name="field-missing",
        title="Every mandatory field is filled in",
        why="Of 101 systems of 2022, 20 had no training energy and 20 no test energy; they could not be ranked by it.",
        bad="system:\n  complexity:\n    macs: 930902000",
        good="system:\n  complexity:\n    macs: 930902000\n    total_parameters: 1112420",
        fix="add the field",
    )
)
FIELD_VALUE = define(
    Rule(
        code="M103",
        name="field-value",
        title="Every field holds one of the values the template allows",
        why="Free text in a column of choices makes it useless for comparison.",
        bad="input_channels: one",
        good="input_channels: mono",
        fix="write one of the allowed values",
    )
)
TEMPLATE_TEXT = define(
    Rule(
        code="M107",
        name="text-of-template",
        title="No text of the template is left in",
        why="Six systems of one team of 2023 name 'Beats, AST, PANNs,PaSST...' as pre-trained models: the template's "
        "example. Which of them were used is not known.",
        bad="pre_trained_models: Beats, AST, PANNs,PaSST...",
        good="pre_trained_models: BEATs",
        fix="write what your system uses, or null if it uses none",
        severity=Severity.WARNING,
    )
)
NONE_AS_TEXT = define(
    Rule(
        code="M108",
        name="none-as-text",
        title="What does not apply is null, not a text such as 'None' or 'n/a'",
        why="YAML reads None as a text like any other, so tables list a data set called None.",
        bad="external_datasets: None",
        good="external_datasets: !!null",
        fix="write null (or the template's !!null)",
        severity=Severity.WARNING,
    )
)
ENERGY_POSITIVE = define(
    Rule(
        code="E201",
        name="energy-not-positive",
        title="An energy is a finite number of kWh greater than 0, without a unit",
        why="A zero, a negative figure or a text such as '500 Wh' divides by nothing or raises a rank without reason.",
        bad="training: 0.5 kWh",
        good="training: 0.5",
        fix="write the energy in kWh as a plain number greater than 0; leave the field out if it was not measured",
    )
)
COUNT_FORM = define(
    Rule(
        code="C301",
        name="count-not-whole",
        title="Parameters and MACs are whole numbers in plain digits",
        why="'625K', '1.2M' and '4.2MB' were repaired by hand in 2022, and a model size became a count of parameters.",
        bad="total_parameters: 1.1M",
        good="total_parameters: 1112420",
        fix="write the count in full, without suffix or separators",
    )
)
SCORE_RANGE = define(
    Rule(
        code="R401",
        name="score-not-fraction",
        title="PSDS and F1 are fractions between 0 and 1",
        why="The official tool accepts 48.0 for 0.480.",
        bad="PSDS1: 35.9",
        good="PSDS1: 0.359",
        fix="write a fraction between 0 and 1",
    )
)
PERCENT_RANGE = define(
    Rule(
        code="R402",
        name="score-not-percent",
        title="A score that the edition asks for in percent is a number between 0 and 100",
        why="Tasks differ in the scale of their scores; one value of another scale upsets every table and mean.",
        bad="accuracy: 5840",
        good="accuracy: 58.40",
        fix="write the score in percent, without the sign",
    )
)


_MOST_OF_A_GROUP = 3
# Where a word for nothing cannot be taken for a figure.
_OR_NOTHING = {
    FieldKind.DATASETS,
    FieldKind.RATE,
    FieldKind.FLAG,
    FieldKind.QUANTITY,
    FieldKind.PERCENT,
    FieldKind.BYTES,
}
_ADVICE = {
    FieldKind.ENERGY: advise_energy,
    FieldKind.COUNT: advise_count,
    FieldKind.SHORT_COUNT: advise_count,
    FieldKind.BYTES: advise_bytes,
    FieldKind.RATE: advise_rate,
    **dict.fromkeys((FieldKind.POSITIVE, FieldKind.QUANTITY, FieldKind.SCORE, FieldKind.PERCENT), advise_number),
}
_LENGTH_HINTS = {"maxLength": "shorten it", "minLength": "fill it in, or write null where that is allowed"}


def shape_findings(canonical: Canonical) -> Iterator[Finding]:
    """Judge the fields by the edition's schema; every violation is a finding, all at once.

    The names of fields whose value is refused are removed from ``canonical.values``: a refused value is neither
    missing nor usable.
    """
    validator = Draft7Validator(submission_schema(canonical.edition))
    found: dict[Path, tuple[str, Finding]] = {}
    for error in sorted(validator.iter_errors(canonical.tree()), key=lambda e: [str(p) for p in e.absolute_path]):
        missing = _missing_key(error)
        path = (*error.absolute_path, missing) if missing else tuple(error.absolute_path)
        name, original = canonical.original(path)
        if name is None or (missing and name in canonical.paths and name not in canonical.values):
            continue
        # A value that is wrong in two ways is one finding.
        if path not in found:
            found[path] = name, _finding(error, canonical, name, path, original)
    yield from _few_of_a_group(canonical, found)
    for name, _ in found.values():
        canonical.values.pop(name, None)


def _finding(error: ValidationError, canonical: Canonical, name: str, path: Path, original: Path) -> Finding:
    missing, edition = _missing_key(error) is not None, canonical.edition
    where = canonical.document.where(original)
    if not missing and (error.instance is not None or name not in edition.required):
        return _violation(error, canonical, name, where, dotted(original))
    message = f"{dotted(original)} is missing" if missing else f"{dotted(original)} is empty"
    expected = _expected(canonical, name) if path == edition.fields[name].path else None
    if expected and name in edition.present:
        expected += ", or null"
    hint = _quoting(canonical, original) if missing else "fill it in"
    return FIELD_MISSING.finding(where, message, expected=expected, hint=hint)


def _quoting(canonical: Canonical, path: Path) -> str | None:
    """What the edition must write where it takes a key with a dot for two; the key is then not unknown."""
    plain = ".".join(map(str, path))
    there = next((known for known in canonical.document.keys if ".".join(map(str, known)) == plain), None)
    if there is None:
        return None
    above = {dotted(there[:end]) for end in range(1, len(there) + 1)}
    canonical.findings = [one for one in canonical.findings if one.where.path not in above]
    return f"the file has it; in the edition a key that holds a dot is written in quotes: {dotted(there)}"


def _few_of_a_group(canonical: Canonical, found: dict[Path, tuple[str, Finding]]) -> Iterator[Finding]:
    """The findings; of a group of fields the first few of each rule, or one where no value of the group is right."""
    fields, values = canonical.edition.fields, canonical.values
    given = Counter(fields[name].group for name, value in values.items() if value is not None)
    kinds = {id(one): (fields[name].group, one.code) for name, one in found.values()}
    count = Counter(kinds.values())
    shown: Counter[tuple[str | None, str]] = Counter()
    for _, one in sorted(found.values(), key=lambda pair: pair[1].sort_key()):
        group, code = kinds[id(one)]
        most = 1 if count[group, code] == given[group] else _MOST_OF_A_GROUP
        shown[group, code] += 1
        left = count[group, code] - most
        if group is None or shown[group, code] < most or left <= 0:
            yield one
        elif shown[group, code] == most:
            yield replace(one, message=f"{one.message} (and {left:,} more value{'s' * (left > 1)} of this kind)")


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
    return KINDS[spec.kind].expected


def _violation(error: ValidationError, canonical: Canonical, name: str, where: Any, shown: str) -> Finding:
    spec = canonical.edition.fields[name]
    if (left := placeholder(error.instance)) is not None:
        message = f"{left!r} is the template's text"
        found = TEMPLATE_TEXT.finding(where, message, expected=_expected(canonical, name), hint=FILL_IN)
        # Where a text may stand this is a warning; here the field has no value.
        return found.with_severity(Severity.ERROR)
    if spec.kind in _OR_NOTHING and name not in canonical.edition.required and _is_nothing(error.instance):
        message = f"the text {error.instance!r} means that there is no value"
        return NONE_AS_TEXT.finding(where, message, expected="null", found=repr(error.instance))
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


def _is_nothing(value: Any) -> bool:
    return isinstance(value, str) and value.strip().casefold() in NONE_WORDS


def _rule(error: ValidationError) -> Rule:
    schema = error.schema if isinstance(error.schema, dict) else {}
    named = get(schema.get("x-rule", ""))
    if named is not None:
        return named
    return FIELD_TYPE if error.validator == "type" else FIELD_VALUE


def _hint(value: Any, kind: FieldKind, choices: tuple[str, ...]) -> str | None:
    """Advice for the most frequent slips; None leaves the rule's own."""
    if isinstance(value, str):
        if (advise := _ADVICE.get(kind)) is not None:
            return advise(value)
        if close := difflib.get_close_matches(value.casefold(), choices, n=1, cutoff=0.75):
            return f"did you mean {close[0]!r}?"
    elif isinstance(value, bool | int | float) and kind in TEXT_KINDS:
        return "put the text in quotes"
    elif kind is FieldKind.SCORE and isinstance(value, int | float) and 1 < value <= 100:
        return f"this looks like per cent: write {value / 100:.6g}"
    return None
