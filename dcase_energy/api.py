"""The library from a program: what the commands do, with objects in place of text.

``from dcase_energy import EnergyMeter, calibrate, validate, score, rank``. Nothing is printed and nothing ends the
program: what is wrong with a file is a finding in the result, what cannot be used at all raises `InputError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy.editions.loader import load_edition
from dcase_energy.errors import EditionError, InputError
from dcase_energy.findings import Finding, Severity

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.records import Calibration
    from dcase_energy.ranking.entry import Entry
    from dcase_energy.ranking.order import Ranked, Ranking
    from dcase_energy.ranking.packages import Spread
    from dcase_energy.scoring.data import GroundTruth
    from dcase_energy.scoring.outputs import Scored
    from dcase_energy.scoring.truth import Overlapping
    from dcase_energy.submission.records import Calibrated
    from dcase_energy.submission.validate import Validation

PathLike = str | os.PathLike[str]
Paths = PathLike | Sequence[PathLike]


@dataclass(frozen=True)
class Scores:
    """What `score` found.

    Attributes
    ----------
    systems
        One for each system; ``figures`` is None for those that could not be scored.
    findings
        Everything found in ground truth and outputs.
    """

    systems: tuple[Scored, ...]
    findings: tuple[Finding, ...]

    @property
    def values(self) -> dict[str, dict[str, float | None]]:
        """Figures over all classes by system and metric (``psds1``, ``collar_f1``, ...), means over its runs."""
        return {
            one.outputs.name: {
                figure.metric: estimate.value
                for figure, estimate in one.figures.estimates.items()
                if figure.label is None and figure.average == "macro"
            }
            for one in self.systems
            if one.figures is not None
        }


@dataclass(frozen=True)
class RankingSheet:
    """What `rank` found: the systems in their order, and everything found on the way."""

    ranking: Ranking
    findings: tuple[Finding, ...]

    @property
    def systems(self) -> Sequence[Ranked]:
        """All systems, those with a rank first."""
        return self.ranking.systems

    def write(self, output_dir: PathLike, formats: Sequence[str] = ("csv", "html")) -> list[Path]:
        """Write sheets (csv, md, html, latex, xlsx, json), all at once; returns their paths."""
        from dcase_energy.ranking.report import report_of
        from dcase_energy.sheets import write_report
        from dcase_energy.writing.files import replace_files

        files = write_report(report_of(self.ranking), formats)
        replace_files(Path(output_dir), files)
        return [Path(output_dir) / name for name in files]


def calibrate(
    output: PathLike = "calibration.json",
    *,
    edition: str = "generic",
    quick: bool = False,
    epochs: int = 10,
    stages: Sequence[str] = ("training", "test"),
    device: str = "auto",
    threads: int | None = None,
    data: PathLike | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[dict[str, Any], Any], None] | None = None,
    **plan: Any,
) -> Calibration:
    """Train the reference baseline here and write a calibration record, as `dcase-energy calibrate` does.

    Parameters
    ----------
    output
        Record to write; its journal is written beside it. A complete record is never replaced: the next is written to
        ``calibration.2.json``.
    edition, quick, epochs, stages, device, threads, data, resume, force
        As the command's options.
    progress
        Called with each mark and its reading.
    **plan
        Any other field of `dcase_energy.calibration.plan.Plan`.

    Raises
    ------
    InputError
        If the edition does not exist; otherwise as `dcase_energy.calibration.run.calibrate` raises.
    """
    from dcase_energy.calibration.plan import Plan, QuickSettings
    from dcase_energy.calibration.run import calibrate as run
    from dcase_energy.measure.record_file import RecordFile

    rules = _edition(edition)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    work = rules.baseline
    settings: dict[str, Any] = {"recipe": work.recipe, "execution_path": work.execution_path, **plan}
    made = Plan(
        edition=rules.name,
        stages=tuple(stages),
        epochs=epochs,
        quick=QuickSettings() if quick else None,
        device=device,
        threads=threads or usable or 1,
        data=None if data is None else os.fspath(data),
        **settings,
    )
    return run(made, RecordFile(Path(output), force=force), progress, resume=resume)


def validate(paths: Paths, *, edition: str = "generic", calibration: PathLike | None = None) -> Validation:
    """Check metadata files and packages: every finding at once, as `dcase-energy validate` does.

    Parameters
    ----------
    paths
        A metadata file, a package folder, or several of them.
    edition
        Name, or path of a folder with an ``edition.toml``.
    calibration
        Record to divide by instead of the packages' own.

    Raises
    ------
    InputError
        If a path, the edition or the record cannot be used.

    Examples
    --------
    >>> from dcase_energy import validate
    >>> validate("examples/packages/Baker_LAB").findings
    []
    """
    from dcase_energy.submission.validate import validate_paths

    rules = _edition(edition)
    return validate_paths(_paths(paths), rules, _denominator(calibration, rules))


def score(
    outputs: Paths, ground_truth: PathLike, durations: PathLike, *, edition: str = "generic", **conventions: Any
) -> Scores:
    """PSDS and F1 of score folders, event lists or packages, as `dcase-energy score` does.

    Parameters
    ----------
    outputs
        What to score.
    ground_truth, durations
        Tab-separated files: ``filename onset offset event_label`` and ``filename duration``, seconds.
    edition
        Whose conventions and classes apply.
    **conventions
        Fields of `dcase_energy.scoring.conventions.Conventions` to take in their place.

    Raises
    ------
    InputError
        If a path, the edition or the ground truth cannot be used.
    """
    from dcase_energy.scoring.conventions import Conventions
    from dcase_energy.scoring.outputs import score_system
    from dcase_energy.submission.inbox import find_all_outputs

    rules = _edition(edition)
    chosen = Conventions.of_edition(rules.scoring, **conventions)
    truth, findings = _truth(ground_truth, durations, rules, chosen.overlapping_truth)
    systems, problems, _ = find_all_outputs(_paths(outputs))
    findings += problems
    scored = [score_system(one, truth=truth, conventions=chosen) for one in systems]
    findings += [finding for one in scored for finding in one.findings]
    return Scores(tuple(scored), tuple(findings))


def rank(
    sources: Paths,
    *,
    edition: str = "generic",
    ground_truth: PathLike | None = None,
    durations: PathLike | None = None,
    calibration: PathLike | None = None,
    reference: PathLike | None = None,
    bootstrap: int = 0,
    jobs: int = 1,
) -> RankingSheet:
    """Rank systems of packages and of tables of results, as `dcase-energy rank` does.

    Parameters
    ----------
    sources
        Packages, folders of packages, or CSV tables of results.
    ground_truth, durations
        As `score` takes them; without them the development scores stated in the metadata are shown.
    calibration, reference
        Record to divide by instead of the packages' own; an organiser's calibration as the common reference.
    bootstrap, jobs
        Resamples of the clips; systems scored at a time.

    Raises
    ------
    InputError
        If a path, the edition, a record or the ground truth cannot be used, or one of the two truth files is missing.

    Examples
    --------
    >>> from dcase_energy import rank
    >>> sheet = rank("tests/data/dcase2022_task4_results.csv", edition="dcase2022-task4")
    >>> sheet.systems[0].entry.label
    'Ebbers_UPB_task4_1'
    """
    from dcase_energy.ranking.entry import Reference
    from dcase_energy.ranking.labels import ranked_once
    from dcase_energy.ranking.order import make_ranking
    from dcase_energy.ranking.packages import Spread
    from dcase_energy.submission.baseline_choice import recorded

    rules = _edition(edition)
    record, common = _denominator(calibration, rules), _denominator(reference, rules)
    if (ground_truth is None) != (durations is None):
        raise InputError("ground_truth and durations belong together")
    findings: list[Finding] = []
    truth = None
    if ground_truth is not None and durations is not None:
        truth, findings = _truth(ground_truth, durations, rules)
    entries, found = _entries(_paths(sources), rules, record, truth, Spread(bootstrap, jobs))
    by = {} if common is None else recorded(common).energy_kwh
    common_kwh = {stage: energy_kwh for stage, energy_kwh in by.items() if energy_kwh is not None}
    once, twice = ranked_once(entries)
    ranking = make_ranking(once, rules, Reference(common_kwh) if common_kwh else None)
    return RankingSheet(ranking, (*findings, *found, *twice, *ranking.findings))


def _entries(
    given: Sequence[Path], rules: Edition, record: Calibrated | None, truth: GroundTruth | None, spread: Spread
) -> tuple[list[Entry], list[Finding]]:
    """The systems of tables and of packages."""
    from dcase_energy.ranking.packages import assess, unread
    from dcase_energy.ranking.results_table import read_results
    from dcase_energy.submission.baseline_choice import own_machine
    from dcase_energy.submission.validate import Options, validate_paths

    entries: list[Entry] = []
    findings: list[Finding] = []
    packages = [path for path in given if path.suffix.lower() != ".csv"]
    for path in given:
        if path not in packages:
            found, problems = read_results(path, rules, {})
            entries += found
            findings += problems
    if packages:
        options = Options(record, own_machine(rules), outputs=truth is None)
        validation = validate_paths(packages, rules, options=options)
        assessed = assess(validation, truth, spread=spread)
        entries += [*(one.entry for one in assessed), *unread(validation)]
        findings += dict.fromkeys([*validation.findings, *(f for one in assessed for f in one.findings)])
    return entries, findings


def _paths(given: Paths) -> list[Path]:
    paths = [Path(given)] if isinstance(given, str | os.PathLike) else [Path(one) for one in given]
    if not paths:
        raise InputError("no path was given")
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist")
    return paths


def _edition(name: str) -> Edition:
    try:
        return load_edition(name)
    except EditionError as error:
        raise InputError(str(error)) from None


def _denominator(path: PathLike | None, edition: Edition) -> Calibrated | None:
    from dcase_energy.errors import RecordError, UnusableError
    from dcase_energy.submission.baseline_choice import load_denominator

    try:
        return None if path is None else load_denominator(Path(path), edition)
    except (RecordError, UnusableError) as error:
        raise InputError(str(error)) from None


def _truth(
    ground_truth: PathLike, durations: PathLike, edition: Edition, overlapping: Overlapping = "merge"
) -> tuple[GroundTruth, list[Finding]]:
    from dcase_energy.scoring.truth import read_ground_truth

    files = [path for one in (ground_truth, durations) for path in _paths(one)]
    truth, findings = read_ground_truth(files[0], files[1], edition.classes, overlapping=overlapping)
    if truth is None:
        problems = "; ".join(f"{one.where}: {one.message}" for one in findings if one.severity is Severity.ERROR)
        raise InputError(f"the ground truth cannot be used: {problems}")
    return truth, list(findings)
