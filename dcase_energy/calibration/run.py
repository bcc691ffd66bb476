"""Running a calibration: prepare, measure, compute the record, write it."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy import __version__
from dcase_energy.calibration.plan import Plan
from dcase_energy.calibration.quick import StoppingRule
from dcase_energy.calibration.record import record_of
from dcase_energy.documents.atomic import write_text
from dcase_energy.measure.codecarbon_meter import CodeCarbonMeter
from dcase_energy.measure.hardware import describe_host
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.meter import Meter, MeterError, Reading
from dcase_energy.measure.records import Calibration
from dcase_energy.measure.session import Session

if TYPE_CHECKING:
    from dcase_baseline.recipe import Recipe

# What a quick calibration takes of each subset: enough for different batches, little enough to make in seconds.
_QUICK_BATCHES = 2
_QUICK_CLIPS = 96
# A pool of this many clips stands in for a larger subset of the recipe: the energy of a step does not depend on what
# the audio says.
_POOL_CLIPS = 480

Progress = Callable[[dict[str, Any], Reading], None]


class CalibrationError(RuntimeError):
    """A calibration cannot start or came to nothing; the message says what to do."""


def calibrate(plan: Plan, output: Path, progress: Progress | None = None) -> Calibration:
    """Run a calibration and write its record, with the journal beside it.

    Raises
    ------
    CalibrationError
        If the baseline's packages are missing or the machine cannot hold it.
    MeterError
        If energy cannot be measured here.
    ChildFailedError
        If training failed; what was measured is in the journal.
    KeyboardInterrupt
        On SIGINT and SIGTERM; likewise.
    """
    recipe = _recipe(plan)
    _check_memory(plan, recipe)
    journal_path = journal_of(output)
    journal_path.unlink(missing_ok=True)
    journal = JournalWriter(journal_path)
    plan = replace(plan, clips=plan.clips or _clips(plan, recipe))
    journal.write("calibration", **_header(plan, recipe))
    rule = StoppingRule(plan.quick)

    def on_mark(mark: dict[str, Any], reading: Reading) -> dict[str, Any]:
        if progress is not None:
            progress(mark, reading)
        return {"go_on": rule.go_on(mark, reading)}

    try:
        with tempfile.TemporaryDirectory(prefix="dcase-energy-") as work:
            task = Path(work) / "task.json"
            task.write_text(json.dumps(_task(plan, Path(work))), encoding="utf-8")
            command = [sys.executable, "-m", "dcase_baseline.measured", str(task)]
            Session(_meter_for, journal).run(command, _environment(plan), on_mark, Path(work))
    finally:
        journal.close()
    record = record_of(read_journal(journal_path))
    write_text(output, record.model_dump_json(indent=2) + "\n")
    return record


def journal_of(output: Path) -> Path:
    """Where the journal of a record lies: beside it."""
    return output.with_name(f"{output.stem}.journal.jsonl")


def _recipe(plan: Plan) -> Recipe:
    try:
        from dcase_baseline.recipe import RecipeError, load_recipe
    except ImportError as error:
        raise CalibrationError(f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'") from None
    try:
        recipe = load_recipe(plan.recipe)
        return recipe if plan.batch_size is None else recipe.with_batch_size(plan.batch_size)
    except (RecipeError, ValueError) as error:
        raise CalibrationError(str(error)) from None


def _check_memory(plan: Plan, recipe: Recipe) -> None:
    """Refuse before an hour of work what the system would kill in its first minute."""
    from dcase_baseline.runtime import memory_needed_gb

    available = _available_gb()
    needed = memory_needed_gb(recipe, plan.execution_path, sum(_clips(plan, recipe).values()))
    if plan.device in {"auto", "cpu"} and available is not None and needed > available:
        raise CalibrationError(
            f"training {recipe.name} with batches of {recipe.batch.total} needs about {needed:.1f} GB of memory on the "
            f"CPU, {available:.1f} GB are free; use --batch-size {recipe.batch.total // 2 // 4 * 4} or another machine"
        )


def _available_gb() -> float | None:
    try:
        import psutil
    except ImportError:
        return None
    return float(psutil.virtual_memory().available) / 1e9


def _clips(plan: Plan, recipe: Recipe) -> dict[str, int]:
    """How many embedded clips of each subset are made."""
    data, batch = recipe.data, recipe.batch
    nominal = {
        "strong": data.strong_clips,
        "weak": data.weak_clips,
        "unlabelled": data.unlabelled_clips,
        "weak_validation": data.weak_validation_clips,
        "strong_validation": data.strong_validation_clips,
        "test": data.test_clips,
    }
    if plan.quick is None:
        limit = dict.fromkeys(nominal, _POOL_CLIPS)
    else:
        limit = {
            "strong": _QUICK_BATCHES * batch.strong,
            "weak": _QUICK_BATCHES * batch.weak,
            "unlabelled": _QUICK_BATCHES * batch.unlabelled,
            "weak_validation": 1,
            "strong_validation": _QUICK_CLIPS,
            "test": _QUICK_CLIPS,
        }
    return {name: min(count, limit[name]) for name, count in nominal.items()}


def _header(plan: Plan, recipe: Recipe) -> dict[str, Any]:
    """Everything a record needs that the work itself does not say."""
    return {
        "run_id": str(uuid.uuid4()),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "edition": plan.edition,
        "implementation": "dcase-energy baseline",
        "version": __version__,
        "stages": list(plan.stages),
        "quick": None if plan.quick is None else asdict(plan.quick),
        "epochs": plan.epochs,
        "recipe": {
            "name": recipe.name,
            "sha256": recipe.sha256(),
            "epochs": recipe.epochs,
            "steps_per_epoch": recipe.steps_per_epoch,
            "validation_clips": recipe.validation_clips,
            "test_clips": recipe.test_clips,
            "batch_size": recipe.batch.total,
        },
        "hardware": describe_host(),
        "software": {"dcase_energy": __version__, "platform": platform.system()},
        "data": {
            "source": "embedded soundscapes",
            "note": "synthetic, not comparable",
            "seed": plan.seed,
            **{f"{name}_clips": count for name, count in plan.clips.items()},
        },
    }


def _task(plan: Plan, work: Path) -> dict[str, Any]:
    """What the child process is told."""
    return {
        "recipe": plan.recipe,
        "batch_size": plan.batch_size,
        "execution_path": plan.execution_path,
        "device": plan.device,
        "threads": plan.threads,
        "workers": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "seed": plan.seed,
        "data_seed": plan.seed,
        "clips": plan.clips,
        "stages": list(plan.stages),
        "epochs": plan.epochs,
        "quick": None if plan.quick is None else asdict(plan.quick),
        "checkpoints": str(work / "checkpoints"),
        "resume": False,
    }


def _environment(plan: Plan) -> dict[str, str]:
    from dcase_baseline.runtime import process_environment

    return {**os.environ, **process_environment(plan.execution_path, plan.threads)}


def _meter_for(mark: dict[str, Any]) -> Meter:
    """The meter for the device that the work says it uses."""
    if mark.get("device") != "cuda":
        return CodeCarbonMeter(None)
    return CodeCarbonMeter(_nvml_index(str(mark["gpu_uuid"])))


def _nvml_index(gpu_uuid: str) -> int:
    """NVML's index of the GPU that torch uses: CUDA's own numbers follow another order and visibility."""
    try:
        import pynvml
    except ImportError as error:
        raise MeterError(f"the GPU's counters cannot be read ({error}): pip install nvidia-ml-py") from None
    try:
        pynvml.nvmlInit()
        for index in range(pynvml.nvmlDeviceGetCount()):
            if pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index)) == gpu_uuid:
                return index
    except pynvml.NVMLError as error:
        raise MeterError(f"the GPU's counters cannot be read: {error}") from None
    raise MeterError(f"NVML knows no GPU {gpu_uuid}: on a part of a GPU (MIG) no energy can be counted")
