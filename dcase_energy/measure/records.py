"""Records: what a measurement leaves behind, as JSON that anybody can check against its journal.

`schemas/records/` holds the JSON Schema of each record, made from these models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from dcase_energy.documents.files import load_bytes
from dcase_energy.errors import RecordError
from dcase_energy.measure import records_1_0
from dcase_energy.measure.baseline_parts import CommandWorkload, Probe
from dcase_energy.measure.journal import check_seal, sealed, strict_json
from dcase_energy.measure.machine import Flat
from dcase_energy.measure.record_parts import (
    AllEnergy,
    Basis,
    BatchJob,
    Component,
    ComponentEnergy,
    CounterTick,
    Environment,
    EpochRow,
    Guard,
    GuardState,
    Idle,
    Implementation,
    Interruption,
    PhaseEnergy,
    RecipeWork,
    Repeats,
    Stage,
    SteadyState,
    Tier,
    Watts,
    shown_key,
    validated,
)
from dcase_energy.sheets.frames import Tabular
from dcase_energy.stats import BetweenSessions

if TYPE_CHECKING:
    from dcase_energy.sheets.table import Value

__all__ = [
    "MAX_RECORD_BYTES",
    "SCHEMA_VERSION",
    "VERSIONS",
    "AllEnergy",
    "Basis",
    "BatchJob",
    "Calibration",
    "ComponentEnergy",
    "Energy",
    "Environment",
    "EpochRow",
    "Evidence",
    "Flat",
    "Guard",
    "GuardState",
    "Idle",
    "Implementation",
    "Interruption",
    "PhaseEnergy",
    "RecipeWork",
    "RecordError",
    "Repeats",
    "Stage",
    "Tier",
    "load_calibration",
    "load_energy",
    "load_record",
    "parse_calibration",
    "parse_energy",
]

SCHEMA_VERSION = "1.1"
VERSIONS = (records_1_0.VERSION, SCHEMA_VERSION)
MAX_RECORD_BYTES = 10_000_000
# Later than the first records of this version: left out where there is nothing to say, so that their seals hold.
_ADDED = ("workload", "command_probes")
_ADDED_TO_STAGES = ("memory_bytes", "gpu_memory_bytes")


class Evidence(Tabular, BaseModel):
    """What every record holds: verdict, devices, surroundings, and the seal over journal and record.

    ``environment`` is None where the measured process had its caller's variables, ``backends`` (switches of torch)
    where it did not state them. ``constants_w`` are the powers assumed for a component no sensor counts, None for
    one that is counted or not measured; empty where they were not recorded. ``counter_ticks`` are those that were
    measured, ``steady_state`` is None where none was waited for, ``batch_job`` None outside a batch system,
    ``all_energy`` None where the meter saw nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal["1.0", "1.1"] = "1.1"
    run_id: str
    created: str
    complete: bool
    tier: Tier
    valid: bool
    reasons: list[str]
    hardware: Flat
    hardware_sha256: str
    software: Flat
    backends: Flat | None = None
    environment: Environment | None = None
    batch_job: BatchJob | None = None
    devices: list[Flat] = []
    constants_w: dict[Component, Watts | None] = {}
    counter_ticks: dict[Component, CounterTick] = {}
    steady_state: SteadyState | None = None
    idle: Idle = Idle()
    interruptions: list[Interruption] = []
    all_energy: AllEnergy | None = None
    guards: list[Guard]
    warnings: list[str]
    journal_sha256: str
    digest: str = ""

    @property
    def figures(self) -> Mapping[str, Stage]:
        """The stages, whatever the kind of record."""
        stages: Mapping[str, Stage] = getattr(self, "stages", {})
        return stages

    def gpu_hours(self, stage: str) -> float | None:
        """GPU-hours of a stage, of a calibration those of the full recipe; None without a GPU."""
        return len(self.devices) * self.figures[stage].full_recipe_duration_s / 3600 if self.devices else None

    def _rows(self) -> list[dict[str, Value]]:
        """One row for each stage: the figure of the full recipe, or of one execution, and what was measured of it."""
        rows: list[dict[str, Value]] = []
        for name, one in self.figures.items():
            bounds = one.full_recipe_energy_interval
            rows.append(
                {
                    "stage": name,
                    "full_recipe_energy_kwh": one.full_recipe_energy_kwh,
                    "full_recipe_energy_kwh_low": None if bounds is None else bounds.low,
                    "full_recipe_energy_kwh_high": None if bounds is None else bounds.high,
                    "measured_kwh": one.energy_kwh,
                    **{f"measured_{part}_kwh": found.energy_kwh for part, found in one.components.items()},
                    "measured_s": one.duration_s,
                    "tier": self.tier.value,
                    "valid": str(self.valid).lower(),
                }
            )
        return rows

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """The record as it is stored, in the form of its version."""
        document = super().model_dump(**options)
        if self.schema_version != SCHEMA_VERSION:
            return records_1_0.stored_form(document)
        for stage in (*document.get("stages", {}).values(), document.get("scoring")):
            for name in _ADDED_TO_STAGES if stage else ():
                if stage[name] is None:
                    del stage[name]
        return {key: value for key, value in document.items() if key not in _ADDED or value}

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """The record as JSON, in the form of its version."""
        return json.dumps(self.model_dump(mode="json", **options), indent=indent, ensure_ascii=False)

    @property
    def why_invalid(self) -> str:
        """Why its guards found it invalid, in words; empty where they did not."""
        return "" if self.valid else "; ".join(self.reasons) or "it is marked as invalid"

    def seal(self) -> Self:
        """The record with the digest of everything else in it."""
        return self.model_copy(update={"digest": sealed(self.model_dump(mode="json"))})


