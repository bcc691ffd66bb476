"""What a probe runs: windows of a quick calibration, with recipe, execution path, device and threads of a record."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dcase_energy.calibration.command_probe import CommandProbe, ProbePlace, said_of
from dcase_energy.calibration.plan import Plan, QuickSettings
from dcase_energy.calibration.prepare import (
    check_memory,
    check_packages,
    child_task,
    clips_of,
    environment_of,
    execution_path_version,
    recipe_of,
)
from dcase_energy.calibration.store import kept, kept_beside, made_on
from dcase_energy.errors import CalibrationError, RecipeError
from dcase_energy.measure.gpu import Gpus, hidden_uuid, pinned
from dcase_energy.measure.machine import describe_host
from dcase_energy.measure.probed import can_be_probed
from dcase_energy.measure.probes import AUTO_AFTER_S, ProbeSettings, ProbeTask
from dcase_energy.measure.recorder import Say
from dcase_energy.measure.records import Calibration

# What the work says about itself that changes what it costs.
_SOFTWARE = ("torch", "cuda", "cudnn", "front_end", "threads")
# A program waits for its GPU at least once a step: what it has queued ends within this time.
_QUEUED_S = 1.0


@dataclass(frozen=True)
class BaselineProbe:
    """A probe for one calibration; see `dcase_energy.measure.probes.ProbeTask`.

    Attributes
    ----------
    calibration
        Whose windows are measured again.
    plan
        What the training process does.
    variables
        That keep it on the calibrated GPU.
    """

    calibration: Calibration
    plan: Plan
    variables: Mapping[str, str]

    def about(self) -> Mapping[str, Any]:
        """What the journal's header says."""
        return said_of(self.calibration)

    def command(self, folder: Path) -> Sequence[str]:
        """The command to start in a folder for its files."""
        check_memory(self.plan, recipe_of(self.plan.recipe, self.plan.batch_size))
        task = folder / "task.json"
        task.write_text(json.dumps(child_task(self.plan, folder, 1, False)), encoding="utf-8")
        return [sys.executable, "-m", "dcase_baseline.started", str(task)]

    def environment(self) -> Mapping[str, str]:
        """Its variables."""
        return {**environment_of(self.plan).variables, **self.variables}

    def unlike(self, mark: Mapping[str, Any]) -> str | None:
        """Why what the work says about itself is not as in the calibration; None if it is."""
        record = self.calibration
        pairs = [
            ("device", mark.get("device"), record.hardware.get("device")),
            *((name, mark.get(name), record.software.get(name)) for name in _SOFTWARE if name in record.software),
        ]
        if uuid := mark.get("gpu_uuid"):
            pairs.append(("GPU", hidden_uuid(str(uuid)), record.hardware.get("gpu_uuid_sha256")))
        if record.backends is not None:
            backends = mark.get("backends") or {}
            pairs += [(name, backends.get(name), value) for name, value in record.backends.items()]
        differing = [f"{name} is {now!s:.40}, was {then!s:.40}" for name, now, then in pairs if now != then]
        return f"not as in the calibration: {'; '.join(differing)}" if differing else None


def probing_for(
    asked: Literal["auto", "none", "both", "any"],
    stage: str,
    gpus: Gpus,
    say: Say,
    *,
    calibration: Calibration | None = None,
    every_s: float | None = None,
) -> ProbeSettings | None:
    """When a measurement is probed and by what; None where it is not: one line says why.

    Parameters
    ----------
    asked
        Whether probes were asked for (``both``; an ``every_s`` does so, too), are welcome where they cost little
        (``auto``), or unwanted. ``any`` is ``both`` for other stages than training as well: such probes show how the
        machine changed between systems, and enter no ratio.
    stage, gpus
        What is measured, and the GPUs that are counted.
    say
        Gets lines for people.
    calibration
        To measure again; None: the newest of this machine's that can be.
    every_s
        As of `dcase_energy.measure.probes.ProbeSettings`.
    """
    if asked == "none":
        return None
    wanted = asked in {"both", "any"} or every_s is not None
    try:
        if stage != "training" and asked != "any":
            raise CalibrationError("probes are windows of a training, for --stage training")
        task = newest_probe(gpus) if calibration is None else probe_for(calibration, gpus)
    except CalibrationError as error:
        if wanted:
            say(f"NO PROBES, although they were asked for: {error}")
        elif stage == "training":
            say(f"no probes of the baseline: {error}")
        return None
    if every_s is not None and len(gpus.boards) > 1:
        say("no probes inside the command: it uses several GPUs")
        every_s = None
    return ProbeSettings(task, every_s, 0.0 if wanted else AUTO_AFTER_S, settle_s=_QUEUED_S if gpus.boards else 0.0)


