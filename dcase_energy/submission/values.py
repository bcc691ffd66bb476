"""Judging the value of each field by the JSON Schema of its kind; violations as findings at the place in the file."""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dcase_energy.documents.document import Document, Path, dotted
from dcase_energy.editions.fields import KINDS, TEXT_KINDS, FieldKind, FieldSpec, fragment
from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define, get
from dcase_energy.submission.placeholders import FILL_IN, is_none_word, placeholder

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

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
_TYPES = {"string": "text", "boolean": "true or false", "object": "a mapping", "array": "a list"}
_LENGTH_HINTS = {"maxLength": "shorten it", "minLength": "fill it in, or write null where that is allowed"}


def violations(edition: Edition, name: str, value: Any) -> dict[Path, ValidationError | None]:
    """For each place of a field's value that is wrong, by its path in the value, the first fault.

    None is a missing key. A value that is wrong in two ways is there once.
    """
    spec = edition.fields[name]
    # A "$" would allow a line break at the end.
    pattern = rf"\A(?:{edition.label_pattern})\Z" if spec.kind is FieldKind.LABEL else ""
    found: dict[Path, ValidationError | None] = {}
    for error in _validator(spec.kind, pattern, spec.choices, name not in edition.required).iter_errors(value):
        at = tuple(error.absolute_path)
        if error.validator == "required":
            found |= {(*at, key): None for key in error.validator_value if key not in error.instance}
        else:
            found.setdefault(at, error)
    return found


@lru_cache(maxsize=1_000)
def _validator(kind: FieldKind, pattern: str, choices: tuple[str, ...], nullable: bool) -> Draft7Validator:
    from jsonschema import Draft7Validator

    return Draft7Validator(fragment(kind, pattern, choices, nullable=nullable))


def missing(
    document: Document, path: Path, expected: str | None = None, hint: str | None = None, how: str = "missing"
) -> Finding:
    """The finding of a mandatory field, or of a key within a field, that is missing or empty."""
    return FIELD_MISSING.finding(document.where(path), f"{dotted(path)} is {how}", expected=expected, hint=hint)


def expected_of(edition: Edition, name: str) -> str:
    """What a field may hold, in words."""
    spec = edition.fields[name]
    return spec.expected + (f" such as {edition.label_example}" if spec.kind is FieldKind.LABEL else "")


def finding_of(
    document: Document, edition: Edition, name: str, field_path: Path, place: Path, error: ValidationError | None
) -> Finding:
    """The finding of a violation, as `violations` has it, at a place within a field's value."""
    path, spec = (*field_path, *place), edition.fields[name]
    if error is None:
        return missing(document, path)
    value, expected = error.instance, _expected_inside(error) if place else expected_of(edition, name)
    if value is None and name in edition.required:
        return missing(document, path, None if place else expected, "fill it in", "empty")
    where, shown = document.where(path), dotted(path)
    if (left := placeholder(value)) is not None:
        message = f"{left!r} is the template's text"
        # Where a text may stand this is a warning; here the field has no value.
        return TEMPLATE_TEXT.finding(where, message, expected=expected, hint=FILL_IN).with_severity(Severity.ERROR)
    if KINDS[spec.kind].none_words and name not in edition.required and is_none_word(value):
        return none_as_text(where, str(value))
    message = f"{shown} cannot be {describe_value(value)}" if place else f"{shown} is not {expected}"
    hint = _LENGTH_HINTS.get(str(error.validator)) or _hint(value, spec)
    rule = _rule(error)
    if hint is None and rule is FIELD_TYPE:
        hint = f"write {expected}"
    return rule.finding(where, message, expected=expected, found=describe_value(value), hint=hint)


def none_as_text(where: Where, text: str) -> Finding:
    """The finding of a word for nothing where null says that."""
    message = f"the text {text!r} means that there is no value"
    return NONE_AS_TEXT.finding(where, message, expected="null", found=repr(text))


def _expected_inside(error: ValidationError) -> str | None:
    """What may stand at a place within a field's value, in words; None where its type is not what is wrong."""
    types: Any = error.validator_value if error.validator == "type" else []
    words = [_TYPES[one] for one in ([types] if isinstance(types, str) else types) if one in _TYPES]
    return " or ".join(words) or None


def _rule(error: ValidationError) -> Rule:
    schema = error.schema if isinstance(error.schema, dict) else {}
    return get(schema.get("x-rule", "")) or (FIELD_TYPE if error.validator == "type" else FIELD_VALUE)


def _hint(value: Any, spec: FieldSpec) -> str | None:
    """Advice for the most frequent slips; None leaves the rule's own."""
    if isinstance(value, str):
        if (advise := KINDS[spec.kind].advise) is not None:
            return advise(value)
        if close := difflib.get_close_matches(value.casefold(), spec.choices, n=1, cutoff=0.75):
            return f"did you mean {close[0]!r}?"
    elif isinstance(value, bool | int | float) and spec.kind in TEXT_KINDS:
        return "put the text in quotes"
    elif spec.kind is FieldKind.SCORE and isinstance(value, int | float) and 1 < value <= 100:
        return f"this looks like per cent: write {value / 100:.6g}"
    return None


def describe_value(value: Any) -> str:
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
