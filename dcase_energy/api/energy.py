"""`calibrate` and `measure`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dcase_energy.api.shared import Log, PathLike, choose_edition, read_calibration, record_file, silent
from dcase_energy.errors import CalibrationError, ChildFailedError, InputError, JournalError, MeterError, WriteError
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.parallel import usable_threads
from dcase_energy.text import plural, visible

if TYPE_CHECKING:
    from dcase_energy.calibration.plan import Plan
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.gpu import Gpus
    from dcase_energy.measure.meter import Reading
    from dcase_energy.measure.plan import MeasurePlan
    from dcase_energy.measure.preflight import HostCheck
    from dcase_energy.measure.record_file import RecordFile
    from dcase_energy.measure.records import Calibration, Energy

DEFAULT_WINDOW_S = 60.0
LEAST_PROBE_EVERY_S = 30.0
NO_RECIPE = "none"  # of editions whose baseline is not known here (`schemas/common.toml`)
PROBES = ("auto", "none", "both")


def calibrate(
    output: PathLike = "calibration.json",
    *,
    edition: PathLike | Edition = "generic",
    recipe: str | None = None,
    stages: Sequence[str] = BASELINE_STAGES,
    epochs: int | None = None,
    quick: bool = False,
    precision: float = 0.02,
    budget_s: float = 120.0,
    settle_s: float = 300.0,
    data: PathLike | None = None,
    batch_size: int | None = None,
    execution_path: Literal["fast", "reference"] | None = None,
    device: str = "auto",
    threads: int | None = None,
    seed: int = 42,
    repeats: int = 1,
    idle_s: float = 30.0,
    allow_estimate: bool = False,
    pass_env: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    wait_idle_s: float | None = None,
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
    edition, recipe, execution_path
        Edition whose recipe and execution path are taken, unless they are given.
    stages
        ``training``, ``test`` or both.
    epochs
        Epochs to train; None is 10.
    quick, precision, budget_s, settle_s
        Measure training steps and validated clips, then extrapolate to the full recipe: for at least a minute, and for
        so long as the half-width of the session's 95 % interval is likely to need to be this narrow, at most this many
        seconds. Before that, wait at most ``settle_s`` until the energy of a step is steady.
    data
        Folder of DESED; None for embedded synthetic soundscapes.
    batch_size, device, threads, seed, repeats
        Batch size instead of the recipe's, where to train, CPU threads (None: all usable), and how many trainings.
    idle_s, allow_estimate, pass_env
        Seconds of idle power before and after; whether a processor without readable counters may be estimated;
        environment variables to pass to the training.
    resume
        Continue the interrupted calibration of this output.
    wait_idle_s
        How long to wait, at most, until no other work uses the machine; None does not wait.
    keep
        Copy a valid record to the user's data folder, where `dcase_energy.report` looks for it.
    log, progress, on_end
        Receive messages; each mark with its reading; and the record, before messages say where it is.

    Raises
    ------
    InputError
        If an option, the edition or the folder of the output cannot be used.
    CalibrationError, MeterError, ChildFailedError, WriteError
        If the calibration fails; what was measured is in the journal.
    """
    from dcase_energy.calibration.plan import Plan, quick_settings
    from dcase_energy.calibration.prepare import check_data
    from dcase_energy.calibration.run import run_calibration as run
    from dcase_energy.measure.preflight import HostCheck

    _check_counts(quick=quick, epochs=epochs, threads=threads, repeats=repeats, batch_size=batch_size)
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
        threads=threads or usable_threads(),
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
        record = run(plan, file, progress, resume=resume, host=HostCheck(log, wait_idle_s))
    except OSError as error:
        raise _resumable(WriteError(str(error)), file) from None
    except (CalibrationError, MeterError, ChildFailedError, JournalError, KeyboardInterrupt) as error:
        raise _resumable(error, file) from None
    return finish_calibration(record, file, log, on_end, keep=keep)


def _check_counts(*, quick: bool, **counts: int | None) -> None:
    """Refuse what is less than 1, which is not the default, and epochs of a quick calibration."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InputError(f"{name}: expected 1 or more, found {count}")
    if quick and counts["epochs"] is not None:
        raise InputError(
            "--quick and --epochs exclude each other: --quick extrapolates from steps, --epochs trains whole epochs"
        )


def _check_baseline(edition: Edition) -> None:
    """Refuse an edition whose baseline is not a recipe; say what to run instead."""
    from dcase_energy.calibration.workload import how_to_calibrate

    baseline, instead = edition.baseline, how_to_calibrate(edition)
    if baseline.kind == "command" and instead is not None:
        raise InputError(f"the baseline of edition {edition.name} is a command: {instead}")
    if baseline.kind == "command" or baseline.recipe == NO_RECIPE:
        raise InputError(f"edition {edition.name} names no baseline to run, so `calibrate` cannot measure its energy")


def finish_calibration(
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
    from dcase_energy.calibration.store import FOLDER_VARIABLE, keep

    if (path := keep(record, beside)) is not None:
        return f"kept for `report`: {path}"
    return (
        f"not kept for `report`: the user's data folder cannot be written; {FOLDER_VARIABLE} names another, and "
        "`report --calibration` takes the record itself"
    )


def _check_environment(plan: Plan, log: Log) -> None:
    """Report variables that change the baseline's energy and are left out; refuse to pass what is set here."""
    from dcase_energy.calibration.prepare import environment_of

    found = environment_of(plan)
    if overruled := sorted(set(plan.pass_env) & set(found.chosen)):
        raise InputError(f"--pass-env: {', '.join(overruled)} is set by the execution path {plan.execution_path}")
    if found.moving:
        names = visible(", ".join(found.moving))
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


