"""What a calibration is going to do, and when a quick one has seen enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dcase_energy.measure.meter import Reading
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.measure.windows import kwh_between
from dcase_energy.stats import steady_mean

_PHASES = {"training_window": "steps", "validation_window": "clips"}
# Validated clips cost far less than steps in a training: they get this share of the budget.
_SHARE = {"training_window": 0.75, "validation_window": 0.25}


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


class StoppingRule:
    """Ends the windows of a phase when the mean's interval is narrow enough or the phase's time is spent.

    Parameters
    ----------
    settings
        Of the quick calibration; None for one that trains whole epochs, which this rule never ends.
    """

    def __init__(self, settings: QuickSettings | None) -> None:
        self._settings = settings
        self._begin: dict[str, Reading] = {}
        self._started_s: dict[str, float] = {}
        self._energies: dict[str, list[float]] = {phase: [] for phase in _PHASES}

    def go_on(self, mark: dict[str, Any], reading: Reading) -> bool:
        """Whether the work continues after this mark."""
        phase = mark["phase"]
        if self._settings is None or phase not in _PHASES:
            return True
        if mark["edge"] == "begin":
            self._begin[phase] = reading
            self._started_s.setdefault(phase, reading.time_s)
            return True
        energies = self._energies[phase]
        energies.append(kwh_between(self._begin[phase], reading) / mark[_PHASES[phase]])
        spent_s = reading.time_s - self._started_s[phase]
        fewest = self._settings.min_windows if phase == "training_window" else self._settings.min_validation_windows
        if len(energies) < fewest:
            return True
        mean = steady_mean(energies)
        half = mean.half_width()
        narrow = half is not None and mean.value > 0 and half <= self._settings.precision * mean.value
        return not narrow and spent_s < self._settings.budget_s * _SHARE[phase]
