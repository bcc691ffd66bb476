"""Scores of entries: the mean over the runs of a system, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from dcase_energy.scoring.clip_tables import ClipTruth, Truth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.evaluation import Figure
from dcase_energy.scoring.outputs import Output, Scored, SystemOutputs, output_of, score_system
from dcase_energy.scoring.system import SystemFigures
from dcase_energy.stats import Interval
from dcase_energy.submission.package import SystemFiles, clip_tables_of

_KINDS = {"runs": "runs", "bootstrap": "bootstrap", "subsample80": "subsample"}


def score_files(files: SystemFiles, *, truth: Truth | Mapping[str, Truth], conventions: Conventions) -> Scored:
    """Score all runs of a system, whose names are the numbers of its output folders, or its tables of clips."""
    first = next(iter(truth.values())) if isinstance(truth, Mapping) else truth
    if isinstance(first, ClipTruth):
        names = clip_tables_of(files, first.layout)
        # Several tables of one set of clips, as in 2024 task 1, are several results: none of them is the system's.
        one_result = len(names) == 1 or (names and first.layout.file is not None)
        runs = {"1": Output(files.tree, tuple(names), "clips")} if one_result else {}
        return score_system(SystemOutputs(files.stem, files.meta, runs), truth, conventions)
    runs = {str(number): output_of(files.tree, names) for number, names in files.runs.items()}
    return score_system(SystemOutputs(files.stem, files.meta, runs), truth, conventions)


def values_of(figures: SystemFigures, names: Iterable[str]) -> dict[str, float | None]:
    """Scores by name, the mean over the runs; None where there was nothing to judge."""
    estimates = {name: figures.estimates.get(Figure(name)) for name in names}
    return {name: one.value for name, one in estimates.items() if one is not None}


def intervals_of(figures: SystemFigures, names: Iterable[str]) -> dict[str, Interval]:
    """Intervals that hold their figure: of the bootstrap over clips if there was one, else the range over the runs.

    A percentile interval of few clips need not hold it, and then says nothing about it.
    """
    found = {}
    for name in names:
        estimate = figures.estimates.get(Figure(name))
        interval = None if estimate is None else estimate.interval
        if estimate is None or estimate.value is None or interval is None:
            continue
        if interval.low <= estimate.value <= interval.high:
            count = interval.n if interval.kind == "runs" else None
            found[name] = Interval(interval.low, interval.high, _KINDS[interval.kind], interval.level, count)
    return found


def replicates_of(figures: SystemFigures, names: Iterable[str]) -> dict[str, Sequence[float]]:
    """The scores of every resample; those that leaves a resample nothing to judge are left out.

    The resamples are the same for all systems of a run, and pairing needs that: one that is missing would shift the
    others.
    """
    known = [name for name in names if figures.resampling.count and Figure(name) in figures.estimates]
    drawn = {name: figures.samples(Figure(name)).tolist() for name in known}
    return {name: values for name, values in drawn.items() if not any(map(math.isnan, values))}
