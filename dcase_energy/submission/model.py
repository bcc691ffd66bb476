"""The metadata of one system in canonical form: what every check and every later stage sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Texts = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Metadata of one system. None means that the field is absent, null, or was refused (a finding says which).

    Attributes
    ----------
    authors
        Each as in the file: ``lastname``, ``firstname``, and other keys.
    figures
        All numbers by canonical field: energies in kWh, stated scores, counts. A field without a number is absent.
    """

    label: str | None = None
    name: str | None = None
    abbreviation: str | None = None
    authors: tuple[Mapping[str, Any], ...] = ()
    hardware: str | None = None
    training_time: str | None = None
    pre_trained_models: Texts | None = None
    ensemble_subsystems: int | None = None
    total_parameters: int | None = None
    total_parameters_non_zero: int | None = None
    total_model_size_bytes: int | None = None
    parameter_bits: int | None = None
    macs: int | None = None
    macs_counter: str | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def team(self) -> str | None:
        """The label without its index: `Adams_UNI_task4`."""
        return team_of(self.label) if self.label else None


def team_of(label: str) -> str:
    """The team a label belongs to: all but its index."""
    return label.rpartition("_")[0] or label


def people_of(label: str) -> str:
    """The people that a label names, whatever the task."""
    return label.partition("_task")[0] if "_task" in label else team_of(label)
