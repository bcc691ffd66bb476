"""Evidence (V): what the records of a package prove about the figures in its metadata."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.rules import Rule, define
from dcase_energy.submission.baseline_choice import EVIDENCE, candidates, recorded, usable, why_no_denominator
from dcase_energy.submission.calibrated import Calibrated
from dcase_energy.submission.checks.system import Peer, System, all_systems, each_system
from dcase_energy.submission.figures import agrees, slip
from dcase_energy.submission.records import MeasuredStage

RECORD_UNFIT = define(
    Rule(
        code="V705",
        name="record-no-denominator",
        title="A calibration in the package can be what the system's energy is divided by",
        why="A calibration of another recipe or execution path, cut short, or found invalid by its own guards measures "
        "something else than the edition divides by. A recipe is known by its hash and all its counts, not by its "
        "name: `--recipe` and `--batch-size` of `calibrate` make another one. It is an error where nothing else gives "
        "the baseline's energy; a declared figure that is the record's is not divided by either.",
        bad="calibration.json of the recipe smoke in an edition that divides by dcase2023",
        good="calibration.json of the edition's own recipe and execution path",
        fix="run `dcase-energy calibrate --edition NAME` with this edition on the system's hardware",
        severity=Severity.WARNING,
    )
)
DECLARED_DIFFERS = define(
    Rule(
        code="V706",
        name="declared-not-recorded",
        title="The energy in the metadata is the one in the package's record",
        why="Where metadata and record disagree one of them is wrong, and a declared baseline that is larger than the "
        "measured one makes every ratio look better.",
        bad="baseline_training: 2.82 beside a calibration.json of 1.41 kWh",
        good="baseline_training: 1.41 beside a calibration.json of 1.41 kWh",
        fix="copy the figure from the record, or remove the record that does not belong to this system",
    )
)
EVIDENCE_MISSING = define(
    Rule(
        code="V707",
        name="evidence-missing",
        title="The baseline's energy has the evidence that the edition asks for",
        why="A figure that is only declared cannot be checked by anybody; an edition may ask for the record, or for "
        "record and journal, from which it is computed again.",
        bad='baseline_training: 1.41 and no record, where the edition says evidence = "record"',
        good="calibration.json and calibration.journal.jsonl in the package",
        fix="put calibration.json and calibration.journal.jsonl of `dcase-energy calibrate` into the package",
    )
)
RECORD_SHARED = define(
    Rule(
        code="V708",
        name="record-of-another-team",
        title="Teams do not share one calibration",
        why="The same run in packages of two teams was measured on the hardware of at most one of them.",
        bad="calibration.json of run 3f2a.. in the packages of Adams_UNI and Baker_LAB",
        good="a separate calibration in each package",
        fix="calibrate on the hardware the system was trained on; teams that share a machine say so to the organisers",
        severity=Severity.WARNING,
    )
)
OWN_EVIDENCE_MISSING = define(
    Rule(
        code="V710",
        name="energy-evidence-missing",
        title="The system's own energies have the evidence that the edition asks for",
        why="A baseline that can be computed again says nothing about the system divided by it; an edition may ask for "
        "the energy records of both stages, or for records and journals.",
        bad='training: 1.39 and no record of it, where the edition says energy_evidence = "recomputed"',
        good="energy_training.json and energy_training.journal.jsonl in the package",
        fix="measure with `dcase-energy measure` and put its records and journals beside the metadata",
    )
)
CALIBRATIONS_DIFFER = define(
    Rule(
        code="V712",
        name="calibrations-differ",
        title="A system has one calibration",
        why="Where two records differ, which of them the system's energy is to be divided by is not known, and the "
        "first by name may be the wrong one.",
        bad="a_calibration.json and calibration.json of two runs",
        good="calibration.json",
        fix="leave the calibration of the hardware this system was measured on, and remove the other",
    )
)


@each_system
def record_fits(system: System) -> Iterator[Finding]:
    """The package's calibration can be the denominator, where the edition divides by one."""
    found, edition = system.records.calibrations, system.edition
    if not found or edition.normalisation.kind != "ratio" or usable(found, edition) is not None:
        return
    if len(candidates(found, edition)) > 1 or not all(one.believed for one in found):
        return  # Other findings say so.
    first = next(iter(candidates(found, edition)), found[0])
    finding = RECORD_UNFIT.finding(
        system.files.tree.where(first.name or ""),
        f"the calibration is not used: {why_no_denominator(first, edition)}",
        withholds=tuple(_declared_from(system, first)),
    )
    enough = system.baseline.evidence is not None and edition.evidence == "declared"
    yield finding if enough else finding.with_severity(Severity.ERROR)


def _declared_from(system: System, found: Calibrated) -> Iterator[str]:
    """The declared figures of the baseline that are those of a record."""
    for stage, figures in found.record.stages.items():
        field, energy_kwh = f"energy_baseline_{stage}_kwh", figures.full_recipe_energy_kwh
        value = system.figures.get(field)
        if value is not None and agrees(value, system.metadata.text(field), energy_kwh):
            yield field


