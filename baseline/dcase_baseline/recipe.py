"""Recipes: every number of a training run, read strictly from TOML and hashed.

The built-in ones stand in ``recipes/``; any other is named by its path. Nothing here imports torch. The sources are
files of DCASE-REPO/DESED_task, recipes of 2022 and 2023 (commits 63d8b3b2 and f7dc296).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from dcase_energy.errors import RecipeError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MAX_CHARACTERS = 1_000_000

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """From waveform to network input (confs/default.yaml:54-66, local/sed_trainer.py:83-94, utils/scaler.py)."""

    sample_rate_hz: Count
    clip_duration_s: float
    n_fft: Count
    window_length: Count
    hop_length: Count
    n_mels: Count
    f_min_hz: float
    f_max_hz: float
    magnitude_floor: float
    db_min: float
    db_max: float
    scaler_epsilon: float

    @property
    def n_samples(self) -> int:
        """Samples in a clip: 160 000 for ten seconds."""
        return round(self.sample_rate_hz * self.clip_duration_s)

    @property
    def n_frames(self) -> int:
        """Feature frames in a clip, the centred STFT's: 626 for the published recipes."""
        return self.n_samples // self.hop_length + 1


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The CRNN (nnet/CNN.py, CRNN.py, RNN.py). ``pooling`` holds one (time, mel) pair a layer."""

    channels: Annotated[tuple[Count, ...], Field(min_length=1)]
    pooling: tuple[tuple[Count, Count], ...]
    kernel_size: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    batch_norm_epsilon: float
    batch_norm_momentum: float
    rnn_units: Count
    rnn_layers: Count
    attention_floor: float
    n_classes: Count


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Clips that each subset nominally has (train_sed.py:127-186, README of the data set)."""

    strong_clips: Count
    weak_clips: Count
    unlabelled_clips: Count
    weak_validation_clips: Count
    strong_validation_clips: Count
    test_clips: Count
    soundscape_profile: Literal["easy", "hard"]


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """Clips of each subset in a training batch, in this order."""

    strong: Count
    weak: Count
    unlabelled: Count

    @property
    def total(self) -> int:
        """Clips in a batch: 48 for the published recipes."""
        return self.strong + self.weak + self.unlabelled


@dataclass(frozen=True, slots=True)
class OptimConfig:
    """Optimiser, ramps, mean teacher and mixup (confs/default.yaml, local/sed_trainer.py, utils/schedulers.py)."""

    epochs: Count
    learning_rate: float
    adam_betas: tuple[float, float]
    adam_epsilon: float
    warmup_epochs: Count
    ramp_exponent: float
    ema_decay_max: Share
    consistency_weight: float
    mixup_probability: Share
    mixup_alpha: float


@dataclass(frozen=True, slots=True)
class EvalConfig:
    """Validation and test (local/sed_trainer.py, local/utils.py, evaluation/evaluation_measures.py)."""

    batch_size: Count
    threshold: float
    median_filter_frames: Count
    median_filter_on: Literal["scores", "binarised"]
    intersection_dtc: float
    intersection_gtc: float
    metrics_per_epoch: tuple[str, ...]
    test_thresholds: Count


