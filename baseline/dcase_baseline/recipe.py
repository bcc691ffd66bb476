"""Recipes: every number of a training run, read strictly from TOML and hashed.

The built-in ones stand in ``recipes/``; any other is named by its path. Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path

from dcase_baseline.configs import (
    BatchConfig,
    DataConfig,
    EvalConfig,
    FeatureConfig,
    ModelConfig,
    OptimConfig,
    PublishedFigures,
)
from dcase_baseline.strict_toml import RecipeError, build

__all__ = ["Recipe", "RecipeError", "load_recipe", "recipe_names"]

_MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """All values of one recipe, and the numbers that follow from them."""

    name: str
    title: str
    year: int
    features: FeatureConfig
    model: ModelConfig
    data: DataConfig
    batch: BatchConfig
    optimisation: OptimConfig
    evaluation: EvalConfig
    published: PublishedFigures | None = None

    @property
    def epochs(self) -> int:
        """Epochs of the full recipe: 200 for the published ones."""
        return self.optimisation.epochs

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches that the scarcest subset fills: 1420 // 12 = 118 (weak)."""
        data, batch = self.data, self.batch
        return min(
            data.strong_clips // batch.strong,
            data.weak_clips // batch.weak,
            data.unlabelled_clips // batch.unlabelled,
        )

    @property
    def training_clips(self) -> int:
        """Clips that pass through training in an epoch: 118 * 48 = 5664."""
        return self.steps_per_epoch * self.batch.total

    @property
    def warmup_steps(self) -> int:
        """Steps until learning rate and consistency weight are full: 50 * 118 = 5900."""
        return self.optimisation.warmup_epochs * self.steps_per_epoch

    @property
    def validation_clips(self) -> int:
        """Clips validated after each epoch: 158 weak + 2500 synthetic = 2658."""
        return self.data.weak_validation_clips + self.data.strong_validation_clips

    @property
    def test_clips(self) -> int:
        """Clips of the development test set: 1168."""
        return self.data.test_clips

    @property
    def output_frames(self) -> int:
        """Frames of the network's output: 626 -> 313 -> 156, each pooling rounding down."""
        frames = self.features.n_frames
        for time_pool, _ in self.model.pooling:
            frames //= time_pool
        return frames

    @property
    def output_hop(self) -> int:
        """Samples from one output frame to the next: 256 * 4 = 1024."""
        return self.features.hop_length * math.prod(pool[0] for pool in self.model.pooling)

    @property
    def output_frame_s(self) -> float:
        """Seconds from one output frame to the next: 0.064."""
        return self.output_hop / self.features.sample_rate_hz

    def with_batch_size(self, batch_size: int) -> Recipe:
        """Change the batch size, split 1/4 strong, 1/4 weak, 1/2 unlabelled.

        An epoch keeps its clips, so its steps change: 1420 at 4, 118 at 48.

        Raises
        ------
        ValueError
            If ``batch_size`` is not a positive multiple of 4, or above what the subsets fill once.
        """
        if batch_size < 4 or batch_size % 4:
            raise ValueError(f"batch size: expected a positive multiple of 4, found {batch_size}")
        quarter = batch_size // 4
        changed = replace(self, batch=BatchConfig(quarter, quarter, 2 * quarter))
        if changed.steps_per_epoch < 1:
            raise ValueError(f"batch size: {batch_size} is more than the subsets fill once")
        return changed

    def sha256(self) -> str:
        """Hash of all values: SHA-256 of their canonical JSON (sorted keys, no spaces), in hex."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def recipe_names() -> tuple[str, ...]:
    """Names of the built-in recipes, sorted."""
    folder = resources.files("dcase_baseline").joinpath("recipes")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read a built-in recipe by its name, or any recipe by its path.

    Raises
    ------
    RecipeError
        If there is no such recipe, it is no TOML, a key is unknown or missing, a value has
        another type than its field or the values contradict each other.

    Examples
    --------
    >>> recipe = load_recipe("dcase2023")
    >>> recipe.steps_per_epoch, recipe.validation_clips, recipe.with_batch_size(4).steps_per_epoch
    (118, 2658, 1420)
    """
    file = str(name_or_path)
    try:
        recipe = build(Recipe, tomllib.loads(_read(name_or_path)), file=file)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(file, "", "TOML", str(error)) from error
    for key, holds, expected, found in _constraints(recipe):
        if not holds:
            raise RecipeError(file, key, expected, str(found))
    return recipe


def _read(name_or_path: str | Path) -> str:
    """Read a recipe's text. What ends in .toml or names a folder is a path, the rest a name."""
    file = str(name_or_path)
    try:
        if isinstance(name_or_path, Path) or file.endswith(".toml") or Path(file).name != file:
            if not Path(name_or_path).is_file():
                raise RecipeError(file, "", "a file", "nothing, or not a plain file")
            with Path(name_or_path).open(encoding="utf-8") as opened:
                return opened.read(_MAX_CHARACTERS)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(file, "", "a readable file", str(error)) from error
    if file not in recipe_names():
        raise RecipeError(file, "", f"a path or one of {', '.join(recipe_names())}", repr(file))
    folder = resources.files("dcase_baseline").joinpath("recipes")
    return folder.joinpath(f"{file}.toml").read_text(encoding="utf-8")


def _constraints(recipe: Recipe) -> Iterator[tuple[str, bool, str, object]]:
    """Yield (key, holds, expected, found) for what types cannot say."""
    features, model, evaluation = recipe.features, recipe.model, recipe.evaluation
    for table in ("features", "model", "data", "batch", "optimisation", "evaluation"):
        for key, value in asdict(getattr(recipe, table)).items():
            if isinstance(value, int):
                yield f"{table}.{key}", value >= 1, "at least 1", value
    sizes = [*model.channels, *(size for pool in model.pooling for size in pool)]
    yield "model", min(sizes, default=0) >= 1, "sizes of at least 1", sizes
    for key in ("mixup_probability", "ema_decay_max"):
        share = getattr(recipe.optimisation, key)
        yield f"optimisation.{key}", 0 <= share <= 1, "0 to 1", share
    frames = evaluation.median_filter_frames
    yield "evaluation.median_filter_frames", frames % 2 == 1, "an odd number", frames
    window, layers = features.window_length, len(model.channels)
    yield "features.window_length", window <= features.n_fft, "at most n_fft", window
    yield "model.pooling", len(model.pooling) == layers, f"{layers} pairs", len(model.pooling)
    mel_pooling = math.prod(pool[1] for pool in model.pooling)
    mels = features.n_mels
    yield "model.pooling", mel_pooling == mels, f"{mels} over all mel poolings", mel_pooling
    yield "model.dropout", 0 <= model.dropout < 1, "0 up to, not including, 1", model.dropout
    yield "batch", recipe.steps_per_epoch >= 1, "no more than each subset fills once", recipe.batch
