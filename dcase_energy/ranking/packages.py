"""From validated packages to entries of a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.records import Calibration
from dcase_energy.ranking.entry import Entry
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.summary import Summary, mean_of, summarise
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


def assess(
    validation: Validation,
    truth: GroundTruth | None = None,
    *,
    preferred: Calibration | None = None,
    fallback: Calibration | None = None,
) -> list[Assessed]:
    """Score the outputs of every system (if there is ground truth) and find its baseline.

    The baseline is ``preferred`` if given, else the package's own record, else the declared figures, else ``fallback``.
    Without outputs or ground truth the development scores stated in the metadata stand in.
    """
    return [_assess(system, validation, truth, preferred, fallback) for system in validation.systems]


def _assess(
    system: System,
    validation: Validation,
    truth: GroundTruth | None,
    preferred: Calibration | None,
    fallback: Calibration | None,
) -> Assessed:
    findings = validation.of_system(system)
    scores, runs, problems = (None, 0, []) if truth is None else _score(system, truth)
    findings += problems
    baseline = _baseline(system, preferred, fallback)
    submission = system.submission
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
        total_parameters=submission.total_parameters,
        macs=submission.macs,
        excluded=_reason(errors),
        findings=tuple(sorted({finding.code for finding in findings})),
    )
    return Assessed(entry, system, scores, runs, findings)


def _score(system: System, truth: GroundTruth) -> tuple[Summary | None, int, list[Finding]]:
    """Mean over the runs that are there; none if any of them cannot be used."""
    summaries: list[Summary] = []
    findings: list[Finding] = []
    for names in system.files.runs.values():
        scores, problems = read_scores(system.files.tree, names, truth)
        findings += problems
        if scores is not None:
            summaries.append(summarise(scores, truth))
    if not summaries or len(summaries) != len(system.files.runs):
        return None, 0, findings
    return mean_of(summaries), len(summaries), findings


def _scores_are(system: System, scores: Summary | None) -> str | None:
    if scores is not None:
        return "scored"
    return "stated" if system.submission.psds1_dev is not None else None


def _baseline(system: System, preferred: Calibration | None, fallback: Calibration | None) -> Baseline:
    edition = system.edition
    for record in (preferred, system.calibration):
        if record is not None and why_no_denominator(record, edition) is None:
            own = record is system.records.calibration
            return recorded(record, system.records.evidence if own else None)
    stated = declared(system.submission, edition)
    if stated.evidence is None and fallback is not None and why_no_denominator(fallback, edition) is None:
        return recorded(fallback)
    return stated


def _reason(errors: Sequence[Finding]) -> str | None:
    """Why a system gets no rank: its first error, and how many more there are."""
    if not errors:
        return None
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0].code} {errors[0].message}{more}"