@dataclass(frozen=True, slots=True)
class PublishedFigures:
    """What the organisers report for the recipe on their hardware; F1 as fractions."""

    psds1: float
    psds2: float
    intersection_f1: float
    collar_f1: float
    training_energy_kwh: float
    test_energy_kwh: float
    hardware: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """All values of one recipe, and the numbers that follow from them."""

    # Every key known, every key there, every value of its type and finite: here and in the tables.
    __pydantic_config__ = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

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
    def clips(self) -> dict[str, int]:
        """Clips that each subset nominally has, by its name: ``strong``, ``weak``, ..., ``test``."""
        return {name.removesuffix("_clips"): count for name, count in asdict(self.data).items() if "_clips" in name}

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
        RecipeError
            If ``batch_size`` is not a positive multiple of 4, or above what the subsets fill once.
        """
        if batch_size < 4 or batch_size % 4:
            raise RecipeError(f"batch size: expected a positive multiple of 4, found {batch_size}")
        quarter = batch_size // 4
        changed = replace(self, batch=BatchConfig(quarter, quarter, 2 * quarter))
        if changed.steps_per_epoch < 1:
            raise RecipeError(f"batch size: {batch_size} is more than the subsets fill once")
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
        If there is no such recipe, it is not TOML, a key is unknown or missing, a value has
        another type than its field or the values contradict each other.

    Examples
    --------
    >>> recipe = load_recipe("dcase2023")
    >>> recipe.steps_per_epoch, recipe.validation_clips, recipe.with_batch_size(4).steps_per_epoch
    (118, 2658, 1420)
    """
    file = str(name_or_path)
    try:
        # As JSON, since TOML's lists become tuples and an integer is taken where a float is asked for. No field is a
        # date: as a list it is refused where a text is asked for, too.
        text = json.dumps(tomllib.loads(_read(name_or_path)), default=lambda date: [str(date)])
        recipe = TypeAdapter(Recipe).validate_json(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"{file}: not TOML: {error}") from error
    except ValidationError as error:
        raise RecipeError(f"{file}: {'; '.join(_reasons(error.errors()))}") from None
    if wrong := [f"{key}: expected {expected}, found {found}" for key, expected, found in _contradictions(recipe)]:
        raise RecipeError(f"{file}: {'; '.join(wrong)}")
    return recipe


def _reasons(errors: Sequence[ErrorDetails]) -> Iterator[str]:
    """Yield key and reason of each error; a key that is not known may be one that is missing, misspelt."""
    missing = [error["loc"] for error in errors if error["type"] == "missing"]
    for error in errors:
        *table, key = map(str, error["loc"])
        reason = f"{error['msg']}, found {error['input']!r}"
        if error["type"] == "missing":
            reason = "missing"
        elif error["type"] == "unexpected_keyword_argument":
            near = difflib.get_close_matches(key, [str(loc[-1]) for loc in missing if [*loc[:-1]] == table], n=1)
            reason = "not a known key" + (f" (did you mean {near[0]!r}?)" if near else "")
        yield f"{'.'.join([*table, key])}: {reason}"


def _read(name_or_path: str | Path) -> str:
    """Read a recipe's text. What ends in .toml or names a folder is a path, the rest a name."""
    file = str(name_or_path)
    try:
        if isinstance(name_or_path, Path) or file.endswith(".toml") or Path(file).name != file:
            if not Path(name_or_path).is_file():
                raise RecipeError(f"{file}: expected a file, found nothing, or not a plain file")
            with Path(name_or_path).open(encoding="utf-8") as opened:
                return opened.read(_MAX_CHARACTERS)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file}: cannot be read: {error}") from error
    if file not in recipe_names():
        raise RecipeError(f"{file}: expected a path or one of {', '.join(recipe_names())}")
    folder = resources.files("dcase_baseline").joinpath("recipes")
    return folder.joinpath(f"{file}.toml").read_text(encoding="utf-8")


def _contradictions(recipe: Recipe) -> Iterator[tuple[str, str, object]]:
    """Yield (key, expected, found) where values do not fit each other."""
    features, model, frames = recipe.features, recipe.model, recipe.evaluation.median_filter_frames
    if frames % 2 == 0:
        yield "evaluation.median_filter_frames", "an odd number", frames
    if features.window_length > features.n_fft:
        yield "features.window_length", "at most n_fft", features.window_length
    if len(model.pooling) != len(model.channels):
        yield "model.pooling", f"{len(model.channels)} pairs", len(model.pooling)
    mel_pooling = math.prod(pool[1] for pool in model.pooling)
    if mel_pooling != features.n_mels:
        yield "model.pooling", f"{features.n_mels} over all mel poolings", mel_pooling
    if recipe.steps_per_epoch < 1:
        yield "batch", "no more than each subset fills once", recipe.batch
