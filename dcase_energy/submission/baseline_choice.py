"""Where a baseline figure comes from, whether it may be a denominator, and which of several is one.

There are three kinds, with the same names everywhere: ``declared`` is a figure in the metadata and nothing else;
``record`` is a sealed record of a calibration; ``recomputed`` is a record whose figures came out of its journal again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dcase_energy.editions.model import Edition
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.submission.calibrated import Calibrated
from dcase_energy.submission.model import Submission
from dcase_energy.submission.power import impossible_power
from dcase_energy.submission.recipe import why_another_recipe

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
    source
        Where it comes from, for people; None where nothing is known.
    gpu_training_kwh
        The GPU's share of the training energy, where a record has it.
    calibration
        The record it comes from; None for declared figures.
    """

    energy_kwh: Mapping[str, float | None] = field(default_factory=dict)
    evidence: str | None = None
    source: str | None = None
    gpu_training_kwh: float | None = None
    calibration: Calibrated | None = None


def why_no_denominator(found: Calibrated, edition: Edition) -> str | None:
    """Why a calibration cannot be what an edition divides by; None if it can."""
    record = found.record
    if edition.normalisation.kind != "ratio":
        return f"edition {edition.name} divides by figures of other work than a calibration measures"
    if reason := why_another_recipe(found, edition.baseline.recipe):
        return reason
    path = record.implementation.execution_path.partition("/")[0]
    if path != edition.baseline.execution_path:
        return f"it is of the execution path {path}, the edition's is {edition.baseline.execution_path}"
    if not record.complete:
        return "the calibration was interrupted"
    if not record.valid:
        return "a guard found it invalid: " + "; ".join(record.reasons)
    return impossible_power(record)


def candidates(found: Sequence[Calibrated], edition: Edition) -> list[Calibrated]:
    """The calibrations of a package that call themselves what an edition divides by; of copies of one the first."""
    once = {one.record.digest: one for one in reversed(found)}
    return [
        one
        for one in reversed(once.values())
        if one.record.recipe == edition.baseline.recipe and one.record.complete and one.record.valid
    ]


def usable(found: Sequence[Calibrated], edition: Edition) -> Calibrated | None:
    """The one calibration of a package that an edition can divide by; None if it has none, or several that differ."""
    own = candidates(found, edition)
    fits = len(own) == 1 and own[0].believed and why_no_denominator(own[0], edition) is None
    return own[0] if fits else None


def recorded(found: Calibrated) -> Baseline:
    """The baseline's energy as a calibration has it, for the full recipe; older records are scaled to it here."""
    from dcase_energy.calibration.rescaling import rescaled

    record, note = rescaled(found.record)
    if note is not None:
        found = replace(found, record=record, source=f"{found.source}; {note}")
    training = record.stages.get("training")
    gpu = training.components.get("gpu") if training else None
    return Baseline(
        energy_kwh={name: stage.full_recipe_energy_kwh for name, stage in record.stages.items()},
        evidence=found.evidence,
        source=found.source,
        gpu_training_kwh=gpu.full_recipe_energy_kwh if gpu else None,
        calibration=found,
    )


def declared(submission: Submission, edition: Edition) -> Baseline:
    """The baseline's energy as the metadata state it; one figure for both stages in editions that have but one."""
    if edition.normalisation.kind == "ratio":
        energy_kwh = {
            "training": submission.figures.get("energy_baseline_training_kwh"),
            "test": submission.figures.get("energy_baseline_test_kwh"),
        }
    else:
        energy_kwh = dict.fromkeys(BASELINE_STAGES, submission.figures.get("energy_baseline_kwh"))
    if all(value is None for value in energy_kwh.values()):
        return Baseline(energy_kwh)
    return Baseline(energy_kwh, "declared", "the metadata")


def choose(
    submission: Submission,
    edition: Edition,
    package: Sequence[Calibrated] = (),
    *,
    refused: bool = False,
    given: Calibrated | None = None,
    own_machine: Calibrated | None = None,
) -> Baseline:
    """The one baseline that a system's energies are divided by, for every command.

    The calibration that the caller named; else the package's own record; else the declared figures; else the newest of
    this machine, which the caller offers only where the hardware is that of the system. Where a package brings records
    that differ, or one that cannot be believed, nothing is chosen: a finding says so.

    Parameters
    ----------
    submission, edition
        The system's metadata, and whose rules apply.
    package
        The calibrations that the package brings.
    refused
        Whether it brings one that cannot be read.
    given
        The calibration that the caller named; it was looked at before.
    own_machine
        A calibration of this machine.
    """
    if given is not None:
        return recorded(given)
    if edition.normalisation.kind == "ratio":
        own = usable(package, edition)
        if own is not None:
            return recorded(own)
        if refused or len(candidates(package, edition)) > 1 or not all(one.believed for one in package):
            return Baseline()
    stated = declared(submission, edition)
    if stated.evidence is None and own_machine is not None:
        return recorded(own_machine)
    return stated
