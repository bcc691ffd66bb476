"""What a calibration is going to do, and when a quick one has seen enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dcase_energy.measure.meter import Reading
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.measure.record_parts import SteadyState
from dcase_energy.measure.windows import kwh_between
from dcase_energy.stats import steady_mean, trend_of

# What is counted in the windows of each phase of a quick calibration.
WINDOW_UNITS = {
    "settling_window": "steps",
    "training_window": "steps",
    "validation_window": "clips",
    "validation_metrics": "clips",
    "test_forward": "clips",
    "test_metrics": "clips",
}
# Training steps are nearly all of a training: they get this share of the budget, the other phases less.
_TRAINING_SHARE, _OTHER_SHARE = 0.75, 0.25
_FEWEST_SETTLING = 5


@dataclass(frozen=True)
class QuickSettings:
    """How long a quick calibration measures.

    Attributes
    ----------
    precision
        Half-width of the 95 % interval within the session, over the mean, for which the time of the training windows is
        planned.
    budget_s
        Seconds for the training and validation windows; three quarters are for training steps.
    min_s
        Least seconds of training windows, if the budget allows them.
    settle_s, settle_trend, max_settle_s
        Work begins to count when the energy of a step changes by less than ``settle_trend`` over ``settle_s``, or the
        GPU's temperature by less than 1 C; after ``max_settle_s`` it counts anyway. 0: nothing is waited for.
    warmup_steps, window_steps, window_clips
        Training steps before the first window; least steps, and validated clips, in a window.
    window_s
        Least seconds in a window, long enough for counters that tick every tenth of one.
    min_windows, min_other_windows
        Fewest windows an interval is computed from: of training steps, and of the other phases.
    """

    precision: float = 0.02
    budget_s: float = 120.0
    min_s: float = 60.0
    settle_s: float = 60.0
    settle_trend: float = 0.005
    max_settle_s: float = 300.0
    warmup_steps: int = 3
    window_steps: int = 1
    window_clips: int = 48
    window_s: float = 3.0
    min_windows: int = 10
    min_other_windows: int = 5


def quick_settings(precision: float, budget_s: float, settle_s: float) -> QuickSettings:
    """Settings for a budget: where it is small, so are the windows, since an interval needs several of them."""
    return QuickSettings(
        precision=precision,
        budget_s=budget_s,
        settle_s=min(QuickSettings.settle_s, settle_s),
        max_settle_s=settle_s,
        window_s=min(QuickSettings.window_s, budget_s / 40),
    )


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
    window_s
        Least seconds in each window of the test after whole epochs, whose work is repeated so long.
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
    window_s: float = 3.0


class StoppingRule:
    """Ends the phases of a quick calibration: settling when the machine is steady, the others after a planned time.

    How long training windows last is decided once, from the windows by which the machine was found steady: an interval
    that is looked at until it is narrow covers too seldom.

    Parameters
    ----------
    settings
        Of the quick calibration; None for one that trains whole epochs, which this rule never ends.

    Attributes
    ----------
    steady
        What was waited for, once that has ended; None before, and where nothing was waited for.
    """

    def __init__(self, settings: QuickSettings | None) -> None:
        self._settings = settings
        self._begin: dict[str, Reading] = {}
        self._started_s: dict[str, float] = {}
        self._counts: dict[str, int] = dict.fromkeys(WINDOW_UNITS, 0)
        self._settling: list[_Settling] = []
        self._planned_s = 0.0 if settings is None else _shortest_s(settings)
        self.steady: SteadyState | None = None

    def go_on(self, mark: Mapping[str, Any], reading: Reading, sample: Mapping[str, Any] | None = None) -> bool:
        """Whether the work continues after this mark; ``sample`` is the host's, with the GPU's temperature."""
        phase = mark["phase"]
        if self._settings is None or phase not in WINDOW_UNITS:
            return True
        if mark["edge"] == "begin":
            self._begin[phase] = reading
            self._started_s.setdefault(phase, reading.time_s)
            return True
        self._counts[phase] += 1
        spent_s = reading.time_s - self._started_s[phase]
        if phase == "settling_window":
            cost_kwh = kwh_between(self._begin[phase], reading) / mark[WINDOW_UNITS[phase]]
            temperature_c = (sample or {}).get("gpu_temperature_c")
            self._settling.append(_Settling(reading.time_s, cost_kwh, temperature_c))
            return self._settles(self._settings, spent_s, sample or {})
        return self._goes_on(self._settings, phase, spent_s)

    def _goes_on(self, settings: QuickSettings, phase: str, spent_s: float) -> bool:
        training = phase == "training_window"
        count, fewest = self._counts[phase], settings.min_windows if training else settings.min_other_windows
        share = _TRAINING_SHARE if training else _OTHER_SHARE
        # A slow machine would exceed any budget by the fewest windows; two show at least how much they differ.
        if count < fewest:
            return count < 2 or spent_s < settings.budget_s * share
        planned_s = {"training_window": self._planned_s, "validation_window": self._planned_s / 3}.get(phase, 0.0)
        return spent_s < planned_s

    def _settles(self, settings: QuickSettings, spent_s: float, sample: Mapping[str, Any]) -> bool:
        """Whether the machine is not steady yet and there is time to wait."""
        last = self._settling[-1]
        window = [one for one in self._settling if one.time_s > last.time_s - settings.settle_s]
        window = max(window, self._settling[-_FEWEST_SETTLING:], key=len)  # slow steps are fewer in this time
        costs, temperatures_c = [one.cost_kwh for one in window], [one.temperature_c for one in window]
        mean, line = sum(costs) / len(costs), trend_of(costs)
        trend = line.change / mean if mean > 0 else 0.0
        error = (line.standard_error or 0.0) / mean if mean > 0 else 0.0
        known_c = [one for one in temperatures_c if one is not None]
        even = len(known_c) == len(window) and max(known_c) - min(known_c) <= 1.0
        reached = len(window) >= _FEWEST_SETTLING and (even or abs(trend) < max(settings.settle_trend, error))
        if (spent_s < settings.settle_s or not reached) and spent_s < settings.max_settle_s:
            return True
        self.steady = SteadyState(
            reached=reached,
            waited_s=spent_s,
            trend=trend,
            gpu_temperature_c=last.temperature_c,
            throttled=list(sample.get("gpu_throttled") or ()),
        )
        half = steady_mean(costs).half_width()
        wanted = 1.0 if half is None or mean <= 0 else (half / mean / settings.precision) ** 2
        longest_s = settings.budget_s * _TRAINING_SHARE
        self._planned_s = min(longest_s, max(_shortest_s(settings), wanted * settings.settle_s))
        return False


@dataclass(frozen=True, slots=True)
class _Settling:
    """One window before the machine is steady."""

    time_s: float
    cost_kwh: float
    temperature_c: float | None


def _shortest_s(settings: QuickSettings) -> float:
    return min(settings.min_s, settings.budget_s * _TRAINING_SHARE)
