"""The grid of a study: one specification per run, the folders of the runs, and the hardware they are trained on."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dcase_energy.calibration.prepare import execution_path_version, recipe_of
from dcase_energy.errors import StudyError
from dcase_energy.measure.machine import describe_host
from dcase_energy.study.runs import RUN_FILE, RunFile, StudyRun, TrainedWork, open_run, update, write_run

_ASK = """
import sys, torch
name = sys.argv[1]
if name == "auto":
    name = "cuda:0" if torch.cuda.is_available() else "cpu"
print("" if name == "cpu" else torch.cuda.get_device_name(torch.device(name)))
"""
_ANSWER_S = 120
SYNTHETIC_DATA = "embedded soundscapes (synthetic, scores not comparable)"


@dataclass(frozen=True)
class Specification:
    """What one run is: everything that may change its figures, and nothing else.

    Attributes
    ----------
    recipe, recipe_sha256
        Name, and hash of all values with the run's batch size.
    batch_size, repeat, seed, epochs
        Which run of the grid; ``repeat`` counts from 1.
    execution_path
        With its version.
    device, threads
        As asked for; None is all usable threads.
    gpu
        The hardware it is to be trained on, as the tables name it.
    allow_estimate
        Whether the processor may be estimated where its counters exist and may not be read.
    data
        What is trained on.
    """

    edition: str
    recipe: str
    recipe_sha256: str
    batch_size: int
    repeat: int
    seed: int
    epochs: int
    execution_path: str
    device: str
    threads: int | None
    gpu: str
    allow_estimate: bool = False
    data: str = SYNTHETIC_DATA

    def sha256(self) -> str:
        """Hash of all fields: SHA-256 of their canonical JSON, in hex."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def folder(self) -> str:
        """Name of the run's folder: batch size and repeat for people, the hash for certainty."""
        return f"b{self.batch_size}-r{self.repeat}-{self.sha256()[:12]}"

    def run_file(self) -> RunFile:
        """run.json of the run before it began."""
        return RunFile(
            state="waiting",
            gpu=self.gpu,
            batch_size=self.batch_size,
            repeat=self.repeat,
            work=TrainedWork(
                recipe=self.recipe,
                implementation="dcase-energy baseline",
                execution_path=self.execution_path,
                epochs=self.epochs,
                data=self.data,
            ),
            specification=asdict(self),
            specification_sha256=self.sha256(),
        )


def make_grid(
    batch_sizes: Sequence[int],
    repeats: int,
    *,
    edition: str,
    recipe: str,
    execution_path: str,
    device: str = "auto",
    epochs: int | None = None,
    seed: int = 42,
    threads: int | None = None,
    allow_estimate: bool = False,
    data: str | None = None,
    gpu: str = "",
) -> list[Specification]:
    """All runs, all batch sizes of a repeat before the next repeat: a study that is cut short is still balanced.

    None is the recipe's epochs, all threads, or the embedded data; the seed is that of the first repeat.

    Raises
    ------
    RecipeError
        If the recipe does not exist, or cannot be trained with one of the batch sizes.
    """
    recipes = {batch_size: recipe_of(recipe, batch_size) for batch_size in batch_sizes}
    path = execution_path_version(execution_path)
    return [
        Specification(
            edition=edition,
            recipe=recipes[batch_size].name,
            recipe_sha256=recipes[batch_size].sha256(),
            batch_size=batch_size,
            repeat=repeat,
            seed=seed + repeat - 1,
            epochs=epochs or recipes[batch_size].epochs,
            execution_path=path,
            device=device,
            threads=threads,
            gpu=gpu,
            allow_estimate=allow_estimate,
            # The path of the data does not belong to the identity of a run.
            data=SYNTHETIC_DATA if data is None else "DESED",
        )
        for repeat in range(1, repeats + 1)
        for batch_size in batch_sizes
    ]


def recipe_source(recipe: str) -> str:
    """The recipe as a worker in another folder finds it: a path is made absolute, a name stays one."""
    return str(Path(recipe).resolve()) if recipe.endswith(".toml") or Path(recipe).name != recipe else recipe


def prepare_folders(
    output: Path,
    specifications: Sequence[Specification],
    recipe_source: str,
    data_source: str | None = None,
    *,
    check_hardware: bool = True,
) -> list[StudyRun]:
    """Make the folders of a grid; folders that exist are not changed, except for where a waiting run finds its inputs.

    Raises
    ------
    StudyError
        If a folder of that name holds another run, or something else.
    OSError
        If a folder cannot be made.
    """
    runs = []
    for specification in specifications:
        folder = output.resolve() / specification.folder
        folder.mkdir(parents=True, exist_ok=True)
        run = open_run(folder) if (folder / RUN_FILE).exists() else write_run(folder, specification.run_file())
        if run.about.specification_sha256 != specification.sha256():
            raise StudyError(f"{folder} holds another run than its name says; move it away")
        if run.about.state == "waiting":
            sources = {"recipe_source": recipe_source, "data_source": data_source}
            run = update(folder, **sources, check_hardware=check_hardware)
        runs.append(run)
    return runs


def hardware_label(device: str) -> str:
    """Name of the GPU that ``device`` is, or of the processor.

    Ask in a separate process: torch in this one would wake the GPU and keep it awake while others measure.

    Raises
    ------
    StudyError
        If torch is missing or has no such device.
    """
    if device == "cpu":
        return processor_label()
    command = [sys.executable, "-c", _ASK, device]
    # The order that trainings see their GPUs in.
    variables = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", **os.environ}
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_S, check=False, env=variables)
    except subprocess.TimeoutExpired:
        raise StudyError(f"torch did not say within {_ANSWER_S} s what {device} is") from None
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or ["no message"])[-1]
        raise StudyError(f"device {device} cannot be used: {last}")
    return asked.stdout.strip() or processor_label()


def processor_label() -> str:
    """The processor's own name."""
    return f"CPU {describe_host()['cpu_model']}"
