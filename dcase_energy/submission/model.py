"""The canonical submission: what every check and every later stage sees, whatever the edition's spelling."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

EnergyKwh = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Texts = str | tuple[str, ...]


class Author(BaseModel):
    """One author of a system."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    lastname: str
    firstname: str
    email: str | None = None
    corresponding: bool | None = None


class Submission(BaseModel):
    """Metadata of one system. None means that the field is absent, null, or was refused (a finding says which)."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    label: str | None = None
    name: str | None = None
    abbreviation: str | None = None
    authors: tuple[Author, ...] = ()
    input_channels: Texts | None = None
    input_sampling_rate_khz: float | None = None
    acoustic_features: Texts | None = None
    data_augmentation: Texts | None = None
    machine_learning_method: Texts | None = None
    machine_learning_semi_supervised: Texts | None = None
    ensemble_subsystems: Count | None = None
    decision_making: Texts | None = None
    post_processing: Texts | None = None
    segmentation_method: Texts | None = None
    total_parameters: Count | None = None
    total_parameters_non_zero: Count | None = None
    total_model_size_bytes: Count | None = None
    macs: Count | None = None
    training_time: str | None = None
    energy_training_kwh: EnergyKwh | None = None
    energy_test_kwh: EnergyKwh | None = None
    energy_evaluation_kwh: EnergyKwh | None = None
    energy_baseline_kwh: EnergyKwh | None = None
    energy_baseline_training_kwh: EnergyKwh | None = None
    energy_baseline_test_kwh: EnergyKwh | None = None
    hardware: str | None = None
    subsets: Texts | None = None
    external_datasets: Texts | None = None
    pre_trained_models: Texts | None = None
    source_code: str | None = None
    psds1_dev: Fraction | None = None
    psds2_dev: Fraction | None = None
    collar_f1_dev: Fraction | None = None

    @property
    def team(self) -> str | None:
        """The label without its index: `Adams_UNI_task4`."""
        return team_of(self.label) if self.label else None


def team_of(label: str) -> str:
    """The team a label belongs to: all but its index."""
    return label.rpartition("_")[0] or label
