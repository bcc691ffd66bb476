"""What a window of inference holds: inference alone or scoring as well; and a baseline's stage that holds the same."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dcase_energy.measure.plan import INFERENCE, SCORING
from dcase_energy.measure.summary import basis_kwh
from dcase_energy.stats import Interval, sum_known, times

if TYPE_CHECKING:
    from dcase_energy.measure.record_parts import ComponentEnergy, PhaseEnergy, Stage
    from dcase_energy.measure.records import Calibration

# Where one stage holds both, these phases are the scoring.
_SCORING_PHASES = frozenset({"test_metrics"})
_FIGURES = ("energy_kwh", "full_recipe_energy_kwh", "duration_s", "full_recipe_duration_s")
# Intervals, and the place of their figure in the line above.
_INTERVALS = {"energy_interval": 0, "full_recipe_energy_interval": 1, "within_session_interval": 1}
# Known of both parts, or of none.
_OPTIONAL = ("net_energy_kwh", "full_recipe_energy_kwh_median", "own_cpu_s", "full_recipe_own_cpu_s")
_COMPONENT = ("energy_kwh", "full_recipe_energy_kwh")


def holds_scoring(scope: Collection[str] | None) -> bool | None:
    """Return whether a window holds the scoring of outputs; None where its scope does not say so."""
    stated = {INFERENCE, SCORING} & set(scope or ())
    return SCORING in stated if stated else None


def in_words(scope: Collection[str]) -> str:
    """Return a scope for people: ``inference and scoring``."""
    return " and ".join(scope)


def stage_with_scope(record: Calibration, name: str, scope: Collection[str]) -> tuple[Stage | None, str | None]:
    """Return a stage of a calibration with the scope that is wanted, and what was done for that.

    Parameters
    ----------
    record
        Records hold inference and scoring apart; older ones, whose stage has no scope, hold both together.
    name
        The stage.
    scope
        What the figure is to hold; where it says nothing of inference or scoring, the stage is taken as it is.

    Returns
    -------
    stage
        None where the record does not have it.
    note
        For people; None where the stage is in the record as it is.
    """
    stage, wanted = record.figures.get(name), holds_scoring(scope)
    held = None if stage is None else holds_scoring(stage.scope)
    if stage is None or wanted is None or wanted == held:
        return stage, None
    if held is False:
        note = f"its {name} is the sum of inference and scoring"
        return (None, None) if record.scoring is None else (stages_added(stage, record.scoring), note)
    if wanted:
        return stage, None
    return _without_scoring(stage, name)


def stages_added(first: Stage, second: Stage) -> Stage:
    """Return the sum of two stages that were measured apart, in one session.

    Within the session their intervals add in quadrature. What differs between sessions moves both: the ends of the
    intervals that hold it are added.
    """
    both = (first, second)
    energy_kwh = first.energy_kwh + second.energy_kwh
    estimated = sum_known(times(one.estimated_share, one.energy_kwh) for one in both)
    return first.model_copy(
        update={
            **{name: getattr(first, name) + getattr(second, name) for name in _FIGURES},
            **{name: sum_known(getattr(one, name) for one in both) for name in _OPTIONAL},
            **{
                name: _summed(
                    *(getattr(one, name) for one in both),
                    *(getattr(one, _FIGURES[place]) for one in both),
                    add=math.hypot if name == "within_session_interval" else operator.add,
                )
                for name, place in _INTERVALS.items()
            },
            "basis_intervals": {
                basis: bounds
                for basis, one in first.basis_intervals.items()
                if (bounds := _summed(one, second.basis_intervals.get(basis), *(basis_kwh(o, basis) for o in both)))
            },
            "work": f"{first.work}; {second.work}",
            "scope": [*(first.scope or ()), *(second.scope or ())],
            "bases": [basis for basis in first.bases if basis in second.bases],
            "estimated_share": times(estimated, 1 / energy_kwh) if energy_kwh > 0 else None,
            "clips": max(first.clips, second.clips),
            "components": {
                name: _sum(one, second.components[name])
                for name, one in first.components.items()
                if name in second.components
            },
            "phases": {**first.phases, **second.phases},
        }
    )


def _sum(first: ComponentEnergy, second: ComponentEnergy) -> ComponentEnergy:
    return first.model_copy(update={n: sum_known([getattr(first, n), getattr(second, n)]) for n in _COMPONENT})


def _summed(
    first: Interval | None,
    second: Interval | None,
    *values: float | None,
    add: Callable[[float, float], float] = operator.add,
) -> Interval | None:
    """The interval of a sum of two values; None where one is not known, or at another level."""
    if first is None or second is None or first.level != second.level or None in values:
        return None
    known = [value for value in values if value is not None]
    down, up = (
        add(*(abs(getattr(one, end) - value) for one, value in zip((first, second), known, strict=True)))
        for end in ("low", "high")
    )
    return replace(first, low=max(0.0, sum(known) - down), high=sum(known) + up, n=None)


def _without_scoring(stage: Stage, name: str) -> tuple[Stage, str | None]:
    """A stage that holds both, reduced to its inference by the phases in which it was measured."""
    kept = {phase: one for phase, one in stage.phases.items() if phase not in _SCORING_PHASES}
    if not kept or len(kept) == len(stage.phases):
        return stage, None
    energy, duration = (
        _share(kept, stage.phases, quantity) for quantity in (lambda one: one.energy_kwh, lambda one: one.duration_s)
    )
    figures = {n: times(getattr(stage, n), duration if n.endswith("_s") else energy) for n in (*_FIGURES, *_OPTIONAL)}
    reduced = scaled(stage, energy, duration).model_copy(
        update={**figures, "scope": [INFERENCE], "phases": kept, "energy_interval": None}
    )
    return reduced, f"its {name} was reduced to inference: x {energy:.4f} (its record holds scoring as well)"


def _share(
    kept: Mapping[str, PhaseEnergy], phases: Mapping[str, PhaseEnergy], of: Callable[[PhaseEnergy], float]
) -> float:
    total = math.fsum(map(of, phases.values()))
    return math.fsum(map(of, kept.values())) / total if total > 0 else 1.0


def scaled(stage: Stage, energy: float, duration: float) -> Stage:
    """Return a stage whose figures of the full recipe are multiplied; of components the same share is taken."""
    return stage.model_copy(
        update={
            "full_recipe_energy_kwh": stage.full_recipe_energy_kwh * energy,
            **{name: _scaled(getattr(stage, name), energy) for name, place in _INTERVALS.items() if place == 1},
            "full_recipe_energy_kwh_median": times(stage.full_recipe_energy_kwh_median, energy),
            "full_recipe_duration_s": stage.full_recipe_duration_s * duration,
            "components": {
                name: one.model_copy(update={"full_recipe_energy_kwh": times(one.full_recipe_energy_kwh, energy)})
                for name, one in stage.components.items()
            },
        }
    )


def _scaled(interval: Interval | None, factor: float) -> Interval | None:
    return None if interval is None else replace(interval, low=interval.low * factor, high=interval.high * factor)
