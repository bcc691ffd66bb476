"""What the sealed energy records in a package tell of a system's own energies."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dcase_energy.findings import Finding
from dcase_energy.measure.journal import sealed
from dcase_energy.measure.records import MAX_RECORD_BYTES, Calibration
from dcase_energy.ranking.comparable import Provenance
from dcase_energy.ranking.interval import Interval
from dcase_energy.submission.package import SystemFiles

# A figure in the metadata is a rounded one of the record; further away it is another figure.
SAME = 0.01
_EnergyKwh = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Flat = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Measured:
    """One stage of an energy record.

    Attributes
    ----------
    energy_kwh
        Of the stage.
    interval
        Over its repeats; None where there is none.
    components_kwh
        By component; None was not measured.
    provenance
        What it was measured on and with.
    """

    energy_kwh: float
    interval: Interval | None = None
    components_kwh: Mapping[str, float | None] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Component(_Part):
    full_recipe_energy_kwh: _EnergyKwh | None = None


class _Stage(_Part):
    full_recipe_energy_kwh: _EnergyKwh
    full_recipe_energy_kwh_low: _EnergyKwh | None = None
    full_recipe_energy_kwh_high: _EnergyKwh | None = None
    interval: str | None = None
    components: dict[str, _Component] = {}


class _Record(_Part):
    kind: Literal["energy"]
    valid: Literal[True]
    tier: str | None = None
    hardware: _Flat = {}
    software: _Flat = {}
    devices: list[_Flat] = []
    stages: dict[str, _Stage]


def measured_stages(files: SystemFiles, believed: Collection[str]) -> dict[str, Measured]:
    """Stages of energy records, by name; of those that validation believed (their names) the nearest counts."""
    found: dict[str, Measured] = {}
    for name in files.records:
        if name not in believed:
            continue
        data = files.tree.read(name, MAX_RECORD_BYTES)
        record = None if isinstance(data, Finding) else _read(data)
        for stage, figures in {} if record is None else record.stages.items():
            if record is not None:
                found.setdefault(stage, _measured(record, stage, figures))
    return found


def provenance_of(record: Calibration) -> Provenance:
    """What a calibration was measured on and with."""
    return _provenance(record.hardware, record.software, [], record.tier.value)


def interval_in_words(low: float | None, high: float | None, words: str | None, kind: str) -> Interval | None:
    """The interval of a record's stage; the record says its level as in `95 %, mean over epochs (Student's t)`."""
    if low is None or high is None or words is None:
        return None
    level = re.match(r"([0-9.]+) %", words)
    return Interval(low, high, kind, float(level[1]) / 100 if level else None)


def _read(data: bytes) -> _Record | None:
    """A record that can be used; other files, and what validation finds wrong in records, are not our business here."""
    try:
        document = json.loads(data)
        if not isinstance(document, dict) or document.get("kind") != "energy":
            return None
        return _Record.model_validate(document) if document.get("digest") == sealed(document) else None
    except (ValueError, ValidationError, RecursionError, TypeError):
        return None


def _measured(record: _Record, name: str, stage: _Stage) -> Measured:
    low, high = stage.full_recipe_energy_kwh_low, stage.full_recipe_energy_kwh_high
    return Measured(
        energy_kwh=stage.full_recipe_energy_kwh,
        interval=interval_in_words(low, high, stage.interval, "calibration"),
        components_kwh={part: one.full_recipe_energy_kwh for part, one in stage.components.items()},
        provenance=_provenance(record.hardware, record.software, record.devices, record.tier, name),
    )


def _provenance(
    hardware: Mapping[str, Any],
    software: Mapping[str, Any],
    devices: list[_Flat],
    tier: str | None,
    stage: str | None = None,
) -> Provenance:
    names = {str(device.get("name")) for device in devices if device.get("name")}
    gpu = hardware.get("gpu_name") or (names.pop() if len(names) == 1 else None)
    version = software.get("codecarbon_version")
    return Provenance(
        hardware=str(hardware["cpu_model"]) if not gpu and hardware.get("cpu_model") else None,
        gpu=str(gpu) if gpu else None,
        tracker=f"codecarbon {version}" if version else None,
        tier=tier,
        stage=stage,
    )
