"""`dcase-energy score`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from dcase_energy.arguments import ConfidenceLevel, ResampleCount, Share, bounds_in
from dcase_energy.cli.groups import require_given
from dcase_energy.cli.options import (
    MAX_STDIN_BYTES,
    edition_option,
    emit,
    format_option,
    ground_truth_options,
    jobs_option,
    output_dir_option,
    output_option,
    scheduler_option,
    sources_argument,
    together,
    writable,
)
from dcase_energy.cli.parameters import PathName, bounded
from dcase_energy.cli.render import show_findings
from dcase_energy.cli.render.bar import progress_bar
from dcase_energy.cli.terminal import say
from dcase_energy.sheets.plots.chart import PLOT_FORMATS

LIBRARIES = ("psds_eval-0.5", "psds_eval-0.3", "sed_scores_eval", "sed_eval")
_SHARE = bounded(Share)


def _thresholds(path: Path | None) -> dict[str, float] | None:
    """Return the thresholds in a table; a usage error names the line that cannot be used."""
    if path is None:
        return None
    from dcase_energy.documents.files import read_bytes
    from dcase_energy.documents.tables import read_table

    data, unread = read_bytes(path, MAX_STDIN_BYTES)
    if data is None:
        raise click.UsageError(f"--thresholds: {path}: {unread[0].message}")
    table = read_table(data, str(path), required=["event_label", "threshold"])
    numbers = [table.number(row, "threshold") for row in range(len(table.rows))]
    labels = [row[table.columns.index("event_label")] for row in table.rows]
    for finding in table.findings:
        raise click.UsageError(f"--thresholds: {finding.where}: {finding.message}")
    found = {label: number for label, number in zip(labels, numbers, strict=True) if number is not None}
    if len(found) < len(labels) or not all(map(bounds_in(Share).holds, found.values())):
        raise click.UsageError(f"--thresholds: {path}: each class has one threshold from 0 to 1")
    return found


def _score_of(text: str) -> tuple[str, tuple[str, dict[str, float | str]]]:
    """Return a score by its name, from ``name=metric,option=value``."""
    name, equals, rest = text.partition("=")
    metric, *pairs = rest.split(",")
    options: dict[str, float | str] = {}
    for pair in pairs:
        option, assigned, value = pair.partition("=")
        try:
            options[option.strip()] = float(value)
        except ValueError:
            options[option.strip()] = value.strip()
        if not assigned or not option.strip():
            raise click.UsageError(f"--score: {pair!r} is not OPTION=VALUE")
    if not equals or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or not metric:
        raise click.UsageError(f"--score: {text!r} is not NAME=METRIC[,OPTION=VALUE...]")
    return name, (metric.strip(), options)


# One option a convention; what is not given is as the edition says.
_conventions = together(
    click.option(
        "--bootstrap",
        type=bounded(ResampleCount),
        metavar="N",
        help="Compute intervals of scores from N resamples of the clips.",
    ),
    click.option(
        "--interval",
        type=click.Choice(["bootstrap", "subsample80", "none"]),
        help="How intervals are computed: from resampled clips, from subsets of 80 % of the clips, or not at all.",
    ),
    click.option("--resamples", type=bounded(ResampleCount), metavar="N", help="Number of resamples of the clips."),
    click.option(
        "--level",
        type=bounded(ConfidenceLevel),
        help="Confidence level of the intervals, such as 0.95.",
    ),
    click.option(
        "--like",
        type=click.Choice(LIBRARIES),
        help="Use the conventions of this library; explicit options override them.",
    ),
    click.option("--threshold", type=_SHARE, help="Threshold of every F1."),
    click.option(
        "--thresholds",
        "class_thresholds",
        type=PathName(exists=True, folder=False),
        metavar="TSV",
        callback=lambda _, __, path: _thresholds(path),
        help="Thresholds of single classes, in a table with the columns event_label and threshold.",
    ),
    click.option(
        "--score",
        "scores",
        multiple=True,
        metavar="NAME=METRIC[,OPTION=VALUE...]",
        callback=lambda _, __, texts: dict(map(_score_of, texts)),
        help="Compute this score as well, or in place of the one of this name; may be repeated. Example: "
        "onset_f1=collar_f1,collar_s=0.5,offsets=any",
    ),
    click.option("--dtc", type=_SHARE, help="Detection tolerance of the intersection-based F1."),
    click.option("--gtc", type=_SHARE, help="Ground-truth tolerance of the intersection-based F1."),
    click.option(
        "--empty-clips", type=click.Choice(["keep", "drop"]), help="Whether clips without annotated events count."
    ),
    click.option(
        "--cross-triggers",
        "cross_trigger_average",
        type=click.Choice(["others", "all"]),
        help="Average cross-trigger rates over the other classes (C-1 of C classes), or over all C.",
    ),
    click.option(
        "--no-hits",
        "classes_without_hits",
        type=click.Choice(["zero", "skip", "skip-undetected"]),
        help="How a macro F1 treats a class without true positives: 0, left out, or left out only if never detected.",
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
        help="Tolerance of every comparison of times with a limit; with -1 a value that equals the limit is a miss.",
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
        type=click.Choice(["cut", "whole", "extend"]),
        help="Segments at the end of a clip: the last one is cut there; it is as long as the others (whole); or "
        "segments continue to the last event (extend).",
    ),
    click.option(
        "--windows",
        type=click.Choice(["separate", "join"]),
        help="Whether score files named FILE-BEGIN-END, which are windows of one file (MAESTRO), are joined.",
    ),
)


@click.command(epilog="Example: dcase-energy score packages/ --ground-truth truth.tsv --durations durations.tsv")
@sources_argument("outputs", "OUTPUT...", required=False)
@ground_truth_options
@click.option(
    "--codabench",
    nargs=2,
    type=PathName(file=False),
    metavar="INPUT OUTPUT",
    help="Work as the scoring program of a Codabench competition: score INPUT/res with INPUT/ref/ground_truth.tsv and "
    "durations.tsv, and write scores.json and detailed_results.html to OUTPUT.",
)
@edition_option()
@_conventions
@format_option("text", "json", "csv")
@output_option("the scores")
@click.option("--plots", help=f"Draw figures into --output-dir: any of {','.join(PLOT_FORMATS)}.")
@output_dir_option(None, short=False, text="Folder of the figures.  [default: plots]")
@click.option("--plot-format", type=click.Choice(PLOT_FORMATS), default="svg", hidden=True)
@jobs_option("Systems scored")
@scheduler_option
def command(
    outputs: tuple[Path, ...],
    output_format: str,
    output: Path | None,
    plots: str | None,
    output_dir: Path | None,
    plot_format: str,
    codabench: tuple[Path, Path] | None,
    **options: Any,
) -> int:
    """Compute PSDS1, PSDS2, intersection-based, collar-based and segment-based F1, or the scores of an edition.

    Every score is given for all classes together and for each class.

    OUTPUT is a folder of score files (one TSV per clip: onset, offset and every class), an event list (TSV: filename,
    onset, offset, event_label), a folder of event lists (one per threshold), or a package with outputs of several
    systems and runs (<system>_run<number>.output). Where the edition's outputs are tables with one row for each clip,
    OUTPUT is such a table, or a folder or package with <system>.output.csv. Where libraries and papers use different
    conventions, an option selects one; the edition sets the default, and the output lists them. Exit code 1 if
    anything could not be scored.
    """
    from dcase_energy.api.scores import score
    from dcase_energy.cli.render.scores import SHEETS
    from dcase_energy.errors import DcaseEnergyError
    from dcase_energy.findings import has_errors

    if codabench is not None:
        if outputs or output or plots or output_dir or options["ground_truth"] or options["durations"]:
            raise click.UsageError(
                "--codabench INPUT OUTPUT sets outputs, ground truth and result files: leave out the other arguments"
            )
        return _score_codabench(*codabench, options)
    require_given(outputs=outputs, ground_truth=options["ground_truth"])
    formats, folder = _plots(plots, output_dir, plot_format)
    with progress_bar("systems") as progress:
        found = score(outputs, curves=bool(formats), log=say, progress=progress, **options)
    show_findings(found.findings)
    if not any(one.figures for one in found.systems):
        raise DcaseEnergyError("nothing could be scored")
    emit(SHEETS[output_format](found), output)
    for path in found.draw(folder, formats):
        say(f"wrote {path}")
    return int(has_errors(found.findings) or any(one.figures is None for one in found.systems))


def _score_codabench(input_dir: Path, output_dir: Path, options: dict[str, Any]) -> int:
    from dcase_energy.api.codabench import score_codabench
    from dcase_energy.findings import has_errors

    chosen = {name: value for name, value in options.items() if name not in {"ground_truth", "durations"}}
    found, files = score_codabench(input_dir, output_dir, log=say, **chosen)
    show_findings(found.findings)
    for path in files:
        say(f"wrote {path}")
    return int(has_errors(found.findings))


def _plots(plots: str | None, output_dir: Path | None, plot_format: str) -> tuple[list[str], Path]:
    """Return formats and folder of the figures; earlier versions took the folder in ``--plots``."""
    from dcase_energy.sheets.plots.files import require_matplotlib

    if plots is None:
        return [], Path()
    formats = list(dict.fromkeys(plots.split(",")))
    if set(formats) <= set(PLOT_FORMATS):
        require_matplotlib(formats)
        return formats, output_dir or writable(Path("plots"), folder=True)
    require_matplotlib([plot_format])
    return [plot_format], output_dir or writable(Path(plots), folder=True)