class Calibration(Evidence):
    """A calibration record: the baseline's energy on one machine.

    ``recipe_work`` are the amounts of the recipe, ``measured_work`` those that were run. ``between_sessions`` is what
    the intervals hold of the difference between sessions; None in records of 1.0, which leave it out. ``scoring`` are
    the metrics of the test stage, scaled as it is; None where they were not measured, or are in the test stage itself.
    ``workload`` is None where the baseline is a recipe; of a command, ``command_probes`` are what later
    probes are compared with.
    """

    kind: Literal["calibration"] = "calibration"
    edition: str
    recipe: str
    recipe_sha256: str
    recipe_work: RecipeWork | None = None
    measured_work: RecipeWork | None = None
    implementation: Implementation
    workload: CommandWorkload | None = None
    quick: bool
    between_sessions: BetweenSessions | None = None
    stages: dict[Literal["training", "test"], Stage]
    scoring: Stage | None = None
    outside: dict[str, PhaseEnergy] = {}
    repeats: dict[Literal["training", "test"], Repeats] = {}
    command_probes: list[Probe] = []
    data: Flat
    scores: dict[str, float | None]
    epochs_log: list[EpochRow]

    @property
    def how(self) -> str:
        """How it was measured, for people."""
        return "by command" if self.workload is not None else "quick" if self.quick else "whole epochs"


class Energy(Evidence):
    """An energy record: a system's energy in one stage, measured around its command or in its own program.

    ``scope`` is what the user declared the measured window to hold. ``executions`` of the command were measured
    together, each costing the stage's energy. ``command_sha256`` names the command without showing it. ``probes`` are
    runs of the baseline around it, to be compared with the calibration that has the digest ``calibration_digest``.
    ``repeat_failure`` says why a repetition after the first window failed.
    """

    kind: Literal["energy"] = "energy"
    stage: Literal["training", "test", "evaluation"]
    stages: dict[Literal["training", "test", "evaluation"], Stage]
    scope: list[str] = []
    command_sha256: str | None
    exit_code: int | None
    executions: int
    repeats: dict[Literal["training", "test", "evaluation"], Repeats] = {}
    repeat_failure: str | None = None
    probes: list[Probe] = []
    calibration_digest: str | None = None
    failure: str | None = None