def probe_for(calibration: Calibration, gpus: Gpus) -> ProbeTask:
    """Return the probe for a calibration on the GPUs that are counted.

    Raises
    ------
    CalibrationError
        If it cannot be measured again here; the message says why.
    """
    if calibration.workload is None:
        check_packages()
    if why := _why_not(calibration, gpus):
        raise CalibrationError(why)
    boards = [board for board in gpus.boards if board.uuid_sha256 == calibration.hardware.get("gpu_uuid_sha256")]
    if calibration.workload is not None:
        if (beside := kept_beside(calibration)) is None:
            raise CalibrationError("where its command runs is not kept here: only the user who calibrated can probe it")
        return CommandProbe.of(calibration, ProbePlace.parsed(beside), pinned(boards) if boards else Gpus())
    plan = _plan_of(calibration, "cuda:0" if boards else "cpu")
    return BaselineProbe(calibration, plan, pinned(boards).environment)


def _plan_of(record: Calibration, device: str) -> Plan:
    """The plan of a quick calibration without a stage: the windows alone."""
    path = record.implementation.execution_path.partition("/")[0]
    plan = Plan(
        edition=record.edition,
        recipe=record.recipe,
        stages=(),
        quick=QuickSettings(),
        batch_size=None if record.recipe_work is None else record.recipe_work.batch_size,
        execution_path=path,
        device=device,
        threads=int(record.software.get("threads") or 1),
        pass_env=() if record.environment is None else tuple(record.environment.passed),
    )
    try:
        recipe = recipe_of(plan.recipe)
        if recipe.batch.total == plan.batch_size:
            plan = replace(plan, batch_size=None)
        recipe = recipe_of(plan.recipe, plan.batch_size)
        version = execution_path_version(path)
    except (RecipeError, KeyError) as error:
        raise CalibrationError(f"its work is not known here: {error}") from None
    if recipe.sha256() != record.recipe_sha256:
        raise CalibrationError(f"its recipe differs from the one that is named {record.recipe} here")
    if version != record.implementation.execution_path:
        measured = record.implementation.execution_path
        raise CalibrationError(f"it measured execution path {measured}; this version has {version}")
    return replace(plan, clips=clips_of(plan, recipe))


def _why_not(record: Calibration, gpus: Gpus) -> str | None:
    """Why a calibration is not one of this hardware, or holds no work that can be measured again."""
    device, uuid = record.hardware.get("device"), record.hardware.get("gpu_uuid_sha256")
    if not record.complete or not record.valid:
        return "it is not complete and valid"
    if not made_on(record, describe_host()):
        return "it was made on another machine"
    if device == "cpu" and gpus.boards:
        return "it was made on the processor, and the command's GPU is counted"
    if device != "cpu" and uuid not in {board.uuid_sha256 for board in gpus.boards}:
        return "it was made on a GPU that is not counted for the command"
    if record.workload is not None and record.workload.probe_command_sha256 is None:
        return "its edition names no probe_command"
    if not can_be_probed(record):
        return "it does not say how much of its training was measured; calibrate again"
    return None


def newest_probe(gpus: Gpus) -> ProbeTask:
    """Return the probe for the newest of this machine's calibrations that allows one.

    Raises
    ------
    CalibrationError
        If there is none; the message says why.
    """
    why = "this machine has no calibration (`dcase-energy calibrate --quick` makes one)"
    for number, record in enumerate(kept()):
        try:
            return probe_for(record, gpus)
        except CalibrationError as error:
            why = why if number else f"the newest calibration of this machine cannot be measured again: {error}"
    raise CalibrationError(why)
