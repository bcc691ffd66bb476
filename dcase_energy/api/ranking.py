"""`report` and `rank`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dcase_energy.api.shared import (
    Log,
    PathLike,
    Paths,
    TruthFiles,
    choose_edition,
    existing,
    is_results_table,
    read_denominator,
    read_truth,
    silent,
    write_files,
    write_sheets,
)
from dcase_energy.api.validating import read_accepted
from dcase_energy.arguments import JobCount, ResampleCount, checked
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import EfficientTrack
from dcase_energy.editions.shipped import field_of_year
from dcase_energy.errors import InputError
from dcase_energy.findings import Finding
from dcase_energy.measure.measured_table import MeasuredSystem
from dcase_energy.ranking.card import card_of
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.field import FieldPlace, baseline_of, in_field, places_in_field
from dcase_energy.ranking.labels import ranked_once
from dcase_energy.ranking.measured import about_measured, load_measured, overruled, with_measured
from dcase_energy.ranking.order import Ranked, Ranking, make_ranking
from dcase_energy.ranking.packages import Assessed, Spread, assess, unread
from dcase_energy.ranking.report import report_of, systems_table
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.sheet import columns_of
from dcase_energy.ranking.tradeoffs import with_views
from dcase_energy.scoring.clip_tables import Truth
from dcase_energy.sheets.frames import Tabular
from dcase_energy.sheets.table import Value
from dcase_energy.submission.baseline_choice import own_machine, recorded
from dcase_energy.submission.evidence import Calibrated
from dcase_energy.submission.inbox import Packages, find_packages
from dcase_energy.submission.validate import ValidateOptions, Validation, validate_paths


@dataclass(frozen=True, repr=False)
class RankingSheet(Tabular):
    """What `rank` found: the systems in their order, and everything found on the way."""

    ranking: Ranking
    findings: tuple[Finding, ...]

    def _rows(self) -> list[dict[str, Value]]:
        return systems_table(self.ranking, columns_of(self.ranking)).records

    def _shown(self) -> list[str]:
        stages = self.ranking.edition.stages
        energies = [
            f"{kind}_{stage}{unit}" for kind, unit in (("energy", "_kwh"), ("energy_ratio", "")) for stage in stages
        ]
        return ["rank", "label", *self.ranking.edition.ranking.names, "ranking_score", *energies]

    @property
    def systems(self) -> Sequence[Ranked]:
        """All systems, those with a rank first."""
        return self.ranking.systems

    @checked
    def write(
        self, output_dir: PathLike, formats: Sequence[str] = ("csv", "html"), plots: Sequence[str] = ()
    ) -> list[Path]:
        """Write sheets (csv, md, html, latex, xlsx, json, datatable) and plots (svg, png, pdf), all at once.

        Raises
        ------
        WriteError
            If the folder cannot be written to.
        """
        return write_sheets(report_of(self.ranking), output_dir, formats, plots, "plot_")


@dataclass(frozen=True, repr=False)
class ReportSheet(RankingSheet):
    """What `report` found.

    Attributes
    ----------
    own
        The systems reported on; ``ranking`` also holds those of the field, where one was given.
    field_name
        Name of the field: its file's, or its title where it comes with the program; None without one.
    own_machine
        This machine's newest calibration that the edition can divide by, or None.
    """

    own: tuple[Assessed, ...] = ()
    field_name: str | None = None
    own_machine: Calibrated | None = dataclasses.field(default=None, repr=False)

    @property
    def places(self) -> dict[str, FieldPlace]:
        """Where the own systems and the organisers' baseline stand in the field, by label; empty without a field."""
        return {} if self.field_name is None else places_in_field(self.ranking)

    @property
    def field_baseline(self) -> str | None:
        """The label of the organisers' baseline in the field; None without one."""
        found = None if self.field_name is None else baseline_of(self.ranking)
        return None if found is None else found.entry.label

    @checked
    def write_cards(self, folder: PathLike) -> list[Path]:
        """Write for each own system what a technical report needs: a paragraph, a LaTeX table, and a badge in SVG.

        Raises
        ------
        WriteError
            If the folder cannot be written to.
        """
        files: dict[str, bytes] = {}
        hardware = {one.entry.label: one.system.submission.hardware for one in self.own}
        for one in self.systems:
            if one.entry.label in hardware:
                files |= card_of(one, self.ranking.edition, hardware[one.entry.label])
        return write_files(folder, files)


