"""A system: its runs averaged as the organisers do, with intervals, and compared with others on the same resamples."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from dcase_energy.scoring.data import Floats
from dcase_energy.scoring.evaluation import Evaluation, Figure
from dcase_energy.scoring.resampling import (
    Difference,
    Resampling,
    SampledInterval,
    paired_difference,
    percentile_interval,
    resample,
    runs_interval,
)


@dataclass(frozen=True)
class RunFigures:
    """All figures of one run.

    Attributes
    ----------
    names
        Which figures.
    values
        On all clips, shape (n_figures,); NaN where there is nothing to judge.
    samples
        On every resample, shape (n_resamples, n_figures).
    """

    names: tuple[Figure, ...]
    values: Floats
    samples: Floats

    def value(self, figure: Figure) -> float | None:
        """A figure on all clips; None if this run has none, or nothing to judge."""
        if figure not in self.names:
            return None
        found = float(self.values[self.names.index(figure)])
        return None if np.isnan(found) else found


@dataclass(frozen=True)
class Estimate:
    """A figure of a system.

    Attributes
    ----------
    value
        Mean over the runs, each on all clips; None where there is nothing to judge.
    resampled
        Interval over the resamples of all runs together; its ``mean`` is what the organisers print as bootstrapped.
    runs
        From the lowest to the highest run; None for a single run.
    """

    value: float | None
    resampled: SampledInterval | None
    runs: SampledInterval | None

    @property
    def interval(self) -> SampledInterval | None:
        """The interval to show: that of the resamples if there is one, else that of the runs."""
        return self.resampled or self.runs


@dataclass(frozen=True)
class SystemFigures:
    """All figures of a system: its runs by name, their estimates, and what they were resampled by."""

    name: str
    runs: Mapping[str, RunFigures]
    estimates: Mapping[Figure, Estimate]
    resampling: Resampling

    def samples(self, figure: Figure) -> Floats:
        """Mean over the runs on each resample, shape (n_resamples,)."""
        mean: Floats = np.mean([_samples(run, figure) for run in self.runs.values()], axis=0)
        return mean


def figures_of_run(evaluation: Evaluation, resampling: Resampling) -> RunFigures:
    """All figures of a run on all clips and on every resample."""
    names = tuple(evaluation.names())
    samples = np.empty((0, len(names)))
    if resampling.count:
        samples = resample(evaluation.figures, evaluation.truth.clips, resampling)
    return RunFigures(names, evaluation.figures(), samples)


def joined_figures(parts: Sequence[RunFigures]) -> RunFigures:
    """The figures of one run on several sets of clips, each with its own scores."""
    names = tuple(name for part in parts for name in part.names)
    values = np.concatenate([part.values for part in parts])
    return RunFigures(names, values, np.concatenate([part.samples for part in parts], axis=1))


def system_of_runs(name: str, runs: Mapping[str, RunFigures], resampling: Resampling) -> SystemFigures:
    """Average the runs of a system, as the organisers do; figures that not every run has are left out."""
    first, *others = runs.values()
    shared = [figure for figure in first.names if all(figure in run.names for run in others)]
    estimates = {figure: _estimate(list(runs.values()), figure, resampling) for figure in shared}
    return SystemFigures(name, runs, estimates, resampling)


def differences(
    systems: Sequence[SystemFigures], figures: Sequence[Figure], lower: Container[str] = ()
) -> Iterator[tuple[SystemFigures, SystemFigures, Figure, Difference]]:
    """Every pair of systems, in their order, on every figure both have; of scores in ``lower``, less is better."""
    for first, second in combinations(systems, 2):
        for figure in figures:
            values = [system.estimates[figure].value for system in (first, second) if figure in system.estimates]
            if len(values) < 2 or values[0] is None or values[1] is None:
                continue
            found = paired_difference(
                values[0], values[1], first.samples(figure), second.samples(figure), first.resampling
            )
            if figure.metric in lower and found.probability_better is not None:
                found = replace(found, probability_better=1 - found.probability_better)
            yield first, second, figure, found


def _estimate(runs: Sequence[RunFigures], figure: Figure, resampling: Resampling) -> Estimate:
    values = [float(run.values[run.names.index(figure)]) for run in runs]
    if any(np.isnan(values)):
        return Estimate(None, None, None)
    pooled = np.concatenate([_samples(run, figure) for run in runs])
    resampled = percentile_interval(pooled, resampling) if len(pooled) else None
    return Estimate(float(np.mean(values)), resampled, runs_interval(values))


def _samples(run: RunFigures, figure: Figure) -> Floats:
    column: Floats = run.samples[:, run.names.index(figure)]
    return column
