"""`dcase-energy calibrate`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import edition_option, existing, get_baseline, get_edition, record_file
from dcase_energy.cli.terminal import say, style, visible
from dcase_energy.units import format_duration, format_significant

if TYPE_CHECKING:
    from dcase_energy.calibration.plan import Plan
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.meter import Reading
    from dcase_energy.measure.records import Calibration, Stage


def _device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse a misspelt device now, not after torch was loaded."""
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]+)?", value):
        raise click.BadParameter(
            f"{value!r} is not a device; choose auto, cpu or cuda:0, cuda:1, ...", context, parameter
        )
    return value


def _names(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Names of variables that are set: a misspelt one would be missed only in the figures."""
    for name in value:
        if name not in os.environ:
            raise click.BadParameter(f"the environment variable {visible(name)!r} is not set", context, parameter)
    return tuple(sorted(set(value)))


@click.command(epilog="Example: dcase-energy calibrate --quick --output calibration.json")
@edition_option()
@click.option("--recipe", help="Recipe to train instead of the edition's (`smoke` is small enough for any laptop).")
@click.option("--stage", type=click.Choice(["training", "test", "both"]), default="both", show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs to train.  [default: 10, or the recipe's if fewer]")
@click.option(
    "--quick",
    is_flag=True,
    help="Measure training steps until the mean is precise enough, then extrapolate to the full recipe.",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.02,
    show_default=True,
    help="Relative half-width of the 95 % interval at which `--quick` stops.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Time limit of `--quick`, in seconds.",
)
@click.option(
    "--data",
    type=existing(file=False),
    metavar="DESED_DIR",
    help="Folder with audio/ and metadata/ as DESED_task lays them out.  [default: embedded synthetic soundscapes]",
)
@click.option("--batch-size", type=click.IntRange(min=4), help="Batch size instead of the recipe's; a multiple of 4.")
@click.option("--execution-path", type=click.Choice(["fast", "reference"]), help="[default: the edition's]")
@click.option("--device", default="auto", show_default=True, callback=_device, help="auto, cpu, cuda:0, ...")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads.  [default: all usable]")
@click.option("--seed", type=int, default=42, show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("calibration.json"),
    show_default=True,
    help="Record to write, with its journal beside it. A complete one is never replaced: the next is NAME.2.json.",
)
@click.option("--force", is_flag=True, help="Replace a complete record, once the new one is complete.")
@click.option(
    "--repeats", type=click.IntRange(min=1), default=1, show_default=True, help="Number of trainings to measure."
)
@click.option(
    "--idle",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="Seconds of idle power to record before and after, where sensors are read.",
)
@click.option(
    "--allow-estimate", is_flag=True, help="Estimate the energy of a processor whose counters cannot be read."
)
@click.option(
    "--pass-env",
    multiple=True,
    metavar="NAME",
    callback=_names,
    help="Pass this environment variable to the baseline's process, too. It is recorded; may be repeated.",
)
@click.option(
    "--reference",
    type=existing(folder=False),
    metavar="RECORD",
    help="An organiser's calibration; prints how many kWh on the reference machine one kWh here is.",
)
@click.option("--resume", is_flag=True, help="Continue the interrupted calibration of this output, if there is one.")
@click.option("--strict", is_flag=True, help="Exit code 1 if a guard finds the record invalid.")
def command(**options: Any) -> int:
    """Train the reference baseline on this machine and write a calibration record.

    By default ten epochs of the edition's recipe are trained on embedded synthetic soundscapes and extrapolated to the
    full recipe; the energy of a training step does not depend on the content of the audio. --quick measures a few
    dozen steps.
    """
    plan = _plan(options)
    reference = get_baseline(options["reference"])
    file = record_file(options["output"], force=options["force"])
    from dcase_energy.calibration.prepare import check_data
    from dcase_energy.calibration.run import calibrate
    from dcase_energy.errors import CalibrationError, ChildFailedError, JournalError, MeterError

    _check_environment(plan)
    say(f"calibrating: recipe {plan.recipe}, execution path {plan.execution_path}, {plan.threads} threads")
    try:
        for subset, names in check_data(plan).items():
            say(f"  {subset}: {len(names)} clips are missing and left out: {visible(', '.join(names[:5]))}")
        record = calibrate(plan, file, _progress, resume=options["resume"])
    except CalibrationError as error:
        fail(str(error))
    except (MeterError, ChildFailedError, JournalError, OSError) as error:
        fail(f"{error}; what was measured is in {file.journal}, --resume continues it")
    except KeyboardInterrupt:
        say(f"\ninterrupted; what was measured is in {file.journal}, --resume continues it")
        raise
    click.echo(summary(record))
    edition = get_edition(options["edition_name"])
    for line in reference_lines(record, reference, edition):
        click.echo(line)
    click.echo(usable_for(record, edition))
    kept = _keep(record)
    say("\n".join([*file.about(record), *([f"kept for `report`: {kept}"] if kept else [])]))
    return int(options["strict"] and not record.valid)


def _check_environment(plan: Plan) -> None:
    """Name the variables that would change the baseline's energy and are left out; refuse to pass what is set here."""
    from dcase_energy.calibration.prepare import environment_of

    found = environment_of(plan)
    if overruled := sorted(set(plan.pass_env) & set(found.chosen)):
        raise click.UsageError(f"--pass-env: {', '.join(overruled)} is set by the execution path {plan.execution_path}")
    if found.moving:
        names = visible(", ".join(found.moving))
        say(f"environment variables that can change the energy are not passed on: {names} (--pass-env NAME does)")


def _plan(options: dict[str, Any]) -> Plan:
    from dcase_energy.calibration.plan import Plan, QuickSettings
    from dcase_energy.measure.plan import BASELINE_STAGES

    edition = get_edition(options["edition_name"])
    quick = QuickSettings(precision=options["precision"], budget_s=options["budget"]) if options["quick"] else None
    if quick and options["epochs"]:
        raise click.UsageError("--quick and --epochs exclude each other")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Plan(
        edition=edition.name,
        recipe=options["recipe"] or edition.baseline.recipe,
        stages=BASELINE_STAGES if options["stage"] == "both" else (options["stage"],),
        epochs=options["epochs"] or 10,
        quick=quick,
        batch_size=options["batch_size"],
        execution_path=options["execution_path"] or edition.baseline.execution_path,
        device=options["device"],
        seed=options["seed"],
        threads=options["threads"] or usable or 1,
        data=None if options["data"] is None else str(options["data"]),
        repeats=options["repeats"],
        idle_s=options["idle"],
        allow_estimate=options["allow_estimate"],
        pass_env=options["pass_env"],
    )


def _progress(mark: dict[str, Any], reading: Reading) -> None:  # noqa: ARG001
    """One line for what takes long."""
    if mark["edge"] != "end":
        return
    student = mark.get("metrics", {}).get("student", {})
    if mark["phase"] == "validation_metrics" and "intersection_f1_05" in student:
        say(f"  epoch {mark['epoch']}: intersection-based F1 {student['intersection_f1_05']:.3f}")
    elif mark["phase"] == "data_preparation":
        say(f"  {sum(mark['clips'].values())} clips ready")
    elif mark["phase"] in {"warmup", "training_window"}:
        say(f"  {mark['phase'].replace('_', ' ')} {mark['epoch']}: {mark['steps']} steps")


def summary(record: Calibration) -> str:
    """A record for people: figures first, then how they were obtained, then what the guards say."""
    lines = []
    for name, stage in record.stages.items():
        lines += _stage_lines(name, stage)
        repeats = record.repeats.get(name)
        if repeats is not None and repeats.coefficient_of_variation is not None:
            lines.append(f"  {repeats.n} runs, coefficient of variation {repeats.coefficient_of_variation:.1%}")
    if any(value is not None for value in record.scores.values()):
        scores = ", ".join(f"{key} {value:.3f}" for key, value in record.scores.items() if value is not None)
        note = f" ({record.data['note']})" if "note" in record.data else ""
        lines.append(f"scores of this run{note}: {scores}")
    lines.append(f"tier: {style(record.tier, bold=True)}")
    lines += [f"  {guard.state:<7} {guard.code}: {guard.message}" for guard in record.guards if guard.state != "ok"]
    lines.append("valid" if record.valid else style("INVALID", fg="red", bold=True) + ": " + "; ".join(record.reasons))
    return "\n".join(lines)


def _stage_lines(name: str, stage: Stage) -> list[str]:
    full = f"{format_significant(stage.full_recipe_energy_kwh)} kWh"
    if (bounds := stage.full_recipe_energy_interval) is not None:
        full += f" ({format_significant(bounds.low)} to {format_significant(bounds.high)}; {bounds.label})"
    lines = [
        f"{style(name, bold=True)}: {full} for the full recipe, in {format_duration(stage.full_recipe_duration_s)}",
        f"  measured: {format_significant(stage.energy_kwh)} kWh in {format_duration(stage.duration_s)}: {stage.work}",
    ]
    for component, energy in stage.components.items():
        amount = "not measured" if energy.energy_kwh is None else f"{format_significant(energy.energy_kwh)} kWh"
        how = energy.detail if energy.method == "not measured" else f"{energy.method}: {energy.detail}"
        lines.append(f"  {component}: {amount}, {how}")
    if stage.estimated_share:
        lines.append(f"  {stage.estimated_share:.0%} of the energy is estimated")
    if stage.net_energy_kwh is not None:
        lines.append(f"  without idle power, for information: {format_significant(stage.net_energy_kwh)} kWh")
    return lines


def reference_lines(record: Calibration, reference: Calibration | None, edition: Edition) -> list[str]:
    """What a kWh of this machine is on the reference machine, and whether that is exact or only indicative."""
    from dcase_energy.calibration.reference import factors

    return [
        f"{one.stage}: 1 kWh here is {format_significant(one.factor)} kWh on the reference machine "
        f"({'exact' if one.exact else 'indicative'}{': ' + visible('; '.join(one.reasons)) if one.reasons else ''})"
        for one in factors(record, reference, edition)
    ]


def usable_for(record: Calibration, edition: Edition) -> str:
    """Which editions can divide by a record; the given one's reason where there is none."""
    from dcase_energy.editions.loader import load_edition
    from dcase_energy.editions.shipped import edition_names
    from dcase_energy.submission.baseline_choice import why_no_denominator
    from dcase_energy.submission.records import Calibrated

    found = Calibrated(record, "this calibration")
    names = [name for name in edition_names() if why_no_denominator(found, load_edition(name)) is None]
    if names:
        return f"usable as the baseline of: {', '.join(names)}"
    reason = visible(why_no_denominator(found, edition) or "")
    return f"usable as the baseline of no edition; for {edition.name}: {reason}"


def _keep(record: Calibration) -> Path | None:
    """Leave a usable record where `report` looks for it."""
    from dcase_energy.calibration.store import keep

    return keep(record) if record.complete and record.valid else None
