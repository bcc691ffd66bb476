"""Records: what a measurement leaves behind, as JSON that anybody can check against its journal.

`schemas/records/` holds the JSON Schema of each record, made from these models.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dcase_energy.measure.journal import sealed
from dcase_energy.measure.meter import Obtained

SCHEMA_VERSION = "1.0"
MAX_RECORD_BYTES = 10_000_000

EnergyKwh = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Flat = dict[str, str | int | float | bool | None]


class Tier(StrEnum):
    """How much of the energy was counted by sensors: all of the devices used, some, or none."""

    MEASURED = "measured"
    MIXED = "mixed"
    ESTIMATED = "estimated"


class GuardState(StrEnum):
    """What a guard says."""

    OK = "ok"
    WARN = "warn"
    INVALID = "invalid"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComponentEnergy(_Record):
    """Energy of one component in a stage; None means that it was not measured."""

    energy_kwh: EnergyKwh | None
    full_recipe_energy_kwh: EnergyKwh | None
    method: Obtained
    detail: str


class PhaseEnergy(_Record):
    """Energy of all windows of one phase (training steps, validation forward, ...), over the measured components."""

    energy_kwh: EnergyKwh
    duration_s: Seconds
    windows: int


class Stage(_Record):
    """One stage: training, or inference on the dev-test set.

    ``energy_kwh`` is what was measured, gross: the official figure. ``net_energy_kwh`` is without what the machine
    takes idle, for information. ``full_recipe_energy_kwh`` is scaled to the whole recipe (``work`` says how; of a
    command it is the energy of one execution). ``*_low`` and ``*_high`` are None where no interval is known;
    ``interval`` names its kind and level. ``estimated_share`` is the part that no sensor measured.
    """

    work: str
    energy_kwh: EnergyKwh
    energy_kwh_low: EnergyKwh | None = None
    energy_kwh_high: EnergyKwh | None = None
    net_energy_kwh: EnergyKwh | None = None
    estimated_share: Fraction | None = None
    full_recipe_energy_kwh: EnergyKwh
    full_recipe_energy_kwh_low: EnergyKwh | None = None
    full_recipe_energy_kwh_high: EnergyKwh | None = None
    interval: str | None = None
    epochs: Annotated[float, Field(ge=0)]
    steps: int
    clips: int
    duration_s: Seconds
    full_recipe_duration_s: Seconds
    components: dict[str, ComponentEnergy]
    phases: dict[str, PhaseEnergy]

    @property
    def timed_s(self) -> float:
        """Seconds in which ``energy_kwh`` was used: of a looped command those of one execution."""
        return self.full_recipe_duration_s if self.energy_kwh == self.full_recipe_energy_kwh else self.duration_s


class EpochRow(_Record):
    """One epoch: energy of everything in it and of all so far, by phase, losses and F1 of the student."""

    epoch: int
    energy_kwh: EnergyKwh
    cumulated_energy_kwh: EnergyKwh = 0.0
    phases: dict[str, PhaseEnergy] = {}
    gpu_kwh: EnergyKwh | None
    cpu_kwh: EnergyKwh | None
    ram_kwh: EnergyKwh | None
    duration_s: Seconds
    train_loss: float | None
    intersection_f1_05: Fraction | None
    intersection_f1_07: Fraction | None
    intersection_f1_05_nanmean: Fraction | None


class Guard(_Record):
    """One guard's verdict, with the value it judged."""

    code: str
    state: GuardState
    value: str | float | int | bool | None
    message: str


class Implementation(_Record):
    """Which baseline was run: ratios of different implementations or execution paths are not comparable."""

    name: str
    version: str
    execution_path: str


class Idle(_Record):
    """Power of the machine doing nothing, by component, before and after the work; None where it was not measured."""

    before_w: dict[str, float | None] | None = None
    after_w: dict[str, float | None] | None = None


class Interruption(_Record):
    """A run that was cut off and resumed: what lay between, and what was done twice.

    ``gap_s`` is None where the machine was restarted in between: its clock began anew.
    """

    resumed: str
    gap_s: Seconds | None
    repeated_energy_kwh: EnergyKwh


