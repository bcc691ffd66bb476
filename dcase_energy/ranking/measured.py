"""A system's own energies in the sealed energy records of its package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dcase_energy.measure.records import Energy, Stage
from dcase_energy.stats import Interval
from dcase_energy.submission.checks.comparable import own_records
from dcase_energy.submission.checks.system import System


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


def measured_stages(system: System) -> dict[str, Measured]:
    """Stages of the energy records that hold the figures of the metadata, by name."""
    return {
        stage: Measured(one.record, figures)
        for stage, one in own_records(system).items()
        if (figures := next((found for name, found in one.record.stages.items() if name == stage), None)) is not None
    }


def interval_of_stage(stage: Stage) -> Interval | None:
    """The interval of a stage; None where the record has none."""
    stored = stage.full_recipe_energy_interval
    return None if stored is None else Interval(stored.low, stored.high, "calibration", stored.level)
