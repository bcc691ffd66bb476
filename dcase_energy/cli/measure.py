"""`dcase-energy measure`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.options import existing, get_baseline, record_file
from dcase_energy.cli.terminal import say, style, visible
from dcase_energy.measure.plan import STAGES
from dcase_energy.units import format_duration, format_significant

if TYPE_CHECKING:
    from dcase_energy.measure.plan import MeasurePlan
    from dcase_energy.measure.records import Calibration, Energy

DEFAULT_WINDOW_S = 60.0


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="Example: dcase-energy measure --stage training -- python train.py --epochs 200",
)
@click.option("--stage", type=click.Choice(STAGES), help="What the command does.  [required]")
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True, help="Windows to measure.")
@click.option(
    "--min-window",
    type=click.FloatRange(0),
    help="Minimum measurement window in seconds; a shorter command is repeated and the energy averaged.  "
    "[default: 60; 0 for a training]",
)
@click.option(
    "--gpu", default="auto", show_default=True, help="auto, none, all, or numbers as in nvidia-smi, or UUIDs."
)
@click.option("--scope", multiple=True, metavar="WHAT", help="What else the command does, e.g. data-preparation.")
@click.option(
    "--idle", type=click.FloatRange(0), default=0.0, show_default=True, help="Seconds of idle power around it."
)
@click.option("--allow-estimate", is_flag=True, help="Estimate a processor whose counters may not be read.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Record to write. A complete one is never replaced: the next is NAME.2.json.  [default: energy_STAGE.json]",
)
@click.option("--force", is_flag=True, help="Replace a complete record, once the new one is complete.")
@click.option(
    "--from-journal",
    type=existing(folder=False),
    metavar="JOURNAL",
    help="Execute nothing: write the record of a measurement whose record could not be written.",
)
@click.option(
    "--calibration", type=existing(folder=False), metavar="RECORD", help="Print the ratio to this machine's baseline."
)
@click.option(
    "--strict", is_flag=True, help="Exit code 1 if the command went well and a guard finds the record invalid."
)
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="-- CMD...")
def command(**options: Any) -> int:
    """Run any command under the same session as the baseline's, and write its energy record.

    The command's exit code is passed on. 125: the measurement failed (the record says why); 126, 127: the command could
    not be started. What the command prints stays untouched; everything of ours goes to stderr.
    """
    from dcase_energy.errors import JournalError
    from dcase_energy.measure.command import OWN_FAILURE, measure_command, record_from_journal
    from dcase_energy.measure.record_file import how_to_write, record_beside

    journal: Path | None = options["from_journal"]
    if journal is None:
        _check_required(options)
        output = options["output"] or Path(f"energy_{options['stage']}.json")
    else:
        if options["command_line"] or options["stage"]:
            raise click.UsageError("--from-journal executes nothing: leave out --stage and the command")
        output = options["output"] or record_beside(journal)
    file = record_file(output, force=options["force"])
    baseline = get_baseline(options["calibration"])
    try:
        if journal is None:
            plan, log = _plan(options), lambda text: say(f"dcase-energy: {text}")
            record, code = measure_command(plan, options["command_line"], file, say=log)
        else:
            record, code = record_from_journal(journal, file), 0
    except JournalError as error:
        say(f"dcase-energy: the record could not be written: {error}")
        return OWN_FAILURE
    except OSError as error:
        say(f"dcase-energy: the record could not be written: {error}\n{how_to_write(file.journal, error)}")
        return OWN_FAILURE
    say(summary(record))
    for line in comparison(record, baseline):
        say(line)
    say("\n".join(file.about(record)))
    return 1 if options["strict"] and code == 0 and not record.valid else code


def _check_required(options: dict[str, Any]) -> None:
    """Refuse as click does: neither is required with --from-journal."""
    context = click.get_current_context()
    parameters = {one.name: one for one in context.command.params}
    if not options["stage"]:
        raise click.MissingParameter(ctx=context, param=parameters["stage"])
    if not options["command_line"]:
        raise click.MissingParameter(ctx=context, param=parameters["command_line"])


def _plan(options: dict[str, Any]) -> MeasurePlan:
    from dcase_energy.measure.plan import SCOPES, MeasurePlan

    scope, stage, window = options["scope"], options["stage"], options["min_window"]
    unknown = [one for one in scope if one not in SCOPES]
    if unknown:
        raise click.UsageError(f"--scope {unknown[0]!r} is not known; choose from {', '.join(SCOPES)}")
    return MeasurePlan(
        stage,
        tuple(dict.fromkeys(scope)),
        options["gpu"],
        options["repeat"],
        # A training is executed once, unless another wish is stated.
        (0.0 if stage == "training" else DEFAULT_WINDOW_S) if window is None else window,
        options["idle"],
        options["allow_estimate"],
    )


def summary(record: Energy) -> str:
    """An energy record for people."""
    lines: list[str] = []
    for name, stage in record.stages.items():
        interval = ""
        if (bounds := stage.energy_interval) is not None:
            interval = f" ({format_significant(bounds.low)} to {format_significant(bounds.high)}; {bounds.label})"
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
    """The ratio to the baseline and what speaks against it; where a guard refuses, why there is none."""
    from dcase_energy.measure.guards.pairs import compare, ratio

    lines: list[str] = []
    if baseline is None:
        return lines
    for name, stage in record.stages.items():
        value, verdicts = ratio(baseline, stage.energy_kwh, name)
        spoken = [guard for guard in [*compare(baseline, record), *verdicts] if guard.state != "ok"]
        if any(guard.state == "invalid" for guard in spoken):
            lines.append(f"{style(name, bold=True)}: not divided by the baseline's energy")
        elif value is not None:
            lines.append(f"{style(name, bold=True)}: {format_significant(value)} times the baseline's energy")
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
