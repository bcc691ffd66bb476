"""`dcase-energy study report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import existing, writable_folder
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import Finding, Severity, has_errors
from dcase_energy.sheets import FORMATS
from dcase_energy.sheets.plots.chart import PLOT_FORMATS
from dcase_energy.text import plural

if TYPE_CHECKING:
    from dcase_energy.sheets.table import Report


@click.command(epilog="Example: dcase-energy study report runs/ more-runs/ --output-dir report")
@click.argument("runs", nargs=-1, required=True, type=existing(file=False), metavar="RUNS...")
@click.option(
    "--f1", type=click.Choice(["07", "05"]), default="07", show_default=True, help="F1 criterion (07: the paper's)."
)
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("study"), show_default=True,
    callback=writable_folder,
)  # fmt: skip
@click.option("--formats", default="csv,md,latex,html", show_default=True, help="Of the sheets.")
@click.option("--figures", default="svg", show_default=True, help="Any of svg,png,pdf, or none.")
@click.option("--include-invalid", is_flag=True, help="Also runs whose measurement a guard found invalid.")
@click.option("--mixed", is_flag=True, help="Average over runs of different recipes, epochs, execution paths or data.")
def report(
    runs: tuple[Path, ...],
    f1: Literal["05", "07"],
    output_dir: Path,
    formats: str,
    figures: str,
    include_invalid: bool,
    mixed: bool,
) -> int:
    """Write the paper's tables and figures from run folders, of any number of machines.

    RUNS are folders that hold run folders, at any depth. Exit code 1 if a run could not be read.
    """
    chosen = _choice("--formats", formats, FORMATS)
    images = () if figures == "none" else _choice("--figures", figures, PLOT_FORMATS)
    from dcase_energy.study.gather import gather
    from dcase_energy.study.report import make_report
    from dcase_energy.study.rules import RUNS_MIXED
    from dcase_energy.study.sheets import report_of

    usable, findings = gather(runs, f1, include_invalid=include_invalid, mixed=mixed)
    show_findings(findings)
    if any(one.code == RUNS_MIXED.code and one.severity is Severity.ERROR for one in findings):
        raise click.UsageError("these runs do not belong into one table; report each kind by itself, or give --mixed")
    if not usable:
        if not findings:
            raise click.UsageError(f"no run folder was found in {', '.join(map(str, runs))}")
        fail("no run can be reported on")
    made = make_report(usable, f1)
    for path in _write(report_of(made), output_dir, chosen, images):
        click.echo(path)
    say(f"{plural(len(made.runs), 'run')} in {plural(len(made.members), 'cell')} of GPU and batch size")
    return int(has_errors(findings))


def _write(report: Report, output_dir: Path, formats: Sequence[str], images: tuple[str, ...]) -> list[Path]:
    """Write everything; where matplotlib is missing the page alone has the figures, and a message says so."""
    from dcase_energy.errors import PlotError
    from dcase_energy.sheets import write_report
    from dcase_energy.sheets.plots.files import chart_files
    from dcase_energy.writing.files import replace_files

    files = write_report(report, formats)
    try:
        files |= chart_files({chart.name: [chart] for chart in report.charts}, images) if images else {}
    except PlotError as error:
        say(f"no figures: {error}")
    try:
        replace_files(output_dir, files)
    except OSError as error:
        raise click.UsageError(f"cannot write to {output_dir}: {error.strerror}") from None
    return [output_dir / name for name in files]


def _choice(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise click.BadParameter(f"{option}: {', '.join(unknown) or 'nothing'}; choose from {', '.join(known)}")
    return chosen


def show_findings(findings: Sequence[Finding]) -> None:
    """One finding a line on stderr, with what to do below."""
    for one in findings:
        found = f" ({one.found})" if one.found else ""
        say(visible(f"{one.where}: {one.severity} {one.code} {one.message}{found}"))
        if one.hint and one.severity is not Severity.INFO:
            say(f"      fix: {visible(one.hint)}")
