"""When a quick calibration has seen enough."""

from __future__ import annotations

from typing import Any

from dcase_energy.calibration.plan import QuickSettings
from dcase_energy.measure.meter import COMPONENTS, Reading
from dcase_energy.stats import steady_mean

_PHASES = {"training_window": "steps", "validation_window": "clips"}
# Validated clips cost far less than steps in a training: they get this share of the budget.
_SHARE = {"training_window": 0.75, "validation_window": 0.25}


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
        energies.append(_energy(self._begin[phase], reading) / mark[_PHASES[phase]])
        spent_s = reading.time_s - self._started_s[phase]
        fewest = self._settings.min_windows if phase == "training_window" else self._settings.min_validation_windows
        if len(energies) < fewest:
            return True
        return not self._narrow(energies) and spent_s < self._settings.budget_s * _SHARE[phase]

    def _narrow(self, energies: list[float]) -> bool:
        mean = steady_mean(energies)
        half = mean.half_width()
        if self._settings is None or half is None or mean.value <= 0:
            return False
        return half <= self._settings.precision * mean.value


def _energy(begin: Reading, end: Reading) -> float:
    parts = [(begin.component(name), end.component(name)) for name in COMPONENTS]
    return sum(after - before for before, after in parts if before is not None and after is not None)
