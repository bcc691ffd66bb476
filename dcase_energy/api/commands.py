"""Calibrating a baseline that is a command of its organisers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dcase_energy.api.energy import finish_calibration
from dcase_energy.api.shared import Log, PathLike, choose_edition, record_file, silent
from dcase_energy.errors import WriteError
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.text import visible

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.measure.records import Calibration


def calibrate_command(
    command: Sequence[str],
    output: PathLike = "calibration.json",
    *,
    edition: PathLike | Edition,
    stages: Sequence[str] = BASELINE_STAGES,
    fill: Mapping[str, str] | None = None,
    device: str = "auto",
    repeats: int = 1,
    idle_s: float = 30.0,
    allow_estimate: bool = False,
    pass_env: Sequence[str] = (),
    force: bool = False,
    wait_idle_s: float | None = None,
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
    from dcase_energy.calibration.command_run import plan_commands, run_commands
    from dcase_energy.measure.preflight import HostCheck

    rules = choose_edition(edition)
    plan = replace(
        plan_commands(rules, command, stages, fill or {}),
        device=device, repeats=repeats, idle_s=idle_s, allow_estimate=allow_estimate, pass_env=tuple(pass_env),
    )  # fmt: skip
    file = record_file(output, force=force)
    log(f"calibrating: the baseline of edition {rules.name} by command, {' and '.join(plan.commands)}")
    if moving := plan.environment.moving:
        names = visible(", ".join(moving))
        log(f"environment variables that can change the energy are not passed on: {names} (--pass-env NAME does)")
    try:
        record, beside = run_commands(plan, file, host=HostCheck(log, wait_idle_s))
    except OSError as error:
        raise WriteError(str(error)) from None
    except KeyboardInterrupt as error:
        error.add_note(f"what was measured is in {file.journal}")
        raise
    return finish_calibration(record, file, log, on_end, keep=keep, beside=beside)
