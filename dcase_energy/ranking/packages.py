"""From validated packages to entries of a ranking."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from dcase_energy.documents.device_names import gpu_model
from dcase_energy.findings import Finding, Severity, has_errors
from dcase_energy.measure.records import Calibration
from dcase_energy.parallel import run_all
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.epochs import last_share
from dcase_energy.ranking.measured import Measured, interval_of_stage, measured_stages
from dcase_energy.ranking.normalize import is_energy
from dcase_energy.ranking.rules import NO_ENERGY
from dcase_energy.ranking.scored import NOT_SCORED, Scored, score_files
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.summary import Summary
from dcase_energy.stats import Interval
from dcase_energy.submission.checks.comparable import gpu_of
from dcase_energy.submission.checks.outputs import outputs_alike, without_outputs
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.model import team_of
from dcase_energy.submission.validate import Validation
from dcase_energy.text import more


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
    spread: Spread = Spread(),
) -> list[Assessed]:
    """Score the outputs of every system (if there is ground truth); its baseline was chosen when it was read.

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
        resampled = {"resamples": spread.bootstrap, "interval": "bootstrap"} if spread.bootstrap else {}
        conventions = Conventions.of_edition(validation.edition.scoring, **resampled)
        work = partial(score_files, truth=truth, conventions=conventions)
        scored = run_all(work, [system.files for system in systems], jobs=spread.jobs, scheduler=spread.scheduler)
    done = list(scored)
    together = [] if truth is None else list(_of_outputs(validation, done))
    return [_assess(system, validation, one, together) for system, one in zip(systems, done, strict=True)]


def unread(validation: Validation) -> list[Entry]:
    """A row without a rank for each submission that could not be read: none is missing from a sheet."""
    found = []
    for name, findings in validation.unread.items():
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        codes = tuple(sorted({finding.code for finding in findings}))
        if errors:
            stem = PurePath(name).stem
            team = team_of(stem) if stem[-1:].isdigit() else stem
            found.append(Entry(name, team, excluded=_reason(errors), findings=codes))
    return found


def _of_outputs(validation: Validation, scored: Sequence[Scored]) -> Iterator[Finding]:
    """What `validate` says of outputs when it reads them: none, or those of another run or system."""
    yield from outputs_alike(validation.systems, [one.digests for one in scored])
    if validation.edition.outputs.kind != "none":
        yield from (without_outputs(system) for system in validation.systems if not system.files.runs)


def _assess(system: System, validation: Validation, scored: Scored, together: Sequence[Finding]) -> Assessed:
    submission, scores, baseline = system.submission, scored.summary, system.baseline
    record = None if baseline.calibration is None else baseline.calibration.record
    own = measured_stages(system)
    training = own.get("training")
    findings = [*validation.of_system(system), *scored.findings, *_no_energies(system)]
    findings += [finding for finding in together if system.files.holds(finding.where)]
    entry = Entry(
        label=system.name,
        team=team_of(system.name),
        psds1=_score(scored, "psds1", submission.figures.get("psds1_dev")),
        psds2=_score(scored, "psds2", submission.figures.get("psds2_dev")),
        collar_f1=_score(scored, "collar_f1", submission.figures.get("collar_f1_dev")),
        intersection_f1=_score(scored, "intersection_f1", None),
        scores_are=_scores_are(system, scored),
        energy_kwh={
            "training": submission.figures.get("energy_training_kwh"),
            "test": submission.figures.get("energy_test_kwh"),
        },
        baseline_kwh=baseline.energy_kwh,
        baseline_gpu_kwh=_components(record).get("gpu"),
        baseline_evidence=baseline.evidence,
        baseline_source=baseline.source,
        energy_gpu_kwh=None if training is None else training.components_kwh.get("gpu"),
        components_kwh={} if training is None else training.components_kwh,
        baseline_components_kwh=_components(record),
        intervals=scored.intervals | _intervals(record, own),
        replicates=scored.replicates,
        gpu_model=_gpu_of(system, record, training),
        not_comparable=_withheld(system, findings),
        last_share=last_share(system.files),
        total_parameters=submission.total_parameters,
        macs=submission.macs,
        ensemble_subsystems=submission.ensemble_subsystems,
        excluded=_reason([finding for finding in findings if finding.severity is Severity.ERROR]),
        findings=tuple(sorted({finding.code for finding in findings})),
    )
    return Assessed(entry, system, scores, scored.runs, findings)