class Repeats(_Record):
    """Several runs of the same work: mean, standard deviation, coefficient of variation (None for one run)."""

    n: Annotated[int, Field(ge=1)]
    values_kwh: list[EnergyKwh]
    mean_kwh: EnergyKwh
    standard_deviation_kwh: EnergyKwh | None
    coefficient_of_variation: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    olympic_mean_kwh: EnergyKwh | None = None


class Evidence(_Record):
    """What every record holds: verdict, devices, and the seal over journal and record."""

    schema_version: Literal["1.0"] = "1.0"
    run_id: str
    created: str
    complete: bool
    tier: Tier
    valid: bool
    reasons: list[str]
    hardware: Flat
    hardware_sha256: str
    software: Flat
    devices: list[Flat] = []
    idle: Idle = Idle()
    interruptions: list[Interruption] = []
    guards: list[Guard]
    warnings: list[str]
    journal_sha256: str
    digest: str = ""

    def seal(self) -> Self:
        """The record with the digest of everything else in it."""
        return self.model_copy(update={"digest": sealed(self.model_dump(mode="json"))})


class Calibration(Evidence):
    """A calibration record: the baseline's energy on one machine."""

    kind: Literal["calibration"] = "calibration"
    edition: str
    recipe: str
    recipe_sha256: str
    implementation: Implementation
    quick: bool
    stages: dict[Literal["training", "test"], Stage]
    outside: dict[str, PhaseEnergy] = {}
    repeats: dict[Literal["training", "test"], Repeats] = {}
    data: Flat
    scores: dict[str, float | None]
    epochs_log: list[EpochRow]


class Energy(Evidence):
    """An energy record: a system's energy in one stage, measured around its command or in its own program.

    ``scope`` is what the user declared the measured window to hold. ``executions`` of the command were measured
    together, each costing the stage's energy. ``command_sha256`` names the command without showing it.
    """

    kind: Literal["energy"] = "energy"
    stage: Literal["training", "test", "evaluation"]
    stages: dict[Literal["training", "test", "evaluation"], Stage]
    scope: list[str] = []
    command_sha256: str | None
    exit_code: int | None
    executions: int
    repeats: dict[Literal["training", "test", "evaluation"], Repeats] = {}
    failure: str | None = None


_Kind = TypeVar("_Kind", bound=Evidence)


class RecordError(ValueError):
    """A file is not a record one can use; the message says why."""


def load_calibration(path: Path) -> Calibration:
    """Read a calibration record.

    Raises
    ------
    RecordError
        If it cannot be read, is no calibration record, or was changed after it was sealed.
    """
    return parse_calibration(_bytes_of(path), str(path))


def load_energy(path: Path) -> Energy:
    """Read an energy record; raises as `load_calibration` does."""
    return parse_energy(_bytes_of(path), str(path))


def parse_calibration(data: bytes, name: str) -> Calibration:
    """Read a calibration record from bytes; see `load_calibration`."""
    return _parse(data, name, Calibration, "calibration", "dcase-energy calibrate")


def parse_energy(data: bytes, name: str) -> Energy:
    """Read an energy record from bytes; see `load_energy`."""
    return _parse(data, name, Energy, "energy", "dcase-energy measure")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None


def _parse(data: bytes, name: str, model: type[_Kind], kind: str, command: str) -> _Kind:
    if len(data) > MAX_RECORD_BYTES:
        raise RecordError(f"{name} is too large for a record ({len(data):,} bytes)")
    try:
        document = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name} is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("kind") != kind:
        article = "an" if kind[0] in "aeiou" else "a"
        raise RecordError(f"{name} is not {article} {kind} record (`{command}` writes one)")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise RecordError(f"{name} has schema version {version!r}; this program reads {SCHEMA_VERSION}")
    try:
        record = model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{name} is not a valid {kind} record: {place}: {first['msg']}") from None
    try:
        holds = record.digest == sealed(document)
    except ValueError:  # a lone surrogate has no UTF-8
        holds = False
    if not holds:
        raise RecordError(f"{name} was changed after it was written: its digest does not match")
    return record


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not allowed")


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is written twice")
    return table
