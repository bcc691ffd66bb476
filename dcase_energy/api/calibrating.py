"""`calibrate`: the baseline is a recipe of the program, or a command of its organisers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from dcase_energy.api.shared import Log, PathLike, check_device, choose_edition, record_file, silent
from dcase_energy.arguments import AtLeastOne, BatchClips, BudgetSeconds, Precision, Seed, SomeSeconds, checked
from dcase_energy.calibration.command_run import plan_commands, run_commands
from dcase_energy.calibration.plan import Plan, quick_settings
from dcase_energy.calibration.prepare import check_data, environment_of
from dcase_energy.calibration.run import run_calibration
from dcase_energy.calibration.store import FOLDER_VARIABLE
from dcase_energy.calibration.store import keep as keep_record
from dcase_energy.calibration.workload import how_to_calibrate
from dcase_energy.editions.model import Edition
from dcase_energy.errors import CalibrationError, ChildFailedError, InputError, JournalError, MeterError, WriteError
from dcase_energy.measure.environment import ChildEnvironment
from dcase_energy.measure.meter import Reading
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.measure.preflight import HostCheck
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.records import Calibration
from dcase_energy.parallel import thread_count
from dcase_energy.text import plural, visible

NO_RECIPE = "none"  # of editions whose baseline is not known here (`schemas/common.toml`)


@checked
def calibrate(
    output: PathLike = "calibration.json",
    *,
    edition: PathLike | Edition = "generic",
    recipe: str | None = None,
    stages: Sequence[str] = BASELINE_STAGES,
    epochs: AtLeastOne | None = None,
    quick: bool = False,
    precision: Precision = 0.02,
    budget_s: BudgetSeconds = 120.0,
    settle_s: SomeSeconds = 300.0,
    data: PathLike | None = None,
    batch_size: BatchClips | None = None,
    execution_path: Literal["fast", "reference"] | None = None,
    device: str = "auto",
    threads: AtLeastOne | None = None,
    seed: Seed = 42,
    repeats: AtLeastOne = 1,
    idle_s: SomeSeconds = 30.0,
    allow_estimate: bool = False,
    pass_env: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    wait_idle_s: SomeSeconds | None = None,
    keep: bool = False,
    log: Log = silent,
    progress: Callable[[dict[str, Any], Reading], None] | None = None,
    on_end: Callable[[Calibration], None] | None = None,
) -> Calibration:
    """Train the reference baseline here and write a calibration record, as `dcase-energy calibrate` does.

    Parameters
    ----------
    output
        Record to write; its journal is written beside it. A complete record is never replaced: the next is written to
        ``calibration.2.json``, unless ``force`` is true.
    edition
        Edition whose baseline is trained.
    recipe, execution_path
        Used in place of the edition's; None: the edition's own.
    stages
        ``training``, ``test`` or both.
    epochs
        Epochs to train; None is 10.
    quick
        Measure a few dozen training steps and validated clips in place of whole epochs, and extrapolate.
    precision
        With ``quick``: how narrow the 95 % interval of the session should be, as its half-width over the mean. The time
        of measurement is planned for it: at least a minute, at most ``budget_s``.
    budget_s
        With ``quick``: most seconds of measurement.
    settle_s
        With ``quick``: most seconds to wait until the energy of a step is steady.
    data
        Folder of DESED; None for embedded synthetic soundscapes.
    batch_size
        Clips of a training step; None: the recipe's.
    device
        Where to train: ``cpu``, ``cuda``, ``cuda:1``, ... or ``auto``.
    threads
        CPU threads; None: all that can be used.
    seed
        Of the first training.
    repeats
        How many trainings.
    idle_s
        Seconds of idle power measured before and after.
    allow_estimate
        Whether a processor is estimated if its counters exist but cannot be read.
    pass_env
        Names of environment variables that the training gets in addition.
    resume
        Continue the interrupted calibration of this output.
    force
        Replace a complete record, once the new one is complete.
    wait_idle_s
        How long to wait, at most, until no other work uses the machine; None does not wait.
    keep
        Copy a valid record to the user's data folder, where `dcase_energy.report` looks for it.
    log
        Receives messages.
    progress
        Receives each mark with its reading.
    on_end
        Receives the record, before messages say where it is.

    Raises
    ------
    InputError
        If an option, the edition or the folder of the output cannot be used.
    CalibrationError, MeterError, ChildFailedError, WriteError
        If the calibration fails; what was measured is in the journal.
    """
    check_device(device)
    _check_stages(stages)
    if quick and epochs is not None:
        raise InputError(
            "--quick and --epochs exclude each other: --quick extrapolates from steps, --epochs trains whole epochs"
        )
    rules = choose_edition(edition)
    if recipe is None:
        _check_baseline(rules)
    plan = Plan(
        edition=rules.name,
        recipe=recipe or rules.baseline.recipe,
        stages=tuple(stages),
        epochs=epochs or Plan.epochs,
        quick=quick_settings(precision, budget_s, settle_s) if quick else None,
        batch_size=batch_size,
        execution_path=execution_path or rules.baseline.execution_path,
        device=device,
        seed=seed,
        threads=thread_count(threads),
        data=None if data is None else str(data),
        repeats=repeats,
        idle_s=idle_s,
        allow_estimate=allow_estimate,
        pass_env=tuple(pass_env),
    )
    file = record_file(output, force=force)
    _check_environment(plan, log)
    log(f"calibrating: recipe {plan.recipe}, execution path {plan.execution_path}, {plural(plan.threads, 'thread')}")
    report_missing(check_data(plan), log)
    try:
        record = run_calibration(plan, file, progress, resume=resume, host=HostCheck(log, wait_idle_s))
    except OSError as error:
        raise _resumable(WriteError(str(error)), file) from None
    except (CalibrationError, MeterError, ChildFailedError, JournalError, KeyboardInterrupt) as error:
        raise _resumable(error, file) from None
    return _finish(record, file, log, on_end, keep=keep)


@checked
def calibrate_command(
    command: Sequence[str],
    output: PathLike = "calibration.json",
    *,
    edition: PathLike | Edition,
    stages: Sequence[str] = BASELINE_STAGES,
    fill: Mapping[str, str] | None = None,
    device: str = "auto",
    repeats: AtLeastOne = 1,
    idle_s: SomeSeconds = 30.0,
    allow_estimate: bool = False,
    pass_env: Sequence[str] = (),
    force: bool = False,
    wait_idle_s: SomeSeconds | None = None,
    keep: bool = False,
    log: Log = silent,
    on_end: Callable[[Calibration], None] | None = None,
) -> Calibration:
    """Execute the command that an edition names as its baseline, as `dcase-energy calibrate -- CMD` does.

    It runs in the current folder, which is that of the baseline, under the same session as any measured command.

    Parameters
    ----------
    command
        Words of the command: those that the edition names, by any path of the program.
    output, device, repeats, idle_s, allow_estimate, pass_env, force, wait_idle_s, keep, log, on_end
        As for `dcase_energy.calibrate`; ``device`` is what is counted and what the command sees.
    edition, stages
        Whose baseline it is, and which of its stages are executed.
    fill
        Values of the placeholders in the edition's further commands, by name.

    Returns
    -------
    Calibration
        Not complete where a command failed: its ``workload`` has the exit code.

    Raises
    ------
    InputError
        If the edition does not name this command; the message says which one to run instead.
    CalibrationError, MeterError, JournalError, WriteError
        If nothing could be measured or written.
    """
    check_device(device)
    _check_stages(stages)
    rules = choose_edition(edition)
    plan = replace(
        plan_commands(rules, command, stages, fill or {}),
        device=device, repeats=repeats, idle_s=idle_s, allow_estimate=allow_estimate, pass_env=tuple(pass_env),
    )  # fmt: skip
    file = record_file(output, force=force)
    log(f"calibrating: the baseline of edition {rules.name} by command, {' and '.join(plan.commands)}")
    _report_not_passed(plan.environment, log)
    try:
        record, beside = run_commands(plan, file, host=HostCheck(log, wait_idle_s))
    except OSError as error:
        raise WriteError(str(error)) from None
    except KeyboardInterrupt as error:
        error.add_note(f"what was measured is in {file.journal}")
        raise
    return _finish(record, file, log, on_end, keep=keep, beside=beside)


def _check_stages(stages: Sequence[str]) -> None:
    if not stages or set(stages) - set(BASELINE_STAGES):
        raise InputError(
            f"stages: expected {' or '.join(BASELINE_STAGES)}, or both; found {', '.join(stages) or 'none'}"
        )


def _check_baseline(edition: Edition) -> None:
    """Refuse an edition whose baseline is not a recipe; say what to run instead."""
    baseline, instead = edition.baseline, how_to_calibrate(edition)
    if baseline.kind == "command" and instead is not None:
        raise InputError(f"the baseline of edition {edition.name} is a command: {instead}")
    if baseline.kind == "command" or baseline.recipe == NO_RECIPE:
        raise InputError(f"edition {edition.name} names no baseline to run, so `calibrate` cannot measure its energy")


def _finish(
    record: Calibration,
    file: RecordFile,
    log: Log,
    on_end: Callable[[Calibration], None] | None,
    *,
    keep: bool,
    beside: str | None = None,
) -> Calibration:
    """Show the record of a calibration, and keep one that can be used, with what only this user may know of it."""
    if on_end is not None:
        on_end(record)
    kept = [_keep(record, beside)] if keep and record.complete and record.valid else []
    log("\n".join([*file.about(record), *kept]))
    return record


def _keep(record: Calibration, beside: str | None) -> str:
    """Keep a record for `report`; where it went, or what to do where it could not."""
    if (path := keep_record(record, beside)) is not None:
        return f"kept for `report`: {path}"
    return (
        f"not kept for `report`: the user's data folder cannot be written; {FOLDER_VARIABLE} names another, and "
        "`report --calibration` takes the record itself"
    )


def _check_environment(plan: Plan, log: Log) -> None:
    """Report variables that change the baseline's energy and are left out; refuse to pass what is set here."""
    found = environment_of(plan)
    if overruled := sorted(set(plan.pass_env) & set(found.chosen)):
        raise InputError(f"--pass-env: {', '.join(overruled)} is set by the execution path {plan.execution_path}")
    _report_not_passed(found, log)


def _report_not_passed(environment: ChildEnvironment, log: Log) -> None:
    """Report the variables that can change the baseline's energy and are left out."""
    if environment.moving:
        names = visible(", ".join(environment.moving))
        log(f"environment variables that can change the energy are not passed on: {names} (--pass-env NAME does)")


def _resumable(error: BaseException, file: RecordFile) -> BaseException:
    if file.begun:
        error.add_note(f"what was measured is in {file.journal}, --resume continues it")
    else:
        error.add_note("the baseline was not trained")
    return error


def report_missing(missing: Mapping[str, Sequence[str]], log: Log) -> None:
    """Report the clips of DESED that tables name and the disk lacks."""
    for subset, names in missing.items():
        log(f"  {subset}: {len(names)} clips are missing and left out: {visible(', '.join(names[:5]))}")
