"""Calibrating a baseline that is a command: under the session of any measured command, with probes around it."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dcase_energy.calibration.command_files import CommandFiles, files_of, versions_of
from dcase_energy.calibration.command_probe import CommandProbe, ProbePlace
from dcase_energy.calibration.command_record import COMMAND, command_record_of
from dcase_energy.calibration.store import between_sessions
from dcase_energy.calibration.workload import (
    how_to_calibrate,
    is_command,
    same_commit,
    words_here,
    workload_sha256,
)
from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.errors import CalibrationError, InputError
from dcase_energy.measure.command import MakeInstruments, measure_work
from dcase_energy.measure.environment import ChildEnvironment, child_environment
from dcase_energy.measure.gpu import Gpus, list_gpus, load_nvml, pinned, visible_gpus, whole
from dcase_energy.measure.instruments import instruments_for
from dcase_energy.measure.journal import canonical_json, sha256_text
from dcase_energy.measure.machine import session_header
from dcase_energy.measure.plan import Executed, MeasuredWork
from dcase_energy.measure.preflight import HostCheck, loud
from dcase_energy.measure.probes import ProbeSettings
from dcase_energy.measure.record_file import RecordFile
from dcase_energy.measure.records import SCHEMA_VERSION, Calibration

TEST_WINDOW_S = 60.0
_INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class CommandPlan:
    """One calibration of a command.

    Attributes
    ----------
    edition
        Whose baseline it is.
    commands
        Words of the command of each stage, in the order in which they are executed.
    probe
        Words of its probe; None where the edition names none.
    folder
        Where they run.
    device
        ``auto``, ``cpu`` or ``cuda:N``: what is counted, and what the commands see.
    repeats, idle_s, allow_estimate, pass_env
        As fields of `dcase_energy.calibration.plan.Plan`.
    """

    edition: Edition
    commands: Mapping[str, Sequence[str]]
    probe: Sequence[str] | None
    folder: Path
    device: str = "auto"
    repeats: int = 1
    idle_s: float = 30.0
    allow_estimate: bool = False
    pass_env: tuple[str, ...] = ()

    @property
    def environment(self) -> ChildEnvironment:
        """The variables of the commands."""
        return child_environment({}, self.pass_env)


def plan_commands(
    edition: Edition, command: Sequence[str], stages: Sequence[str], fill: Mapping[str, str]
) -> CommandPlan:
    """Return what is executed for an edition's baseline.

    The command is that of the first stage. Those of further stages, and the probe, are the edition's own, by the same
    program and with their placeholders filled.

    Raises
    ------
    InputError
        If the edition does not name this command; the message says which one to run instead.
    """
    baseline, instead = edition.baseline, how_to_calibrate(edition)
    advice = f"; run {instead}" if instead else "; its energy can only be stated in the metadata"
    if baseline.kind == "recipe" and known_recipe(baseline.recipe) is not None:
        raise InputError(f"the baseline of edition {edition.name} is the recipe {baseline.recipe}{advice}")
    if baseline.command is None:
        raise InputError(f"edition {edition.name} names no command of its baseline{advice}")
    named, first = {"training": baseline.command, **baseline.stage_commands}, stages[0]
    if first not in named:
        raise InputError(f"edition {edition.name} names no command of the {first} of its baseline{advice}")
    if not is_command(command, named[first]):
        found = shlex.join(command)
        raise InputError(
            f"not the command of the {first} of edition {edition.name}: expected `{named[first]}`, found `{found}`"
            f"{advice}"
        )
    try:
        more = {
            stage: words_here(named[stage], command, fill)
            for stage in baseline.stage_commands
            if stage != first and (stage in stages or (stage in baseline.includes and first == "training"))
        }
        probe = None if baseline.probe_command is None else words_here(baseline.probe_command, command, fill)
    except KeyError as missing:
        raise InputError(f"--fill {missing.args[0]}=VALUE: a command of edition {edition.name} needs it") from None
    return CommandPlan(edition, {first: list(command), **more}, probe, Path.cwd())


def run_commands(
    plan: CommandPlan,
    file: RecordFile,
    *,
    host: HostCheck,
    make_instruments: MakeInstruments | None = None,
) -> tuple[Calibration, str | None]:
    """Execute a baseline's commands under a session, and write the calibration record with the journal beside it.

    Returns
    -------
    record
        Not complete where a command failed.
    beside
        What a probe needs besides the record, to be kept by this user; None where the edition names no probe.

    Raises
    ------
    CalibrationError
        If the folder is of another commit than the edition names.
    MeterError
        If energy cannot be measured here.
    JournalError
        If nothing was measured, as the command could not be started.
    OSError
        If journal or record cannot be written.
    KeyboardInterrupt
        On SIGINT and SIGTERM, once the record is written.
    """
    baseline, variables = plan.edition.baseline, plan.environment.variables
    words = [*plan.commands.values(), *([] if plan.probe is None else [plan.probe])]
    files = files_of(words, plan.folder, variables)
    if not same_commit(files.commit, baseline.commit):
        raise CalibrationError(
            f"this folder is at commit {files.commit or 'unknown (no git checkout)'}, the baseline of edition "
            f"{plan.edition.name} is {baseline.commit} of {baseline.repository}: `git checkout {baseline.commit}`"
        )
    gpus = gpus_for(plan.device)
    host.require(file.path.parent, gpus, allow_estimate=plan.allow_estimate)

    def own() -> tuple[Any, dict[str, str]]:
        return loud(instruments_for(gpus, allow_estimate=plan.allow_estimate), host.say), dict(gpus.environment)

    place = None
    if plan.probe is not None:
        probed = files_of([plan.probe], plan.folder, variables)
        place = ProbePlace(tuple(plan.probe), str(plan.folder), plan.pass_env, probed)
    header = _header(plan, files, gpus)
    work = MeasuredWork(
        "calibration",
        lambda locked: {**session_header(locked), **header, "software": _software(plan, locked)},
        [
            Executed(command, plan.repeats, TEST_WINDOW_S if stage == "test" else 0.0, {"stage": stage})
            for stage, command in plan.commands.items()
        ],
        plan.idle_s,
        variables,
    )
    probing = None if place is None else ProbeSettings(CommandProbe.around(header, place, gpus))
    record, code = measure_work(work, file, command_record_of, host.say, make_instruments or own, probing)
    if code in _INTERRUPTED:
        raise KeyboardInterrupt
    return record, None if place is None else place.dumped()


def gpus_for(device: str) -> Gpus:
    """The GPU that a baseline's command is kept on: one, since the denominator is a training on one.

    Raises
    ------
    MeterError
        If the device is not there, or cannot be counted.
    """
    if device == "cpu":
        return Gpus(environment={"CUDA_VISIBLE_DEVICES": "-1"})
    boards = visible_gpus(list_gpus(load_nvml()))
    number = int(device.partition(":")[2] or 0)
    if number >= len(boards):
        if device == "auto":
            return Gpus()
        raise CalibrationError(f"{device} is not there: this machine has {len(boards)} visible GPUs")
    return pinned([whole(boards[number])])


def _software(plan: CommandPlan, locked: bool) -> dict[str, Any]:
    found: dict[str, Any] = session_header(locked)["software"]
    first = next(iter(plan.commands.values()))
    return {**found, **versions_of(first, plan.folder, plan.environment.variables)}


def _header(plan: CommandPlan, files: CommandFiles, gpus: Gpus) -> dict[str, Any]:
    """Everything a record needs that the session does not say; the commands may hold names, and are hashes here."""
    baseline = plan.edition.baseline
    sha256, device = workload_sha256(baseline), "cuda" if gpus.boards else "cpu"
    uuid = ",".join(sorted(board.uuid_sha256 for board in gpus.boards)) or None
    stage = plan.edition.stages.get("test")
    hashes = {
        "command": plan.commands.get("training"), "test_command": plan.commands.get("test"),
        "probe_command": plan.probe,
    }  # fmt: skip
    return {
        "schema_version": SCHEMA_VERSION,
        "edition": plan.edition.name,
        "environment": plan.environment.record(),
        "implementation": COMMAND,
        "version": files.commit or "",
        "stages": list(plan.commands),
        "quick": None,
        "repeats": plan.repeats,
        "scope": list(stage.scope) if stage is not None else [],
        "recipe": {
            "name": baseline.recipe,
            "sha256": sha256,
            "epochs": baseline.epochs,
            "epochs_measured": baseline.epochs_measured,
            "includes": list(baseline.includes),
        },
        "workload": {
            **{f"{name}_sha256": words and sha256_text(canonical_json(list(words))) for name, words in hashes.items()},
            **asdict(files),
        },
        "between_sessions": asdict(between_sessions(sha256, COMMAND, device, uuid)),
    }
