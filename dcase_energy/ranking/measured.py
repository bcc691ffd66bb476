"""Figures that the organiser measured: they take the place of declared ones, which stay beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dcase_energy.calibration.workload import why_another_baseline
from dcase_energy.documents.device_names import gpu_model
from dcase_energy.editions.model import Edition
from dcase_energy.errors import InputError
from dcase_energy.findings import Finding, Where
from dcase_energy.measure.measured_table import COSTS, MeasuredSystem, StageCost, read_measured
from dcase_energy.ranking.bases import BASES, baseline_column, energy_column, ratio_column
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.normalize import is_energy
from dcase_energy.ranking.rules import MEASURED_INCOMPLETE, no_energy
from dcase_energy.submission.validate import Validation

MEASURED = "measured"
_OVERRULED = ("E", "P", "V")
_NO_BASELINE = (
    "measured by the organiser, and no baseline is known of the same machine: the table has no {}, and no "
    "--calibration was given"
)


def load_measured(path: Path) -> dict[str, MeasuredSystem]:
    """Read the table of measured systems, by label.

    Raises
    ------
    InputError
        If anything is wrong with it; this is in its ``findings``.
    """
    systems, findings = read_measured(path)
    for system in systems:
        for stage, cost in system.costs.items():
            for name in ("energy_kwh", "baseline_kwh"):
                value = getattr(cost, name)
                if value is not None and not is_energy(value):
                    column = COSTS[name].format(stage=stage)
                    where = Where(str(path), None, system.line, None, column)
                    findings.append(no_energy(where, column, value))
    if findings:
        raise InputError(f"the measured figures {path} cannot be used: {findings[0].message}", findings)
    return {system.label: system for system in systems}


def overruled(validation: Validation, measured: Mapping[str, MeasuredSystem]) -> Validation:
    """Return the validation with findings waived that are about declared figures in whose place a measured one is."""
    places = set()
    for system in validation.systems:
        costs = measured[system.name].costs if system.name in measured else {}
        for name, stage in system.edition.stages.items():
            cost = costs.get(name, StageCost())
            fields = [stage.energy] if cost.energy_kwh is not None else []
            fields += [stage.baseline] if cost.baseline_kwh is not None else []
            places |= {system.where(field) for field in fields if field in system.edition.fields}
    findings = [
        one.waive("measured by the organiser") if one.where in places and one.code.startswith(_OVERRULED) else one
        for one in validation.findings
    ]
    return replace(validation, findings=findings)


def with_measured(
    entries: Sequence[Entry], measured: Mapping[str, MeasuredSystem], edition: Edition, *, same_machine: bool
) -> list[Entry]:
    """Return entries with measured energies, times and memory in place of declared ones.

    Parameters
    ----------
    entries, measured
        Systems, and what was measured, by label.
    edition
        Whose stages are looked at.
    same_machine
        Whether the baseline of the entries is a calibration that the organiser names: it is then that of the machine
        they measured on. A participant's own baseline is not, and the measured energy is not divided by it.
    """
    return [
        _overridden(one, measured[one.label], edition, same_machine) if one.label in measured else one
        for one in entries
    ]


def _overridden(entry: Entry, measured: MeasuredSystem, edition: Edition, same_machine: bool) -> Entry:
    costs = {stage: cost for stage, cost in measured.costs.items() if stage in edition.stages}
    stages = [stage for stage, cost in costs.items() if cost.energy_kwh is not None]
    unlike = None if measured.baseline is None else why_another_baseline(measured.baseline, edition)
    baselines = {
        stage: value for stage in stages if unlike is None and (value := _baseline(costs, stage, edition)) is not None
    }
    reasons = {stage: why for stage, why in entry.not_comparable.items() if stage not in stages}
    if not same_machine and edition.normalisation.kind != "none":
        missing = [stage for stage in stages if stage not in baselines]
        reasons |= {
            stage: unlike or _NO_BASELINE.format(COSTS["baseline_kwh"].format(stage=stage)) for stage in missing
        }
    stale = {name for stage in stages for name in _columns(stage, edition)}
    kept = {stage: one for stage, one in entry.compared.items() if stage not in stages}
    source = f"the table of measured systems{f' ({measured.baseline})' if measured.baseline else ''}"
    others = [stage for stage, value in entry.baseline_kwh.items() if value is not None and stage not in baselines]
    if others:
        source = f"{entry.baseline_source} ({' and '.join(others)}), {source} ({' and '.join(baselines)})"
    detailed = edition.component_stage in stages
    return replace(
        entry,
        declared_kwh={stage: entry.energy_kwh.get(stage) for stage in stages},
        energy_kwh={**entry.energy_kwh, **{stage: costs[stage].energy_kwh for stage in stages}},
        baseline_kwh={**entry.baseline_kwh, **baselines},
        baseline_evidence=MEASURED if baselines and not others else entry.baseline_evidence,
        baseline_source=source if baselines else entry.baseline_source,
        components_kwh={} if detailed else entry.components_kwh,
        baseline_components_kwh={} if detailed else entry.baseline_components_kwh,
        compared=kept,
        declared_times={stage: one for stage, one in entry.declared_times.items() if stage not in stages},
        within_session={stage: one for stage, one in entry.within_session.items() if stage not in baselines},
        intervals={name: one for name, one in entry.intervals.items() if name not in stale},
        gpu_model=gpu_model(measured.hardware) or entry.gpu_model,
        not_comparable=reasons,
        duration_s={**entry.duration_s, **{stage: cost.duration_s for stage, cost in costs.items()}},
        gpu_hours={stage: one for stage, one in entry.gpu_hours.items() if stage not in stages},
        batch_jobs={stage: one for stage, one in entry.batch_jobs.items() if stage not in stages},
        measured=costs,
    )


def _baseline(costs: Mapping[str, StageCost], stage: str, edition: Edition) -> float | None:
    """The measured baseline of a stage; of an edition with one figure for all stages, that of the first."""
    names = {one.baseline for one in edition.stages.values()}
    of = next(iter(edition.stages)) if len(names) == 1 else stage
    return costs[of].baseline_kwh if of in costs else None


def _columns(stage: str, edition: Edition) -> list[str]:
    """Columns whose intervals are those of the declared figures of a stage."""
    own = [energy_column(stage), baseline_column(stage), *(ratio_column(stage, basis) for basis in BASES)]
    return [*own, edition.stages[stage].baseline]


def about_measured(
    measured: Mapping[str, MeasuredSystem], path: Path, entries: Sequence[Entry], edition: Edition
) -> Iterator[Finding]:
    """Findings about what the table lacks, and what it has besides."""
    labels = {one.label for one in entries}
    for label, system in measured.items():
        where = Where(str(path), None, system.line, None, "label")
        if label not in labels:
            yield MEASURED_INCOMPLETE.finding(where, f"measured, and no such system is ranked: {label[:80]!r}")
        elif system.problem is not None:
            yield MEASURED_INCOMPLETE.finding(where, f"{label[:80]} was not measured whole: {system.problem[:200]}")
    for entry in entries:
        stages = [stage for stage in edition.stages if _lacks(measured.get(entry.label), stage)]
        if stages and not entry.is_baseline:
            message = (
                f"{entry.label[:80]}: the {' and '.join(stages)} energy was not measured, the declared one is used"
            )
            yield MEASURED_INCOMPLETE.finding(Where(str(path)), message)
    machines = sorted({one.hardware for one in measured.values() if one.hardware})
    if len(machines) > 1 and edition.normalisation.kind == "none":
        message = f"measured on {len(machines)} machines, and the edition divides by no baseline"
        yield MEASURED_INCOMPLETE.finding(Where(str(path)), message, found="; ".join(machines)[:200])


def _lacks(system: MeasuredSystem | None, stage: str) -> bool:
    cost = None if system is None else system.costs.get(stage)
    return cost is None or cost.energy_kwh is None
