"""Where a baseline figure comes from, whether it may be a denominator, and which of several is one.

There are three kinds, with the same names everywhere: ``declared`` is a figure in the metadata and nothing else;
``record`` is a sealed record of a calibration; ``recomputed`` is a record whose figures follow from its journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcase_energy.documents.tree import Folder
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import UnusableError
from dcase_energy.submission.evidence import JOURNAL_MISSING, Calibrated, Recorded, check_record
from dcase_energy.submission.model import Submission
from dcase_energy.submission.recomputing import impossible_power

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Energy, Stage

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
    calibration
        The record it comes from; None for declared figures.
    stages
        The stages of that record with the scope that the edition divides by.
    """

    energy_kwh: Mapping[str, float | None] = field(default_factory=dict)
    evidence: str | None = None
    source: str | None = None
    calibration: Calibrated | None = None
    stages: Mapping[str, Stage] = field(default_factory=dict)


def why_no_denominator(found: Calibrated, edition: Edition) -> str | None:
    """Return why a calibration cannot be what an edition divides by; None if it can."""
    from dcase_energy.calibration.recipe_identity import why_another_recipe
    from dcase_energy.calibration.workload import why_another_command

    record, of_command = found.record, edition.baseline.kind == "command"
    if edition.normalisation.kind != "ratio":
        if edition.normalisation.kind == "none":
            return f"edition {edition.name} does not normalise energies"
        return f"the baseline of edition {edition.name} is different work from what `calibrate` measures"
    if record.workload is not None and not of_command:
        return f"it measured a command of {record.recipe}; the edition requires the recipe {edition.baseline.recipe}"
    if of_command:
        reason = why_another_command(record, edition)
    else:
        reason = why_another_recipe(record, found.entries, edition.baseline.recipe)
    if reason:
        return reason
    path = record.implementation.execution_path.partition("/")[0]
    if not of_command and path != edition.baseline.execution_path:
        return f"it measured the execution path {path}; the edition requires {edition.baseline.execution_path}"
    if not record.complete:
        return "the calibration was interrupted"
    if not record.valid:
        return f"a guard found it invalid: {record.why_invalid}"
    return impossible_power(record)


def usable_editions(found: Calibrated) -> list[str]:
    """Return the editions that come with the program and can divide by a calibration."""
    return [name for name in edition_names() if why_no_denominator(found, load_edition(name)) is None]


def candidates(found: Sequence[Calibrated], edition: Edition) -> list[Calibrated]:
    """Return the calibrations of a package that claim to be what an edition divides by; of copies the first."""
    once = {one.record.digest: one for one in reversed(found)}
    return [
        one
        for one in reversed(once.values())
        if one.record.recipe == edition.baseline.recipe and one.record.complete and one.record.valid
    ]


def usable(found: Sequence[Calibrated], edition: Edition) -> Calibrated | None:
    """Return the one calibration of a package that an edition can divide by; None if it has none, or several."""
    own = candidates(found, edition)
    fits = len(own) == 1 and own[0].believed and why_no_denominator(own[0], edition) is None
    return own[0] if fits else None


def recorded(found: Calibrated, edition: Edition, measured: Iterable[Recorded[Energy]] = ()) -> Baseline:
    """Return the baseline's energy of a calibration: of the full recipe, and of the scope that the edition divides by.

    Older records are scaled to both here, and all to what probes around the system's own run cost, which ``measured``,
    its energy records, may hold; the source says so.
    """
    from dcase_energy.calibration.rescaling import rescaled
    from dcase_energy.measure.probed import probed
    from dcase_energy.measure.scopes import stage_with_scope

    record, note = rescaled(found.record)
    notes, stages, evidence = [note], {}, found.evidence
    for own in measured:
        record, note = probed(record, own.record)
        if note is not None:
            notes.append(note)
            evidence = min(evidence, own.evidence, key=EVIDENCE.index)
            break
    for name in record.figures:
        scope = edition.stages[name].scope if name in edition.stages else ()
        stage, note = stage_with_scope(record, name, scope)
        notes.append(note)
        if stage is not None:
            stages[name] = stage
    source = "; ".join([found.source, *filter(None, notes)])
    energy_kwh = {name: stage.full_recipe_energy_kwh for name, stage in stages.items()}
    return Baseline(energy_kwh, evidence, source, replace(found, record=record, source=source), stages)


def declared(submission: Submission, edition: Edition) -> Baseline:
    """Return the baseline's energy as the metadata state it; some editions have one figure for all stages."""
    energy_kwh = {name: submission.figures.get(stage.baseline) for name, stage in edition.stages.items()}
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
    measured: Sequence[Recorded[Energy]] = (),
) -> Baseline:
    """Choose the one baseline that a system's energies are divided by, for every command.

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
        The calibration that the caller named, checked before.
    own_machine
        A calibration of this machine.
    measured
        The energy records that hold the system's own figures: they may have probes of the baseline.
    """
    if given is not None:
        return recorded(given, edition, measured)
    if edition.normalisation.kind == "ratio":
        own = usable(package, edition)
        if own is not None:
            return recorded(own, edition, measured)
        if refused or len(candidates(package, edition)) > 1 or not all(one.believed for one in package):
            return Baseline()
    stated = declared(submission, edition)
    if stated.evidence is None and own_machine is not None:
        return recorded(own_machine, edition, measured)
    return stated


def load_denominator(path: Path, edition: Edition) -> Calibrated:
    """Read the calibration that the caller names, and check it against the journal beside it, where there is one.

    Raises
    ------
    RecordError
        If it cannot be read, is not a calibration record, or was changed after it was sealed.
    UnusableError
        If it cannot be what the edition divides by.
    """
    from dcase_energy.measure.record_file import journal_of
    from dcase_energy.measure.records import load_calibration

    record, source = load_calibration(path), f"{path.name} (given)"
    journal = journal_of(path)
    journals = [journal.name] if journal.exists() else []
    found, findings = check_record(record, source, Folder(path.parent), path.name, journals)
    for finding in findings:
        if finding.code != JOURNAL_MISSING.code:
            more = "`dcase-energy records verify` shows every difference"
            raise UnusableError(f"{path} cannot be used: {finding.message}; {more}")
    if reason := why_no_denominator(found, edition):
        from dcase_energy.calibration.workload import how_to_calibrate

        instead = how_to_calibrate(edition)
        advice = f"; {instead} measures the edition's baseline" if instead is not None else ""
        raise UnusableError(f"{path} cannot be used: {reason}{advice}")
    return replace(found, name="")


def own_machine(edition: Edition) -> Calibrated | None:
    """Return the newest calibration of this machine that can be what an edition divides by, or None."""
    from dcase_energy.calibration.store import kept

    offered = kept() if edition.normalisation.kind == "ratio" else ()
    named = (Recorded(record, f"this machine's calibration of {record.created}") for record in offered)
    return next((found for found in named if why_no_denominator(found, edition) is None), None)


def kept_for(record: Energy) -> Calibration | None:
    """Return the kept calibration to compare a fresh record with: that of its probes, else the newest usable one."""
    from dcase_energy.calibration.store import kept

    fitting = [
        one
        for one in kept()
        if all(one.hardware.get(name) == record.hardware.get(name) for name in ("device", "gpu_name"))
    ]
    probed = (one for one in fitting if one.digest == record.calibration_digest)
    usable_ones = (one for one in fitting if usable_editions(Recorded(one, "this machine's calibration")))
    return next(probed, None) or next(usable_ones, None)
