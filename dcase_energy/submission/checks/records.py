"""What the records of a package prove about the figures in its metadata (V)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.baseline_choice import EVIDENCE, candidates, recorded, usable, why_no_denominator
from dcase_energy.submission.checks.system import Peer, System, all_systems, each_system
from dcase_energy.submission.figures import slip

if TYPE_CHECKING:
    from dcase_energy.measure.records import Energy
    from dcase_energy.submission.evidence import Recorded

RECORD_UNFIT = define(
    Rule(
        code="V705",
        name="record-no-denominator",
        title="A calibration in the package can be used as the baseline",
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
        why="A figure that is only declared cannot be checked; an edition may ask for the record, or for "
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
        fix="calibrate on the hardware the system was trained on; if teams share a machine, inform the organisers",
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
        fix="keep the calibration of the hardware this system was measured on, and remove the other",
    )
)

_HOW = {"declared": "only declared", "record": "recorded without a journal"}


@each_system
def record_fits(system: System) -> Iterator[Finding]:
    """The package's calibration can be the denominator, where the edition divides by one; there are not several."""
    found, edition, tree = system.records.calibrations, system.edition, system.files.tree
    own = candidates(found, edition)
    if not found or edition.normalisation.kind != "ratio" or usable(found, edition) is not None:
        return
    if len(own) > 1:
        names = [one.file for one in own]
        if len(set(names)) < len(names):
            names = [one.name for one in own]
        energies_kwh = [next(iter(one.record.figures.values())).full_recipe_energy_kwh for one in own]
        shown = (f"{name} has {energy_kwh:.4g} kWh" for name, energy_kwh in zip(names, energies_kwh, strict=True))
        yield CALIBRATIONS_DIFFER.finding(tree.where(own[1].name), "; ".join(shown)[:300], expected="one calibration")
    elif all(one.believed for one in found):  # else another finding says so
        first = next(iter(own), found[0])
        message = f"the calibration is not used: {why_no_denominator(first, edition)}"
        withholds = tuple(
            part.baseline
            for stage, part in edition.stages.items()
            if system.states(part.baseline, first.energy_kwh(stage))
        )
        enough = system.baseline.evidence is not None and edition.evidence == "declared"
        from dcase_energy.calibration.workload import how_to_calibrate

        instead = how_to_calibrate(edition)
        hint = f"run {instead} on the system's hardware" if instead is not None else None
        finding = RECORD_UNFIT.finding(tree.where(first.name), message, withholds=withholds, hint=hint)
        yield finding if enough else finding.with_severity(Severity.ERROR)


@each_system
def declared_is_recorded(system: System) -> Iterator[Finding]:
    """Figures of the metadata are those of the records beside it."""
    for field, energies_kwh, name in _recorded_figures(system):
        value, energy_kwh = system.figures.get(field), energies_kwh[0]
        if value is None or system.states(field, *energies_kwh):
            continue
        reason = slip(value, energy_kwh)
        message = f"{field} is {value:.6g} kWh, {name} {energy_kwh:.6g} kWh"
        hint = f"this looks like {reason}: copy the figure from the record" if reason else None
        expected, found = f"{energy_kwh:.6g}", f"{value:.6g}"
        yield system.finding(DECLARED_DIFFERS, field, message, expected=expected, found=found, hint=hint)


def _recorded_figures(system: System) -> Iterator[tuple[str, list[float], str]]:
    """Fields of the metadata, the energies that records give for each (the likeliest first), and by which record."""
    edition = system.edition
    found = usable(system.records.calibrations, edition) if edition.normalisation.kind == "ratio" else None
    for stage, part in edition.stages.items():
        if found is not None and (energy_kwh := recorded(found, edition).energy_kwh.get(stage)):
            # What the record says is right, too, where it is scaled before it is divided by.
            yield part.baseline, [energy_kwh, found.energy_kwh(stage) or energy_kwh], f"{found.file} has"
    for stage, part in edition.stages.items():
        measured = _measured(system, stage)
        energies_kwh = [one.energy_kwh(stage) or 0.0 for one in measured]
        if len(measured) > 1:
            # Models of an ensemble are measured one by one, and belong together; or the best of several runs is filed.
            total = sum(energies_kwh)
            yield part.energy, [total, *energies_kwh], f"the {len(measured)} records of the {stage} add up to"
        elif measured:
            yield part.energy, energies_kwh, f"{measured[0].file} has"


def _measured(system: System, stage: str) -> list[Recorded[Energy]]:
    """Energy records of a stage: those in the system's own folder, else those it shares with other systems."""
    found = [one for one in system.records.measured if one.energy_kwh(stage) is not None]
    return [one for one in found if PurePosixPath(one.name).parent == system.files.home] or found


@each_system
def evidence_there(system: System) -> Iterator[Finding]:
    """The package's evidence, for the baseline and for the system's own energies, is what the edition asks for."""
    edition = system.edition
    fields = {stage: part.energy for stage, part in edition.stages.items() if system.metadata.given(part.energy)}
    own, brought = usable(system.records.calibrations, edition), system.records.calibrations or system.records.refused
    found = "declared" if own is None else own.evidence
    if fields and _weaker(found, edition.evidence) and (own is not None or not brought):  # else a finding says why
        message = f"the baseline's energy is {_HOW[found]}"
        field = next(iter(fields.values()))
        yield system.finding(EVIDENCE_MISSING, field, message, expected=edition.evidence, found=found)
    for stage, field in fields.items():
        # Of several records the weakest: the evidence for a sum is that of its weakest part.
        found = min((one.evidence for one in _measured(system, stage)), key=EVIDENCE.index, default="declared")
        if _weaker(found, edition.energy_evidence):
            message = f"the system's {stage} energy is {_HOW[found]}"
            yield system.finding(OWN_EVIDENCE_MISSING, field, message, expected=edition.energy_evidence, found=found)


def _weaker(found: str, needed: str) -> bool:
    return EVIDENCE.index(found) < EVIDENCE.index(needed)


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
                yield RECORD_SHARED.finding(system.files.tree.where(found.name), message)
