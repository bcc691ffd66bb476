"""`dcase-energy study run`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import edition_option, existing, get_edition, writable_folder
from dcase_energy.cli.terminal import say, visible
from dcase_energy.text import plural
from dcase_energy.units import format_duration, format_significant

if TYPE_CHECKING:
    from dcase_energy.study.grid import Choices
    from dcase_energy.study.running import Ended, Job
    from dcase_energy.study.runs import Run


def _batch_sizes(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """``4,8,16`` as numbers, each once."""
    parts = [part.strip() for part in value.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,5}", part, re.ASCII) and int(part) for part in parts):
        message = f"{value!r} is not a list of batch sizes; write for example 4,8,16,32"
        raise click.BadParameter(message, context, parameter)
    return tuple(dict.fromkeys(int(part) for part in parts))


def _device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse a misspelt device now, not after torch was loaded."""
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]+)?", value):
        message = f"{value!r} is not a device; choose auto, cpu or cuda:0, cuda:1, ..."
        raise click.BadParameter(message, context, parameter)
    return value


@click.command(epilog="Example: dcase-energy study run --batch-sizes 4,8,16,32 --repeats 3 --epochs 200 --output runs")
@click.option("--batch-sizes", callback=_batch_sizes, default="4,8,16,32", show_default=True, help="Multiples of 4.")
@click.option("--repeats", type=click.IntRange(1, 1000), default=3, show_default=True, help="Runs of each batch size.")
@click.option("--epochs", type=click.IntRange(min=1), help="Of each run.  [default: the recipe's, 200]")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    callback=writable_folder,
)
@click.option(
    "--data",
    type=existing(file=False),
    metavar="DESED_DIR",
    help="Folder of DESED, as for `calibrate`.  [default: embedded synthetic soundscapes]",
)
@edition_option()
@click.option("--recipe", help="Recipe to train in place of the edition's: a name or a TOML file.")
@click.option("--execution-path", type=click.Choice(["fast", "reference"]), help="[default: the edition's]")
@click.option("--device", default="auto", show_default=True, callback=_device, help="auto, cpu, cuda:0, ...")
@click.option("--gpu", help="Name of the hardware in the tables, instead of the detected one.")
@click.option("--threads", type=click.IntRange(min=1), help="Of the CPU.  [default: all usable]")
@click.option("--allow-estimate", is_flag=True, help="Estimate a processor whose counters may not be read.")
@click.option("--seed", type=int, default=42, show_default=True, help="Of the first repeat; the next has the next.")
@click.option(
    "--scheduler", metavar="ADDRESS", help="Train on the workers of this Dask scheduler that offer measure=1."
)
@click.option("--retry-failed", is_flag=True, help="Train runs that failed once more.")
@click.option("--retry-invalid", is_flag=True, help="Train runs whose measurement is not valid once more.")
def run(**options: Any) -> int:
    """Train the grid of batch sizes and repeats, one run at a time, and measure each.

    Each run has a folder in the output, named by the hash of what it is. Runs that are done stay; the same command
    again trains what is missing and continues interrupted runs from their last epoch. Run the study on each
    machine, or each kind of GPU of a cluster, into one folder or several: `study report` takes them all. Exit code 1 if
    a run failed.
    """
    from dcase_energy.errors import ParallelError, RecipeError, StudyError
    from dcase_energy.study.grid import make_grid, prepare, recipe_source
    from dcase_energy.study.running import Job, ask_hardware, run_jobs, to_do

    choices, output, scheduler = _choices(options), options["output"], options["scheduler"]
    try:
        make_grid(options["batch_sizes"], 1, choices, "")  # before a cluster is asked for anything
        _check_data(choices)
        gpu = options["gpu"] or ask_hardware(choices.device, scheduler)
        grid = make_grid(options["batch_sizes"], options["repeats"], choices, gpu)
        source = recipe_source(choices.recipe)
        runs = prepare(output, grid, source, choices.data, check_hardware=not options["gpu"])
    except RecipeError as error:
        raise click.UsageError(str(error)) from None
    except (StudyError, ParallelError) as error:
        fail(str(error))
    except OSError as error:
        raise click.UsageError(f"cannot write to {output}: {error.strerror}") from None
    todo = to_do(runs, retry_failed=options["retry_failed"], retry_invalid=options["retry_invalid"])
    say(f"{visible(gpu)}: {plural(len(runs), 'run')}, {len(todo)} to train, in {output}")
    jobs = [Job(one.folder, per_device=scheduler is not None) for one in todo]
    failed = _train(jobs, run_jobs(jobs, scheduler, _progress(todo)), output)
    failed += _left(runs, todo)
    return int(failed > 0)