RECORDS: dict[str, type[Evidence]] = {"calibration": Calibration, "energy": Energy}
_WRITTEN_BY = {"calibration": "dcase-energy calibrate", "energy": "dcase-energy measure"}


def record_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a kind of `RECORDS`, of the version that is written today."""
    schema = RECORDS[kind].model_json_schema(mode="serialization")
    stage = schema["$defs"]["Stage"]
    for part, added in ((schema, _ADDED), (stage, _ADDED_TO_STAGES)):
        part["required"] = [name for name in part["required"] if name not in added]
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION, "title": "Schema Version", "type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Made from the program by `dcase-energy schema --record {kind}`; do not edit.",
        **schema,
    }


_Kind = TypeVar("_Kind", bound=Evidence)


def load_calibration(path: Path) -> Calibration:
    """Read a calibration record.

    Raises
    ------
    RecordError
        If it cannot be read, is not a calibration record, or was changed after it was sealed.
    """
    return parse_calibration(_bytes_of(path), str(path))


def load_energy(path: Path) -> Energy:
    """Read an energy record; raises as `load_calibration` does."""
    return parse_energy(_bytes_of(path), str(path))


def load_record(path: Path, *, changed: bool = False) -> Calibration | Energy:
    """Read a record of either kind; one that was changed after it was sealed only where ``changed`` is true.

    Raises
    ------
    RecordError
        As `load_calibration` does.
    """
    name = str(path)
    document = _document(_bytes_of(path), name)
    kind = document.get("kind") if isinstance(document, dict) else None
    if kind == "energy":
        return _judged(document, name, Energy, changed=changed)
    if kind == "calibration":
        return _judged(document, name, Calibration, changed=changed)
    raise RecordError(f"{name} is not a record (`{'` and `'.join(_WRITTEN_BY.values())}` write them)")


def parse_calibration(data: bytes, name: str) -> Calibration:
    """Read a calibration record from bytes; see `load_calibration`."""
    return _judged(_document(data, name), name, Calibration)


def parse_energy(data: bytes, name: str) -> Energy:
    """Read an energy record from bytes; see `load_energy`."""
    return _judged(_document(data, name), name, Energy)


def _bytes_of(path: Path) -> bytes:
    try:
        return load_bytes(path, MAX_RECORD_BYTES)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None


def _document(data: bytes, name: str) -> Any:
    if len(data) > MAX_RECORD_BYTES:
        raise RecordError(f"{name} is too large for a record ({len(data):,} bytes)")
    try:
        return strict_json(data)
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"{name} is not JSON ({error}); give a record that `dcase-energy calibrate` or `measure` wrote"
        ) from None


def _judged(document: Any, name: str, model: type[_Kind], *, changed: bool = False) -> _Kind:
    kind = model.model_fields["kind"].default
    if not isinstance(document, dict) or document.get("kind") != kind:
        article = "an" if kind[0] in "aeiou" else "a"
        raise RecordError(f"{name} is not {article} {kind} record (`{_WRITTEN_BY[kind]}` writes one)")
    version = document.get("schema_version")
    if version not in VERSIONS:
        raise RecordError(f"{name} has schema version {version!r:.40}; this program reads {' and '.join(VERSIONS)}")
    current = document if version == SCHEMA_VERSION else records_1_0.upgraded(document)
    record = validated(model, current, f"{name} is not a valid {kind} record")
    if unknown := records_1_0.first_unknown(document, record.model_dump(mode="json")):
        raise RecordError(
            f"{name} is not a valid {kind} record: {shown_key(unknown)} is not a key of version {version}"
        )
    if not changed:
        check_seal(document, name)
    return record
