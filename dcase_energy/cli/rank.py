"""`dcase-energy rank`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import (
    check_plots,
    existing,
    get_denominator,
    get_edition_or_guess,
    get_ground_truth,
    ground_truth_options,
    guessed_edition_option,
    say_packages,
    writable_folder,
)
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import Finding, Severity
from dcase_energy.sheets import FORMATS
from dcase_energy.sheets.plots.chart import PLOT_FORMATS
from dcase_energy.text import plural

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.ranking.entry import Entry, Reference
    from dcase_energy.ranking.order import Ranking
    from dcase_energy.ranking.packages import Spread
    from dcase_energy.scoring.data import GroundTruth
    from dcase_energy.submission.records import Calibrated

_MOST_SHOWN = 20


_Callback = Callable[[click.Context, click.Parameter, str], list[str]]


def _list_of(name: str, allowed: tuple[str, ...]) -> _Callback:
    """An option that takes several words of a list, with commas between them."""

    def check(_: click.Context, __: click.Parameter, text: str) -> list[str]:
        chosen = [word.strip() for word in text.split(",") if word.strip()]
        unknown = [word for word in chosen if word not in allowed]
        if unknown or (not chosen and name == "--formats"):
            wrong = visible(", ".join(unknown)) or "nothing"
            raise click.UsageError(f"{name}: {wrong}; choose from {', '.join(allowed)}")
        return list(dict.fromkeys(chosen))

    return check


def _kinds(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """``--interval psds1='range over 3 runs'``."""
    from dcase_energy.ranking.interval import KINDS, parse_kind

    del context, parameter
    found = {}
    for text in texts:
        name, _, kind = text.partition("=")
        if not kind or parse_kind(kind) is None:
            raise click.UsageError(
                f"--interval {visible(text)}: write FIGURE=KIND with a kind of {', '.join(KINDS)} and its level or "
                "number, such as psds1='bootstrap 95 %' or psds1='range over 3 runs'"
            )
        found[name.strip()] = kind
    return found


@click.command(epilog="Example: dcase-energy rank results_2023.csv --edition dcase2023-task4a --output-dir results")
@click.argument("sources", nargs=-1, required=True, type=existing(), metavar="SOURCE...")
@guessed_edition_option()
@ground_truth_options
@click.option("--calibration", type=existing(folder=False), help="Record to divide by instead of the packages' own.")
@click.option("--reference", type=existing(folder=False), help="An organiser's calibration, the common reference.")
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("ranking"), show_default=True,
    callback=writable_folder,
)  # fmt: skip
@click.option(
    "--formats", default="csv,html", show_default=True, callback=_list_of("--formats", FORMATS),
    help=f"Any of {','.join(FORMATS)}.",
)  # fmt: skip
@click.option(
    "--plots", default="", callback=_list_of("--plots", PLOT_FORMATS),
    help=f"Plots as files too: any of {','.join(PLOT_FORMATS)}.",
)  # fmt: skip
@click.option(
    "--bootstrap", type=click.IntRange(0), default=0, metavar="N", help="Resamples of the clips for intervals of PSDS."
)
@click.option(
    "--interval", "intervals", multiple=True, callback=_kinds, metavar="FIGURE=KIND",
    help="Kind of a table's _low and _high columns: psds1='range over 3 runs', psds1='bootstrap 95 %'.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Systems scored at a time.")
@click.option("--scheduler", metavar="ADDR", help="Score on the workers of this Dask scheduler instead.")
def command(
    sources: tuple[Path, ...],
    edition_name: str | None,
    ground_truth: Path | None,
    durations: Path | None,
    calibration: Path | None,
    reference: Path | None,
    output_dir: Path,
    formats: list[str],
    plots: list[str],
    bootstrap: int,
    intervals: dict[str, str],
    jobs: int,
    scheduler: str | None,
) -> int:
    """Rank systems: energies normalised, PSDS weighted by energy, ranks.

    SOURCE is a package folder, a folder of packages, or a table of results: a CSV with the columns label, psds1, psds2,
    energy_training_kwh and energy_test_kwh, and energy_baseline_kwh where the edition has one; or with label and the
    column of the score that the edition names. Exit code 1 if
    a finding excludes a system from the ranking; the sheets are written nevertheless. All files are replaced
    atomically as a set.
    """
    from dcase_energy.ranking.order import make_ranking
    from dcase_energy.ranking.packages import Spread

    _pause_collector(click.get_current_context())
    edition = _edition(edition_name, sources)
    truth = get_ground_truth(ground_truth, durations, edition)
    common = get_denominator(reference, edition)
    if plots:
        check_plots()
    if bootstrap and truth is None:
        raise click.UsageError("--bootstrap resamples the clips of the ground truth: it needs --ground-truth")
    entries, findings = _entries(sources, edition, truth, calibration, intervals, Spread(bootstrap, jobs, scheduler))
    if not entries:
        _show(findings)
        fail("no system to rank was found")
    ranking = make_ranking(entries, edition, _reference(common))
    findings += ranking.findings
    _write(ranking, output_dir, formats, plots)
    _show(findings)
    _tell(ranking)
    return int(any(finding.severity is Severity.ERROR for finding in findings))


def _pause_collector(context: click.Context) -> None:
    """Until the command ends, leave the search for cycles of garbage: a ranking is millions of objects and no cycle.

    Python would walk all that was read again and again, the more often the more there is. Unused objects are
    freed all the same, by its count of references.
    """
    if gc.isenabled():
        gc.disable()
        context.call_on_close(gc.enable)


def _is_table(source: Path) -> bool:
    return source.suffix.lower() == ".csv"


def _edition(name: str | None, sources: tuple[Path, ...]) -> Edition:
    """The edition named, or what the packages and the labels in the tables point to."""
    from dcase_energy.ranking.results_table import labels_of

    tables = [source for source in sources if _is_table(source)] if name is None else []
    labels = [label for table in tables for label in labels_of(table)]
    return get_edition_or_guess(name, [source for source in sources if not _is_table(source)], labels=labels)


def _entries(
    sources: tuple[Path, ...],
    edition: Edition,
    truth: GroundTruth | None,
    calibration: Path | None,
    intervals: dict[str, str],
    spread: Spread,
) -> tuple[list[Entry], list[Finding]]:
    """Systems of tables and of packages, in the order given; a label that comes twice is ranked once."""
    from dcase_energy.errors import ParallelError
    from dcase_energy.ranking.labels import ranked_once
    from dcase_energy.ranking.packages import assess, unread
    from dcase_energy.ranking.results_table import read_results
    from dcase_energy.submission.baseline_choice import own_machine
    from dcase_energy.submission.validate import Options, validate_paths

    given = get_denominator(calibration, edition)
    entries: list[Entry] = []
    findings: list[Finding] = []
    packages = [path for path in sources if not _is_table(path)]
    for path in sources:
        if path not in packages:
            found, problems = read_results(path, edition, intervals)
            entries += found
            findings += problems
    if packages:
        options = Options(given, own_machine(edition), outputs=truth is None)
        validation = validate_paths(packages, edition, options=options)
        say_packages(validation.packages)
        try:
            assessed = assess(validation, truth, spread=spread)
        except ParallelError as error:
            fail(str(error))
        entries += [*(one.entry for one in assessed), *unread(validation)]
        findings += dict.fromkeys([*validation.findings, *(f for one in assessed for f in one.findings)])
    once, twice = ranked_once(entries)
    return once, [*findings, *twice]


def _reference(found: Calibrated | None) -> Reference | None:
    from dcase_energy.ranking.entry import Reference
    from dcase_energy.submission.baseline_choice import recorded

    if found is None:
        return None
    known = recorded(found).energy_kwh
    return Reference({stage: energy_kwh for stage, energy_kwh in known.items() if energy_kwh is not None})


def _write(ranking: Ranking, output_dir: Path, formats: list[str], plots: list[str]) -> None:
    """Make every sheet, then put all of them in place at once; name the sheets an earlier run left."""
    from dcase_energy.ranking.report import report_of
    from dcase_energy.sheets import write_report
    from dcase_energy.sheets.plots.files import chart_files
    from dcase_energy.writing.files import replace_files

    report = report_of(ranking)
    files = write_report(report, formats)
    if plots:
        files |= chart_files({f"plot_{chart.name}": [chart] for chart in report.charts}, plots)
    try:
        replace_files(output_dir, files)
        names = sorted(path.name for path in output_dir.iterdir())
    except OSError as error:
        raise click.UsageError(f"cannot write to {output_dir}: {error.strerror}") from None
    for name in files:
        click.echo(output_dir / name)
    for line in _baselines(ranking):
        click.echo(visible(line))
    older = [name for name in names if name.startswith(("ranking.", "ranking_", "plot_")) and name not in files]
    if older:
        say(visible(f"left over from an earlier run (not deleted): {', '.join(older)}"))


def _baselines(ranking: Ranking) -> list[str]:
    """What the systems are divided by, and how many by each."""
    divides = ranking.edition.normalisation.kind != "none"
    if not divides or all(one.entry.baseline_evidence is None for one in ranking.systems):
        return []
    counts: dict[str, int] = {}
    for one in ranking.systems:
        source = f"{one.entry.baseline_source} ({one.entry.baseline_evidence})"
        known = "none" if one.entry.baseline_evidence is None else source
        counts[known] = counts.get(known, 0) + 1
    return [f"baseline of {plural(count, 'system')}: {source}" for source, count in counts.items()]


def _show(findings: list[Finding]) -> None:
    """One line a finding on stderr, the first of each code; `validate` shows those of packages at length."""
    shown: dict[str, int] = {}
    for finding in findings:
        shown[finding.code] = shown.get(finding.code, 0) + 1
        if shown[finding.code] <= _MOST_SHOWN:
            found = f" ({finding.found})" if finding.found else ""
            say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}{found}"))
    for code, count in shown.items():
        if count > _MOST_SHOWN:
            say(f"{count - _MOST_SHOWN} more of {code}; the sheets name the systems")


def _tell(ranking: Ranking) -> None:
    """How many systems, and what is not known of how sure their ranks are."""
    placed = len(ranking.placed)
    say(f"{len(ranking.systems)} systems, {placed} with a rank (edition {ranking.edition.name})")
    sure = sum(one.uncertainty.tied_with is not None for one in ranking.placed)
    if 0 < sure < placed:
        say(f"no interval of ranks: {placed - sure} systems have no interval of both PSDS")
