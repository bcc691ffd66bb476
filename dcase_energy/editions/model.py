"""The edition as the rest of the program sees it."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dcase_energy.documents.document import Path
from dcase_energy.findings import Severity

SCHEMA_VERSION = "1.0"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class FieldKind(StrEnum):
    """What a field holds; each kind has one JSON Schema fragment."""

    LABEL = "label"
    TEXT = "text"
    SHORT_TEXT = "short_text"
    TEXTS = "texts"
    CHOICE = "choice"
    COUNT = "count"
    POSITIVE = "positive"
    ENERGY = "energy"
    SCORE = "score"
    AUTHORS = "authors"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldSpec(_Data):
    """One canonical field: every key path it may stand at, what it holds, what it means.

    The first path is the template's; the others are aliases.
    """

    kind: FieldKind
    paths: tuple[str, ...] = Field(min_length=1)
    description: str
    example: str | int | float | None = None
    choices: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The template's key path."""
        return split_path(self.paths[0])


class Normalisation(_Data):
    """How energies of different hardware become comparable.

    ``ratio``: divided by the baseline's energy of the same stage on the same hardware. ``common_reference``: the ratio
    times ``baseline_kwh``, rounded to ``decimals``. ``none``: not at all.
    """

    kind: Literal["ratio", "common_reference", "none"]
    baseline_kwh: Positive | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Normalisation:
        if (self.kind == "common_reference") != (self.baseline_kwh is not None):
            raise ValueError("baseline_kwh belongs to kind = 'common_reference', and is needed there")
        return self


class EnergyWeighted(_Data):
    """The organisers' own system, whose energies weight a PSDS."""

    training_kwh: Positive
    test_kwh: Positive


class Ranking(_Data):
    """PSDS of the reference system, the divisors of the ranking score."""

    psds1_reference: Positive
    psds2_reference: Positive


class Scoring(_Data):
    """What the edition chooses where libraries and papers differ; see `dcase_energy.scoring.conventions`."""

    empty_clips: Literal["keep", "drop"] = "keep"
    cross_trigger_average: Literal["others", "all"] = "others"
    dtc: Annotated[float, Field(ge=0, le=1)] = 0.5
    gtc: Annotated[float, Field(ge=0, le=1)] = 0.5
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    classes_without_hits: Literal["zero", "skip"] = "zero"
    time_tolerance_us: int = 0
    interval: Literal["bootstrap", "subsample80", "none"] = "bootstrap"
    resamples: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    level: Annotated[float, Field(gt=0, lt=1)] = 0.9


class Plausible(_Data):
    """Limits behind warnings; none of them makes a submission invalid."""

    readme_training_kwh: tuple[float, ...] = ()
    readme_test_kwh: tuple[float, ...] = ()
    training_over_test: tuple[float, float] = (5.0, 2000.0)
    energy_digits: int = 3


class Edition(_Data):
    """One challenge year and task with its rules. See ``schemas/task4.toml`` for what each part means."""

    schema_version: Literal["1.0"]
    name: str
    title: str
    label_pattern: str
    label_example: str
    template_labels: tuple[str, ...] = ()
    clips: int | None = None
    classes: tuple[str, ...] = Field(min_length=1)
    runs: int = Field(ge=1)
    max_systems_per_team: int = Field(ge=1)
    recipe: str
    execution_path: Literal["fast", "reference"]
    required: tuple[str, ...] = ()
    severities: dict[str, Severity] = Field(default_factory=dict)
    # The least a package must bring for its baseline and energies, and whether CodeCarbon's CSV files belong to it.
    evidence: Literal["declared", "record", "recomputed"] = "declared"
    emissions_csv: bool = False
    normalisation: Normalisation
    energy_weighted: EnergyWeighted | None = None
    ranking: Ranking
    scoring: Scoring = Scoring()
    plausible: Plausible = Plausible()
    fields: dict[str, FieldSpec]

    @model_validator(mode="after")
    def _consistent(self) -> Edition:
        if unknown := sorted(set(self.required) - set(self.fields)):
            raise ValueError(f"required names fields that are not defined: {', '.join(unknown)}")
        if (self.normalisation.kind == "ratio") == (self.energy_weighted is not None):
            raise ValueError("energy_weighted is needed unless normalisation.kind is 'ratio', and only then")
        owners: dict[str, str] = {}
        for name, spec in self.fields.items():
            for path in spec.paths:
                if owners.setdefault(path, name) != name:
                    raise ValueError(f"path {path} stands for both {owners[path]} and {name}")
        return self

    @cached_property
    def field_of_path(self) -> dict[Path, str]:
        """Canonical field of every known key path."""
        return {split_path(path): name for name, spec in self.fields.items() for path in spec.paths}


def split_path(path: str) -> Path:
    """Split a dotted key path."""
    return tuple(path.split("."))
