"""Machines that warm up, throttle, share their host and drift: processes of power and speed on one time axis.

Time 0 is a cold start. A quick calibration begins there; the training of which it states the energy follows and lasts
two hours. All is relative to a machine of 100 W on which a training step takes half a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Draw = Callable[[Values, np.random.Generator], tuple[Values, Values]]

TRAINING_S = 7200.0
POWER_W = 100.0
# Seconds of the least work of each phase, and how much it is.
PIECES = {
    "settling_window": (0.5, 1),
    "training_window": (0.5, 1),
    "validation_window": (0.4, 16),
    "validation_metrics": (0.1, 16),
}
_GRID_S = 0.5
_HORIZON_S = TRAINING_S + 1800.0
_TIMES = np.arange(0.0, _HORIZON_S, _GRID_S)


@dataclass(frozen=True)
class Asked:
    """How often an interval must hold, as a probability; None where what is measured cannot show it."""

    quick: float | None = 0.95
    both: float = 0.95
    every: float = 0.95


def fewest(asked: float, machines: int) -> int:
    """So many intervals at least hold of a kind that holds as often as asked; chance fails it once in forty."""
    below = 0.0
    for held in range(machines + 1):
        below += math.comb(machines, held) * asked**held * (1 - asked) ** (machines - held)
        if below > 0.025:
            return held
    return machines


@dataclass(frozen=True)
class Scenario:
    """A kind of machine.

    Attributes
    ----------
    name
        For people.
    draw
        Energy of a unit of work, over its nominal one, and speed, over the nominal one, at times of shape (n,).
    noise
        Standard deviation of the energy of each step, independent of all others.
    asked
        How often intervals must hold.
    beyond
        By how much the half-width within the session may exceed twice 1.96 times the rms error.
    why
        Why that is more than one per cent, where it is.
    """

    name: str
    draw: Draw
    noise: float = 0.01
    asked: Asked = Asked()
    beyond: float = 0.01
    why: str | None = None


def _steady(times: Values, _: np.random.Generator) -> tuple[Values, Values]:
    return np.ones_like(times), np.ones_like(times)


def _autoregressive(time_constant_s: float, sd: float = 0.03) -> Draw:
    def draw(times: Values, chance: np.random.Generator) -> tuple[Values, Values]:
        keep = math.exp(-_GRID_S / time_constant_s)
        pushes = math.sqrt(1 - keep**2) * chance.standard_normal(len(times))
        values, value = np.empty_like(times), chance.standard_normal()
        for place, push in enumerate(pushes):
            value = keep * value + push
            values[place] = value
        return 1 + sd * values, np.ones_like(times)

    return draw


def _thermal(rise: float, time_constant_s: float) -> Draw:
    return lambda times, _: (1 + rise * (1 - np.exp(-times / time_constant_s)), np.ones_like(times))


def _until(end_s: float, before: tuple[float, float], after: tuple[float, float]) -> Draw:
    """Cost and speed before and after a moment."""
    return lambda times, _: (
        np.where(times < end_s, before[0], after[0]),
        np.where(times < end_s, before[1], after[1]),
    )


def _bimodal(step: float, dwell_s: float) -> Draw:
    """Two clocks, the one of which costs more; it is changed after exponential times."""

    def draw(times: Values, chance: np.random.Generator) -> tuple[Values, Values]:
        changes = np.cumsum(chance.exponential(dwell_s, size=int(4 * _HORIZON_S / dwell_s) + 20))
        high = (np.searchsorted(changes, times) + chance.integers(2)) % 2
        return 1 + step * high, np.ones_like(times)

    return draw


def _bursts(more: float, length_s: float, period_s: float) -> Draw:
    """Other work once in each period, at any moment of it."""

    def draw(times: Values, chance: np.random.Generator) -> tuple[Values, Values]:
        periods = np.arange(-1, int(_HORIZON_S / period_s) + 1)
        begins = (periods + chance.random()) * period_s + chance.random(len(periods)) * (period_s - length_s)
        since_s = times - begins[np.maximum(np.searchsorted(begins, times, side="right") - 1, 0)]
        return np.where((since_s >= 0) & (since_s < length_s), 1 + more, 1.0), np.ones_like(times)

    return draw


def _drift(rise: float, over_s: float) -> Draw:
    return lambda times, _: (1 + rise * np.minimum(times / over_s, 1.0), np.ones_like(times))


def _wave(amplitude: float, period_s: float) -> Draw:
    return lambda times, chance: (
        1 + amplitude * np.sin(2 * math.pi * (times / period_s + chance.random())),
        np.ones_like(times),
    )


SCENARIOS = (
    Scenario("independent noise 1 %", _steady, 0.01),
    Scenario("independent noise 5 %", _steady, 0.05),
    Scenario("autoregressive 3 %, 10 s", _autoregressive(10)),
    Scenario("autoregressive 3 %, 60 s", _autoregressive(60)),
    Scenario("autoregressive 3 %, 300 s", _autoregressive(300)),
    Scenario("thermal +4 % (90 s)", _thermal(0.04, 90)),
    Scenario("thermal +8 % (180 s)", _thermal(0.08, 180)),
    Scenario("laptop turbo 28 s", _until(28, (1.3, 1.5), (1.0, 1.0))),
    Scenario("throttling after 240 s", _until(240, (1.0, 1.0), (1.085, 0.85)), asked=Asked(quick=None)),
    Scenario("bimodal clocks 12 %, 40 s", _bimodal(0.12, 40)),
    Scenario("bimodal clocks 12 %, 300 s", _bimodal(0.12, 300), asked=Asked(0.75, 0.90)),
    Scenario(
        "bursts +40 %, 8 s in 60 s",
        _bursts(0.4, 8, 60),
        beyond=0.02,
        why="a minute shows one burst or two, and not that every minute has one, which makes the error so small",
    ),
    Scenario("bursts +60 %, 60 s in 600 s", _bursts(0.6, 60, 600), asked=Asked(0.90, 0.60)),
    Scenario("drift +6 % in 20 min", _drift(0.06, 1200)),
    Scenario("wave of 5 %, 30 min", _wave(0.05, 1800)),
)
SEES_INDEPENDENT_NOISE = SCENARIOS[:2]


class Machine:
    """One machine of a scenario.

    Parameters
    ----------
    scenario, seed
        Which; machines of one scenario differ by their seed.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._chance = np.random.default_rng([seed, *scenario.name.encode()])
        self._cost, self._speed = scenario.draw(_TIMES, self._chance)
        self._noise = scenario.noise

    def work(self, time_s: float, nominal_s: float) -> tuple[float, float]:
        """Work of so many nominal seconds from a moment on: how long it takes, and its energy in joules."""
        duration_s = nominal_s / self._speed[self._place(time_s)]
        cost = self._cost[self._place(time_s + duration_s / 2)]
        return duration_s, float(cost) * POWER_W * nominal_s * (1 + self._noise * self._chance.standard_normal())

    def truth(self, time_s: float) -> float:
        """Energy of the training that begins at a moment, over its nominal one."""
        rows = slice(self._place(time_s), self._place(time_s + TRAINING_S))
        return float(np.average(self._cost[rows], weights=self._speed[rows]))

    def probe(self, time_s: float, warm_s: float = 5.0, length_s: float = 30.0) -> float:
        """What a step costs in a probe, over its nominal energy."""
        nominal_s, _ = PIECES["training_window"]
        end_s, joules, steps = time_s + warm_s + length_s, 0.0, 0
        while time_s < end_s - length_s:
            time_s += self.work(time_s, nominal_s)[0]
        while time_s < end_s:
            spent_s, energy_j = self.work(time_s, nominal_s)
            time_s, joules, steps = time_s + spent_s, joules + energy_j, steps + 1
        return joules / (steps * nominal_s * POWER_W)

    @staticmethod
    def _place(time_s: float) -> int:
        return min(len(_TIMES) - 1, int(time_s / _GRID_S))
