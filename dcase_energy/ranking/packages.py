"""From validated packages to entries of a ranking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.records import Calibration
from dcase_energy.parallel import run_all
from dcase_energy.ranking.comparable import Provenance, why_not_comparable
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.gpu import gpu_model
from dcase_energy.ranking.interval import Interval
from dcase_energy.ranking.normalize import is_energy
from dcase_energy.ranking.rules import NO_ENERGY, NOT_COMPARABLE
from dcase_energy.ranking.scored import NOT_SCORED, Scored, score_files
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.summary import Summary
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.evidence import Baseline, declared, recorded, why_no_denominator
from dcase_energy.submission.model import team_of
from dcase_energy.submission.validate import Validation


@dataclass(frozen=True)
class Assessed:
    """A system ready to be ranked, with its scores (None if they were not computed) and all that was found."""

    entry: Entry
    system: System
    scores: Summary | None
    runs_scored: int
    findings: list[Finding]


@dataclass(frozen=True)
class Spread:
    """How systems are scored: resamples of a bootstrap (0 for none), and where the work runs."""

    bootstrap: int = 0
    jobs: int = 1
    scheduler: str | None = None


def assess(
    validation: Validation,
    truth: GroundTruth | None = None,
    *,
    preferred: Calibration | None = None,
    fallback: Calibration | None = None,
    spread: Spread = Spread(),
) -> list[Assessed]:
    """Score the outputs of every system (if there is ground truth) and find its baseline.

    The baseline is ``preferred`` if given, else the package's own record, else the declared figures, else ``fallback``.
    Without outputs or ground truth the development scores stated in the metadata stand in.

    Raises
    ------
    ParallelError
        If work could not be spread as ``spread`` says.
    """
    systems = validation.systems
    if truth is None:
        scored: Iterable[Scored] = [NOT_SCORED] * len(systems)
    else:
        work = partial(score_files, truth=truth, resamples=spread.bootstrap)
        scored = run_all(work, [system.files for system in systems], jobs=spread.jobs, scheduler=spread.scheduler)
    return [_assess(system, validation, one, preferred, fallback) for system, one in zip(systems, scored, strict=True)]


def _assess(
    system: System,
    validation: Validation,
    scored: Scored,
    preferred: Calibration | None,
    fallback: Calibration | None,
) -> Assessed:
    scores = scored.summary
    baseline, record = _baseline(system, preferred, fallback)
    not_comparable, unlike = _compare(system, baseline, record)
    submission = system.submission
    findings = [*validation.of_system(system), *scored.findings, *unlike, *_no_energies(system)]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    entry = Entry(
        label=system.name,
        team=team_of(system.name),
        psds1=submission.psds1_dev if scores is None else scores.psds1,
        psds2=submission.psds2_dev if scores is None else scores.psds2,
        collar_f1=submission.collar_f1_dev if scores is None else scores.collar_f1,
        intersection_f1=None if scores is None else scores.intersection_f1,
        scores_are=_scores_are(system, scores),
        energy_kwh={"training": submission.energy_training_kwh, "test": submission.energy_test_kwh},
        baseline_kwh=baseline.energy_kwh,
        baseline_gpu_kwh=baseline.gpu_training_kwh,
        baseline_evidence=baseline.evidence,
        baseline_components_kwh=_components(record),
        intervals=scored.intervals | _intervals(record),
        replicates=scored.replicates,
        gpu_model=gpu_model(submission.hardware) or gpu_model(_gpu_name(record)) or gpu_model(submission.training_time),
        not_comparable=not_comparable,
        total_parameters=submission.total_parameters,
        macs=submission.macs,
        ensemble_subsystems=submission.ensemble_subsystems,
        excluded=_reason(errors),
        findings=tuple(sorted({finding.code for finding in findings})),
    )
    return Assessed(entry, system, scores, scored.runs, findings)


def _scores_are(system: System, scores: Summary | None) -> str | None:
    if scores is not None:
        return "scored"
    return "stated" if system.submission.psds1_dev is not None else None


def _baseline(
    system: System, preferred: Calibration | None, fallback: Calibration | None
) -> tuple[Baseline, Calibration | None]:
    """The baseline, and the record it comes from."""
    edition = system.edition
    for record in (preferred, system.calibration):
        if record is not None and why_no_denominator(record, edition) is None:
            own = record is system.records.calibration
            return recorded(record, system.records.evidence if own else None), record
    stated = declared(system.submission, edition)
    if stated.evidence is None and fallback is not None and why_no_denominator(fallback, edition) is None:
        return recorded(fallback), fallback
    return stated, None


def _compare(
    system: System, baseline: Baseline, record: Calibration | None
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """What the metadata say of the hardware against what the record says of the baseline's."""
    own = Provenance(hardware=system.submission.hardware)
    other = Provenance() if record is None else Provenance(gpu=_gpu_name(record))
    reason = why_not_comparable(own, other)
    if reason is None:
        return {}, ()
    where = system.metadata.canonical.where("hardware")
    return dict.fromkeys(baseline.energy_kwh, reason), (
        NOT_COMPARABLE.finding(where, f"not divided by the baseline: {reason[:200]}"),
    )


def _no_energies(system: System) -> Iterator[Finding]:
    """Figures that are greater than 0 and yet no energy of anything: nothing is computed from them."""
    names = ("energy_training_kwh", "energy_test_kwh", "energy_baseline_kwh")
    for name in (*names, "energy_baseline_training_kwh", "energy_baseline_test_kwh"):
        value = getattr(system.submission, name)
        if value is not None and not is_energy(value):
            where = system.metadata.canonical.where(name)
            yield NO_ENERGY.finding(where, f"{name} is no energy of a system", found=f"{value:g} kWh")


def _gpu_name(record: Calibration | None) -> str | None:
    name = None if record is None else record.hardware.get("gpu_name")
    return str(name) if name else None


def _components(record: Calibration | None) -> dict[str, float | None]:
    stage = None if record is None else record.stages.get("training")
    return {} if stage is None else {name: part.full_recipe_energy_kwh for name, part in stage.components.items()}


def _intervals(record: Calibration | None) -> dict[str, Interval]:
    """The intervals of a record, by column; the record says them at 95 %."""
    found = {}
    for name, stage in ({} if record is None else record.stages).items():
        low, high = stage.full_recipe_energy_kwh_low, stage.full_recipe_energy_kwh_high
        if low is not None and high is not None and stage.interval is not None:
            level = re.match(r"([0-9.]+) %", stage.interval)
            fraction = float(level[1]) / 100 if level else None
            found[f"energy_baseline_{name}_kwh"] = Interval(low, high, "calibration", fraction)
    return found


def _reason(errors: Sequence[Finding]) -> str | None:
    """Why a system gets no rank: its first error, and how many more there are."""
    if not errors:
        return None
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0].code} {errors[0].message}{more}"