def _choices(options: dict[str, Any]) -> Choices:
    from dcase_energy.study.grid import Choices

    edition = get_edition(options["edition_name"])
    return Choices(
        edition=edition.name,
        recipe=options["recipe"] or edition.baseline.recipe,
        execution_path=options["execution_path"] or edition.baseline.execution_path,
        device=options["device"],
        epochs=options["epochs"],
        seed=options["seed"],
        threads=options["threads"],
        allow_estimate=options["allow_estimate"],
        data=None if options["data"] is None else str(options["data"].resolve()),
    )


def _check_data(choices: Choices) -> None:
    """Say which clips of DESED are missing, before hours of training."""
    from dcase_energy.calibration.plan import Plan
    from dcase_energy.calibration.prepare import check_data
    from dcase_energy.errors import CalibrationError

    try:
        for subset, names in check_data(Plan(choices.edition, choices.recipe, data=choices.data)).items():
            say(f"  {subset}: {len(names)} clips are missing and left out: {visible(', '.join(names[:5]))}")
    except CalibrationError as error:
        fail(str(error))


def _train(jobs: Sequence[Job], results: Iterator[Ended], output: Path) -> int:
    """Say how each run ends; give the number of those that failed."""
    from dcase_energy.errors import ParallelError

    failed = 0
    try:
        for number, ended in enumerate(results, 1):
            failed += ended.outcome == "failed"
            message = f": {visible(ended.message.partition(chr(10))[0])}" if ended.message else ""
            say(f"[{number}/{len(jobs)}] {ended.folder} {ended.outcome}{message}")
            for line in ended.message.splitlines()[1:]:
                say(f"      {visible(line)}")
    except ParallelError as error:
        fail(f"{error}; the same command trains what is missing")
    if failed:
        say(f"{failed} runs failed; logs: {output}/<run>/log.txt; --retry-failed trains them once more")
    return failed


def _left(runs: Sequence[Run], todo: Sequence[Run]) -> int:
    """Say what was left alone though it is not done; give the number of those that had failed before."""
    known = {one.folder for one in todo}
    left = [one for one in runs if one.folder not in known and one.state != "done"]
    for one in left:
        hint = "; --retry-failed trains it once more" if one.state == "failed" else " elsewhere"
        say(f"{one.folder.name} {one.state}{hint}")
    return sum(one.state == "failed" for one in left)


def _progress(todo: Sequence[Run]) -> Callable[[Run], None]:
    """Says once an epoch how far the run is."""
    said: dict[Path, int] = {}
    waiting: set[Path] = set()
    names = [one.folder for one in todo]

    def progress(one: Run) -> None:
        state, waits_for = one.about.progress, one.about.waits_for
        if waits_for is not None and one.folder not in waiting:
            waiting.add(one.folder)
            say(f"{one.folder.name} waits for {visible(waits_for)}")
        if state is None or said.get(one.folder) == state.epochs:
            return
        said[one.folder] = state.epochs
        f1 = "" if state.f1 is None else f", F1 {100 * state.f1:.1f} %"
        place = f"[{names.index(one.folder) + 1}/{len(names)}]"
        energy, spent = format_significant(state.energy_kwh), format_duration(state.duration_s)
        say(
            f"{place} batch {one.about.batch_size}, epoch {state.epochs}/{one.about.work.epochs}: "
            f"{energy} kWh in {spent}{f1}"
        )

    return progress