@checked
def report(
    submissions: Paths,
    *,
    edition: PathLike | Edition | None = None,
    ground_truth: TruthFiles | None = None,
    durations: TruthFiles | None = None,
    calibration: PathLike | None = None,
    field: PathLike | None = None,
    stdin: bytes | None = None,
    bootstrap: ResampleCount = 0,
    jobs: JobCount = 1,
    scheduler: str | None = None,
    log: Log = silent,
) -> ReportSheet:
    """Scores, energies and their ratio to the baseline of own systems, as `dcase-energy report` gives them.

    Parameters
    ----------
    submissions
        Packages; ``-`` is ``stdin``.
    edition, ground_truth, durations, calibration, bootstrap, jobs, scheduler, log
        As `rank` takes them.
    field
        A past table of results to place the systems in, or ``dcase2022`` or ``dcase2023``, which come with the program.

    Raises
    ------
    InputError
        As `rank` does, and if the field has no system that can be ranked.
    """
    packages = find_packages(existing(submissions, stdin), stdin)
    rules = choose_edition(edition, packages, log=log)
    others, name = ([], None) if field is None else _field(field, rules)
    truth, findings = _truth(ground_truth, durations, rules, bootstrap)
    options = ValidateOptions(read_denominator(calibration, rules), own_machine(rules), outputs=truth is None)
    assessed, validation = _assess(packages, rules, truth, options, Spread(bootstrap, jobs, scheduler), log)
    own = [one.entry for one in assessed]
    twice = sorted({entry.label for entry in own} & {entry.label for entry in others})
    if twice:
        log(f"yours replace the field's systems of the same label: {', '.join(twice)}")
    ranking = make_ranking(own, rules) if field is None else in_field(own, others, rules)
    labels = {entry.label for entry in own}
    findings += [*validation.findings, *(finding for one in assessed for finding in one.findings)]
    findings += [finding for finding in ranking.findings if finding.where.file in labels]
    return ReportSheet(ranking, tuple(dict.fromkeys(findings)), tuple(assessed), name, options.own_machine)


def _field(field: PathLike, rules: Edition) -> tuple[list[Entry], str]:
    """Return the systems of a past table of results, and its name."""
    path, name = field_of_year(str(field)) or (existing(field)[0], Path(field).name)
    entries, problems = read_results(path, rules)
    if not entries:
        found = "; ".join(f"{one.where}: {one.message}" for one in problems[:3])
        raise InputError(f"the field {field} has no system to compare with: {found}")
    return entries, name


