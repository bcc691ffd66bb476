"""Scoring the outputs of one system: the mean over its runs, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from dcase_energy.findings import Finding
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth
from dcase_energy.scoring.evaluation import Figure, evaluate_scores
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.summary import Summary, mean_of, summary_of
from dcase_energy.scoring.system import RunFigures, SystemFigures, figures_of_run, system_of_runs
from dcase_energy.stats import Interval
from dcase_energy.submission.package import SystemFiles

_KINDS = {"runs": "runs", "bootstrap": "bootstrap", "subsample80": "subsample"}
_COLUMNS = ("psds1", "psds2", "collar_f1", "intersection_f1")


@dataclass(frozen=True)
class Scored:
    """Scores of a system; None where its outputs are not there or cannot be used.

    Attributes
    ----------
    summary
        Mean over the runs.
    runs
        Number of runs it is the mean of.
    intervals
        By column: of the bootstrap over clips if there was one, else the range over the runs.
    replicates
        Both PSDS of every resample. The resamples are the same for all systems of a run.
    findings
        What was wrong with the files.
    digests
        Of the files of each run, by number.
    """

    summary: Summary | None = None
    runs: int = 0
    intervals: dict[str, Interval] = field(default_factory=dict)
    replicates: Sequence[tuple[float, float]] = ()
    findings: Sequence[Finding] = ()
    digests: dict[int, bytes] = field(default_factory=dict)


NOT_SCORED = Scored()


def score_files(files: SystemFiles, *, truth: GroundTruth, conventions: Conventions) -> Scored:
    """Score all runs of a system; none of them if any cannot be used."""
    runs: dict[str, RunFigures] = {}
    summaries: list[Summary] = []
    findings: list[Finding] = []
    digests: dict[int, bytes] = {}
    for number, names in files.runs.items():
        read = read_scores(files.tree, names, truth)
        findings += read.findings
        digests[number] = read.digest
        if read.scores is not None:
            evaluation = evaluate_scores(read.scores, truth, conventions)
            summaries.append(summary_of(evaluation))
            runs[str(number)] = figures_of_run(evaluation, conventions.resampling)
    if not runs or len(runs) != len(files.runs):
        return Scored(findings=findings, digests=digests)
    system = system_of_runs(files.stem, runs, conventions.resampling)
    return Scored(mean_of(summaries), len(runs), _intervals(system), _replicates(system), findings, digests)


def _intervals(system: SystemFigures) -> dict[str, Interval]:
    """Those that hold their figure: a percentile interval of few clips need not, and then says nothing about it."""
    found = {}
    for name in _COLUMNS:
        estimate = system.estimates.get(Figure(name))
        interval = None if estimate is None else estimate.interval
        if estimate is None or estimate.value is None or interval is None:
            continue
        if interval.low <= estimate.value <= interval.high:
            count = interval.n if interval.kind == "runs" else None
            found[name] = Interval(interval.low, interval.high, _KINDS[interval.kind], interval.level, count)
    return found


def _replicates(system: SystemFigures) -> list[tuple[float, float]]:
    """Both PSDS of every resample that judges them."""
    both = [Figure(name) for name in ("psds1", "psds2")]
    if not system.resampling.count or not all(figure in system.estimates for figure in both):
        return []
    first, second = (system.samples(figure).tolist() for figure in both)
    pairs = list(zip(first, second, strict=True))
    # Pairing needs the same resamples of every system: one that leaves nothing to judge would shift the others.
    return pairs if all(not math.isnan(value) for pair in pairs for value in pair) else []
