"""`dcase-energy study`: run, status, import and report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import existing
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import Finding, Severity, has_errors

if TYPE_CHECKING:
    from dcase_energy.study.report import Report

IMAGE_FORMATS = ("svg", "png", "pdf")
SHEET_FORMATS = ("csv", "md", "latex", "html")


@click.group(epilog="Example: dcase-energy study run --batch-sizes 4,8 --output runs && dcase-energy study report runs")
def command() -> None:
    """Repeat the study of ICASSP 2023: energy of training by GPU and batch size."""


@command.command(epilog="Example: dcase-energy study report runs/ more-runs/ --output-dir report")
@click.argument("runs", nargs=-1, required=True, type=existing(file=False), metavar="RUNS...")
@click.option(
    "--f1", type=click.Choice(["07", "05"]), default="07", show_default=True, help="F1 criterion (07: the paper's)."
)
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("study"), show_default=True
)
@click.option("--formats", default=",".join(SHEET_FORMATS), show_default=True, help="Of the sheets.")
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
    chosen = _choice("--formats", formats, SHEET_FORMATS)
    images = () if figures == "none" else _choice("--figures", figures, IMAGE_FORMATS)
    from dcase_energy.study.gather import gather
    from dcase_energy.study.report import make_report
    from dcase_energy.study.rules import RUNS_MIXED

    gathered = gather(runs, f1, include_invalid=include_invalid, mixed=mixed)
    _show(gathered.findings)
    if any(one.code == RUNS_MIXED.code and one.severity is Severity.ERROR for one in gathered.findings):
        raise click.UsageError("these runs do not belong into one table; report each kind by itself, or give --mixed")
    if not gathered.runs:
        if not gathered.findings:
            raise click.UsageError(f"there is no run folder in {', '.join(map(str, runs))}")
        fail("no run can be reported on")
    made = make_report(gathered.runs, f1)
    for path in _write(made, output_dir, chosen, images):
        click.echo(path)
    cells = len(made.members)
    say(f"{len(made.runs)} runs in {cells} cell{'s' * (cells != 1)} of GPU and batch size")
    return int(has_errors(gathered.findings))


@command.command("import", epilog="Example: dcase-energy study import desed_energy_runs.csv --epochs 200 --output runs")
@click.argument("sheets", nargs=-1, required=True, type=existing(folder=False), metavar="SHEET...")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("runs"), show_default=True)
@click.option("--gpu", help="GPU of all rows, in place of the sheet's.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Batch size of all rows.")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of all trainings.")
@click.option("--f1", type=click.Choice(["07", "05"]), help="F1 criterion of the sheet.  [default: not known]")
def import_(
    sheets: tuple[Path, ...],
    output: Path,
    gpu: str | None,
    batch_size: int | None,
    epochs: int | None,
    f1: Literal["05", "07"] | None,
) -> int:
    """Make run folders from sheets made elsewhere, and name what they lack.

    SHEET is a CSV with one run a row (columns gpu, batch_size or batch_unit, total_kwh, and any of max_f1_pct,
    time_hh_mm or duration_s, kwh_at_f1_40, kwh_at_95, kwh_at_max), or an emissions.csv of CodeCarbon, for which
    --batch-size is needed. Exit code 1 if something in a sheet is wrong; what is right is imported all the same.
    """
    from dcase_energy.study.importing import Given, import_sheet

    failed = False
    for sheet in sheets:
        try:
            runs, findings = import_sheet(sheet, output, Given(gpu, batch_size, epochs, f1))
        except OSError as error:
            raise click.UsageError(f"cannot write to {output}: {error.strerror}") from None
        _show(findings)
        failed = failed or has_errors(findings)
        gpus, batches = len({run.gpu for run in runs}), len({run.batch_size for run in runs})
        say(f"{visible(str(sheet))}: {len(runs)} runs of {gpus} GPUs and {batches} batch sizes -> {output}")
    return int(failed)


def _write(made: Report, output_dir: Path, formats: Sequence[str], images: tuple[str, ...]) -> list[Path]:
    """Write everything; figures are left out, with a word, where matplotlib is missing."""
    from dcase_energy.documents.atomic import write_bytes
    from dcase_energy.study.plots import TITLES, PlotsMissingError, draw
    from dcase_energy.study.report import text_files
    from dcase_energy.study.sheets.html import InlineFigure, to_html

    wanted = tuple(dict.fromkeys((*images, *(("svg",) if images and "html" in formats else ()))))
    try:
        drawn = draw(made, wanted) if wanted else {}
    except PlotsMissingError as error:
        say(f"no figures: {error}")
        drawn = {}
    files = {name: text.encode() for name, text in text_files(made, formats).items()}
    if "html" in formats:
        inline = [InlineFigure(title, drawn[f"{name}.svg"]) for name, title in TITLES.items() if f"{name}.svg" in drawn]
        files["report.html"] = to_html(made.sheets(), inline).encode()
    files |= {name: data for name, data in drawn.items() if name.rpartition(".")[2] in images}
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_bytes(output_dir / name, data)
    except OSError as error:
        raise click.UsageError(f"cannot write to {output_dir}: {error.strerror}") from None
    return [output_dir / name for name in files]


def _choice(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise click.BadParameter(f"{option}: {', '.join(unknown) or 'nothing'}; choose from {', '.join(known)}")
    return chosen


def _show(findings: Sequence[Finding]) -> None:
    """One finding a line on stderr, with what to do below."""
    for one in findings:
        found = f" ({one.found})" if one.found else ""
        say(visible(f"{one.where}: {one.severity} {one.code} {one.message}{found}"))
        if one.hint and one.severity is not Severity.INFO:
            say(f"      mend: {visible(one.hint)}")
