"""The training run, as a loop one can read: steps, validation, checkpoint, and marks around each.

Measuring passes ``on_mark``, scoring passes ``score_function``; nothing here depends on either.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from dcase_baseline import checkpoint
from dcase_baseline.batches import BatchLoader
from dcase_baseline.data import Pool, Pools
from dcase_baseline.evaluate import ScoreFunction, Scores, postprocess, score_clips, weak_macro_f1
from dcase_baseline.features import front_end_name
from dcase_baseline.mean_teacher import TrainStep
from dcase_baseline.recipe import Recipe
from dcase_baseline.runtime import EXECUTION_PATHS
from dcase_energy.errors import TrainingDivergedError

# on_mark("begin" or "end", phase, epoch, payload). What it returns at an end says whether to continue; None means yes.
OnMark = Callable[[str, str, int, Mapping[str, Any]], "bool | None"]
OBJECTIVE = "intersection_f1_05"  # of a score function; the best epoch is the best in this plus weak F1


class Marks:
    """Calls ``on_mark`` with the device idle, so that work lies within the marks that enclose it.

    Only here does the run wait for a GPU.

    Attributes
    ----------
    go_on
        False once an end was answered with False.
    """

    def __init__(self, on_mark: OnMark | None, device: torch.device) -> None:
        self._on_mark, self._device = on_mark, device
        self.go_on = True

    @contextmanager
    def phase(self, phase: str, epoch: int, **payload: Any) -> Iterator[dict[str, Any]]:
        """Mark a phase; what the block adds to the dict it is given goes out with the end."""
        self._mark("begin", phase, epoch, payload)
        yield payload
        self._mark("end", phase, epoch, payload)

    def _mark(self, kind: str, phase: str, epoch: int, payload: Mapping[str, Any]) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        if self._on_mark is not None:
            answer = self._on_mark(kind, phase, epoch, payload)
            self.go_on = self.go_on and not (kind == "end" and answer is False)


@dataclass(frozen=True)
class EpochLog:
    """What one epoch came to.

    Attributes
    ----------
    epoch
        Counted from 1.
    steps, clips
        Training steps and the clips in them.
    losses
        Means over the steps, by `dcase_baseline.mean_teacher.LOSSES`.
    metrics
        For ``student`` and ``teacher``: ``weak_f1`` and what the score function gave.
    """

    epoch: int
    steps: int
    clips: int
    losses: dict[str, float]
    metrics: dict[str, dict[str, float]]

    @property
    def objective(self) -> float:
        """Student's weak F1 plus its intersection F1: what the reference picks the best epoch by."""
        return self.metrics["student"].get("weak_f1", 0.0) + self.metrics["student"].get(OBJECTIVE, 0.0)


@dataclass(frozen=True)
class TrainingResult:
    """The finished run.

    Attributes
    ----------
    log
        One row an epoch, those before a resumption included.
    trainer
        Holds both networks as the last epoch left them.
    """

    log: list[EpochLog]
    trainer: TrainStep


def train(
    recipe: Recipe,
    pools: Pools,
    *,
    execution_path: str = "fast",
    device: str | torch.device = "cpu",
    epochs: int | None = None,
    seed: int = 42,
    score_function: ScoreFunction | None = None,
    on_mark: OnMark | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
) -> TrainingResult:
    """Train the mean teacher, validating it after each epoch.

    Parameters
    ----------
    recipe
        All hyper-parameters.
    pools
        Strong, weak, unlabelled, weak_validation and strong_validation.
    execution_path
        ``fast`` or ``reference``.
    device
        ``cpu``, ``cuda:0``, ...
    epochs
        How many in all; the recipe's if None. The ramps stay the recipe's: a shorter run is the start of a full one.
    seed
        Of weights, shuffles, dropout and mixup.
    score_function
        Gives event-based figures from filtered frame scores; none if None.
    on_mark
        Called around ``training_steps``, ``validation_forward``, ``validation_metrics`` and, where there are
        checkpoints, ``checkpoint``. An end answered with False makes this epoch the last.
    checkpoints
        Folder for ``last.pt`` and ``best.pt``, written after each epoch; none if None.
    resume
        Continue from ``last.pt`` if there is one.

    Raises
    ------
    InputError
        If ``last.pt`` belongs to another run.
    TrainingDivergedError
        If a mean loss is not finite. (On a CPU torch raises RuntimeError at the first output that is not.)
    """
    trainer = TrainStep(recipe, execution_path=execution_path, device=device, seed=seed)
    loader = BatchLoader(recipe, pools, seed, pin_memory=trainer.device.type == "cuda")
    marks = Marks(on_mark, trainer.device)
    identity = run_identity(recipe, pools, trainer, seed)
    log: list[EpochLog] = []
    if checkpoints is not None and resume and (checkpoints / "last.pt").exists():
        saved = checkpoint.load(checkpoints / "last.pt", identity)
        trainer.load_state_dict(saved["trainer"])
        log = [EpochLog(**row) for row in json.loads(saved["log"])]

    for epoch in range(len(log) + 1, (recipe.epochs if epochs is None else epochs) + 1):
        steps, clips = recipe.steps_per_epoch, recipe.training_clips
        with marks.phase("training_steps", epoch, steps=steps, clips=clips) as payload:
            for batch in loader.epoch(epoch):
                trainer.step(batch)
            payload["losses"] = losses = trainer.drain_losses()
        if not all(math.isfinite(loss) for loss in losses.values()):
            raise TrainingDivergedError(f"epoch {epoch}: the mean losses are {losses}")

        validated = [pools["weak_validation"], pools["strong_validation"]]
        with marks.phase("validation_forward", epoch, clips=sum(map(len, validated))):
            weak, strong = (score_clips(trainer.networks(), trainer.front_end, pool, recipe) for pool in validated)
        with marks.phase("validation_metrics", epoch) as payload:
            payload["event_clips"] = len(validated[1])
            payload["metrics"] = metrics = {
                name: {
                    **tagging_figures(weak[name], validated[0], recipe),
                    **detection_figures(strong[name], validated[1], recipe, score_function),
                }
                for name in trainer.networks()
            }
        log.append(EpochLog(epoch, steps, clips, losses, metrics))

        if checkpoints is not None:
            with marks.phase("checkpoint", epoch):
                save_checkpoints(checkpoints, identity, log, trainer)
        if not marks.go_on:
            break
    return TrainingResult(log, trainer)


