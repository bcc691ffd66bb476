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

if TYPE_CHECKING:
    from dcase_energy.study.report import Report

IMAGE_FORMATS = ("svg", "png", "pdf")
SHEET_FORMATS = ("csv", "md", "latex", "html")


@click.command(epilog="Example: dcase-energy study report runs/ more-runs/ --output-dir report")
@click.argument("runs", nargs=-1, required=True, type=existing(file=False), metavar="RUNS...")
@click.option(
    "--f1", type=click.Choice(["07", "05"]), default="07", show_default=True, help="F1 criterion (07: the paper's)."
)
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("study"), show_default=True,
    callback=writable_folder,
)  # fmt: skip
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
    show(gathered.findings)
    if any(one.code == RUNS_MIXED.code and one.severity is Severity.ERROR for one in gathered.findings):
        raise click.UsageError("these runs do not belong into one table; report each kind by itself, or give --mixed")
    if not gathered.runs:
        if not gathered.findings:
            raise click.UsageError(f"no run folder was found in {', '.join(map(str, runs))}")
        fail("no run can be reported on")
    made = make_report(gathered.runs, f1)
    for path in _write(made, output_dir, chosen, images):
        click.echo(path)
    cells = len(made.members)
    runs_count = len(made.runs)
    say(f"{runs_count} run{'s' * (runs_count != 1)} in {cells} cell{'s' * (cells != 1)} of GPU and batch size")
    return int(has_errors(gathered.findings))


def _write(made: Report, output_dir: Path, formats: Sequence[str], images: tuple[str, ...]) -> list[Path]:
    """Write everything; figures are left out, with a word, where matplotlib is missing."""
    from dcase_energy.errors import PlotError
    from dcase_energy.study.plots import TITLES, draw
    from dcase_energy.study.report import text_files
    from dcase_energy.study.sheets.html import InlineFigure, to_html
    from dcase_energy.writing.files import write_bytes

    wanted = tuple(dict.fromkeys((*images, *(("svg",) if images and "html" in formats else ()))))
    try:
        drawn = draw(made, wanted) if wanted else {}
    except PlotError as error:
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


def show(findings: Sequence[Finding]) -> None:
    """One finding a line on stderr, with what to do below."""
    for one in findings:
        found = f" ({one.found})" if one.found else ""
        say(visible(f"{one.where}: {one.severity} {one.code} {one.message}{found}"))
        if one.hint and one.severity is not Severity.INFO:
            say(f"      fix: {visible(one.hint)}")
