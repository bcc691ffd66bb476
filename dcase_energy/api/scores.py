"""`score`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from dcase_energy.api.shared import (
    Log,
    PathLike,
    Paths,
    TruthFiles,
    choose_edition,
    existing,
    read_truth,
    silent,
    write_files,
)
from dcase_energy.arguments import ConfidenceLevel, JobCount, ResampleCount, Seed, Share, checked
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.errors import InputError
from dcase_energy.findings import Finding
from dcase_energy.parallel import run_all
from dcase_energy.scoring.clip_tables import Truth
from dcase_energy.scoring.conventions import LIKE, SCORES, Conventions
from dcase_energy.scoring.evaluation import SHORT_TITLES, TITLES
from dcase_energy.scoring.metrics import check_scores
from dcase_energy.scoring.outputs import Scored, score_system
from dcase_energy.scoring.plots import charts_of
from dcase_energy.scoring.resampling import ResamplingKind
from dcase_energy.scoring.windows import of_sets
from dcase_energy.sheets.frames import Tabular
from dcase_energy.sheets.table import Value
from dcase_energy.submission.inbox import find_all_outputs

RESAMPLES = {"bootstrap": 1000, "subsample80": 100, "none": 0}


class ConventionChoices(TypedDict, total=False):
    """Fields of `dcase_energy.scoring.conventions.Conventions` to take in place of the edition's; None takes its."""

    empty_clips: Literal["keep", "drop"] | None
    cross_trigger_average: Literal["others", "all"] | None
    dtc: Share | None
    gtc: Share | None
    threshold: Share | None
    classes_without_hits: Literal["zero", "skip", "skip-undetected"] | None
    lost_classes: Literal["skip", "zero"] | None
    overlapping_truth: Literal["merge", "keep", "refuse"] | None
    time_tolerance_us: int | None
    arithmetic: Literal["microseconds", "seconds"] | None
    late_detections: Literal["count", "ignore"] | None
    segment_grid: Literal["cut", "whole", "extend"] | None
    windows: Literal["separate", "join"] | None
    class_thresholds: Mapping[str, Share] | None
    level: ConfidenceLevel | None
    seed: Seed | None


class ScoreChoices(ConventionChoices, total=False):
    """Arguments of `score` besides files, curves and how the work is spread."""

    edition: PathLike | Edition | None
    like: str | None
    interval: ResamplingKind | None
    resamples: ResampleCount | None
    bootstrap: ResampleCount | None
    scores: Mapping[str, tuple[str, Mapping[str, float | str]]] | None
    jobs: JobCount
    scheduler: str | None
    log: Log


@dataclass(frozen=True, slots=True, repr=False)
class ScoreSheet(Tabular):
    """What `score` found.

    Attributes
    ----------
    edition, conventions, truths
        Whose classes and which conventions applied, and the ground truth by set of clips; one of the name ``""`` where
        the edition has no sets.
    systems
        One for each system; ``figures`` is None for those that could not be scored.
    findings
        Everything found in ground truth and outputs.
    """

    edition: Edition
    conventions: Conventions
    truths: Mapping[str, Truth]
    systems: tuple[Scored, ...]
    findings: tuple[Finding, ...]

    def _rows(self) -> list[dict[str, Value]]:
        """One row for each system and figure, of a class or over all."""
        return [
            {
                "system": one.name,
                "metric": figure.metric,
                "class": figure.label,
                "average": figure.average,
                "value": estimate.value,
                "low": None if estimate.resampled is None else estimate.resampled.low,
                "high": None if estimate.resampled is None else estimate.resampled.high,
            }
            for one in self.systems
            if one.figures is not None
            for figure, estimate in one.figures.estimates.items()
        ]

    @property
    def values(self) -> dict[str, dict[str, float | None]]:
        """Figures over all classes by system and metric (``psds1``, ``collar_f1``, ...), means over its runs."""
        return {
            one.name: {
                figure.metric: estimate.value
                for figure, estimate in one.figures.estimates.items()
                if figure.label is None and figure.average == "macro"
            }
            for one in self.systems
            if one.figures is not None
        }

    @property
    def lower(self) -> frozenset[str]:
        """Names of the scores of which less is better."""
        return frozenset(name for name, score in self.edition.scores.items() if score.better == "lower")

    def titles(self, *, short: bool = False) -> dict[str, str]:
        """Titles of all scores that are computed; in short those that tables of classes and differences show.

        A score that the edition adds, or defines in another way, has the edition's title.
        """
        known = SHORT_TITLES if short else TITLES
        usual = {name: title for name, title in known.items() if self.conventions.scores.get(name) == SCORES[name]}
        wanted = [name for name in self.conventions.scores if name in known or name not in TITLES]
        own = self.edition.scores
        return {name: usual.get(name) or (own[name].title if name in own else name) for name in wanted}

    @checked
    def draw(self, folder: PathLike, formats: Sequence[str]) -> list[Path]:
        """Draw figures of systems whose curves were kept, in each format.

        Raises
        ------
        PlotError, WriteError
            If a format needs matplotlib, which is not installed, or the folder cannot be written to.
        """
        from dcase_energy.sheets.plots.files import chart_files

        charts = charts_of([one for one in self.systems if one.figures], self.titles())
        return write_files(folder, chart_files(charts, formats)) if formats else []


