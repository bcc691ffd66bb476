"""From this machine's kWh to a reference machine's: exact where both measured the same work, else indicative."""

from __future__ import annotations

from dataclasses import dataclass

from dcase_energy.calibration.rescaling import rescaled
from dcase_energy.editions.model import Edition
from dcase_energy.measure.records import Calibration


@dataclass(frozen=True)
class Factor:
    """What a kWh measured here is on the reference machine.

    Attributes
    ----------
    stage
        ``training`` or ``test``.
    factor
        The reference's energy over this machine's, for the full recipe.
    exact
        Whether both are calibrations of the same work by the same implementation.
    reasons
        Why not; empty where it is exact.
    """

    stage: str
    factor: float
    exact: bool
    reasons: tuple[str, ...] = ()


def factors(record: Calibration, reference: Calibration | None, edition: Edition) -> list[Factor]:
    """The factors of all stages that both have; the edition's published constant where no record is given."""
    if reference is not None:
        reference, _ = rescaled(reference)
        reasons = tuple(why_indicative(record, reference))
        return [
            Factor(name, there.full_recipe_energy_kwh / here.full_recipe_energy_kwh, not reasons, reasons)
            for name, here in record.stages.items()
            if (there := reference.stages.get(name)) is not None and here.full_recipe_energy_kwh > 0
        ]
    published = edition.normalisation.baseline_kwh
    training = record.stages.get("training")
    if published is None or training is None or training.full_recipe_energy_kwh <= 0:
        return []
    reason = f"what work the published {published} kWh of {edition.name} measured is not known"
    return [Factor("training", published / training.full_recipe_energy_kwh, False, (reason,))]


def why_indicative(record: Calibration, reference: Calibration) -> list[str]:
    """Everything but the machine in which two calibrations differ; empty where they measured the same work."""
    ours, theirs = record.implementation, reference.implementation
    pairs = (
        ("implementation", ours.name, theirs.name),
        ("version", ours.version, theirs.version),
        ("execution path", ours.execution_path, theirs.execution_path),
        ("recipe", record.recipe_sha256, reference.recipe_sha256),
        ("CodeCarbon", record.software.get("codecarbon_version"), reference.software.get("codecarbon_version")),
        ("tier", record.tier.value, reference.tier.value),
    )
    found = [f"{name}: here {here}, there {there}" for name, here, there in pairs if here != there]
    found = [text if len(text) < 120 else f"{text.partition(':')[0]} differs" for text in found]
    found += [
        f"the {whose} is not valid" for whose, one in (("record", record), ("reference", reference)) if not one.valid
    ]
    if not reference.complete:
        found.append("the reference is not complete")
    return found
