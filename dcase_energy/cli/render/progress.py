"""How far a calibration is, line by line: settling, windows and the budget, or epochs and their expected end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dcase_energy.calibration.plan import WINDOW_UNITS
from dcase_energy.measure.windows import kwh_between
from dcase_energy.stats import Mean, steady_mean, trend_of
from dcase_energy.text import plural
from dcase_energy.units import format_duration, format_energy

if TYPE_CHECKING:
    from dcase_energy.calibration.plan import QuickSettings
    from dcase_energy.measure.meter import Reading

# Windows last seconds; a line for each would hide the others.
_EVERY_S = 10.0
_NAMES = {
    "settling_window": "waiting for a steady machine",
    "training_window": "training steps",
    "validation_window": "validation",
    "validation_metrics": "metrics of the validation",
    "test_forward": "inference of the test",
    "test_metrics": "metrics of the test",
}


class ProgressLines:
    """Turns the marks of a calibration into lines.

    Parameters
    ----------
    say
        Gets the lines.
    quick
        The settings of a quick calibration; None for whole epochs.
    epochs
        How many whole epochs will be trained in each run.
    clock
        The time of day, in seconds since 1970.
    bar
        Gets on a terminal, in place of lines and after each window, what is done of the whole (0 to 1), the seconds
        left, and the text of the line.
    """

    def __init__(
        self,
        say: Callable[[str], object],
        quick: QuickSettings | None,
        epochs: int,
        clock: Callable[[], float] = time.time,
        bar: Callable[[float | None, float | None, str], object] | None = None,
    ) -> None:
        self._bar = bar
        self._say, self._quick, self._epochs, self._clock = say, quick, epochs, clock
        self._begin: dict[str, Reading] = {}
        self._costs_kwh: dict[str, list[float]] = {}
        self._ends_s: dict[str, list[float]] = {}
        self._said_s = float("-inf")
        self._first: tuple[float, int] | None = None

    def __call__(self, mark: dict[str, Any], reading: Reading) -> None:
        """Take a mark and its reading."""
        phase = mark["phase"]
        if (mark["edge"], phase) == ("begin", "session"):  # of another run, its windows are others
            self._costs_kwh, self._ends_s = {}, {}
        if mark["edge"] == "begin":
            self._begin[phase] = reading
            if phase == "training_steps" and (self._first is None or mark["epoch"] < self._first[1]):
                self._first = self._clock(), mark["epoch"]
        elif mark["edge"] == "end" and phase == "data_preparation":
            self._say(f"  {sum(mark['clips'].values())} clips ready")
        elif mark["edge"] == "end" and phase == "warmup":
            self._say(f"  warm-up: {plural(mark['steps'], 'step')}")
        elif mark["edge"] == "end" and phase in WINDOW_UNITS and self._quick is not None:
            self._window(self._quick, mark, reading)
        elif mark["edge"] == "end" and phase == "validation_metrics":
            self._epoch(mark, reading)

    def _window(self, quick: QuickSettings, mark: dict[str, Any], reading: Reading) -> None:
        phase, amount = mark["phase"], mark[WINDOW_UNITS[mark["phase"]]]
        begin, first = self._begin[phase], phase not in self._costs_kwh
        costs = self._costs_kwh.setdefault(phase, [])
        costs.append(kwh_between(begin, reading) / amount if amount else 0.0)
        ends_s = self._ends_s.setdefault(phase, [begin.time_s])
        ends_s.append(reading.time_s)
        if self._bar is None and not first and reading.time_s - self._said_s < _EVERY_S:
            return
        self._said_s = reading.time_s
        text = self._settling(quick) if phase == "settling_window" else self._measuring(quick, phase)
        if self._bar is None:
            self._say(f"  {_NAMES[phase]}: {text}")
        else:
            self._bar(*self._budget(quick), f"{_NAMES[phase]}: {text}")

    def _budget(self, quick: QuickSettings) -> tuple[float | None, float | None]:
        """What is done of the time that is planned, and what is left; while the machine settles that is not known."""
        ends_s = self._ends_s.get("training_window") or self._ends_s.get("validation_window")
        if ends_s is None:
            return None, None
        spent_s = max(ends[-1] for ends in self._ends_s.values()) - ends_s[0]
        return spent_s / quick.budget_s, quick.budget_s - spent_s

    def _settling(self, quick: QuickSettings) -> str:
        """How much the energy of a step still changes, and how long that is waited for."""
        costs, ends_s = self._costs_kwh["settling_window"], self._ends_s["settling_window"]
        last = [cost for cost, end_s in zip(costs, ends_s[1:], strict=True) if end_s > ends_s[-1] - quick.settle_s]
        spent = f"{format_duration(ends_s[-1] - ends_s[0])} of at most {format_duration(quick.max_settle_s)}"
        mean = sum(last) / len(last)
        if len(last) < 3 or mean <= 0:
            return spent
        return f"energy of a step changes by {trend_of(last).change / mean:+.1%}, {spent}"

    def _measuring(self, quick: QuickSettings, phase: str) -> str:
        """How many windows there are, the mean so far, and what is left of the budget."""
        costs, unit = self._costs_kwh[phase], WINDOW_UNITS[phase].removesuffix("s")
        text = f"{plural(len(costs), 'window')}, {_mean_text(steady_mean(costs), f' a {unit}')}"
        if phase in {"training_window", "validation_window"}:
            begun_s = self._ends_s.get("training_window", self._ends_s[phase])[0]
            spent = format_duration(self._ends_s[phase][-1] - begun_s)
            text += f", {spent} of about {format_duration(quick.budget_s)}"
        return text

    def _epoch(self, mark: dict[str, Any], reading: Reading) -> None:
        """Which epoch has ended, and when the last one is expected to."""
        epoch, student = mark["epoch"], mark.get("metrics", {}).get("student", {})
        text = f"  epoch {epoch} of {self._epochs}"
        if "intersection_f1_05" in student:
            text += f": intersection-based F1 {student['intersection_f1_05']:.3f}"
        left_s = None
        if self._first is not None and epoch < self._epochs:
            began_s, first = self._first
            now_s = self._clock()
            left_s = (now_s - began_s) / (epoch - first + 1) * (self._epochs - epoch)
            at = time.strftime("%a %H:%M" if left_s > 12 * 3600 else "%H:%M", time.localtime(now_s + left_s))
            text += f"; expected to end in {format_duration(left_s)}, at {at}"
        if self._bar is None:
            self._say(text)
        else:
            self._bar(epoch / self._epochs, left_s, f"{self._mean_of_epochs(reading)}{text.strip()}")

    def _mean_of_epochs(self, reading: Reading) -> str:
        """The mean energy of an epoch so far, with its interval; empty where it is not known."""
        if "training_steps" not in self._begin:
            return ""
        costs = self._costs_kwh.setdefault("epoch", [])
        costs.append(kwh_between(self._begin["training_steps"], reading))
        return f"{_mean_text(steady_mean(costs), ' an epoch')}, "


def _mean_text(mean: Mean, unit: str = "") -> str:
    """A mean energy, and how sure it is."""
    half = mean.half_width()
    sure = "" if half is None or mean.value <= 0 else f" ± {half / mean.value:.1%}"
    return f"{format_energy(mean.value)}{unit}{sure}"
