"""What the sealed energy records in a package tell of a system's own energies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dcase_energy.findings import Finding
from dcase_energy.measure.records import MAX_RECORD_BYTES, Energy, Evidence, RecordError, Stage, parse_energy
from dcase_energy.ranking.interval import Interval
from dcase_energy.submission.package import SystemFiles

# A figure in the metadata is a rounded one of the record; further away it is another figure.
SAME = 0.01


@dataclass(frozen=True)
class Measured:
    """One stage of an energy record.

    Attributes
    ----------
    record
        The record, for what it was measured on and with.
    stage
        Its figures.
    """

    record: Energy
    stage: Stage

    @property
    def energy_kwh(self) -> float:
        """Of the stage."""
        return self.stage.full_recipe_energy_kwh

    @property
    def interval(self) -> Interval | None:
        """Over its repeats; None where there is none."""
        return interval_of_stage(self.stage)

    @property
    def components_kwh(self) -> Mapping[str, float | None]:
        """By component; None was not measured."""
        return {part: one.full_recipe_energy_kwh for part, one in self.stage.components.items()}


def measured_stages(files: SystemFiles, believed: Collection[str]) -> dict[str, Measured]:
    """Stages of energy records, by name; of those that validation believed (their names) the nearest counts."""
    found: dict[str, Measured] = {}
    for name in files.records:
        if name not in believed:
            continue
        data = files.tree.read(name, MAX_RECORD_BYTES)
        record = None if isinstance(data, Finding) else _read(data, name)
        if record is not None:
            for stage, figures in record.stages.items():
                found.setdefault(stage, Measured(record, figures))
    return found


def gpu_of(record: Evidence) -> str | None:
    """The name of the GPU, if all devices of a record have the same."""
    names = {str(device["name"]) for device in record.devices if device.get("name")}
    name = record.hardware.get("gpu_name") or (names.pop() if len(names) == 1 else None)
    return None if name is None else str(name)


def interval_of_stage(stage: Stage) -> Interval | None:
    """The interval of a stage; None where the record has none."""
    stored = stage.full_recipe_energy_interval
    return None if stored is None else Interval(stored.low, stored.high, "calibration", stored.level)


def _read(data: bytes, name: str) -> Energy | None:
    """A record that can be used; other files, and what validation finds wrong in records, are not our business here."""
    try:
        record = parse_energy(data, name)
    except RecordError:
        return None
    return record if record.valid else None
