"""Evidence (V): what the records of a package prove about the figures in its metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dcase_energy.findings import Finding
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.evidence import EVIDENCE, recorded, why_no_denominator
from dcase_energy.submission.evidence_rules import DECLARED_DIFFERS, EVIDENCE_MISSING, RECORD_SHARED, RECORD_UNFIT
from dcase_energy.submission.figures import agrees, slip


def record_fits(system: System) -> Iterator[Finding]:
    """The package's calibration can be the denominator, where the edition divides by one."""
    record, name = system.records.calibration, system.records.calibration_name
    if record is None or name is None or system.edition.normalisation.kind != "ratio":
        return
    if reason := why_no_denominator(record, system.edition):
        yield RECORD_UNFIT.finding(system.files.tree.where(name), f"the calibration is not used: {reason}")


def declared_is_recorded(system: System) -> Iterator[Finding]:
    """Figures of the metadata are those of the records beside it."""
    figures: list[tuple[str, float, str]] = []
    record = system.records.calibration
    if record is not None and why_no_denominator(record, system.edition) is None:
        for stage, energy_kwh in recorded(record).energy_kwh.items():
            if energy_kwh:
                figures.append((f"energy_baseline_{stage}_kwh", energy_kwh, system.records.calibration_name or ""))
    figures += [(f"energy_{one.stage}_kwh", one.energy_kwh, one.name) for one in system.records.measured]
    canonical = system.metadata.canonical
    for field, energy_kwh, name in figures:
        value = getattr(system.submission, field, None)
        if value is None or agrees(value, canonical.text(field), energy_kwh):
            continue
        file = name.rpartition("/")[2]
        message = f"{field} is {value:.6g} kWh, {file} has {energy_kwh:.6g} kWh"
        reason = slip(value, energy_kwh)
        yield DECLARED_DIFFERS.finding(
            canonical.where(field),
            message,
            expected=f"{energy_kwh:.6g}",
            found=f"{value:.6g}",
            hint=f"{reason}? copy the figure from the record" if reason else None,
        )


def evidence_there(system: System) -> Iterator[Finding]:
    """The package's evidence is at least what the edition asks for."""
    needed, canonical = system.edition.evidence, system.metadata.canonical
    found = system.records.evidence or "declared"
    if EVIDENCE.index(found) >= EVIDENCE.index(needed) or not canonical.given("energy_training_kwh"):
        return
    where = canonical.where("energy_training_kwh")
    message = f"the baseline's energy is {'only declared' if found == 'declared' else 'recorded without a journal'}"
    yield EVIDENCE_MISSING.finding(where, message, expected=needed, found=found)


def records_alike(systems: Sequence[System]) -> Iterator[Finding]:
    """No two teams bring the same calibration."""
    first: dict[str, System] = {}
    for system in systems:
        record, name = system.records.calibration, system.records.calibration_name
        if record is None or name is None:
            continue
        other = first.setdefault(record.run_id, system)
        if other.submission.team != system.submission.team:
            message = f"calibration {record.run_id[:36]} is also in the package of {other.submission.team}"
            yield RECORD_SHARED.finding(system.files.tree.where(name), message)
