"""Records: what a measurement leaves behind, as JSON that anybody can check against its journal.

`schemas/records/` holds the JSON Schema of each record, made from these models.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dcase_energy.findings import Severity
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

    ``energy_kwh`` is what was measured; ``full_recipe_energy_kwh`` is scaled to the whole recipe (``work`` says how).
    ``*_low`` and ``*_high`` are None where no interval is known; ``interval`` names its kind and level.
    """

    work: str
    energy_kwh: EnergyKwh
    energy_kwh_low: EnergyKwh | None = None
    energy_kwh_high: EnergyKwh | None = None
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


class EpochRow(_Record):
    """One epoch: energy of everything in it, losses and F1 of the student on the validation clips."""

    epoch: int
    energy_kwh: EnergyKwh
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


class Calibration(_Record):
    """A calibration record: the baseline's energy on one machine."""

    kind: Literal["calibration"] = "calibration"
    schema_version: Literal["1.0"] = "1.0"
    run_id: str
    created: str
    edition: str
    recipe: str
    recipe_sha256: str
    implementation: Implementation
    quick: bool
    complete: bool
    tier: Tier
    valid: bool
    reasons: list[str]
    stages: dict[Literal["training", "test"], Stage]
    hardware: Flat
    hardware_sha256: str
    software: Flat
    data: Flat
    scores: dict[str, float | None]
    epochs_log: list[EpochRow]
    guards: list[Guard]
    warnings: list[str]
    journal_sha256: str
    digest: str = ""

    def seal(self) -> Calibration:
        """The record with the digest of everything else in it."""
        return self.model_copy(update={"digest": sealed(self.model_dump(mode="json"))})

    @property
    def seal_holds(self) -> bool:
        """Whether the record is as it was sealed."""
        return self.digest == sealed(self.model_dump(mode="json"))


class RecordError(ValueError):
    """A file is not a record one can use; the message says why."""


def load_calibration(path: Path) -> Calibration:
    """Read a calibration record.

    Raises
    ------
    RecordError
        If it cannot be read, is no calibration record, or was changed after it was sealed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    return parse_calibration(data, str(path))


def parse_calibration(data: bytes, name: str) -> Calibration:
    """Read a calibration record from bytes; see `load_calibration`."""
    if len(data) > MAX_RECORD_BYTES:
        raise RecordError(f"{name} is too large for a record ({len(data):,} bytes)")
    try:
        document = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name} is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("kind") != "calibration":
        raise RecordError(f"{name} is not a calibration record (`dcase-energy calibrate` writes one)")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise RecordError(f"{name} has schema version {version!r}; this program reads {SCHEMA_VERSION}")
    try:
        record = Calibration.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{name} is not a valid calibration record: {place}: {first['msg']}") from None
    if not record.seal_holds:
        raise RecordError(f"{name} was changed after it was written: its digest does not match")
    return record


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not allowed")


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is written twice")
    return table


def worst(guards: list[Guard]) -> Severity | None:
    """The severity of the worst guard, None if all are ok."""
    states = {guard.state for guard in guards}
    if GuardState.INVALID in states:
        return Severity.ERROR
    return Severity.WARNING if GuardState.WARN in states else None
