"""The tables of a recipe, one frozen dataclass each.

Sources are files of DCASE-REPO/DESED_task, recipes of 2022 and 2023 (commits 63d8b3b2 and f7dc296).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """From waveform to network input (confs/default.yaml:54-66, local/sed_trainer.py:83-94, utils/scaler.py)."""

    sample_rate_hz: int
    clip_duration_s: float
    n_fft: int
    window_length: int
    hop_length: int
    n_mels: int
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

    channels: tuple[int, ...]
    pooling: tuple[tuple[int, int], ...]
    kernel_size: int
    dropout: float
    batch_norm_epsilon: float
    batch_norm_momentum: float
    rnn_units: int
    rnn_layers: int
    attention_floor: float
    n_classes: int


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Clips that each subset nominally has (train_sed.py:127-186, README of the data set)."""

    strong_clips: int
    weak_clips: int
    unlabelled_clips: int
    weak_validation_clips: int
    strong_validation_clips: int
    test_clips: int
    soundscape_profile: Literal["easy", "hard"]


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """Clips of each subset in a training batch, in this order."""

    strong: int
    weak: int
    unlabelled: int

    @property
    def total(self) -> int:
        """Clips in a batch: 48 for the published recipes."""
        return self.strong + self.weak + self.unlabelled


@dataclass(frozen=True, slots=True)
class OptimConfig:
    """Optimiser, ramps, mean teacher and mixup (confs/default.yaml, local/sed_trainer.py, utils/schedulers.py)."""

    epochs: int
    learning_rate: float
    adam_betas: tuple[float, float]
    adam_epsilon: float
    warmup_epochs: int
    ramp_exponent: float
    ema_decay_max: float
    consistency_weight: float
    mixup_probability: float
    mixup_alpha: float


@dataclass(frozen=True, slots=True)
class EvalConfig:
    """Validation and test (local/sed_trainer.py, local/utils.py, evaluation/evaluation_measures.py)."""

    batch_size: int
    threshold: float
    median_filter_frames: int
    median_filter_on: Literal["scores", "binarised"]
    intersection_dtc: float
    intersection_gtc: float
    metrics_per_epoch: tuple[str, ...]
    test_thresholds: int


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