@checked
def rank(
    sources: Paths,
    *,
    edition: PathLike | Edition | None = None,
    ground_truth: TruthFiles | None = None,
    durations: TruthFiles | None = None,
    calibration: PathLike | None = None,
    reference: PathLike | None = None,
    intervals: Mapping[str, str] | None = None,
    measured: PathLike | None = None,
    waivers: PathLike | None = None,
    stdin: bytes | None = None,
    against: Sequence[tuple[str, str]] = (),
    efficient: EfficientTrack | None = None,
    bootstrap: ResampleCount = 0,
    jobs: JobCount = 1,
    scheduler: str | None = None,
    log: Log = silent,
) -> RankingSheet:
    """Rank systems of packages and of tables of results, as `dcase-energy rank` does.

    Parameters
    ----------
    sources
        Packages, folders of packages, or CSV tables of results; ``-`` is ``stdin``. Of several systems with one label
        the first is ranked.
    edition
        As `validate` takes it.
    ground_truth, durations
        As `score` takes them; without them the development scores stated in the metadata are shown.
    calibration, reference
        Record to divide by instead of the packages' own; an organiser's calibration as the common reference.
    intervals
        By figure the kind of a table's ``_low`` and ``_high`` columns, such as ``range over 3 runs``.
    measured
        Table of what the organiser measured: energies, times and memory that take the place of declared ones.
    waivers
        As `validate` takes it: findings that neither exclude a system nor keep it from being divided.
    bootstrap
        Resamples of the clips for intervals of scores; needs ground truth.
    against
        Pairs of a score and a cost, by their columns, to show the Pareto front of.
    efficient
        The floor of the score of an efficient track, in place of the edition's.
    jobs, scheduler
        Systems read and scored at a time (0: as many as there are processors), or the address of a Dask scheduler.
    log
        Receives messages.

    Raises
    ------
    InputError
        If a path, the edition, a record or the ground truth cannot be used, one of the two truth files is missing, or a
        view that is asked for cannot be made.
    ParallelError
        If the work cannot be distributed.

    Examples
    --------
    >>> from dcase_energy import rank
    >>> sheet = rank("tests/data/dcase2022_task4_results.csv", edition="dcase2022-task4")
    >>> sheet.systems[0].entry.label
    'Ebbers_UPB_task4_1'
    """
    given = find_packages(existing(sources, stdin), stdin)
    rules = choose_edition(edition, given, log=log)
    truth, findings = _truth(ground_truth, durations, rules, bootstrap)
    denominator, accepted = read_denominator(calibration, rules), read_accepted(waivers)
    options = ValidateOptions(denominator, own_machine(rules), outputs=truth is None, waivers=accepted)
    own = {} if measured is None else load_measured(existing(measured)[0])
    common = read_denominator(reference, rules)
    common_kwh = {} if common is None else recorded(common, rules).energy_kwh
    entries: list[Entry] = []
    of_packages: list[Entry] = []
    near: dict[str, set[str]] = {}
    if packages := [one for one in given.each if not is_results_table(one)]:
        inside = dataclasses.replace(given, each=tuple(packages))
        assessed, validation = _assess(inside, rules, truth, options, Spread(bootstrap, jobs, scheduler), log, own)
        of_packages = [*(one.entry for one in assessed), *unread(validation)]
        findings += dict.fromkeys([*validation.findings, *(f for one in assessed for f in one.findings)])
        near = {one.name: validation.codes_near(one) for one in validation.systems if accepted.rows}
    for one in given.each:
        if is_results_table(one):
            found, problems = read_results(one.path, rules, intervals or {}, accepted, one.data)
            findings += problems
        else:  # all packages stand in the place of the first
            found, of_packages = of_packages, []
        entries += found
    once, twice = ranked_once(entries)
    if measured is not None:
        once = with_measured(once, own, rules, same_machine=denominator is not None)
        findings += about_measured(own, Path(measured), once, rules)
    known_kwh = {stage: energy_kwh for stage, energy_kwh in common_kwh.items() if energy_kwh is not None}
    ranking = make_ranking(once, rules, known_kwh if common else None)
    if against or efficient is not None:
        ranking = with_views(ranking, against, efficient)
    known = {one.entry.label: {*one.entry.findings, *near.get(one.entry.label, ())} for one in ranking.systems}
    return RankingSheet(ranking, (*findings, *twice, *ranking.findings, *accepted.unused(known)))


def _assess(
    packages: Packages,
    rules: Edition,
    truths: Mapping[str, Truth] | None,
    options: ValidateOptions,
    spread: Spread,
    log: Log,
    measured: Mapping[str, MeasuredSystem] | None = None,
) -> tuple[list[Assessed], Validation]:
    """Validate packages and score them; score files are read once."""
    validation = overruled(validate_paths(packages, rules, options=options, jobs=spread.jobs), measured or {})
    if validation.packages.inbox:
        log(validation.packages.counted())
    return assess(validation, truths, spread=spread), validation


def _truth(
    ground_truth: TruthFiles | None, durations: TruthFiles | None, edition: Edition, bootstrap: int
) -> tuple[Mapping[str, Truth] | None, list[Finding]]:
    if ground_truth and (durations or edition.outputs.kind == "clip_table"):
        truths, findings = read_truth(ground_truth, durations, edition)
        if missing := [name for name in edition.outputs.sets if name not in truths]:
            raise InputError(
                f"no ground truth of {' and '.join(missing)}: edition {edition.name} ranks by scores of the sets "
                f"{' and '.join(edition.outputs.sets)}, so ground truth and durations of each are needed"
            )
        return truths, findings
    if ground_truth is not None or durations is not None:
        absent = "durations" if ground_truth else "ground truth"
        raise InputError(f"ground truth and durations belong together: give the {absent} of the same clips as well")
    if bootstrap:
        raise InputError("bootstrap resamples the clips of the ground truth: it needs ground truth")
    return None, []
