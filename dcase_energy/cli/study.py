"""`dcase-energy study`: the group, its status and its import."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

import click

from dcase_energy.cli.options import existing, writable_folder
from dcase_energy.cli.study_report import report, show_findings
from dcase_energy.cli.study_run import run
from dcase_energy.cli.study_status import status_json, status_text
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import has_errors
from dcase_energy.text import plural


class _Ordered(click.Group):
    """Lists its commands in the order of the work."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of all commands."""
        return ["run", "status", "import", "report"]


@click.group(
    cls=_Ordered,
    epilog="Example: dcase-energy study run --batch-sizes 4,8 --output runs && dcase-energy study report runs",
)
def command() -> None:
    """Repeat the study of ICASSP 2023: energy of training by GPU and batch size."""


@command.command(epilog="Example: dcase-energy study status runs/")
@click.argument("runs", nargs=-1, required=True, type=existing(file=False), metavar="RUNS...")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(runs: tuple[Path, ...], output_format: str) -> int:
    """Show each run's state and progress, and when the study may end.

    Exit code 1 if a run failed or its folder could not be read.
    """
    from dcase_energy.study.status import read_status

    found = read_status(runs)
    for message in found.unreadable:
        say(visible(message))
    if found.imported:
        say(f"{plural(found.imported, 'imported run')}, with nothing left to do")
    if not found.runs and not found.unreadable and not found.imported:
        raise click.UsageError(f"no run was found in {', '.join(map(str, runs))}")
    now = datetime.datetime.now().astimezone()
    click.echo(status_json(found, now) if output_format == "json" else status_text(found, now))
    return int(bool(found.unreadable or found.count("failed")))


@command.command("import", epilog="Example: dcase-energy study import desed_energy_runs.csv --epochs 200 --output runs")
@click.argument("sheets", nargs=-1, required=True, type=existing(folder=False), metavar="SHEET...")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    callback=writable_folder,
)
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
        show_findings(findings)
        failed = failed or has_errors(findings)
        gpus, batches = len({run.gpu for run in runs}), len({run.batch_size for run in runs})
        say(f"{visible(str(sheet))}: {len(runs)} runs of {gpus} GPUs and {batches} batch sizes -> {output}")
    return int(failed)


command.add_command(run)
command.add_command(report)
