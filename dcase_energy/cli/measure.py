"""`dcase-energy measure` and `dcase-energy doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.arguments import AtLeastOne, ProbeGapSeconds
from dcase_energy.cli.groups import require_given
from dcase_energy.cli.options import (
    emit,
    estimate_option,
    format_option,
    option,
    output_option,
    wait_idle_option,
)
from dcase_energy.cli.parameters import Duration, PathName, bounded
from dcase_energy.cli.render.closing import after_measurement
from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.render.record import TIERS, record_text
from dcase_energy.cli.terminal import log, style, to_stderr
from dcase_energy.measure.plan import STAGES
from dcase_energy.text import plural, visible

if TYPE_CHECKING:
    from dcase_energy.api.doctor import KeptCalibration
    from dcase_energy.measure.doctor import CountersSeen, Diagnosis

_COLOURS = {"ok": "green", "warn": "yellow", "invalid": "red"}
gpu_option = click.option(
    "--gpu",
    default="auto",
    show_default=True,
    help="GPUs whose energy is counted: auto, none, all, numbers as in nvidia-smi, or UUIDs.",
)


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="Example: dcase-energy measure --stage training -- python train.py --epochs 200",
)
@click.option("--stage", type=click.Choice(STAGES), help="Stage of the challenge that the command runs.  [required]")
@option(
    "--repeats",
    type=bounded(AtLeastOne),
    default=1,
    show_default=True,
    old=["--repeat"],
    help="Number of measurements.",
)
@click.option(
    "--min-window",
    "min_window_s",
    type=Duration(),
    metavar="DURATION",
    help="Minimum measurement window; a shorter command is repeated and the energy averaged.  [default: 60s; 0 for a "
    "training]",
)
@gpu_option
@click.option(
    "--scope",
    multiple=True,
    metavar="WHAT",
    help="Parts of the work that the command does: inference or inference+scoring for a test, and data-preparation, "
    "embedding-extraction, hyper-parameter-search or pretraining; may be repeated.",
)
@click.option(
    "--idle",
    "idle_s",
    type=Duration(),
    metavar="DURATION",
    default="0s",
    show_default=True,
    help="How long to record idle power before and after.",
)
@estimate_option
@click.option(
    "-o",
    "--output",
    type=PathName(folder=False),
    help="Record to write. A complete one is never replaced: the next is NAME.2.json.  [default: energy_STAGE.json]",
)
@click.option("--force", is_flag=True, help="Replace an existing complete record once the new one is complete.")
@click.option(
    "--from-journal",
    type=PathName(exists=True, folder=False),
    metavar="JOURNAL",
    help="Execute nothing: write the record of a measurement whose record could not be written.",
)
@click.option(
    "--each",
    type=PathName(exists=True, folder=False),
    metavar="SYSTEMS_TOML",
    help="Measure every system of a list, one after the other, and write a table for `rank --measured`. The same call "
    "again measures what is missing.  [default table: measured.csv]",
)
@wait_idle_option
@click.option(
    "--probe",
    type=click.Choice(["auto", "none", "both"]),
    default="auto",
    show_default=True,
    help="Measure the baseline for half a minute before and after a training, so that a machine that became slower or "
    "hotter does not change the ratio. auto: where --calibration, or a calibration of this machine, allows it, and "
    "after commands of at least 5 minutes.",
)
@click.option(
    "--probe-every",
    "probe_every_s",
    type=Duration(ProbeGapSeconds),
    metavar="DURATION",
    help="Pause the command at about this interval (5m, 300s) and measure the baseline in the pause as well; the "
    "pauses are not counted.",
)
@click.option(
    "--calibration",
    type=PathName(exists=True, folder=False),
    metavar="RECORD",
    help="Baseline to divide by: print the ratio to it, and measure it again in the probes.",
)
@click.option(
    "--strict", is_flag=True, help="Exit code 1 if the command succeeded but a guard finds the record invalid."
)
@format_option("text", "json", text="json prints the record to stdout, after what the command prints.")
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="-- CMD...")
def command(
    command_line: tuple[str, ...],
    strict: bool,
    output_format: str,
    each: Path | None,
    **options: Any,
) -> int:
    """Measure the energy of any command, in the same way as the baseline's, and write its record.

    The command's exit code is passed on. 125: the measurement failed (the record says why); 126, 127: the command could
    not be started. The output of the command is not changed; messages of dcase-energy go to stderr.
    """
    from dcase_energy.api.energy import measure

    if each is not None:
        return _each(each, command_line, {**options, "json": output_format == "json"})
    if options["from_journal"] is None:
        require_given(stage=options["stage"], command_line=command_line)
    found = measure(command_line, log=lambda text: log(f"dcase-energy: {text}"), **options)
    more = after_measurement(found.record, found.compared)
    (log if found.record.executions else to_stderr)("\n".join([record_text(found.record, more), *found.files]))
    if output_format == "json":
        click.echo(dumped(found.record.model_dump(mode="json")), nl=False)
    return 1 if strict and found.exit_code == 0 and not found.record.valid else found.exit_code


def _each(path: Path, command_line: tuple[str, ...], options: dict[str, Any]) -> int:
    """Measure the systems of a list; 0 if every figure was measured, 130 if a signal ended it, else 1."""
    from dcase_energy.api.each import measure_each, summary_of

    named = {"a command": command_line, "--stage": options["stage"], "--scope": options["scope"]}
    named |= {"--from-journal": options["from_journal"], "--force": options["force"], "--format json": options["json"]}
    if given := [name for name, value in named.items() if value]:
        raise click.UsageError(f"--each and {given[0]} exclude each other: the list says what is measured")
    taken = [
        "repeats", "min_window_s", "gpu", "idle_s", "wait_idle_s", "allow_estimate", "probe", "probe_every_s",
        "calibration",
    ]  # fmt: skip
    found = measure_each(
        path,
        options["output"] or "measured.csv",
        log=lambda text: log(f"dcase-energy: {text}"),
        **{name: options[name] for name in taken},
    )
    log("\n".join([*map(visible, summary_of(found)), f"table: {found.table}"]))
    return 130 if found.interrupted else int(not found.complete)


@click.command(epilog="Example: dcase-energy doctor --format json")
@gpu_option
@format_option("text", "json")
@click.option("--guards", is_flag=True, help="Print all guards with their thresholds, in Markdown, and end.")
@output_option("the diagnosis")
def doctor(gpu: str, output_format: str, guards: bool, output: Path | None) -> int:
    """Show what can be measured on this machine: each component, by which means, and what would improve it.

    Starts the real meter for a moment. Exit code 1 if a measurement would be refused here; a load that may end soon
    does not count.
    """
    if guards:
        from dcase_energy.measure.guards.page import guards_page

        emit(guards_page(), output)
        return 0
    from dcase_energy.api.doctor import examine_machine

    found, calibrations = examine_machine(Path(), gpu=gpu)
    if output_format == "json":
        listed = [{**asdict(one), "file": str(one.file)} for one in calibrations]
        emit(dumped({**found.as_json(), "calibrations": listed}), output)
    else:
        emit("\n".join([diagnosis_text(found), *calibration_lines(calibrations)]), output)
    return int(found.refuses)


def calibration_lines(calibrations: Sequence[KeptCalibration]) -> list[str]:
    """The calibrations kept on this machine, and what each is good for."""
    lines = ["", style("calibrations kept on this machine", bold=True)]
    for one in calibrations:
        use = f"usable for {', '.join(one.editions)}" if one.why_not is None else f"not usable: {one.why_not}"
        lines += [visible(f"{one.created}, recipe {one.recipe}, {one.how}"), visible(f"     {use}")]
    return lines if calibrations else [*lines, "none; `dcase-energy calibrate --quick` makes one"]


def diagnosis_text(found: Diagnosis) -> str:
    """A diagnosis for people."""
    lines = []
    for component in found.components:
        lines.append(f"{style(component.name, bold=True):<4} {component.method}: {visible(component.detail)}")
        if component.better:
            lines.append(f"     {component.better}")
    for gpu in found.gpus:
        counter = "energy counter" if gpu["counter"] else "no energy counter"
        counted = "counted" if gpu["counted"] else "not counted"
        lines.append(f"     GPU {gpu['index']}: {visible(str(gpu['name']))}, {counter}, {counted}")
    lines += [f"     {one.name}: {_counters_text(one)}" for one in found.counters]
    if found.tier is not None:
        lines.append(f"{style('tier', bold=True)} {found.tier}: {TIERS[found.tier]}")
    lines.append("")
    for remark in found.remarks:
        state = style(f"{remark.state:<7}", fg=_COLOURS[remark.state])
        lines.append(f"{state} {remark.code}: {visible(remark.message)}")
        if remark.remedy:
            lines.append(f"        {remark.remedy}")
    return "\n".join(lines)


def _counters_text(found: CountersSeen) -> str:
    """How many counters there are, and their step."""
    count = plural(found.present, "energy counter")
    if found.readable < found.present:
        return f"{count}, {found.readable} readable"
    if found.tick is None:
        return f"{count}, step not seen"
    return f"{count}, step {found.tick.interval_s * 1000:.3g} ms"
