"""Scoring the outputs of one system: the mean over its runs, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dcase_energy.editions.parts import Score
from dcase_energy.errors import EditionError
from dcase_energy.findings import Finding
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.evaluation import METRICS, SCENARIOS, Figure, evaluate_scores
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.system import RunFigures, SystemFigures, figures_of_run, system_of_runs
from dcase_energy.stats import Interval
from dcase_energy.submission.package import SystemFiles

_KINDS = {"runs": "runs", "bootstrap": "bootstrap", "subsample80": "subsample"}


@dataclass(frozen=True)
class Scored:
    """Scores of a system; None where its outputs are not there or cannot be used.

    Attributes
    ----------
    scores
        By name, the mean over the runs; None where there was nothing to judge.
    runs
        Number of runs it is the mean of.
    intervals
        By name: of the bootstrap over clips if there was one, else the range over the runs.
    replicates
        By name, the score of every resample. The resamples are the same for all systems of a run.
    findings
        What was wrong with the files.
    digests
        Of the files of each run, by number.
    """

    scores: dict[str, float | None] = field(default_factory=dict)
    runs: int = 0
    intervals: dict[str, Interval] = field(default_factory=dict)
    replicates: dict[str, Sequence[float]] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    digests: dict[int, bytes] = field(default_factory=dict)


NOT_SCORED = Scored()


def metric_of(name: str, score: Score) -> str:
    """The name of the metric of `dcase_energy.scoring` that computes a score.

    Raises
    ------
    EditionError
        If there is none of this name with these options.
    """
    if score.metric in METRICS:
        return score.metric
    options = score.options.items()
    for scenario, known in SCENARIOS.items() if score.metric == "psds" else ():
        if all(getattr(known, option, None) == value for option, value in options):
            return scenario
    raise EditionError(
        f"score {name}: no metric {score.metric!r} with these options; known: psds, {', '.join(METRICS)}"
    )


def score_files(
    files: SystemFiles, *, truth: GroundTruth, conventions: Conventions, metrics: Mapping[str, str]
) -> Scored:
    """Score all runs of a system by metrics of `dcase_energy.scoring`; none of them if any cannot be used."""
    runs: dict[str, RunFigures] = {}
    findings: list[Finding] = []
    digests: dict[int, bytes] = {}
    for number, names in files.runs.items():
        read = read_scores(files.tree, names, truth)
        findings += read.findings
        digests[number] = read.digest
        if read.scores is not None:
            runs[str(number)] = figures_of_run(evaluate_scores(read.scores, truth, conventions), conventions.resampling)
    if not runs or len(runs) != len(files.runs):
        return Scored(findings=findings, digests=digests)
    system = system_of_runs(files.stem, runs, conventions.resampling)
    known = {name: Figure(metric) for name, metric in metrics.items() if Figure(metric) in system.estimates}
    values = {name: system.estimates[figure].value for name, figure in known.items()}
    return Scored(values, len(runs), _intervals(system, known), _replicates(system, known), findings, digests)


def _intervals(system: SystemFigures, figures: Mapping[str, Figure]) -> dict[str, Interval]:
    """Those that hold their figure: a percentile interval of few clips need not, and then says nothing about it."""
    found = {}
    for name, figure in figures.items():
        value, interval = system.estimates[figure].value, system.estimates[figure].interval
        if value is not None and interval is not None and interval.low <= value <= interval.high:
            count = interval.n if interval.kind == "runs" else None
            found[name] = Interval(interval.low, interval.high, _KINDS[interval.kind], interval.level, count)
    return found


def _replicates(system: SystemFigures, figures: Mapping[str, Figure]) -> dict[str, Sequence[float]]:
    """The scores of every resample; those that leaves a resample nothing to judge are left out.

    Pairing needs the same resamples of every system: one that is missing would shift the others.
    """
    drawn = {name: system.samples(figure).tolist() for name, figure in figures.items() if system.resampling.count}
    return {name: values for name, values in drawn.items() if not any(map(math.isnan, values))}