def _score(scored: Scored, name: str, stated: float | None) -> float | None:
    """A score that was computed, or the stated one; None where there is none, or was nothing to judge.

    A stated score does not stand in for outputs that were submitted and cannot be scored.
    """
    if scored.summary is None:
        return None if has_errors(scored.findings) else stated
    value: float = getattr(scored.summary, name)
    return None if math.isnan(value) else value


def _scores_are(system: System, scored: Scored) -> str | None:
    if scored.summary is not None:
        return "scored"
    return None if _score(scored, "psds1", system.figures.get("psds1_dev")) is None else "stated"


def _withheld(system: System, findings: Iterable[Finding]) -> dict[str, str]:
    """Why stages are not divided: the findings that withhold a figure of the ratio, and any error at its place."""
    baseline, metadata = system.baseline, system.metadata
    reasons: dict[str, str] = {}
    for finding in findings:
        for stage in system.edition.stages:
            fields = {f"energy_{stage}_kwh"}
            if baseline.evidence == "declared":
                fields |= {"energy_baseline_kwh", f"energy_baseline_{stage}_kwh"}
            places = {metadata.where(name) for name in fields if metadata.given(name)}
            wrong = finding.severity is Severity.ERROR and finding.where in places
            if wrong or fields & set(finding.withholds):
                reasons.setdefault(stage, f"{finding.code}: {finding.message}")
    for stage in system.edition.stages if baseline.calibration is not None else ():
        if stage not in baseline.energy_kwh:
            reasons.setdefault(stage, f"no figure of the {stage} in {baseline.source}")
    return reasons


def _gpu_of(system: System, record: Calibration | None, training: Measured | None) -> str | None:
    """The GPU model, from records before what the metadata say."""
    names = (
        None if training is None else gpu_of(training.record),
        None if record is None else gpu_of(record),
        system.submission.hardware,
        system.submission.training_time,
    )
    return next((model for name in names if (model := gpu_model(name))), None)


def _no_energies(system: System) -> Iterator[Finding]:
    """Figures that are greater than 0 and yet no energy of anything: nothing is computed from them."""
    names = ("energy_training_kwh", "energy_test_kwh", "energy_baseline_kwh")
    for name in (*names, "energy_baseline_training_kwh", "energy_baseline_test_kwh"):
        value = system.figures.get(name)
        if value is not None and not is_energy(value):
            where = system.where(name)
            yield NO_ENERGY.finding(where, f"{name} cannot be the energy of a system", found=f"{value:g} kWh")


def _components(record: Calibration | None) -> dict[str, float | None]:
    stage = None if record is None else record.stages.get("training")
    return {} if stage is None else {name: part.full_recipe_energy_kwh for name, part in stage.components.items()}


def _intervals(record: Calibration | None, own: Mapping[str, Measured]) -> dict[str, Interval]:
    """The intervals of the records, by column."""
    found = {f"energy_{stage}_kwh": measured.interval for stage, measured in own.items()}
    for name, stage in ({} if record is None else record.stages).items():
        found[f"energy_baseline_{name}_kwh"] = interval_of_stage(stage)
    return {name: interval for name, interval in found.items() if interval is not None}


def _reason(errors: Sequence[Finding]) -> str | None:
    """Why a system gets no rank: its first error, and how many more there are."""
    if not errors:
        return None
    return f"{errors[0].code} {errors[0].message}{more(len(errors) - 1)}"
