"""`dcase-energy calibrate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from dcase_energy.arguments import AtLeastOne, BatchClips, BudgetSeconds, Precision
from dcase_energy.cli.options import format_option, training_options, wait_idle_option
from dcase_energy.cli.parameters import Duration, PathName, bounded
from dcase_energy.cli.render.closing import after_calibration, usable_for
from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.render.record import record_text
from dcase_energy.cli.terminal import end_live, live_wanted, say
from dcase_energy.measure.plan import BASELINE_STAGES as STAGES
from dcase_energy.text import visible
from dcase_energy.units import format_significant

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.records import Calibration

# Options of `calibrate` for a baseline that is a recipe of the program.
_OF_RECIPES = (
    "recipe", "data", "execution_path", "threads", "seed", "epochs", "quick", "precision", "budget_s", "settle_s",
    "batch_size", "resume",
)  # fmt: skip


def _names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Names of variables that are set: a misspelt one would be missed only in the figures."""
    for name in value:
        if name not in os.environ:
            raise click.BadParameter(f"the environment variable {visible(name)!r} is not set", context, parameter)
    return tuple(sorted(set(value)))


def _filled(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """``--fill checkpoint=best.ckpt``."""
    pairs = [text.partition("=") for text in value]
    if wrong := [name for name, equals, _ in pairs if not (name and equals)]:
        raise click.BadParameter(f"write NAME=VALUE; found {visible(wrong[0])!r}", context, parameter)
    return {name: text for name, _, text in pairs}


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="Example: dcase-energy calibrate --quick --output calibration.json",
)
@training_options
@click.option(
    "--stage", type=click.Choice([*STAGES, "both"]), default="both", show_default=True, help="What to measure."
)
@click.option("--epochs", type=bounded(AtLeastOne), help="Epochs to train.  [default: 10]")
@click.option(
    "--quick",
    is_flag=True,
    help="Wait until the machine is steady, measure for some minutes, and extrapolate to the full recipe.",
)
@click.option(
    "--precision",
    type=bounded(Precision),
    default=0.02,
    show_default=True,
    help="Precision that `--quick` aims at: half the width of the session's 95 % interval, as a fraction of the "
    "figure.",
)
@click.option(
    "--budget",
    "budget_s",
    type=Duration(BudgetSeconds),
    metavar="DURATION",
    default="2m",
    show_default=True,
    help="Maximum time of training and validation that `--quick` measures.",
)
@click.option(
    "--settle",
    "settle_s",
    type=Duration(),
    metavar="DURATION",
    default="5m",
    show_default=True,
    help="Maximum time that `--quick` waits until the energy of a step is steady; 0 does not wait.",
)
@click.option("--batch-size", type=bounded(BatchClips), help="Batch size instead of the recipe's; a multiple of 4.")
@click.option(
    "-o",
    "--output",
    type=PathName(folder=False),
    default=Path("calibration.json"),
    show_default=True,
    help="Record to write, with its journal beside it. A complete one is never replaced: the next is NAME.2.json.",
)
@click.option("--force", is_flag=True, help="Replace an existing complete record once the new one is complete.")
@click.option(
    "--repeats", type=bounded(AtLeastOne), default=1, show_default=True, help="Number of trainings to measure."
)
@click.option(
    "--idle",
    "idle_s",
    type=Duration(),
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="How long to record idle power before and after, where sensors are read.",
)
@click.option(
    "--pass-env",
    multiple=True,
    metavar="NAME",
    callback=_names,
    help="Also pass this environment variable to the baseline's process. It is recorded; may be repeated.",
)
@click.option(
    "--reference",
    type=PathName(exists=True, folder=False),
    metavar="RECORD",
    help="An organiser's calibration. Prints how many kWh on the reference machine equal one kWh on this machine.",
)
@wait_idle_option
@click.option("--resume", is_flag=True, help="Continue the interrupted calibration of this output, if there is one.")
@click.option("--strict", is_flag=True, help="Exit code 1 if a guard finds the record invalid.")
@click.option(
    "--fill",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_filled,
    help="Value of a {NAME} in the commands that the edition names as its baseline; may be repeated.",
)
@format_option("text", "json", text="json prints the record.")
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
def command(
    edition: str,
    stage: str,
    reference: Path | None,
    strict: bool,
    command_line: tuple[str, ...],
    output_format: str,
    **options: Any,
) -> int:
    """Train the reference baseline on this machine and write a calibration record.

    By default ten epochs of the edition's recipe are trained on embedded synthetic soundscapes and extrapolated to the
    full recipe; the energy of a training step does not depend on the content of the audio. --quick measures a few
    dozen steps, in some minutes.

    If the edition's baseline is a command of its organisers, give that command after --, and start it in the folder of
    the baseline. It is executed once, with the edition's short probe before and after it. Exit code 1 if it fails.
    """
    from dcase_energy.api.calibrating import calibrate, calibrate_command
    from dcase_energy.api.shared import choose_edition, read_calibration
    from dcase_energy.calibration.plan import Plan, quick_settings
    from dcase_energy.cli.render.bar import show_bar
    from dcase_energy.cli.render.progress import ProgressLines

    as_json = output_format == "json"
    rules, compared = choose_edition(edition), None if reference is None else read_calibration(reference, say)
    stages = STAGES if stage == "both" else (stage,)

    def show(record: Calibration) -> None:
        more = [*reference_lines(record, compared, rules), usable_for(record, rules), after_calibration(record)]
        end_live()
        click.echo(dumped(record.model_dump(mode="json")).rstrip() if as_json else record_text(record, more))

    shared: dict[str, Any] = {"edition": rules, "stages": stages, "keep": True, "log": say, "on_end": show}
    if command_line:
        _refuse_of_recipes()
        taken = {name: value for name, value in options.items() if name not in _OF_RECIPES}
        record = calibrate_command(command_line, **taken, **shared)
        return int(not record.complete or (strict and not record.valid))
    if options.pop("fill"):
        raise click.UsageError("--fill: only for a baseline that is a command, given after --")
    quick = quick_settings(*(options[name] for name in ("precision", "budget_s", "settle_s")))
    epochs = options["epochs"] or Plan.epochs
    bar = show_bar if live_wanted() else None
    progress = ProgressLines(say, quick if options["quick"] else None, epochs, bar=bar)
    record = calibrate(progress=progress, **options, **shared)
    return int(strict and not record.valid)


def _refuse_of_recipes() -> None:
    """Refuse options that only a recipe of the program has."""
    context = click.get_current_context()
    given = [name for name in _OF_RECIPES if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    names = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    if given:
        raise click.UsageError(f"{', '.join(names[name] for name in given)}: not for a baseline that is a command")


def reference_lines(record: Calibration, reference: Calibration | None, edition: Edition) -> list[str]:
    """What a kWh of this machine is on the reference machine, and whether that is exact or only indicative."""
    from dcase_energy.calibration.reference import factors

    return [
        f"{one.stage}: 1 kWh here is {format_significant(one.factor)} kWh on the reference machine "
        f"({'exact' if one.exact else 'indicative'}{': ' + visible('; '.join(one.reasons)) if one.reasons else ''})"
        for one in factors(record, reference, edition)
    ]
