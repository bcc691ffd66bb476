"""A system's record beside the baseline's: what a ratio of the two can be made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dcase_energy.stats import Interval, quotient_ends

if TYPE_CHECKING:
    from dcase_energy.measure.record_parts import Stage


@dataclass(frozen=True, slots=True)
class Pair:
    """An amount of a system and of its baseline (kWh, seconds, CPU seconds), with their intervals where known."""

    system: float
    baseline: float
    system_interval: Interval | None = None
    baseline_interval: Interval | None = None

    @property
    def interval(self) -> Interval | None:
        """The interval of the ratio; None where it is not known."""
        return quotient_ends(self.system, self.baseline, self.system_interval, self.baseline_interval)


@dataclass(frozen=True, slots=True)
class Compared:
    """A stage of a system beside the baseline's, where records hold both.

    Attributes
    ----------
    energies
        By basis; ``total`` is always there.
    time, work
        Seconds, and CPU seconds of the process and all it started; None where one is not known.
    estimated
        Whether no sensor counted anything of one of them.
    """

    energies: Mapping[str, Pair]
    time: Pair | None = None
    work: Pair | None = None
    estimated: bool = False

    @property
    def ratios(self) -> dict[str, float]:
        """The ratios by each basis, ``work`` among them."""
        pairs = {**self.energies, "work": self.work}
        return {name: one.system / one.baseline for name, one in pairs.items() if one is not None and one.baseline}

    def with_baseline(self, factor: float) -> Compared:
        """The same with another energy of the baseline, by every basis."""
        energies = {name: replace(one, baseline=one.baseline * factor) for name, one in self.energies.items()}
        return replace(self, energies=energies)

    def with_ratio(self, basis: str, ratio: float) -> Compared:
        """The same with another ratio by a basis."""
        pair = self.energies[basis]
        return replace(self, energies={**self.energies, basis: replace(pair, baseline=pair.system / ratio)})


def compared(mine: Stage, other: Stage, *, estimated: bool) -> Compared:
    """Set a stage of a system beside the baseline's; ``estimated``: no sensor counted anything of one of them."""
    return Compared(
        _energies(mine, other),
        _pair(mine.full_recipe_duration_s, other.full_recipe_duration_s),
        _pair(mine.full_recipe_own_cpu_s, other.full_recipe_own_cpu_s),
        estimated,
    )


def _energies(mine: Stage, other: Stage) -> dict[str, Pair]:
    """What both stages have of each basis; components count where both count them."""
    from dcase_energy.measure.record_parts import Basis
    from dcase_energy.measure.summary import PARTIAL_BASES, basis_kwh, components_of

    bounds = mine.full_recipe_energy_interval, other.full_recipe_energy_interval
    found = {Basis.TOTAL.value: Pair(mine.full_recipe_energy_kwh, other.full_recipe_energy_kwh, *bounds)}
    for basis in PARTIAL_BASES:
        parts = [components_of(basis, one.methods) for one in (mine, other)]
        own, theirs = basis_kwh(mine, basis), basis_kwh(other, basis)
        if parts[0] == parts[1] and own and theirs:
            found[basis.value] = Pair(own, theirs, *(one.basis_intervals.get(basis) for one in (mine, other)))
    return found


def _pair(mine: float | None, other: float | None) -> Pair | None:
    return Pair(mine, other) if mine and other else None
