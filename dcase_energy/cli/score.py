"""`dcase-energy score`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import (
    check_plots,
    edition_option,
    emit,
    existing,
    get_edition,
    get_ground_truth,
    ground_truth_options,
    output_option,
    say_packages,
    writable_folder,
)
from dcase_energy.cli.terminal import say, visible

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.findings import Finding
    from dcase_energy.scoring.conventions import Conventions
    from dcase_energy.scoring.data import GroundTruth
    from dcase_energy.scoring.outputs import Scored, SystemOutputs

LIKE = ("psds_eval-0.5", "psds_eval-0.3", "sed_scores_eval", "sed_eval")
PLOT_FORMATS = ("svg", "png", "pdf")
_DEFAULT_RESAMPLES = {"bootstrap": 1000, "subsample80": 100, "none": 0}
_Command = Callable[..., Any]


_SHARE = click.FloatRange(0, 1)
# One option a convention; what is not given is as the edition says.
_CONVENTIONS = (
    click.option(
        "--bootstrap", type=click.IntRange(1), metavar="N", help="Compute intervals from N bootstrap resamples."
    ),
    click.option("--interval", type=click.Choice(["bootstrap", "subsample80", "none"]), help="Kind of intervals."),
    click.option("--resamples", type=click.IntRange(1), metavar="N", help="Number of resamples of the clips."),
    click.option("--level", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Level of the intervals."),
    click.option(
        "--like", type=click.Choice(LIKE), help="Use the conventions of this library; explicit options override them."
    ),
    click.option("--threshold", type=_SHARE, help="Threshold of every F1."),
    click.option("--dtc", type=_SHARE, help="Detection tolerance of the intersection-based F1."),
    click.option("--gtc", type=_SHARE, help="Ground-truth tolerance of the intersection-based F1."),
    click.option(
        "--empty-clips", type=click.Choice(["keep", "drop"]), help="Whether clips without annotated events count."
    ),
    click.option(
        "--cross-triggers",
        "cross_trigger_average",
        type=click.Choice(["others", "all"]),
        help="Average cross-trigger rates over the C-1 other classes, or all C.",
    ),
    click.option(
        "--no-hits",
        "classes_without_hits",
        type=click.Choice(["zero", "skip", "skip-undetected"]),
        help="A class without true positives in a macro F1: 0, left out, or left out only if never detected.",
    ),
    click.option(
        "--lost-classes",
        type=click.Choice(["skip", "zero"]),
        help="How PSDS treats a class without events in a resample: left out, or 0.",
    ),
    click.option(
        "--overlapping-truth",
        type=click.Choice(["merge", "keep", "refuse"]),
        help="How to treat annotated events of one class that overlap: merge, count each, or stop with an error.",
    ),
    click.option(
        "--time-tolerance",
        "time_tolerance_us",
        type=int,
        metavar="MICROSECONDS",
        help="Added to what is compared with a limit; -1 makes every tie a miss.",
    ),
    click.option(
        "--late-detections",
        type=click.Choice(["count", "ignore"]),
        help="Whether detections after the end of the clip count.",
    ),
    click.option(
        "--arithmetic",
        type=click.Choice(["microseconds", "seconds"]),
        help="Compute times in whole microseconds or in floating-point seconds.",
    ),
    click.option(
        "--segments",
        "segment_grid",
        type=click.Choice(["cut", "extend"]),
        help="How to treat a segment that extends past the end of the clip.",
    ),
)


def _convention_options(function: _Command) -> _Command:
    for option in reversed(_CONVENTIONS):
        function = option(function)
    return function


@click.command(epilog="Example: dcase-energy score packages/ --ground-truth truth.tsv --durations durations.tsv")
@click.argument("outputs", nargs=-1, required=True, type=existing(), metavar="OUTPUT...")
@ground_truth_options
@edition_option()
@_convention_options
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
@output_option("the scores")
@click.option(
    "--plots",
    type=click.Path(file_okay=False, path_type=Path),
    callback=writable_folder,
    help="Draw figures into this folder.",
)
@click.option("--plot-format", type=click.Choice(PLOT_FORMATS), default="svg", show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Systems scored at once.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler to score the systems on, in place of --jobs.")
def command(
    outputs: tuple[Path, ...],
    ground_truth: Path | None,
    durations: Path | None,
    edition_name: str,
    output_format: str,
    output: Path | None,
    plots: Path | None,
    plot_format: str,
    jobs: int,
    scheduler: str | None,
    **chosen: Any,
) -> int:
    """PSDS1, PSDS2, intersection-based, collar-based and segment-based F1, over all classes and of each.

    OUTPUT is a folder of score files (one TSV a clip: onset, offset and every class), an event list (TSV: filename,
    onset, offset, event_label), a folder of event lists (one a threshold), or a package with outputs of several systems
    and runs (<system>_run<number>.output). What libraries and papers do differently is an option; the edition chooses
    the defaults, and the figures say what was chosen. Exit code 1 if anything could not be scored.
    """
    from dcase_energy.cli.score_sheets import SHEETS, Sheet
    from dcase_energy.findings import Severity
    from dcase_energy.submission.inbox import find_all_outputs

    edition = get_edition(edition_name)
    conventions = _conventions(edition, chosen)
    if plots is not None:
        check_plots()
    findings: list[Finding] = []
    truth = get_ground_truth(ground_truth, durations, edition, findings, conventions.overlapping_truth)
    if truth is None:
        raise click.UsageError("--ground-truth and --durations are needed")
    systems, problems, packages = find_all_outputs(outputs)
    say_packages(packages)
    scored = _score(systems, truth, conventions, jobs=jobs, scheduler=scheduler, curves=plots is not None)
    found = [*problems, *(finding for one in scored for finding in one.findings)]
    for finding in dict.fromkeys(found):
        _say(finding)
    if not any(one.figures for one in scored):
        fail("nothing could be scored")
    emit(SHEETS[output_format](Sheet(edition, conventions, truth, scored, [*findings, *found])), output)
    if plots is not None:
        _draw(scored, plots, plot_format)
    failed = any(one.figures is None for one in scored)
    return int(failed or any(finding.severity is Severity.ERROR for finding in found))


def _conventions(edition: Edition, chosen: dict[str, Any]) -> Conventions:
    """The edition's conventions, those of a library laid over them, and what was chosen by itself over both."""
    from dcase_energy.scoring import conventions

    bootstrap, like = chosen.pop("bootstrap"), chosen.pop("like")
    if bootstrap is not None:
        if chosen["interval"] not in (None, "bootstrap") or chosen["resamples"] not in (None, bootstrap):
            raise click.UsageError("--bootstrap N means --interval bootstrap --resamples N; give one or the other")
        chosen |= {"interval": "bootstrap", "resamples": bootstrap}
    elif chosen["interval"] is not None and chosen["resamples"] is None:
        chosen["resamples"] = _DEFAULT_RESAMPLES[chosen["interval"]]
    given = {name: value for name, value in chosen.items() if value is not None}
    return conventions.Conventions.of_edition(edition.scoring, **{**conventions.LIKE.get(like, {}), **given})