def best_epoch(log: list[EpochLog]) -> int:
    """Epoch with the highest objective, the first of equals; 0 where none has run."""
    return max(log, key=lambda row: row.objective).epoch if log else 0


def run_identity(recipe: Recipe, pools: Pools, trainer: TrainStep, seed: int) -> dict[str, Any]:
    """What must be equal for a run to continue from a checkpoint."""
    return {
        "recipe_sha256": recipe.sha256(),
        "execution_path": EXECUTION_PATHS[trainer.student.execution_path],
        "device": trainer.device.type,
        "front_end": front_end_name(),
        "seed": seed,
        "data": [[subset, len(pools[subset]), pools[subset].source] for subset in sorted(pools)],
    }


def save_checkpoints(folder: Path, identity: Mapping[str, Any], log: list[EpochLog], trainer: TrainStep) -> None:
    """Write ``last.pt`` to continue from, and ``best.pt`` to test, as the reference does each epoch."""
    if best_epoch(log) == log[-1].epoch:
        networks = {name: network.state_dict() for name, network in trainer.networks().items()}
        checkpoint.save(folder / "best.pt", {"identity": identity, "epoch": log[-1].epoch, **networks})
    rows = json.dumps([asdict(row) for row in log])
    checkpoint.save(folder / "last.pt", {"identity": identity, "log": rows, "trainer": trainer.state_dict()})


def tagging_figures(scores: Scores, pool: Pool, recipe: Recipe) -> dict[str, float]:
    """Weak macro-F1 on a pool with weak targets; nothing where it has none."""
    if pool.weak is None:
        return {}
    return {"weak_f1": weak_macro_f1(scores.clips, pool.weak, recipe.evaluation.threshold)}


def detection_figures(
    scores: Scores, pool: Pool, recipe: Recipe, score_function: ScoreFunction | None
) -> dict[str, float]:
    """What the score function says about the filtered scores of a pool."""
    if score_function is None:
        return {}
    return dict(score_function(postprocess(scores.frames, recipe.evaluation), pool))


def run_test(
    recipe: Recipe,
    pool: Pool,
    trainer: TrainStep,
    *,
    score_function: ScoreFunction | None = None,
    checkpoints: Path | None = None,
) -> tuple[dict[str, Scores], dict[str, dict[str, float]]]:
    """Run the test stage: student and teacher over all clips and the filter over their scores, then the figures.

    Parameters
    ----------
    recipe, pool, trainer
        What is tested on what.
    score_function
        As for `train`.
    checkpoints
        Folder whose ``best.pt`` is tested, as the reference does; the networks as they are if None.

    Returns
    -------
    scores, figures
        By ``student`` and ``teacher``.
    """
    if checkpoints is not None:
        identity = {
            "recipe_sha256": recipe.sha256(),
            "execution_path": EXECUTION_PATHS[trainer.student.execution_path],
        }
        best = checkpoint.load(checkpoints / "best.pt", identity)
        for name, network in trainer.networks().items():
            network.load_state_dict(best[name])
    scores = score_clips(trainer.networks(), trainer.front_end, pool, recipe)
    return scores, {name: detection_figures(one, pool, recipe, score_function) for name, one in scores.items()}
