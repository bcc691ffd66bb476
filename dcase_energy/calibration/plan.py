"""What a calibration is going to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcase_energy.measure.plan import BASELINE_STAGES


@dataclass(frozen=True)
class QuickSettings:
    """How long a quick calibration measures.

    Attributes
    ----------
    precision
        Half-width of the 95 % interval of the mean energy, over the mean, at which windows end.
    budget_s
        Seconds after which windows end anyway.
    warmup_steps, window_steps, window_clips
        Training steps before the first window; least steps, and validated clips, in a window.
    window_s
        Least seconds in a window, long enough for counters that tick every tenth of one.
    min_windows, min_validation_windows
        Fewest windows of each phase an interval is computed from.
    """

    precision: float = 0.02
    budget_s: float = 60.0
    warmup_steps: int = 3
    window_steps: int = 1
    window_clips: int = 48
    window_s: float = 3.0
    min_windows: int = 8
    min_validation_windows: int = 5


@dataclass(frozen=True)
class Plan:
    """One calibration.

    Attributes
    ----------
    edition, recipe
        Whose denominator it is, and the recipe that is trained.
    stages
        ``training``, ``test`` or both.
    epochs
        Epochs to train; ignored by a quick calibration.
    quick
        Settings of a quick calibration, or None to train whole epochs.
    batch_size
        In place of the recipe's, or None.
    execution_path, device, seed, threads
        As the baseline takes them.
    clips
        Embedded clips by subset; chosen by the recipe if empty.
    data
        Folder of DESED, or None for the embedded soundscapes.
    repeats
        Trainings, each with the next seed.
    idle_s
        Seconds of doing nothing that are measured before and after, where a sensor would see them.
    allow_estimate
        Estimate the processor where its counters exist and may not be read.
    pass_env
        Environment variables that the training process gets besides those of `dcase_energy.measure.environment`.
    """

    edition: str
    recipe: str
    stages: tuple[str, ...] = BASELINE_STAGES
    epochs: int = 10
    quick: QuickSettings | None = None
    batch_size: int | None = None
    execution_path: str = "fast"
    device: str = "auto"
    seed: int = 42
    threads: int = 1
    clips: dict[str, int] = field(default_factory=dict)
    data: str | None = None
    repeats: int = 1
    idle_s: float = 30.0
    allow_estimate: bool = False
    pass_env: tuple[str, ...] = ()