def _score(
    systems: Sequence[SystemOutputs],
    truth: GroundTruth,
    conventions: Conventions,
    *,
    jobs: int,
    scheduler: str | None,
    curves: bool,
) -> list[Scored]:
    import sys

    from dcase_energy.errors import ParallelError
    from dcase_energy.parallel import run_all
    from dcase_energy.scoring.outputs import score_system

    work = partial(score_system, truth=truth, conventions=conventions, curves=curves)
    scored: list[Scored] = []
    try:
        for one in run_all(work, systems, jobs=jobs, scheduler=scheduler):
            scored.append(one)
            if len(systems) > 1 and sys.stderr.isatty():
                say(visible(f"{len(scored)} of {len(systems)}: {one.outputs.name}"))
    except ParallelError as error:
        fail(str(error))
    return scored


def _say(finding: Finding) -> None:
    found = f" ({finding.found})" if finding.found else ""
    say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}{found}"))
    if finding.severity == "error" and finding.hint:
        say(visible(f"      fix:      {finding.hint}"))


def _draw(scored: Sequence[Scored], folder: Path, plot_format: str) -> None:
    from dcase_energy.scoring.plots import draw

    try:
        for path in draw([one for one in scored if one.figures], folder, plot_format):
            say(visible(f"wrote {path}"))
    except OSError as error:
        raise click.UsageError(f"cannot write into {folder}: {error.strerror}") from None
