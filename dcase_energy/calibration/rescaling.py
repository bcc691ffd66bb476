"""Whole epochs of version 1.0 that validated fewer clips than their recipe: scaled when they become a denominator."""

from __future__ import annotations

from dcase_energy.editions.shipped import known_recipe
from dcase_energy.measure.records import VERSIONS, Calibration
from dcase_energy.measure.scopes import scaled

_VALIDATION = ("validation_forward", "validation_metrics")
_POOLS = ("weak_validation_clips", "strong_validation_clips")


def rescaled(record: Calibration) -> tuple[Calibration, str | None]:
    """Scale the validation of a calibration to its recipe, where the record does not do so itself.

    Records of version 1.0 hold whole epochs as they were run. Their pools of clips were cut, so that training came out
    too cheap. Later versions scale when the record is computed.

    Parameters
    ----------
    record
        Any calibration record, not scaled yet.

    Returns
    -------
    record
        With figures, intervals and components of the full recipe scaled; the same where nothing is to be scaled. Of
        components only the sum is known by phase: each is scaled as the sum is.
    note
        What was done, for people; None where nothing was.
    """
    recipe, training = known_recipe(record.recipe), record.stages.get("training")
    validation_clips = 0 if recipe is None else recipe.counts["validation_clips"]
    clips = sum(_number(record.data.get(pool)) for pool in _POOLS)
    if record.schema_version != VERSIONS[0] or record.quick or training is None or not 0 < clips < validation_clips:
        return record, None
    energy, duration = (
        _growth(record, quantity, validation_clips / clips) for quantity in ("energy_kwh", "duration_s")
    )
    stages = {**record.stages, "training": scaled(training, energy, duration)}
    note = (
        f"its validation of {clips} clips an epoch was scaled to the {validation_clips} of the recipe: x {energy:.4f} "
        "(records of version 1.0 do not do so)"
    )
    return record.model_copy(update={"stages": stages}), note


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _growth(record: Calibration, quantity: str, factor: float) -> float:
    """How many times the energy or duration of its epochs the recipe's have; 1 where none is known."""
    total: float = sum(getattr(row, quantity) for row in record.epochs_log)
    validated: float = sum(
        getattr(row.phases[phase], quantity)
        for row in record.epochs_log
        for phase in _VALIDATION
        if phase in row.phases
    )
    return 1 + (factor - 1) * validated / total if total > 0 else 1.0
