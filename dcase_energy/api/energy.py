"""`measure`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dcase_energy.api.records import beside_baseline
from dcase_energy.api.shared import Log, PathLike, check_probing, read_calibration, record_file, silent
from dcase_energy.arguments import AtLeastOne, ProbeGapSeconds, SomeSeconds, checked
from dcase_energy.calibration.comparing import SideBySide
from dcase_energy.calibration.probing import probing_for
from dcase_energy.errors import InputError, MeterError, WriteError
from dcase_energy.measure.command import measure_command, record_from_journal
from dcase_energy.measure.gpu import Gpus, list_gpus, load_nvml, select_gpus
from dcase_energy.measure.plan import BASELINE_STAGES, STAGES, MeasurePlan, scope_of
from dcase_energy.measure.preflight import HostCheck, remark_text
from dcase_energy.measure.record_file import RecordFile, how_to_write, record_beside
from dcase_energy.measure.records import Energy

DEFAULT_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What `measure` gives.

    Attributes
    ----------
    record, exit_code
        The record, and the exit code to pass on.
    files
        Lines about the files that were written.
    compared
        The record beside the baseline's that was given, else beside this machine's own; None where there is none.
    """

    record: Energy
    exit_code: int
    files: tuple[str, ...]
    compared: SideBySide | None


@checked
def measure(
    command: Sequence[str] = (),
    *,
    stage: str | None = None,
    output: PathLike | None = None,
    repeats: AtLeastOne = 1,
    min_window_s: SomeSeconds | None = None,
    gpu: str = "auto",
    scope: Sequence[str] = (),
    idle_s: SomeSeconds = 0.0,
    allow_estimate: bool = False,
    folder: PathLike | None = None,
    from_journal: PathLike | None = None,
    force: bool = False,
    wait_idle_s: SomeSeconds | None = None,
    probe: Literal["auto", "none", "both", "any"] = "auto",
    probe_every_s: ProbeGapSeconds | None = None,
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
    journal = None if from_journal is None else Path(from_journal)
    if journal is not None and (command or stage):
        raise InputError("--from-journal executes nothing: leave out --stage and the command")
    if journal is None and (not command or stage not in STAGES):
        raise InputError(f"name a command and its stage: {', '.join(STAGES)}")
    scopes = scope_of(scope, stage or "")
    check_probing(probe, probe_every_s)
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
    return Measured(record, code, tuple(file.about(record)), beside_baseline(record, given, str(calibration)))


def _counted(gpu: str) -> Gpus:
    """The GPUs to count; none where that is not known: the session itself refuses and records it."""
    try:
        return select_gpus(list_gpus(load_nvml()), gpu)
    except MeterError:
        return Gpus()


def _look_at_host(plan: MeasurePlan, file: RecordFile, gpus: Gpus, host: HostCheck) -> None:
    """Report what speaks against measuring now; what makes it impossible, the session itself refuses and records."""
    for remark in host.before(file.path.parent, gpus, allow_estimate=plan.allow_estimate):
        host.say(remark_text(remark))
