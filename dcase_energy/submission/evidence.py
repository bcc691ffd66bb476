"""Where a baseline figure comes from, and whether it may be a denominator.

Three kinds are told apart, everywhere by these words: ``declared`` is a figure in the metadata and nothing else;
``record`` is a sealed record of a calibration; ``recomputed`` is a record whose figures came out of its journal again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcase_energy.editions.model import Edition
from dcase_energy.submission.model import Submission

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration

STAGES = ("training", "test")
# From the weakest to the strongest.
EVIDENCE = ("declared", "record", "recomputed")


@dataclass(frozen=True)
class Baseline:
    """The baseline's energy on a system's hardware.

    Attributes
    ----------
    energy_kwh
        By stage; None where it is not known.
    evidence
        One of `EVIDENCE`; None where nothing is known.
    gpu_training_kwh
        The GPU's share of the training energy, where a record tells it.
    """

    energy_kwh: Mapping[str, float | None] = field(default_factory=dict)
    evidence: str | None = None
    gpu_training_kwh: float | None = None


def why_no_denominator(record: Calibration, edition: Edition) -> str | None:
    """Why a calibration cannot be what an edition divides by; None if it can."""
    if edition.normalisation.kind != "ratio":
        return f"edition {edition.name} divides by figures of other work than a calibration measures"
    if record.recipe != edition.recipe:
        return f"it is of the recipe {record.recipe}, the edition's is {edition.recipe}"
    path = record.implementation.execution_path.partition("/")[0]
    if path != edition.execution_path:
        return f"it is of the execution path {path}, the edition's is {edition.execution_path}"
    if not record.complete:
        return "the calibration was interrupted"
    if not record.valid:
        return "a guard found it invalid: " + "; ".join(record.reasons)
    return None


def recorded(record: Calibration, evidence: str | None = None) -> Baseline:
    """The baseline's energy as a calibration has it, for the full recipe; ``record`` unless told otherwise."""
    training = record.stages.get("training")
    gpu = training.components.get("gpu") if training else None
    return Baseline(
        energy_kwh={name: stage.full_recipe_energy_kwh for name, stage in record.stages.items()},
        evidence=evidence or "record",
        gpu_training_kwh=gpu.full_recipe_energy_kwh if gpu else None,
    )


def declared(submission: Submission, edition: Edition) -> Baseline:
    """The baseline's energy as the metadata state it; one figure for both stages in editions that have but one."""
    if edition.normalisation.kind == "ratio":
        energy_kwh = {
            "training": submission.energy_baseline_training_kwh,
            "test": submission.energy_baseline_test_kwh,
        }
    else:
        energy_kwh = dict.fromkeys(STAGES, submission.energy_baseline_kwh)
    known = any(value is not None for value in energy_kwh.values())
    return Baseline(energy_kwh, "declared" if known else None)
