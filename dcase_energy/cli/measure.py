"""`dcase-energy measure`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.options import existing, get_calibration
from dcase_energy.cli.terminal import say, style, visible
from dcase_energy.units import format_duration, format_significant

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Energy

STAGES = ("training", "test", "evaluation")


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="Example: dcase-energy measure --stage training -- python train.py --epochs 200",
)
@click.option("--stage", type=click.Choice(STAGES), required=True, help="What the command does.")
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True, help="Windows to measure.")
@click.option(
    "--min-window",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds: a shorter command is executed again and divided.",
)
@click.option(
    "--gpu", default="auto", show_default=True, help="auto, none, all, or numbers as in nvidia-smi, or UUIDs."
)
@click.option("--scope", multiple=True, metavar="WHAT", help="What else the command does, e.g. data-preparation.")
@click.option(
    "--idle", type=click.FloatRange(0), default=0.0, show_default=True, help="Seconds of idle power around it."
)
@click.option("--allow-estimate", is_flag=True, help="Estimate a processor whose counters may not be read.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: energy_STAGE.json]")
@click.option(
    "--calibration", type=existing(folder=False), metavar="RECORD", help="Print the ratio to this machine's baseline."
)
@click.option(
    "--strict", is_flag=True, help="Exit code 1 if the command went well and a guard finds the record invalid."
)
@click.argument("command_line", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
def command(
    stage: str,
    repeat: int,
    min_window: float,
    gpu: str,
    scope: tuple[str, ...],
    idle: float,
    allow_estimate: bool,
    output: Path | None,
    calibration: Path | None,
    strict: bool,
    command_line: tuple[str, ...],
) -> int:
    """Run any command under the same session as the baseline's, and write its energy record.

    The command's exit code is passed on. 125: the measurement failed (the record says why); 126, 127: the command could
    not be started. What the command prints stays untouched; everything of ours goes to stderr.
    """
    from dcase_energy.measure.command import OWN_FAILURE, journal_of, measure_command
    from dcase_energy.measure.journal import JournalError
    from dcase_energy.measure.plan import SCOPES, MeasurePlan

    unknown = [one for one in scope if one not in SCOPES]
    if unknown:
        raise click.UsageError(f"--scope {unknown[0]!r} is not known; choose from {', '.join(SCOPES)}")
    target = output or Path(f"energy_{stage}.json")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise click.UsageError(f"there is no folder {target.parent} to write to")
    baseline = get_calibration(calibration)
    plan = MeasurePlan(stage, tuple(dict.fromkeys(scope)), gpu, repeat, min_window, idle, allow_estimate)
    try:
        record, code = measure_command(plan, command_line, target, talk=lambda text: say(f"dcase-energy: {text}"))
    except (OSError, JournalError) as error:
        say(f"dcase-energy: the record could not be written: {error}")
        return OWN_FAILURE
    say(summary(record))
    for line in comparison(record, baseline):
        say(line)
    say(f"record: {target}\njournal: {journal_of(target)}")
    return 1 if strict and code == 0 and not record.valid else code


def summary(record: Energy) -> str:
    """An energy record for people."""
    lines: list[str] = []
    for name, stage in record.stages.items():
        interval = ""
        if (bounds := stage.energy_interval) is not None:
            interval = f" ({format_significant(bounds.low)} to {format_significant(bounds.high)}; {bounds.text})"
        seconds = format_duration(stage.full_recipe_duration_s)
        lines.append(f"{style(name, bold=True)}: {format_significant(stage.energy_kwh)} kWh{interval} in {seconds}")
        lines.append(f"  {stage.work}; {format_duration(stage.duration_s)} measured")
        for component, energy in stage.components.items():
            amount = "not measured" if energy.energy_kwh is None else f"{format_significant(energy.energy_kwh)} kWh"
            lines.append(f"  {component}: {amount} ({energy.detail})")
        if stage.net_energy_kwh is not None:
            net = format_significant(stage.net_energy_kwh)
            lines.append(f"  for information, without idle power: {net} kWh of the counted components")
    lines += [
        f"  {repeats.n} windows, coefficient of variation {repeats.coefficient_of_variation:.1%}"
        for repeats in record.repeats.values()
        if repeats.coefficient_of_variation is not None
    ]
    return "\n".join([*lines, *verdict(record)])


def comparison(record: Energy, baseline: Calibration | None) -> list[str]:
    """The ratio to the baseline, and what speaks against dividing the two."""
    from dcase_energy.measure.guards.pairs import compare, ratio

    lines: list[str] = []
    if baseline is None:
        return lines
    for name, stage in record.stages.items():
        value, verdicts = ratio(baseline, stage.energy_kwh, name)
        if value is not None:
            lines.append(f"{style(name, bold=True)}: {format_significant(value)} times the baseline's energy")
        spoken = [guard for guard in [*compare(baseline, record), *verdicts] if guard.state != "ok"]
        lines += [f"  {guard.state:<7} {guard.code}: {visible(guard.message)}" for guard in spoken]
    return lines


def verdict(record: Energy) -> list[str]:
    """Tier, what the guards have to say, and whether the record is evidence."""
    lines = [f"tier: {style(record.tier, bold=True)}"]
    lines += [
        f"  {guard.state:<7} {guard.code}: {visible(guard.message)}" for guard in record.guards if guard.state != "ok"
    ]
    lines.append("valid" if record.valid else style("INVALID", fg="red", bold=True) + ": see above")
    return lines
