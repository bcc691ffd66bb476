"""What a calibration needs before it starts: recipe, memory, amounts of data, the header of its journal."""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_energy import __version__
from dcase_energy.calibration.plan import Plan
from dcase_energy.errors import CalibrationError, RecipeError
from dcase_energy.measure.environment import ChildEnvironment, child_environment
from dcase_energy.measure.journal import canonical_json, sha256_text
from dcase_energy.measure.machine import session_header
from dcase_energy.measure.records import SCHEMA_VERSION
from dcase_energy.parallel import usable_threads

if TYPE_CHECKING:
    from dcase_baseline.recipe import Recipe

# What a quick calibration takes of each subset: enough for different batches, little enough to make in seconds.
_QUICK_BATCHES = 2
_QUICK_CLIPS = 96
# A pool of this many clips stands in for a larger subset of the recipe: the energy of a step does not depend on what
# the audio says.
_POOL_CLIPS = 480
# Larger subsets of DESED are kept in a file.
_IN_MEMORY_CLIPS = 3355
SYNTHETIC = "synthetic, not comparable"


def recipe_of(name_or_path: str, batch_size: int | None = None) -> Recipe:
    """Load a recipe of the baseline, with another batch size if one is given.

    Raises
    ------
    RecipeError
        If there is no such recipe, it cannot have this batch size, or the baseline is not installed.
    """
    try:
        from dcase_baseline.recipe import load_recipe
    except ImportError as error:
        raise RecipeError(f"the baseline is not installed ({error}): pip install 'dcase-energy[train]'") from None
    recipe = load_recipe(name_or_path)
    return recipe if batch_size is None else recipe.with_batch_size(batch_size)


def execution_path_version(name: str) -> str:
    """The execution path with its version: ``fast/1``."""
    from dcase_baseline.runtime import EXECUTION_PATHS

    return str(EXECUTION_PATHS[name])


def check_packages() -> None:
    """Refuse at once where the training process could not even start.

    Raises
    ------
    CalibrationError
        If torch or CodeCarbon is not installed.
    """
    missing = [name for name in ("torch", "codecarbon") if importlib.util.find_spec(name) is None]
    if missing:
        raise CalibrationError(f"{' and '.join(missing)} not installed: pip install 'dcase-energy[train]'")


def check_memory(plan: Plan, recipe: Recipe) -> None:
    """Refuse before an hour of work what the system would kill in its first minute."""
    import psutil
    from dcase_baseline.runtime import memory_needed_gb

    available = psutil.virtual_memory().available / 1e9
    held = sum(min(count, _IN_MEMORY_CLIPS) for count in clips_of(plan, recipe).values())
    needed = memory_needed_gb(recipe, plan.execution_path, held)
    if plan.device in {"auto", "cpu"} and needed > available:
        smaller = recipe.batch.total // 2 // 4 * 4
        advice = f"--batch-size {smaller} or another machine" if smaller else "another machine"
        raise CalibrationError(
            f"training {recipe.name} with batches of {recipe.batch.total} needs about {needed:.1f} GB of memory on the "
            f"CPU, {available:.1f} GB are free; use {advice}"
        )


def clips_of(plan: Plan, recipe: Recipe) -> dict[str, int]:
    """How many clips of each subset are made, or read at most."""
    nominal, batch = recipe.clips, recipe.batch
    if plan.quick is None:
        limit = dict.fromkeys(nominal, _POOL_CLIPS) if plan.data is None else nominal
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


def check_data(plan: Plan) -> dict[str, list[str]]:
    """Look through the tables and folders of DESED before anything starts.

    Returns
    -------
    dict
        By subset, the clips that a table names and the disk lacks.

    Raises
    ------
    CalibrationError
        If the folder cannot be used.
    """
    if plan.data is None:
        return {}
    from dcase_baseline.desed import DesedSource

    from dcase_energy.errors import DesedError

    try:
        return dict(DesedSource(Path(plan.data), Path()).missing())
    except DesedError as error:
        raise CalibrationError(str(error)) from None


def identity_of(plan: Plan) -> dict[str, Any]:
    """What must be equal for a run to be resumed; folders and files, whose names may identify people, as hashes."""
    from dcase_baseline.recipe import recipe_names

    found: dict[str, Any] = json.loads(canonical_json(asdict(plan)))
    for key in ("recipe", "data"):
        if found[key] is not None and found[key] not in recipe_names():
            found[key] = f"sha256 {sha256_text(str(Path(found[key]).resolve()))}"
    return found


def calibration_header(plan: Plan, recipe: Recipe, locked: bool) -> dict[str, Any]:
    """Everything a record needs that the work itself does not say."""
    return {
        "schema_version": SCHEMA_VERSION,
        **session_header(locked),
        "edition": plan.edition,
        "plan": identity_of(plan),
        "repeats": plan.repeats,
        "environment": environment_of(plan).record(),
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
            "strong_validation_clips": recipe.data.strong_validation_clips,
            "test_clips": recipe.data.test_clips,
            "batch_size": recipe.batch.total,
        },
        "data": {
            **({"source": "embedded soundscapes", "note": SYNTHETIC} if plan.data is None else {"source": "DESED"}),
            "seed": plan.seed,
            **{f"{name}_clips": count for name, count in plan.clips.items()},
        },
    }


def child_task(plan: Plan, checkpoints: Path, number: int, resume: bool) -> dict[str, Any]:
    """The task of the child process."""
    return {
        # The work runs in another folder.
        "recipe": str(Path(plan.recipe).resolve()) if Path(plan.recipe).is_file() else plan.recipe,
        "batch_size": plan.batch_size,
        "execution_path": plan.execution_path,
        "device": plan.device,
        "threads": plan.threads,
        "workers": usable_threads(),
        "seed": plan.seed + number - 1,
        "data_seed": plan.seed,
        "clips": plan.clips,
        "data": None if plan.data is None else str(Path(plan.data).resolve()),
        "stages": list(plan.stages),
        "epochs": plan.epochs,
        "quick": None if plan.quick is None else asdict(plan.quick),
        "checkpoints": str(checkpoints),
        "resume": resume,
    }


def environment_of(plan: Plan) -> ChildEnvironment:
    """The variables of the training process."""
    from dcase_baseline.runtime import process_environment

    chosen = process_environment(plan.execution_path, plan.threads)
    if "CUDA_DEVICE_ORDER" not in os.environ:
        # cuda:1 is then what nvidia-smi calls 1; which board it was is checked by its UUID all the same.
        chosen["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    if plan.device == "cpu":
        chosen["CUDA_VISIBLE_DEVICES"] = "-1"
    return child_environment(chosen, plan.pass_env)
