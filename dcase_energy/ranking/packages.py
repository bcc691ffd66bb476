"""From validated packages to entries of a ranking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Any

from dcase_energy.documents.device_names import gpu_model
from dcase_energy.editions.fields import COUNT_KINDS, FieldKind
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import stated_field
from dcase_energy.findings import Finding, Severity, has_errors
from dcase_energy.measure.compared import Compared
from dcase_energy.measure.records import Calibration, Energy
from dcase_energy.measure.records import Stage as RecordStage
from dcase_energy.parallel import run_all
from dcase_energy.ranking.bases import TOTAL, baseline_column, energy_column, ratio_column
from dcase_energy.ranking.entry import Entry, why_excluded
from dcase_energy.ranking.epochs import epoch_log
from dcase_energy.ranking.interval import INTERVAL_KINDS
from dcase_energy.ranking.normalize import is_energy
from dcase_energy.ranking.rules import no_energy
from dcase_energy.ranking.scored import intervals_of, replicates_of, score_files, values_of
from dcase_energy.scoring.clip_tables import Truth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.metrics import check_scores
from dcase_energy.scoring.outputs import Scored
from dcase_energy.scoring.system import SystemFigures
from dcase_energy.scoring.windows import of_sets
from dcase_energy.stats import Interval
from dcase_energy.submission.checks.comparable import gpu_of, own_records
from dcase_energy.submission.checks.durations import compared_stages, declared_times
from dcase_energy.submission.checks.outputs import outputs_alike, without_outputs
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.model import team_of
from dcase_energy.submission.validate import Validation

# Counts that have separate columns.
_COUNTS = ("total_parameters", "macs", "ensemble_subsystems", "parameter_bits")


@dataclass(frozen=True)
class Assessed:
    """A system ready to be ranked, with the number of runs that were scored and all that was found."""

    entry: Entry
    system: System
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
    truths: Mapping[str, Truth] | None = None,
    *,
    spread: Spread = Spread(),
) -> list[Assessed]:
    """Score the outputs of every system (if there is ground truth); its baseline was chosen when it was read.

    Without outputs or ground truth the development scores stated in the metadata stand in.

    Raises
    ------
    EditionError
        If the edition names a metric that does not exist, or options that it does not have.
    ParallelError
        If work could not be spread as ``spread`` says.
    """
    systems = validation.systems
    if truths is None:
        scored: Iterable[Scored | None] = [None] * len(systems)
    else:
        chosen: dict[str, Any] = {"scores": validation.edition.scores}
        chosen |= {"resamples": spread.bootstrap, "interval": "bootstrap"} if spread.bootstrap else {}
        of_clips = validation.edition.outputs.kind == "clip_table"
        made = Conventions.of_edition(validation.edition.scoring, clips=of_clips, **chosen)
        conventions = of_sets(made, validation.edition, truths)
        check_scores(conventions.scores)
        work = partial(score_files, truth=truths, conventions=conventions)
        scored = run_all(work, [system.files for system in systems], jobs=spread.jobs, scheduler=spread.scheduler)
    done = list(scored)
    together = list(_of_outputs(validation, [one for one in done if one is not None])) if truths is not None else []
    return [_assess(system, validation, one, together) for system, one in zip(systems, done, strict=True)]


def unread(validation: Validation) -> list[Entry]:
    """A row without a rank for each submission that could not be read: none is missing from a sheet."""
    found = []
    for name, findings in validation.unread.items():
        codes = tuple(sorted({finding.code for finding in findings}))
        if (reason := why_excluded(findings)) is not None:
            stem = PurePath(name).stem
            team = team_of(stem) if stem.rpartition("_")[2].isdigit() else stem
            found.append(Entry(name, team, excluded=reason, findings=codes, unread=True))
    return found


def _of_outputs(validation: Validation, scored: Sequence[Scored]) -> Iterator[Finding]:
    """What `validate` says of outputs when it reads them: none, or those of another run or system."""
    digests = [{int(run): digest for run, digest in one.digests.items()} for one in scored]
    yield from outputs_alike(validation.systems, digests)
    if validation.edition.outputs.kind == "score_folders":
        yield from (without_outputs(system) for system in validation.systems if not system.files.runs)


def _assess(system: System, validation: Validation, scored: Scored | None, together: Sequence[Finding]) -> Assessed:
    submission, baseline, edition = system.submission, system.baseline, validation.edition
    figures = None if scored is None else scored.figures
    wrong = () if scored is None else scored.findings
    epochs, unused = epoch_log(system.files)
    findings = [*validation.of_system(system), *wrong, *_no_energies(system), *unused]
    findings += [finding for finding in together if system.files.holds(finding.where)]
    findings = validation.waivers.apply(findings, system.name)
    computed = [name for name, score in edition.scores.items() if score.metric is not None]
    scores = {name: None if has_errors(wrong) else _stated(system, name) for name in edition.scores}
    if figures is not None:
        scores |= {**dict.fromkeys(computed), **values_of(figures, computed)}
    entry = Entry(
        label=system.name,
        team=team_of(system.name),
        scores=scores,
        scores_are=_scores_are(figures, [scores.get(name) for name in edition.ranking.names]),
        energy_kwh={stage: system.figures.get(one.energy) for stage, one in edition.stages.items()},
        baseline_kwh=baseline.energy_kwh,
        baseline_evidence=baseline.evidence,
        baseline_source=baseline.source,
        replicates={} if figures is None else replicates_of(figures, computed),
        not_comparable=_withheld(system, findings),
        epochs=epochs,
        total_parameters=submission.total_parameters,
        macs=submission.macs,
        macs_counter=submission.macs_counter,
        ensemble_subsystems=submission.ensemble_subsystems,
        excluded=why_excluded(findings),
        findings=tuple(sorted({finding.code for finding in findings})),
        waived=validation.waivers.of(system.name),
        name=submission.name,
        extra=_sizes(system),
    )
    entry = _with_records(entry, system, {} if figures is None else intervals_of(figures, computed))
    return Assessed(entry, system, 0 if figures is None else len(figures.runs), findings)


def _sizes(system: System) -> dict[str, str]:
    """Further figures of the metadata that a score may be set against, such as the size of the model in bytes."""
    edition = system.edition
    kinds = COUNT_KINDS | {FieldKind.QUANTITY}
    names = [name for name, spec in edition.fields.items() if spec.kind in kinds and spec.group is None]
    others = [name for name in names if name not in (*_COUNTS, *edition.scores)]
    return {name: f"{value:.15g}" for name in others if (value := system.figures.get(name)) is not None}


def _with_records(entry: Entry, system: System, intervals: Mapping[str, Interval]) -> Entry:
    """The system with what records of it and of its baseline hold; ``intervals`` are those of its scores."""
    baseline, detailed = system.baseline, system.edition.component_stage or ""
    calibration = baseline.calibration
    own = {stage: one.record for stage, one in own_records(system).items()}
    measured = {stage: found for stage, record in own.items() if (found := record.figures.get(stage)) is not None}
    compared = compared_stages(system)
    within = {stage: one.within_session_interval for stage, one in baseline.stages.items()}
    return replace(
        entry,
        components_kwh=_components(measured.get(detailed)),
        duration_s={stage: one.full_recipe_duration_s for stage, one in measured.items()},
        gpu_hours={stage: own[stage].gpu_hours(stage) for stage in measured},
        batch_jobs={
            stage: f"{job.system} {job.id}" for stage, one in own.items() if (job := one.batch_job) is not None
        },
        baseline_components_kwh=_components(baseline.stages.get(detailed)),
        compared=compared,
        declared_times=declared_times(system),
        within_session={stage: one for stage, one in within.items() if one is not None},
        intervals={**intervals, **_intervals(system.edition, measured, baseline.stages), **_ratio_intervals(compared)},
        gpu_model=_gpu_of(system, (own.get(detailed), None if calibration is None else calibration.record)),
    )


def _stated(system: System, name: str) -> float | None:
    """The stated score; it does not replace outputs that were submitted and cannot be scored."""
    return system.figures.get(stated_field(name), system.figures.get(name))


def _scores_are(figures: SystemFigures | None, ranked_by: Sequence[float | None]) -> str | None:
    if figures is not None:
        return "scored"
    return None if all(value is None for value in ranked_by) else "stated"


def _withheld(system: System, findings: Iterable[Finding]) -> dict[str, str]:
    """Why stages are not divided: the findings that withhold a figure of the ratio, and any error at its place."""
    baseline, metadata, stages = system.baseline, system.metadata, system.edition.stages
    reasons: dict[str, str] = {}
    for finding in findings:
        for name, stage in stages.items():
            fields = {stage.energy, stage.baseline} if baseline.evidence == "declared" else {stage.energy}
            places = {metadata.where(field) for field in fields if metadata.given(field)}
            wrong = finding.severity is Severity.ERROR and finding.where in places
            if wrong or fields & set(finding.withholds):
                reasons.setdefault(name, f"{finding.code}: {finding.message}")
    for name in stages if baseline.calibration is not None else ():
        if name not in baseline.energy_kwh:
            reasons.setdefault(name, f"no figure of the {name} in {baseline.source}")
    return reasons


def _gpu_of(system: System, records: Sequence[Calibration | Energy | None]) -> str | None:
    """The GPU model, from records before what the metadata say."""
    names = (
        *(gpu_of(record) for record in records if record is not None),
        system.submission.hardware,
        system.submission.training_time,
    )
    return next((model for name in names if (model := gpu_model(name))), None)


def _no_energies(system: System) -> Iterator[Finding]:
    """Figures that are greater than 0 and cannot be an energy: nothing is computed from them."""
    for name in system.edition.energy_fields:
        value = system.figures.get(name)
        if value is not None and not is_energy(value):
            yield no_energy(system.where(name), name, value)


def _components(stage: RecordStage | None) -> dict[str, float | None]:
    return {} if stage is None else {name: part.full_recipe_energy_kwh for name, part in stage.components.items()}


def _intervals(
    edition: Edition, own: Mapping[str, RecordStage], baseline: Mapping[str, RecordStage]
) -> dict[str, Interval]:
    """The intervals of the records, by column: the system's repeated windows, the baseline's calibration or probes."""
    found = {}
    for name in edition.stages:
        stages = (
            (energy_column(name), own.get(name), "windows"),
            (baseline_column(name), baseline.get(name), "calibration"),
        )
        for column, stage, kind in stages:
            stored = None if stage is None else stage.full_recipe_energy_interval
            if stored is not None:
                kind = stored.kind if stored.kind in INTERVAL_KINDS else kind
                found[column] = Interval(stored.low, stored.high, kind, stored.level)
    return found


def _ratio_intervals(compared: Mapping[str, Compared]) -> dict[str, Interval]:
    """The intervals of ratios by bases that have no columns of their energies."""
    return {
        ratio_column(stage, basis): pair.interval
        for stage, one in compared.items()
        for basis, pair in one.energies.items()
        if basis != TOTAL and pair.interval is not None
    }
