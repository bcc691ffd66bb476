"""`dcase-energy study`: run, status, import and report."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.arguments import AtLeastOne, StudyRepeats
from dcase_energy.cli.groups import OrderedGroup
from dcase_energy.cli.options import (
    emit,
    format_option,
    list_option,
    option,
    output_dir_option,
    scheduler_option,
    training_options,
)
from dcase_energy.cli.parameters import PathName, bounded
from dcase_energy.cli.render import show_findings
from dcase_energy.cli.terminal import complain, say
from dcase_energy.sheets import FORMATS
from dcase_energy.sheets.plots.chart import PLOT_FORMATS
from dcase_energy.text import plural
from dcase_energy.units import format_duration, format_energy

if TYPE_CHECKING:
    from dcase_energy.study.running import Ended
    from dcase_energy.study.runs import StudyRun


@click.group(
    cls=OrderedGroup,
    epilog="Example: dcase-energy study run --batch-sizes 4,8 --output-dir runs && dcase-energy study report runs",
)
def command() -> None:
    """Repeat the study of ICASSP 2023: energy of training by GPU and batch size."""


def _batch_sizes(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """``4,8,16`` as numbers, each once."""
    parts = [part.strip() for part in value.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,5}", part, re.ASCII) and int(part) for part in parts):
        message = f"{value!r} is not a list of batch sizes; write for example 4,8,16,32"
        raise click.BadParameter(message, context, parameter)
    return tuple(dict.fromkeys(int(part) for part in parts))


@command.command(
    epilog="Example: dcase-energy study run --batch-sizes 4,8,16,32 --repeats 3 --epochs 200 --output-dir runs"
)
@click.option(
    "--batch-sizes", callback=_batch_sizes, default="4,8,16,32", show_default=True, help="Batch sizes, multiples of 4."
)
@click.option("--repeats", type=bounded(StudyRepeats), default=3, show_default=True, help="Runs of each batch size.")
@click.option("--epochs", type=bounded(AtLeastOne), help="Epochs of each run.  [default: the recipe's, 200]")
@output_dir_option("runs", old=["--output"], text="Folder of the runs.")
@training_options
@option(
    "--gpu-name", "gpu", old=["--gpu"], help="Name of the hardware in the tables.  [default: the one that is detected]"
)
@scheduler_option
@click.option("--retry-failed", is_flag=True, help="Train failed runs again.")
@click.option("--retry-invalid", is_flag=True, help="Train runs again whose measurement is not valid.")
@click.option("--resume", is_flag=True, hidden=True, expose_value=False)
@format_option("text", "json", text="json prints what `study status --format json` prints, when all runs have ended.")
def run(output_format: str, **options: Any) -> int:
    """Train the grid of batch sizes and repeats, one run at a time, and measure each.

    Each run has a folder, named by a hash of its settings. Finished runs are kept; the same command again trains what
    is missing and continues interrupted runs from their last epoch. Run the study on each machine, or each kind of GPU
    of a cluster, into one folder or several: `study report` takes them all. With --scheduler, workers that offer
    measure=1 train. Exit code 1 if a run failed.
    """
    from dcase_energy.api.study import run_study, study_status

    found = run_study(log=say, progress=_progress(), on_end=_ended, **options)
    if failed := sum(one.outcome == "failed" for one in found.ended):
        say(f"{plural(failed, 'run')} failed; logs: {options['output_dir']}/<run>/log.txt; --retry-failed trains again")
    for one in found.left:
        hint = "; --retry-failed trains it once more" if one.state == "failed" else " elsewhere"
        say(f"{one.folder.name} {one.state}{hint}")
    if output_format == "json":
        from dcase_energy.cli.render.study import status_json

        now = datetime.datetime.now().astimezone()
        emit(status_json(study_status(options["output_dir"]), now), None)
    return int(found.failed > 0)


def _ended(one: Ended, number: int, count: int) -> None:
    """Print how a run ended."""
    first, *others = one.message.splitlines() or [""]
    say(f"[{number}/{count}] {one.folder} {one.outcome}{f': {first}' if first else ''}")
    for line in others:
        say(f"      {line}")


def _progress() -> Callable[[StudyRun, int, int], None]:
    """Return a function that prints once per epoch how far a run is."""
    printed: dict[Path, int] = {}
    waiting: set[Path] = set()

    def progress(one: StudyRun, number: int, count: int) -> None:
        state, waits_for = one.about.progress, one.about.waits_for
        if waits_for is not None and one.folder not in waiting:
            waiting.add(one.folder)
            say(f"{one.folder.name} waits for {waits_for}")
        if state is None or printed.get(one.folder) == state.epochs:
            return
        printed[one.folder] = state.epochs
        f1 = "" if state.f1 is None else f", F1 {100 * state.f1:.1f} %"
        energy, spent = format_energy(state.energy_kwh), format_duration(state.duration_s)
        epochs = f"epoch {state.epochs}/{one.about.work.epochs}"
        say(f"[{number}/{count}] batch {one.about.batch_size}, {epochs}: {energy} in {spent}{f1}")

    return progress


@command.command(epilog="Example: dcase-energy study status runs/")
@click.argument("runs", nargs=-1, required=True, type=PathName(exists=True, file=False), metavar="RUNS...")
@format_option("text", "json")
def status(runs: tuple[Path, ...], output_format: str) -> int:
    """Show each run's state and progress, and when the study may end.

    Exit code 1 if a run failed or its folder could not be read.
    """
    from dcase_energy.api.study import study_status
    from dcase_energy.cli.render.study import status_json, status_text

    found = study_status(runs)
    for message in found.unreadable:
        complain(message)
    if found.imported:
        say(f"{plural(found.imported, 'imported run')}, with nothing left to do")
    now = datetime.datetime.now().astimezone()
    emit(status_json(found, now) if output_format == "json" else status_text(found, now), None)
    return int(bool(found.unreadable or found.count("failed")))


@command.command(
    "import", epilog="Example: dcase-energy study import desed_energy_runs.csv --epochs 200 --output-dir runs"
)
@click.argument("sheets", nargs=-1, required=True, type=PathName(exists=True, folder=False), metavar="SHEET...")
@output_dir_option("runs", old=["--output"], text="Folder of the runs.")
@option("--gpu-name", "gpu", old=["--gpu"], help="GPU of all rows, instead of the sheet's.")
@click.option("--batch-size", type=bounded(AtLeastOne), help="Batch size of all rows.")
@click.option("--epochs", type=bounded(AtLeastOne), help="Epochs of all trainings.")
@click.option(
    "--f1", type=click.Choice(["07", "05"]), help="DTC and GTC of the sheet's F1: 0.7 or 0.5.  [default: not known]"
)
@click.option(
    "--earlier",
    type=click.Choice(["replace", "keep"]),
    help="What to do with runs of an earlier sheet of the same name: replace them, as the sheet was corrected, or keep "
    "them, as this is another sheet.  [default: refuse to import]",
)
def import_(sheets: tuple[Path, ...], output_dir: Path, **options: Any) -> int:
    """Make run folders from sheets made elsewhere, and name what they lack.

    SHEET is a CSV with one run per row (columns gpu, batch_size or batch_unit, total_kwh, and any of max_f1_pct,
    time_hh_mm or duration_s, kwh_at_f1_40, kwh_at_95, kwh_at_max), or an emissions.csv of CodeCarbon, for which
    --batch-size is needed. Exit code 1 if something in a sheet is wrong; what is right is imported nevertheless.
    """
    from dcase_energy.api.study import import_runs
    from dcase_energy.findings import has_errors

    found = import_runs(sheets, output_dir, log=say, **options)
    for sheet in found:
        show_findings(sheet.findings)
        runs = sheet.runs.values()
        gpus = plural(len({run.gpu for run in runs}), "GPU")
        batches = plural(len({run.batch_size for run in runs}), "batch size")
        say(f"{sheet.path}: {plural(len(runs), 'run')} of {gpus} and {batches} -> {output_dir}")
    return int(any(has_errors(sheet.findings) for sheet in found))


@command.command("report", epilog="Example: dcase-energy study report runs/ more-runs/ --output-dir report")
@click.argument("runs", nargs=-1, required=True, type=PathName(exists=True, file=False), metavar="RUNS...")
@click.option(
    "--f1",
    type=click.Choice(["07", "05"]),
    default="07",
    show_default=True,
    help="DTC and GTC of the F1: 0.7, as in the paper, or 0.5.",
)
@output_dir_option("study")
@list_option("--formats", FORMATS, "csv,md,latex,html", f"Any of {','.join(FORMATS)}.")
@list_option("--plots", PLOT_FORMATS, "svg", f"Any of {','.join(PLOT_FORMATS)}, or none.", old=["--figures"])
@click.option("--include-invalid", is_flag=True, help="Include runs whose measurement a guard found invalid.")
@click.option("--mixed", is_flag=True, help="Average over runs of different recipes, epochs, execution paths or data.")
@format_option("text", "json", short=False, text="json prints what the JSON sheet has, and file names on stderr.")
def report_(
    runs: tuple[Path, ...],
    output_dir: Path,
    formats: list[str],
    plots: list[str],
    output_format: str,
    **options: Any,
) -> int:
    """Write the paper's tables and figures from run folders, of any number of machines.

    RUNS are folders that hold run folders, at any depth. Exit code 1 if a run could not be read.
    """
    from dcase_energy.api.study import report_study
    from dcase_energy.errors import DcaseEnergyError
    from dcase_energy.findings import has_errors

    found = report_study(runs, **options)
    show_findings(found.findings)
    if found.study is None:
        raise DcaseEnergyError("no run can be reported on")
    tell = say if output_format == "json" else click.echo
    for path in found.write(output_dir, formats, plots, say):
        tell(str(path))
    if output_format == "json":
        from dcase_energy.cli.render.json import report_json
        from dcase_energy.study.sheets import report_of

        click.echo(report_json(report_of(found.study)), nl=False)
    cells = plural(len(found.study.members), "cell")
    say(f"{plural(len(found.study.runs), 'run')} in {cells} of GPU and batch size")
    return int(has_errors(found.findings))
