"""The fields of an edition: where each is in the metadata, and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dcase_energy.documents.document import Path
from dcase_energy.editions.spelling import expand, split_path


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


TEXT_KINDS = frozenset({FieldKind.TEXT, FieldKind.SHORT_TEXT, FieldKind.TEXTS, FieldKind.LIST, FieldKind.ADDRESS})
NUMBER_KINDS = frozenset(
    {
        FieldKind.COUNT, FieldKind.SHORT_COUNT, FieldKind.BYTES, FieldKind.POSITIVE, FieldKind.QUANTITY,
        FieldKind.ENERGY, FieldKind.SCORE, FieldKind.PERCENT, FieldKind.RATE,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """What values of a kind are.

    Attributes
    ----------
    expected
        In words; empty where it depends on the edition or the field.
    schema
        JSON Schema fragment; ``x-rule`` names the rule whose code a violation gets.
    """

    expected: str
    schema: Mapping[str, Any]


TEXT_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 2000}
_TEXTS: dict[str, Any] = {**TEXT_SCHEMA, "type": ["string", "array"], "items": TEXT_SCHEMA}
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

KINDS: Mapping[FieldKind, Kind] = MappingProxyType(
    {
        FieldKind.LABEL: Kind("", {"type": "string", "x-rule": "N104"}),
        FieldKind.TEXT: Kind("text", TEXT_SCHEMA),
        FieldKind.SHORT_TEXT: Kind(
            "text of at most 10 characters", {"type": "string", "minLength": 1, "maxLength": 10}
        ),
        FieldKind.TEXTS: Kind("text or a list of texts", {**_TEXTS, "minItems": 1}),
        FieldKind.LIST: Kind("a list of texts, which may be empty, or text", _TEXTS),
        FieldKind.ADDRESS: Kind("an address (URL)", TEXT_SCHEMA),
        FieldKind.DATASETS: Kind(
            "a list of data sets with name, url and total_audio_length (minutes), one such data set, or null",
            {"type": ["array", "object"], **_DATASET, "items": {"type": "object", **_DATASET}},
        ),
        FieldKind.CHOICE: Kind("", {"type": "string"}),
        FieldKind.FLAG: Kind("true or false", {"type": ["boolean", "string"], "enum": [True, False, "yes", "no"]}),
        FieldKind.COUNT: Kind(
            "a whole number of at least 1 in plain digits", {"type": "integer", "minimum": 1, "x-rule": "C301"}
        ),
        FieldKind.SHORT_COUNT: Kind(
            "a whole number in plain digits, or one number with K, M or G such as 9.9 M",
            {
                "type": ["integer", "string"],
                "minimum": 0,
                "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s?[KMGTkmgt]\s*$",
                "x-rule": "C301",
            },
        ),
        FieldKind.BYTES: Kind(
            "a whole number of bytes in plain digits", {"type": "integer", "minimum": 1, "x-rule": "C301"}
        ),
        FieldKind.POSITIVE: Kind("a number greater than 0", {"type": "number", "exclusiveMinimum": 0}),
        FieldKind.QUANTITY: Kind("a number of at least 0", {"type": "number", "minimum": 0}),
        FieldKind.RATE: Kind(
            "a sampling rate such as 44.1kHz, a number of kHz, or a list of these",
            {**_KHZ, "type": ["number", "string", "array"], "minItems": 1, "items": _KHZ},
        ),
        FieldKind.RATE_TEXT: Kind(
            "sampling rates as text, a number of kHz, or a list of these",
            {**_RATE, **TEXT_SCHEMA, "type": ["number", "string", "array"], "minItems": 1, "items": _RATE},
        ),
        FieldKind.ENERGY: Kind(
            "a number of kWh greater than 0", {"type": "number", "exclusiveMinimum": 0, "x-rule": "E201"}
        ),
        FieldKind.SCORE: Kind(
            "a fraction between 0 and 1", {"type": "number", "minimum": 0, "maximum": 1, "x-rule": "R401"}
        ),
        FieldKind.PERCENT: Kind(
            "a percentage between 0 and 100", {"type": "number", "minimum": 0, "maximum": 100, "x-rule": "R402"}
        ),
        FieldKind.AUTHORS: Kind(
            "a list of authors, each with lastname and firstname", {"type": "array", "minItems": 1}
        ),
    }
)

_TEXT_ONLY = frozenset({FieldKind.TEXT, FieldKind.SHORT_TEXT, FieldKind.CHOICE})
_ANY_TEXT = _TEXT_ONLY | TEXT_KINDS
_COUNTS = frozenset({FieldKind.COUNT, FieldKind.SHORT_COUNT})
# What the program computes with, or prints, and the kinds it can do so with; a field that is not named may have any.
COMPUTED: Mapping[str, frozenset[FieldKind]] = MappingProxyType(
    {
        "label": frozenset({FieldKind.LABEL}),
        "authors": frozenset({FieldKind.AUTHORS}),
        "input_sampling_rate_khz": _ANY_TEXT | {FieldKind.POSITIVE, FieldKind.RATE, FieldKind.RATE_TEXT},
        "external_datasets": _ANY_TEXT | {FieldKind.DATASETS},
        "source_code": _TEXT_ONLY | {FieldKind.ADDRESS},
        **dict.fromkeys(("total_parameters", "total_parameters_non_zero", "macs"), _COUNTS),
        "ensemble_subsystems": frozenset({FieldKind.COUNT}),
        "total_model_size_bytes": frozenset({FieldKind.BYTES}),
        **dict.fromkeys(
            (
                "energy_training_kwh", "energy_test_kwh", "energy_evaluation_kwh", "energy_baseline_kwh",
                "energy_baseline_training_kwh", "energy_baseline_test_kwh",
            ),
            frozenset({FieldKind.ENERGY}),
        ),
        **dict.fromkeys(("psds1_dev", "psds2_dev", "collar_f1_dev"), frozenset({FieldKind.SCORE})),
        **dict.fromkeys(
            ("name", "abbreviation", "training_time", "hardware"),
            _TEXT_ONLY,
        ),
        **dict.fromkeys(
            (
                "acoustic_features", "data_augmentation", "machine_learning_method", "machine_learning_semi_supervised",
                "subsets", "pre_trained_models", "input_channels", "decision_making", "post_processing",
                "segmentation_method",
            ),
            _ANY_TEXT,
        ),
    }
)  # fmt: skip


class FieldSpec(BaseModel):
    """One canonical field: every key path it may stand at, what it holds, what it means.

    The first path is the template's; the others are aliases. In the file a path may hold alternatives in braces:
    ``system.{energy,energy_consumption}.training{,_kwh}`` represents four. A key that holds a dot is written in quotes.

    Attributes
    ----------
    group
        Name of the group of fields that was written as one; None for a field by itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    kind: FieldKind
    paths: tuple[str, ...] = Field(min_length=1)
    description: str
    example: str | int | float | None = None
    choices: tuple[str, ...] = ()
    group: str | None = None

    @field_validator("paths")
    @classmethod
    def _expanded(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for written in paths for path in expand(written)))

    @model_validator(mode="after")
    def _choosable(self) -> FieldSpec:
        if self.kind is FieldKind.CHOICE and not self.choices:
            raise ValueError("kind = 'choice' needs choices")
        return self

    @property
    def loose(self) -> bool:
        """Whether case and separators of its keys do not matter: no template of the energy part was ever published."""
        return self.kind in {FieldKind.ENERGY, FieldKind.COUNT, FieldKind.SHORT_COUNT, FieldKind.BYTES}

    @property
    def path(self) -> Path:
        """The template's key path."""
        return split_path(self.paths[0])