@checked
def score(
    outputs: Paths,
    ground_truth: TruthFiles,
    durations: TruthFiles | None = None,
    *,
    edition: PathLike | Edition | None = None,
    like: str | None = None,
    interval: ResamplingKind | None = None,
    resamples: ResampleCount | None = None,
    bootstrap: ResampleCount | None = None,
    scores: Mapping[str, tuple[str, Mapping[str, float | str]]] | None = None,
    curves: bool = False,
    jobs: JobCount = 1,
    scheduler: str | None = None,
    log: Log = silent,
    progress: Callable[[int, int, str], None] | None = None,
    **conventions: Unpack[ConventionChoices],
) -> ScoreSheet:
    """PSDS and F1 of score folders, event lists or packages, or an edition's scores of tables of clips.

    Parameters
    ----------
    outputs
        What to score.
    ground_truth, durations
        Tab-separated files: ``filename onset offset event_label`` and ``filename duration``, seconds; where the edition
        has sets of clips, one of each set by its name. Where its outputs are tables of clips: a table with the class of
        each clip, and no durations.
    edition
        Whose conventions and classes apply; None guesses it as `validate` does.
    like
        A library whose conventions apply, of `dcase_energy.scoring.conventions.LIKE`.
    interval, resamples
        Kind of intervals, and number of resamples of the clips.
    bootstrap
        Short for ``interval="bootstrap"`` with this many resamples.
    scores
        Scores to compute besides, or in place of those of their name: metric and its options by name of the score.
    curves
        Keep what figures are drawn from.
    jobs, scheduler
        Systems scored at a time (0: as many as there are processors), or the address of a Dask scheduler.
    log, progress
        Receive messages; and after each system how many are done, of how many, and its name.
    **conventions
        What is chosen otherwise than the edition does, and than ``like`` does.

    Raises
    ------
    InputError
        If a path, the edition, the ground truth or a combination of options cannot be used.
    ParallelError
        If the work cannot be distributed.
    """
    if like is not None and like not in LIKE:
        raise InputError(f"like: expected one of {', '.join(LIKE)}; found {like!r}")
    resampling = _resampling(interval, resamples, bootstrap)
    given = existing(outputs)
    systems, problems, packages = find_all_outputs(given)
    rules = choose_edition(edition, packages, labels=[one.name for one in systems], log=log)
    if rules.unjudged is not None:
        rules = load_edition("generic")
    chosen = {name: value for name, value in conventions.items() if value is not None}
    chosen = {**LIKE.get(like or "", {}), **resampling, **chosen}
    of_clips = rules.outputs.kind == "clip_table"
    made = Conventions.of_edition(rules.scoring, clips=of_clips, scores=rules.scores, **chosen)
    made = replace(made, scores={**made.scores, **(scores or {})})
    check_scores(made.scores)
    if unknown := sorted(set(made.class_thresholds) - set(rules.classes)):
        raise InputError(
            f"there are thresholds of classes that edition {rules.name} does not have: {', '.join(unknown)}"
        )
    if of_clips and not made.scores:
        raise InputError(f"edition {rules.name} names no metric that is computed from its tables of clips")
    truths, findings = read_truth(ground_truth, durations, rules, made.overlapping_truth)
    made = of_sets(made, rules, truths)
    if of_clips:
        systems, problems, packages = find_all_outputs(given, rules.outputs)
    if packages.inbox:
        log(packages.counted())
    scored: list[Scored] = []
    work = partial(score_system, truth=truths, conventions=made, curves=curves)
    for one in run_all(work, systems, jobs=jobs, scheduler=scheduler):
        scored.append(one)
        if progress is not None:
            progress(len(scored), len(systems), one.name)
    findings += [*problems, *(finding for one in scored for finding in one.findings)]
    return ScoreSheet(rules, made, truths, tuple(scored), tuple(dict.fromkeys(findings)))


def _resampling(interval: ResamplingKind | None, resamples: int | None, bootstrap: int | None) -> dict[str, object]:
    """Return the two fields of the conventions; empty where the edition's apply."""
    if bootstrap is not None:
        if interval not in (None, "bootstrap") or resamples not in (None, bootstrap):
            raise InputError("bootstrap N means interval bootstrap with N resamples; give one or the other")
        return {"interval": "bootstrap", "resamples": bootstrap}
    if interval is not None and resamples is None:
        resamples = RESAMPLES[interval]
    return {name: value for name, value in (("interval", interval), ("resamples", resamples)) if value is not None}
