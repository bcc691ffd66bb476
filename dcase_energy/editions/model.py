"""The edition as the rest of the program sees it."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dcase_energy.documents.document import Path
from dcase_energy.editions.fields import COMPUTED, FieldSpec
from dcase_energy.editions.spelling import folded, split_path
from dcase_energy.findings import Severity

SCHEMA_VERSION = "1.0"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Data(BaseModel):
    # A table is built within the one that holds it, not a second time by itself: half of the time to import this.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


# Validated by the table that holds it: an object made here would be built twice.
_DEFAULT: Any = Field(default_factory=dict, validate_default=True)


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
    """PSDS of the reference system, the divisors of the ranking score. Not used where the edition names a score."""

    psds1_reference: Positive = 1.0
    psds2_reference: Positive = 1.0


class Score(_Data):
    """A score that systems are ranked by in place of both PSDS: the column of this name in a table of results."""

    title: str
    better: Literal["higher", "lower"] = "higher"


class Outputs(_Data):
    """What outputs a package brings; `none`: they are not looked at."""

    kind: Literal["score_folders", "none"] = "score_folders"


class Scoring(_Data):
    """What the edition chooses where libraries and papers differ; see `dcase_energy.scoring.conventions`."""

    empty_clips: Literal["keep", "drop"] = "keep"
    cross_trigger_average: Literal["others", "all"] = "others"
    dtc: Annotated[float, Field(ge=0, le=1)] = 0.5
    gtc: Annotated[float, Field(ge=0, le=1)] = 0.5
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    classes_without_hits: Literal["zero", "skip", "skip-undetected"] = "zero"
    time_tolerance_us: int = 0
    interval: Literal["bootstrap", "subsample80", "none"] = "bootstrap"
    resamples: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    level: Annotated[float, Field(gt=0, lt=1)] = 0.9


class Plausible(_Data):
    """Limits behind findings of plausibility; `schemas/task4.toml` says where each comes from.

    Attributes
    ----------
    readme_training_kwh, readme_test_kwh
        Figures printed in the baseline's READMEs.
    readme_batch_macs
        MACs that the README gave for a whole batch.
    training_over_test
        Range of training energy over test energy.
    energy_digits
        Significant digits an energy should have.
    energy_possible_kwh
        What no system of the task can undercut or exceed: outside it an energy is an error.
    energy_usual_kwh
        Range of honest systems, by stage.
    over_baseline
        Range of a system's energy over the baseline's of the same stage.
    gpu_power_w, gpu_board_power_w, host_power_w
        Range of mean power a GPU where the board is not known; board power by model; what a host may add to a board.
    macs_per_parameter
        Fewest MACs a parameter for 10 s of audio; None for no limit.
    bytes_per_parameter
        Range of the size of a model in bytes over its parameters; None for no limit.
    pretrained_parameters
        Parameters of pre-trained networks, by the word that names them.
    student_parameters
        Parameters of published students whose teacher, which is dropped after training, is a copy as large.
    baseline_spread
        Factor between baseline energies of different teams on one GPU model.
    slips
        Factors that come from units, decimal points and counting runs, each with what it usually is.
    sampling_rates_khz
        Sampling rates of audio.
    """

    readme_training_kwh: tuple[float, ...] = ()
    readme_test_kwh: tuple[float, ...] = ()
    readme_batch_macs: tuple[int, ...] = ()
    training_over_test: tuple[float, float] = (5.0, 2000.0)
    energy_digits: int = 3
    energy_possible_kwh: tuple[Positive, Positive] = (1e-6, 1e6)
    energy_usual_kwh: dict[Literal["training", "test"], tuple[Positive, Positive]] = Field(default_factory=dict)
    over_baseline: tuple[Positive, Positive] = (1e-3, 1e3)
    gpu_power_w: tuple[Positive, Positive] = (40.0, 450.0)
    gpu_board_power_w: dict[str, Positive] = Field(default_factory=dict)
    host_power_w: Positive = 200.0
    macs_per_parameter: Positive | None = None
    bytes_per_parameter: tuple[Positive, Positive] | None = None
    pretrained_parameters: dict[str, Positive] = Field(default_factory=dict)
    student_parameters: tuple[int, ...] = ()
    baseline_spread: Positive = 3.0
    slips: dict[str, Positive] = Field(default_factory=dict)
    sampling_rates_khz: tuple[Positive, ...] = ()


class Guess(_Data):
    """What gives an edition away where the caller names none.

    Attributes
    ----------
    label, key
        Form of labels, or a key path, that only this edition has: each is enough by itself.
    task, keys
        What labels call the task, and key paths by which this edition differs from others of the task (several in a
        list: only together). The edition with most of its keys in a file is guessed; without ``keys`` the task does.
    """

    label: str | None = None
    key: str | None = None
    task: str | None = None
    keys: tuple[str | tuple[str, ...], ...] = ()


class Edition(_Data):
    """One challenge year and task with its rules. See ``docs/reference/editions.md`` for what each part means."""

    schema_version: Literal["1.0"]
    name: str
    title: str
    label_pattern: str
    label_example: str
    # What labels call the task, with the subtask's letter; only where the edition is one of several subtasks.
    label_task: str | None = None
    template_labels: tuple[str, ...] = ()
    template_texts: tuple[str, ...] = ()
    guess: Guess = _DEFAULT
    # What is not known of this year, for people; and whether keys that are not known are right, as its template is not
    # (wholly) known.
    unknown: tuple[str, ...] = ()
    open_keys: bool = False
    # Texts that the template has for null.
    null_texts: tuple[str, ...] = ()
    # Set by the guess: that it is one, and why metadata is judged by the common part alone.
    guessed: bool = False
    unjudged: str | None = None
    clips: int | None = None
    classes: tuple[str, ...] = ()
    runs: int = Field(ge=1)
    max_systems_per_team: int | None = Field(default=None, ge=1)
    recipe: str
    execution_path: Literal["fast", "reference"]
    required: tuple[str, ...] = ()
    # Fields whose key must be there, even with the value null; whether the official reader cuts every line at a #.
    present: tuple[str, ...] = ()
    hash_cuts: bool = False
    severities: dict[str, Severity] = Field(default_factory=dict)
    # The least a package must bring for the baseline's energies, and for the system's own; whether CodeCarbon's CSV
    # files belong to it.
    evidence: Literal["declared", "record", "recomputed"] = "declared"
    energy_evidence: Literal["declared", "record", "recomputed"] = "declared"
    emissions_csv: bool = False
    # Whether a technical report (PDF) belongs to a package, and outputs before post-processing beside those after it.
    report: bool = False
    unprocessed: bool = False
    normalisation: Normalisation
    energy_weighted: EnergyWeighted | None = None
    ranking: Ranking = _DEFAULT
    scores: dict[str, Score] = Field(default_factory=dict, max_length=1)
    outputs: Outputs = _DEFAULT
    scoring: Scoring = _DEFAULT
    plausible: Plausible = _DEFAULT
    fields: dict[str, FieldSpec]

    @model_validator(mode="after")
    def _consistent(self) -> Edition:
        for name, listed in (("required", self.required), ("present", self.present)):
            if unknown := sorted(set(listed) - set(self.fields)):
                raise ValueError(f"{name} names fields that are not defined: {', '.join(unknown)}")
        if (self.normalisation.kind == "ratio") == (self.energy_weighted is not None):
            raise ValueError("energy_weighted is needed unless normalisation.kind is 'ratio', and only then")
        owners: dict[str, str] = {}
        for name, spec in self.fields.items():
            if spec.kind not in (able := COMPUTED.get(name, {spec.kind})):
                raise ValueError(
                    f"fields.{name} cannot be of kind '{spec.kind}', as figures are computed from it; it may be "
                    + " or ".join(sorted(f"'{kind}'" for kind in able))
                )
            for path in spec.paths:
                if owners.setdefault(path, name) != name:
                    raise ValueError(f"path {path} belongs to both {owners[path]} and {name}")
        return self

    @cached_property
    def field_of_path(self) -> dict[Path, str]:
        """Canonical field of every known key path."""
        return {split_path(path): name for name, spec in self.fields.items() for path in spec.paths}

    @cached_property
    def field_of_folded_path(self) -> dict[Path, str]:
        """Canonical field of every key path of the loose fields, case and separators left out."""
        return {folded(path): name for path, name in self.field_of_path.items() if self.fields[name].loose}

    @cached_property
    def keys_below(self) -> dict[Path, dict[str, Path]]:
        """For each key path that holds further keys, these keys and the path of each."""
        below: dict[Path, dict[str, Path]] = {}
        for path in self.field_of_path:
            for end in range(len(path)):
                below.setdefault(path[:end], {})[str(path[end])] = path[: end + 1]
        return below

    @cached_property
    def parents(self) -> frozenset[Path]:
        """Every key path that holds further keys, as written and with case and separators left out."""
        parents: set[Path] = set()
        for path in (*self.field_of_path, *self.field_of_folded_path):
            while (path := path[:-1]) and path not in parents:
                parents.add(path)
        return frozenset(parents)