@dataclass(frozen=True, slots=True)
class Measured:
    """What `measure` gives: the record, the exit code to pass on, and lines about the files that were written."""

    record: Energy
    exit_code: int
    files: tuple[str, ...]


def measure(
    command: Sequence[str] = (),
    *,
    stage: str | None = None,
    output: PathLike | None = None,
    repeats: int = 1,
    min_window_s: float | None = None,
    gpu: str = "auto",
    scope: Sequence[str] = (),
    idle_s: float = 0.0,
    allow_estimate: bool = False,
    folder: PathLike | None = None,
    from_journal: PathLike | None = None,
    force: bool = False,
    wait_idle_s: float | None = None,
    probe: Literal["auto", "none", "both", "any"] = "auto",
    probe_every_s: float | None = None,
    calibration: PathLike | None = None,
    log: Log = silent,
) -> Measured:
    """Run a command under a measuring session and write its energy record, as `dcase-energy measure` does.

    Parameters
    ----------
    command, stage
        What to run, and which stage of the system's work it is.
    output
        Record to write, as for `calibrate`; None is ``energy_STAGE.json``.
    repeats, min_window_s
        Windows to measure, and their minimum length in seconds; None is 60, and 0 for a training.
    gpu, scope, idle_s, allow_estimate
        As fields of `dcase_energy.measure.plan.MeasurePlan`.
    folder
        Where the command runs; None is the current folder.
    from_journal
        Execute nothing: write the record of this journal.
    force, wait_idle_s, log
        Replace a complete record, once the new one is complete; as for `calibrate`; receives messages.
    probe, probe_every_s
        Whether the baseline is measured for half a minute before and after a training (``auto``: where a calibration of
        this machine allows it, and after commands of at least 5 minutes; ``any``: around other stages as well), and
        about how often inside it, which stops the command meanwhile.
    calibration
        Record to measure again in the probes; None is the newest of this machine's that can be.

    Raises
    ------
    InputError
        If an option or the folder of the output cannot be used.
    RecordError
        If ``calibration`` is not a calibration record.
    JournalError, WriteError
        If the record cannot be computed or written.
    """
    from dcase_energy.calibration.probing import probing_for
    from dcase_energy.measure.command import measure_command, record_from_journal
    from dcase_energy.measure.plan import STAGES, MeasurePlan, scope_of
    from dcase_energy.measure.preflight import HostCheck
    from dcase_energy.measure.record_file import how_to_write, record_beside

    journal = None if from_journal is None else Path(from_journal)
    if journal is not None and (command or stage):
        raise InputError("--from-journal executes nothing: leave out --stage and the command")
    if journal is None and (not command or stage not in STAGES):
        raise InputError(f"name a command and its stage: {', '.join(STAGES)}")
    try:
        scopes = scope_of(scope, stage or "")
    except ValueError as error:
        raise InputError(f"--{error}") from None
    check_probing("both" if probe == "any" else probe, probe_every_s)
    given = None if calibration is None else read_calibration(calibration)
    default = f"energy_{stage}.json" if journal is None else record_beside(journal)
    file = record_file(output or default, force=force)
    try:
        if journal is not None:
            record, code = record_from_journal(journal, file), 0
        else:
            # A training is executed once, unless another wish is stated.
            window_s = (
                (0.0 if stage == BASELINE_STAGES[0] else DEFAULT_WINDOW_S) if min_window_s is None else min_window_s
            )
            place = None if folder is None else Path(folder)
            plan = MeasurePlan(stage or "", scopes, gpu, repeats, window_s, idle_s, allow_estimate, place)
            gpus = _counted(gpu)
            _look_at_host(plan, file, gpus, HostCheck(log, wait_idle_s))
            probing = probing_for(probe, plan.stage, gpus, log, calibration=given, every_s=probe_every_s)
            record, code = measure_command(plan, command, file, say=log, probing=probing)
    except OSError as error:
        raise WriteError(f"the record could not be written: {error}\n{how_to_write(file.journal, error)}") from None
    return Measured(record, code, tuple(file.about(record)))


def check_probing(probe: str, every_s: float | None) -> None:
    """Refuse options of probes that exclude each other, or cannot be met.

    Raises
    ------
    InputError
        The message names the options of `measure`.
    """
    if probe not in PROBES:
        raise InputError(f"probe: expected one of {', '.join(PROBES)}; found {probe!r}")
    if every_s is not None and probe == "none":
        raise InputError("--probe none and --probe-every exclude each other")
    if every_s is not None and every_s < LEAST_PROBE_EVERY_S:
        least = f"{LEAST_PROBE_EVERY_S:g}s or more, as a probe takes about a minute"
        raise InputError(f"--probe-every: expected {least}; found {every_s:g}s")


def _counted(gpu: str) -> Gpus:
    """The GPUs to count; none where that is not known: the session itself refuses and records it."""
    from dcase_energy.measure.gpu import Gpus, list_gpus, load_nvml, select_gpus

    try:
        return select_gpus(list_gpus(load_nvml()), gpu)
    except MeterError:
        return Gpus()


def _look_at_host(plan: MeasurePlan, file: RecordFile, gpus: Gpus, host: HostCheck) -> None:
    """Report what speaks against measuring now; what makes it impossible, the session itself refuses and records."""
    from dcase_energy.measure.preflight import remark_text

    for remark in host.before(file.path.parent, gpus, allow_estimate=plan.allow_estimate):
        host.say(remark_text(remark))
