"""The fields of an edition: where each is in the metadata, and what it may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from dcase_energy.documents.document import Path
from dcase_energy.documents.numbers import advise_bytes, advise_count, advise_energy, advise_number, advise_rate
from dcase_energy.editions.spelling import split_path


class FieldKind(StrEnum):
    """What a field holds; `KINDS` has the JSON Schema fragment of each."""

    LABEL = "label"
    TEXT = "text"
    SHORT_TEXT = "short_text"
    TEXTS = "texts"
    LIST = "list"
    ADDRESS = "address"
    DATASETS = "datasets"
    CHOICE = "choice"
    FLAG = "flag"
    COUNT = "count"
    SHORT_COUNT = "short_count"
    BYTES = "bytes"
    POSITIVE = "positive"
    QUANTITY = "quantity"
    RATE = "rate"
    RATE_TEXT = "rate_text"
    ENERGY = "energy"
    SCORE = "score"
    PERCENT = "percent"
    AUTHORS = "authors"
    NUMBER = "number"


TEXT_KINDS = frozenset({FieldKind.TEXT, FieldKind.SHORT_TEXT, FieldKind.TEXTS, FieldKind.LIST, FieldKind.ADDRESS})
_COUNTS = frozenset({FieldKind.COUNT, FieldKind.SHORT_COUNT})
COUNT_KINDS = _COUNTS | {FieldKind.BYTES}
NUMBER_KINDS = frozenset(
    {
        FieldKind.COUNT, FieldKind.SHORT_COUNT, FieldKind.BYTES, FieldKind.POSITIVE, FieldKind.QUANTITY,
        FieldKind.ENERGY, FieldKind.SCORE, FieldKind.PERCENT, FieldKind.RATE, FieldKind.NUMBER,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """What values of a kind are.

    Attributes
    ----------
    expected
        In words; empty for a choice, which depends on the field.
    schema
        JSON Schema fragment; ``x-rule`` names the rule whose code a violation gets.
    advise
        What to write instead of a text that is refused, if that shows; None where no advice is given.
    none_words
        Whether a text such as ``None`` is found as a word for nothing: it cannot be taken for a figure here.
    """

    expected: str
    schema: Mapping[str, Any]
    advise: Callable[[str], str | None] | None = None
    none_words: bool = False


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 2000}
_TEXTS: dict[str, Any] = {**_TEXT, "type": ["string", "array"], "items": _TEXT}
# A number is in kHz; a text says so.
_RATE: dict[str, Any] = {"type": ["number", "string"], "exclusiveMinimum": 0}
_KHZ: dict[str, Any] = {**_RATE, "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*[kK][hH][zZ]\s*$", "x-rule": "M102"}
_DATASET: dict[str, Any] = {
    "properties": {
        "name": {"type": ["string", "null"], "maxLength": 500},
        "url": {"type": ["string", "null"], "maxLength": 2000},
        "total_audio_length": {"type": ["number", "null"], "minimum": 0},
    },
    "required": ["name"],
}

_AFFILIATION: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        name: {"type": ["string", "null"], "maxLength": 500}
        for name in ("abbreviation", "institute", "institution", "department", "location")
    },
}
_AUTHOR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "lastname": _TEXT,
        "firstname": _TEXT,
        "email": {"type": ["string", "null"], "maxLength": 500},
        "corresponding": {"type": ["boolean", "null"]},
        "affiliation": {"anyOf": [_AFFILIATION, {"type": "array", "items": _AFFILIATION}]},
    },
    "required": ["lastname", "firstname"],
}


def _whole(**limits: Any) -> dict[str, Any]:
    return {"type": "integer", **limits, "x-rule": "C301"}


KINDS: Mapping[FieldKind, Kind] = {
    FieldKind.LABEL: Kind("a label", {"type": "string", "x-rule": "N104"}),
    FieldKind.TEXT: Kind("text", _TEXT),
    FieldKind.SHORT_TEXT: Kind("text of at most 10 characters", {"type": "string", "minLength": 1, "maxLength": 10}),
    FieldKind.TEXTS: Kind("text or a list of texts", {**_TEXTS, "minItems": 1}),
    FieldKind.LIST: Kind("a list of texts, which may be empty, or text", _TEXTS),
    FieldKind.ADDRESS: Kind("an address (URL)", _TEXT),
    FieldKind.DATASETS: Kind(
        "a list of data sets with name, url and total_audio_length (minutes), one such data set, or null",
        {"type": ["array", "object"], **_DATASET, "items": {"type": "object", **_DATASET}},
        none_words=True,
    ),
    FieldKind.CHOICE: Kind("", {"type": "string"}),
    FieldKind.FLAG: Kind(
        "true or false", {"type": ["boolean", "string"], "enum": [True, False, "yes", "no"]}, none_words=True
    ),
    FieldKind.COUNT: Kind("a whole number of at least 1 in plain digits", _whole(minimum=1), advise_count),
    FieldKind.SHORT_COUNT: Kind(
        "a whole number in plain digits, or one number with K, M or G such as 9.9 M",
        _whole(type=["integer", "string"], minimum=0, pattern=r"^\s*[0-9]+(\.[0-9]+)?\s?[KMGTkmgt]\s*$"),
        advise_count,
    ),
    FieldKind.BYTES: Kind("a whole number of bytes in plain digits", _whole(minimum=1), advise_bytes, none_words=True),
    FieldKind.POSITIVE: Kind("a number greater than 0", {"type": "number", "exclusiveMinimum": 0}, advise_number),
    FieldKind.QUANTITY: Kind(
        "a number of at least 0", {"type": "number", "minimum": 0}, advise_number, none_words=True
    ),
    FieldKind.RATE: Kind(
        "a sampling rate such as 44.1kHz, a number of kHz, or a list of these",
        {**_KHZ, "type": ["number", "string", "array"], "minItems": 1, "items": _KHZ},
        advise_rate,
        none_words=True,
    ),
    FieldKind.RATE_TEXT: Kind(
        "sampling rates as text, a number of kHz, or a list of these",
        {**_RATE, **_TEXT, "type": ["number", "string", "array"], "minItems": 1, "items": _RATE},
    ),
    FieldKind.ENERGY: Kind(
        "a number of kWh greater than 0", {"type": "number", "exclusiveMinimum": 0, "x-rule": "E201"}, advise_energy
    ),
    FieldKind.SCORE: Kind(
        "a fraction between 0 and 1", {"type": "number", "minimum": 0, "maximum": 1, "x-rule": "R401"}, advise_number
    ),
    FieldKind.PERCENT: Kind(
        "a percentage between 0 and 100",
        {"type": "number", "minimum": 0, "maximum": 100, "x-rule": "R402"},
        advise_number,
        none_words=True,
    ),
    FieldKind.NUMBER: Kind("a number", {"type": "number"}, advise_number, none_words=True),
    FieldKind.AUTHORS: Kind(
        "a list of authors, each with lastname and firstname", {"type": "array", "minItems": 1, "items": _AUTHOR}
    ),
}


def fragment(kind: FieldKind, pattern: str, choices: Sequence[str], *, nullable: bool) -> dict[str, Any]:
    """The JSON Schema of a field's value.

    Parameters
    ----------
    kind
        What the field holds.
    pattern, choices
        Form of labels, and the texts of a choice; for these two kinds.
    nullable
        Whether it may be null, the template's word for "does not apply".
    """
    made = dict(KINDS[kind].schema)
    if kind is FieldKind.LABEL:
        made["pattern"] = pattern
    elif kind is FieldKind.CHOICE:
        made["enum"] = list(choices)
    if nullable:
        types = made["type"]
        made["type"] = [*([types] if isinstance(types, str) else types), "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


_TEXT_ONLY = frozenset({FieldKind.TEXT, FieldKind.SHORT_TEXT, FieldKind.CHOICE})
_ANY_TEXT = _TEXT_ONLY | TEXT_KINDS
# What the program computes with beside scores and the energies of stages, and the kinds it can do so with; a field that
# is not named may have any.
COMPUTED: Mapping[str, frozenset[FieldKind]] = {
    "label": frozenset({FieldKind.LABEL}),
    "authors": frozenset({FieldKind.AUTHORS}),
    **dict.fromkeys(("name", "abbreviation", "training_time", "hardware"), _TEXT_ONLY),
    "pre_trained_models": _ANY_TEXT,
    "input_sampling_rate_khz": _ANY_TEXT | {FieldKind.POSITIVE, FieldKind.RATE, FieldKind.RATE_TEXT},
    **dict.fromkeys(("total_parameters", "total_parameters_non_zero", "macs"), _COUNTS),
    **dict.fromkeys(("ensemble_subsystems", "parameter_bits"), frozenset({FieldKind.COUNT})),
    "macs_counter": frozenset({FieldKind.CHOICE}),
    "total_model_size_bytes": frozenset({FieldKind.BYTES}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One canonical field: every key path it may stand at, what it holds, what it means.

    The first path is the template's; the others are aliases. In the file a path may hold alternatives in braces:
    ``system.{energy,energy_consumption}.training{,_kwh}`` represents four. A key that holds a dot is written in quotes.

    Attributes
    ----------
    group
        Name of the group of fields that was written as one; None for a field by itself.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    kind: FieldKind
    paths: tuple[str, ...]
    description: str
    example: str | int | float | None = None
    choices: tuple[str, ...] = ()
    group: str | None = None

    def __post_init__(self) -> None:
        if not self.paths:
            raise ValueError("paths must name at least one key path")
        if self.kind is FieldKind.CHOICE and not self.choices:
            raise ValueError("kind = 'choice' needs choices")

    @property
    def loose(self) -> bool:
        """Whether case and separators of its keys do not matter: no template of the energy part was ever published."""
        return self.kind in {FieldKind.ENERGY, FieldKind.COUNT, FieldKind.SHORT_COUNT, FieldKind.BYTES}

    @property
    def expected(self) -> str:
        """What it may hold, in words."""
        return KINDS[self.kind].expected or "one of " + ", ".join(self.choices)

    @property
    def path(self) -> Path:
        """The template's key path."""
        return split_path(self.paths[0])
