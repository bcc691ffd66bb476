"""Scoring the outputs of one system: the mean over its runs, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from dcase_energy.findings import Finding
from dcase_energy.ranking.interval import Interval
from dcase_energy.scoring.data import Floats, GroundTruth, Scores
from dcase_energy.scoring.deltas import class_deltas
from dcase_energy.scoring.intervals import class_intervals
from dcase_energy.scoring.psds import PSDS1, PSDS2, psds_from_deltas
from dcase_energy.scoring.resampling import Resampling, percentile_interval, resample, runs_interval
from dcase_energy.scoring.score_files import read_scores
from dcase_energy.scoring.summary import Summary, mean_of, summarise
from dcase_energy.submission.package import SystemFiles

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
        Both PSDS of every resample. The resamples are the same for all systems scored alike.
    findings
        What was wrong with the files.
    """

    summary: Summary | None = None
    runs: int = 0
    intervals: dict[str, Interval] = field(default_factory=dict)
    replicates: Sequence[tuple[float, float]] = ()
    findings: Sequence[Finding] = ()


NOT_SCORED = Scored()


def score_files(files: SystemFiles, *, truth: GroundTruth, resamples: int = 0) -> Scored:
    """Score all runs of a system; none of them if any cannot be used."""
    runs: list[Scores] = []
    findings: list[Finding] = []
    for names in files.runs.values():
        scores, problems = read_scores(files.tree, names, truth)
        findings += problems
        if scores is not None:
            runs.append(scores)
    if not runs or len(runs) != len(files.runs):
        return Scored(findings=findings)
    summaries = [summarise(scores, truth) for scores in runs]
    intervals = _over_runs(summaries)
    replicates: list[tuple[float, float]] = []
    if resamples:
        resampling = Resampling(n=resamples)
        drawn = np.mean([_resampled(scores, truth, resampling) for scores in runs], axis=0)
        intervals |= _percentiles(drawn, mean_of(summaries), resampling)
        replicates = [(float(first), float(second)) for first, second in drawn]
    return Scored(mean_of(summaries), len(runs), intervals, replicates, findings)


def _over_runs(summaries: Sequence[Summary]) -> dict[str, Interval]:
    """From the smallest to the largest run, as the organisers print it."""
    found = {}
    for name in (one.name for one in fields(Summary) if one.name in _COLUMNS):
        interval = runs_interval([getattr(summary, name) for summary in summaries])
        if interval is not None:
            found[name] = Interval(interval.low, interval.high, "runs", None, interval.n)
    return found


def _resampled(scores: Scores, truth: GroundTruth, resampling: Resampling) -> Floats:
    """Both PSDS on every resample of the clips, shape (n, 2)."""
    deltas = [
        [class_deltas(class_intervals(scores, label), label, truth, scenario) for label in range(len(truth.classes))]
        for scenario in (PSDS1, PSDS2)
    ]

    def both(weight: Floats) -> Floats:
        first, second = (
            psds_from_deltas(found, truth, scenario, weight).value
            for found, scenario in zip(deltas, (PSDS1, PSDS2), strict=True)
        )
        return np.array([first, second])

    return resample(both, truth.clips, resampling)


def _percentiles(drawn: Floats, mean: Summary, resampling: Resampling) -> dict[str, Interval]:
    found = {}
    for column, name in enumerate(("psds1", "psds2")):
        interval = percentile_interval(drawn[:, column], resampling)
        value = getattr(mean, name)
        # A percentile interval need not hold the figure on all clips (few clips, a score near 0 or 1); then it tells
        # nothing about that figure.
        if interval is not None and interval.low <= value <= interval.high:
            found[name] = Interval(interval.low, interval.high, interval.kind, interval.level)
    return found
