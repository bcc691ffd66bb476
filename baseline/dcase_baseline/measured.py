"""The work of a measuring session: reads a task, runs it, marks its phases.

It runs in a separate process (`dcase_baseline.started`), because allocator and thread settings must be made before
torch is loaded. Marks go through the session's pipes (`dcase_energy.measure.marks`).
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dcase_baseline.data import Pool, Pools, SyntheticSource, load_pools
from dcase_baseline.desed import DesedSource
from dcase_baseline.evaluate import Floats, postprocess, score_clips
from dcase_baseline.features import front_end_name
from dcase_baseline.mean_teacher import TrainStep
from dcase_baseline.probe import MOST_WINDOWS, Windows, probe, warm_up
from dcase_baseline.recipe import Recipe, load_recipe
from dcase_baseline.runtime import EXECUTION_PATHS
from dcase_baseline.soundscapes import CLASSES
from dcase_baseline.train import detection_figures, run_test, tagging_figures, train
from dcase_energy.measure.marks import Marks
from dcase_energy.measure.torch_state import torch_switches
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.data import GroundTruth, Scores
from dcase_energy.scoring.evaluation import evaluate_scores
from dcase_energy.scoring.intervals import detections_at
from dcase_energy.scoring.metrics.intersection_f1 import intersection_by_clip

OnMark = Callable[[str, str, int, Mapping[str, Any]], bool]
# After whole epochs no rule ends the windows of the test.
_TEST_WINDOWS = 5


def run_task(task_file: str, marks: Marks) -> None:
    """Run the task in a JSON file (`dcase_energy.calibration.run` writes it)."""
    task = json.loads(Path(task_file).read_text(encoding="utf-8"))
    recipe = load_recipe(task["recipe"])
    if task["batch_size"] is not None:
        recipe = recipe.with_batch_size(task["batch_size"])
    device = choose_device(task["device"])
    torch.set_num_threads(task["threads"])

    def on_mark(edge: str, phase: str, epoch: int, payload: Mapping[str, Any]) -> bool:
        return bool(marks.send(edge, phase, epoch=epoch, **payload).get("go_on", True))

    answer = marks.send("begin", "session", **about(device, task["execution_path"]))
    marks.send("begin", "data_preparation")
    source = source_of(task)
    pools = load_pools(source, recipe, task["clips"])
    facts = source.manifest.about() if isinstance(source, DesedSource) else {}
    marks.send("end", "data_preparation", clips={name: len(pool) for name, pool in pools.items()}, data=facts)
    run = quick if task["quick"] else whole
    run(task, recipe, pools, on_mark, Windows(on_mark, device, answer.get("window_s", 0.0)))
    marks.send("end", "session")


def source_of(task: dict[str, Any]) -> SyntheticSource | DesedSource:
    """Where the clips come from."""
    if task["data"] is None:
        return SyntheticSource(seed=task["data_seed"], workers=task["workers"])
    cache = Path(task["checkpoints"]).parent / "audio"
    cache.mkdir(parents=True, exist_ok=True)
    return DesedSource(Path(task["data"]), cache)


def choose_device(name: str) -> torch.device:
    """``auto`` is the first GPU if there is one that torch can use."""
    if name == "auto":
        name = "cuda:0" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        sys.exit(f"torch {torch.__version__} sees {count} GPUs, so not {name}; name another --device, or cpu")
    return device


def about(device: torch.device, execution_path: str) -> dict[str, Any]:
    """What the record says about device and software."""
    facts: dict[str, Any] = {
        "device": device.type,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "front_end": front_end_name(),
        "execution_path": EXECUTION_PATHS[execution_path],
        "threads": torch.get_num_threads(),
        "backends": torch_switches(torch),
    }
    if device.type == "cuda":
        torch.cuda.synchronize(device)  # the context is there before idle power is measured, which it raises
        properties = torch.cuda.get_device_properties(device)
        facts |= {
            "gpu_name": properties.name,
            "gpu_uuid": f"GPU-{properties.uuid}",
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    return facts


def trainer_settings(task: dict[str, Any], windows: Windows) -> dict[str, Any]:
    """What a `TrainStep` needs besides its recipe."""
    return {"execution_path": task["execution_path"], "device": windows.device, "seed": task["seed"]}


def whole(task: dict[str, Any], recipe: Recipe, pools: Pools, on_mark: OnMark, windows: Windows) -> None:
    """Warm up, train whole epochs, then test the best of them."""
    folder, settings = Path(task["checkpoints"]), trainer_settings(task, windows)
    warm_up(TrainStep(recipe, **settings), pools, on_mark=on_mark)
    result = train(
        recipe,
        pools,
        epochs=task["epochs"],
        score_function=partial(figures_of, recipe=recipe, final=False),
        on_mark=on_mark,
        checkpoints=folder,
        resume=task["resume"],
        **settings,
    )
    if "test" in task["stages"]:
        test(recipe, pools["test"], result.trainer, windows, checkpoints=folder, most=_TEST_WINDOWS)


def quick(task: dict[str, Any], recipe: Recipe, pools: Pools, on_mark: OnMark, windows: Windows) -> None:
    """Windows of training steps and validated clips, of metrics of a validation, and of a test.

    Without stages the first two alone run, for a probe; the test alone needs neither.
    """
    settings, of_trainer = task["quick"], trainer_settings(task, windows)
    probe(
        TrainStep(recipe, **of_trainer),
        pools,
        on_mark=on_mark,
        warmup_steps=settings["warmup_steps"],
        window_steps=settings["window_steps"],
        window_clips=settings["window_clips"],
        window_s=windows.window_s,
        settle=settings["max_settle_s"] > 0,
        counted="training" in task["stages"] or not task["stages"],
    )
    trainer = TrainStep(recipe, **of_trainer)
    if "training" in task["stages"]:
        validation_metrics(recipe, pools["strong_validation"], trainer, windows)
    if "test" in task["stages"]:
        test(recipe, pools["test"], trainer, windows)


def validation_metrics(recipe: Recipe, pool: Pool, trainer: TrainStep, windows: Windows) -> None:
    """Windows ``validation_metrics``: the metrics of a validation, over and over."""
    scores = score_clips(trainer.networks(), trainer.front_end, pool, recipe)
    figures = partial(figures_of, recipe=recipe, final=False)

    def metrics(times: int) -> None:
        for _ in range(times):
            for one in scores.values():
                detection_figures(one, pool, recipe, figures)
                tagging_figures(one, pool, recipe)

    def payload(times: int) -> dict[str, int]:
        return dict.fromkeys(("clips", "event_clips"), times * len(pool))

    windows.run("validation_metrics", metrics, windows.fitted(metrics, 1), payload)


def test(
    recipe: Recipe,
    pool: Pool,
    trainer: TrainStep,
    windows: Windows,
    *,
    checkpoints: Path | None = None,
    most: int = MOST_WINDOWS,
) -> None:
    """Windows ``test_forward``, then windows ``test_metrics``: after the test itself its work, over and over.

    Parameters
    ----------
    recipe, pool, trainer, checkpoints
        As for `dcase_baseline.train.run_test`.
    windows
        Say how long one lasts.
    most
        Windows of each phase, if the marks never have enough.
    """
    figures = partial(figures_of, recipe=recipe, final=True)
    scores, results = run_test(recipe, pool, trainer, score_function=figures, checkpoints=checkpoints)
    filtered = [postprocess(one.frames, recipe.evaluation) for one in scores.values()]

    def forward(times: int) -> None:
        for _ in range(times):
            for one in score_clips(trainer.networks(), trainer.front_end, pool, recipe).values():
                postprocess(one.frames, recipe.evaluation)

    def metrics(times: int) -> None:
        for _ in range(times):
            for one in filtered:
                figures(one, pool)

    amount = len(pool)
    windows.run("test_forward", forward, windows.fitted(forward, 1), lambda times: {"clips": times * amount}, most=most)
    windows.run(
        "test_metrics",
        metrics,
        windows.fitted(metrics, 1),
        lambda times: {"clips": times * amount, "metrics": results},
        most=most,
    )


def figures_of(frame_scores: Floats, pool: Pool, *, recipe: Recipe, final: bool) -> dict[str, float]:
    """Event-based figures of filtered frame scores, shape (n_clips, frames, n_classes).

    F1 under both criteria each epoch, everything in the test.
    """
    truth = ground_truth(pool, recipe)
    scores = Scores.from_uniform(frame_scores, recipe.output_frame_s)
    detections = detections_at(scores, recipe.evaluation.threshold)
    half, strict = (intersection_by_clip(detections, truth, dtc=share, gtc=share).total() for share in (0.5, 0.7))
    figures = {
        "intersection_f1_05": half.judged_f1()[1],
        "intersection_f1_07": strict.judged_f1()[1],
        # As psds_eval has it: NaN where no class has a true positive, the mean of nothing. Missing nine of ten
        # classes entirely then scores 1.0, so it is shown for comparison only.
        "intersection_f1_05_nanmean": half.judged_f1("skip")[1],
    }
    if final:
        whole = evaluate_scores(scores, truth, Conventions()).means()
        figures |= {name: whole[name] for name in ("psds1", "psds2", "collar_f1")}
    return {name: value for name, value in figures.items() if not np.isnan(value)}


def ground_truth(pool: Pool, recipe: Recipe) -> GroundTruth:
    """The events of a pool as the scoring package wants them; those of no length could never be found."""
    durations = dict.fromkeys(pool.clips, recipe.features.clip_duration_s)
    rows = [(clip, *event) for clip, events in zip(pool.clips, pool.events or (), strict=True) for event in events]
    return GroundTruth.build(durations, [row for row in rows if row[1] < row[2]], CLASSES)