@each_system
def one_calibration(system: System) -> Iterator[Finding]:
    """The package does not bring several calibrations that could each be the denominator."""
    found = candidates(system.records.calibrations, system.edition)
    if len(found) > 1 and system.edition.normalisation.kind == "ratio":
        names = [_file(one.name or "") for one in found]
        if len(set(names)) < len(names):
            names = [one.name or "" for one in found]
        energies = [f"{name} has {_shown(one)}" for name, one in zip(names, found, strict=True)]
        where = system.files.tree.where(found[1].name or "")
        yield CALIBRATIONS_DIFFER.finding(where, "; ".join(energies)[:300], expected="one calibration")


def _shown(found: Calibrated) -> str:
    training = found.record.stages.get("training") or next(iter(found.record.stages.values()))
    return f"{training.full_recipe_energy_kwh:.4g} kWh"


@each_system
def declared_is_recorded(system: System) -> Iterator[Finding]:
    """Figures of the metadata are those of the records beside it."""
    metadata = system.metadata
    for field, energies_kwh, name in _recorded_figures(system):
        value = system.figures.get(field)
        if value is None or any(agrees(value, metadata.text(field), one) for one in energies_kwh):
            continue
        energy_kwh = energies_kwh[0]
        message = f"{field} is {value:.6g} kWh, {name} {energy_kwh:.6g} kWh"
        reason = slip(value, energy_kwh)
        yield DECLARED_DIFFERS.finding(
            metadata.where(field),
            message,
            expected=f"{energy_kwh:.6g}",
            found=f"{value:.6g}",
            hint=f"{reason}? copy the figure from the record" if reason else None,
        )


def _recorded_figures(system: System) -> Iterator[tuple[str, list[float], str]]:
    """Fields of the metadata, the energies that records give for each (the likeliest first), and by which record."""
    found = usable(system.records.calibrations, system.edition)
    if found is not None and system.edition.normalisation.kind == "ratio":
        scaled_kwh = recorded(found).energy_kwh
        for name, figures in found.record.stages.items():
            if energy_kwh := scaled_kwh.get(name):
                # What the record says is right, too, where it is scaled before it is divided by.
                both_kwh = [energy_kwh, figures.full_recipe_energy_kwh]
                yield f"energy_baseline_{name}_kwh", both_kwh, f"{_file(found.name or '')} has"
    for stage, measured in _by_stage(system).items():
        energies_kwh = [one.energy_kwh for one in measured]
        told = f"{_file(measured[0].name)} has"
        if len(measured) > 1:
            # Models of an ensemble are measured one by one, and belong together; or the best of several runs is filed.
            energies_kwh.insert(0, math.fsum(energies_kwh))
            told = f"the {len(measured)} records of the {stage} add up to"
        yield f"energy_{stage}_kwh", energies_kwh, told


def _by_stage(system: System) -> dict[str, list[MeasuredStage]]:
    """Energy records by stage: those in the system's own folder, else those it shares with other systems."""
    own = [one for one in system.records.measured if PurePosixPath(one.name).parent == system.files.home]
    found: dict[str, list[MeasuredStage]] = {}
    for one in own:
        found.setdefault(one.stage, []).append(one)
    shared = [one for one in system.records.measured if one not in own]
    for one in shared:
        if not any(one.stage == other.stage for other in own):
            found.setdefault(one.stage, []).append(one)
    return found


def _file(name: str) -> str:
    return name.rpartition("/")[2]


@each_system
def evidence_there(system: System) -> Iterator[Finding]:
    """The package's evidence is at least what the edition asks for."""
    needed, metadata = system.edition.evidence, system.metadata
    own = usable(system.records.calibrations, system.edition)
    if (system.records.calibrations or system.records.refused) and own is None:
        return  # A finding says why the record cannot be used.
    found = "declared" if own is None else own.evidence
    if EVIDENCE.index(found) >= EVIDENCE.index(needed) or not metadata.given("energy_training_kwh"):
        return
    where = metadata.where("energy_training_kwh")
    message = f"the baseline's energy is {'only declared' if found == 'declared' else 'recorded without a journal'}"
    yield EVIDENCE_MISSING.finding(where, message, expected=needed, found=found)


@each_system
def own_evidence_there(system: System) -> Iterator[Finding]:
    """The evidence of the system's own energies is at least what the edition asks for."""
    needed, metadata = system.edition.energy_evidence, system.metadata
    measured = _by_stage(system)
    for stage in BASELINE_STAGES:
        field = f"energy_{stage}_kwh"
        # Of several records the weakest: the evidence for a sum is that of its weakest part.
        found = min((one.evidence for one in measured.get(stage, [])), key=EVIDENCE.index, default="declared")
        if EVIDENCE.index(found) < EVIDENCE.index(needed) and metadata.given(field):
            how = "only declared" if found == "declared" else "recorded without a journal"
            message = f"the system's {stage} energy is {how}"
            yield OWN_EVIDENCE_MISSING.finding(metadata.where(field), message, expected=needed, found=found)


@all_systems
def records_alike(systems: Sequence[System], _pool: Sequence[Peer]) -> Iterator[Finding]:
    """No two teams bring the same calibration."""
    first: dict[str, System] = {}
    for system in systems:
        for found in system.records.calibrations:
            run = found.record.run_id
            other = first.setdefault(run, system)
            if other.submission.team != system.submission.team:
                message = f"calibration {run[:36]} is also in the package of {other.submission.team}"
                yield RECORD_SHARED.finding(system.files.tree.where(found.name or ""), message)
