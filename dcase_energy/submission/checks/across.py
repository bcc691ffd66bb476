"""Systems of one team beside each other (S, and C for complexity)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from dcase_energy.findings import Finding
from dcase_energy.submission.checks.plausibility import STAGES, boards_of
from dcase_energy.submission.checks.rules import (
    BASELINE_SCALED,
    BASELINE_VARIES,
    ENERGY_FACTOR,
    ENERGY_MULTIPLIED,
    MACS_NOT_SUMMED,
    PAIR_REUSED,
    PARAMETERS_NOT_SUMMED,
    TEACHER_COUNTED,
)
from dcase_energy.submission.checks.system import System
from dcase_energy.submission.model import team_of

BASELINES = ("energy_baseline_kwh", "energy_baseline_training_kwh", "energy_baseline_test_kwh")
# How near figures must be to be one figure, a multiple, a scaled baseline, or a slip.
_SAME_BASELINE = 0.02
_MULTIPLE = 0.001
_SCALED = 0.05
_SLIP = 0.15
# How many times the models of another a system must have to be set against it.
_LARGER = 2
_MORE_ENERGY = 1.1


def by_team(systems: Sequence[System]) -> dict[str, list[System]]:
    """Systems of each team, in the order given."""
    teams: dict[str, list[System]] = defaultdict(list)
    for system in systems:
        teams[team_of(system.name)].append(system)
    return dict(teams)


def models(system: System) -> int:
    """Number of models; a system that says nothing is one."""
    return system.submission.ensemble_subsystems or 1


def pairs_differ(team: Sequence[System]) -> Iterator[Finding]:
    """No two systems have the same training and the same test energy."""
    owners: dict[tuple[float, float], list[System]] = defaultdict(list)
    for system in team:
        training, test = system.submission.energy_training_kwh, system.submission.energy_test_kwh
        if training is not None and test is not None:
            owners[training, test].append(system)
    for (training, test), group in owners.items():
        for system in group:
            # Two files of one label are another finding.
            others = _names(other for other in group if other.name != system.name)
            if not others:
                continue
            where = system.metadata.canonical.where("energy_training_kwh")
            message = f"training and test energy are those of {others} as well"
            yield PAIR_REUSED.finding(where, message, found=f"{training:g} and {test:g} kWh")


def baseline_is_one(team: Sequence[System]) -> Iterator[Finding]:
    """The baseline's energy is one figure a hardware, and does not grow with the ensemble."""
    for field in BASELINES:
        given = [system for system in team if getattr(system.submission, field) is not None]
        sources = [_scaled_from(system, given, field) for system in given]
        unscaled = [system for system, source in zip(given, sources, strict=True) if source is None]
        for system, source in zip(given, sources, strict=True):
            yield from _scaled(system, source, field) if source is not None else _varies(system, unscaled, field)


def _scaled(system: System, source: System, field: str) -> Iterator[Finding]:
    value, first = getattr(system.submission, field), getattr(source.submission, field)
    message = (
        f"the baseline's energy is {value / first:.3g} times that of {source.name}, for {models(system)} models "
        f"instead of {models(source)}"
    )
    where = system.metadata.canonical.where(field)
    yield BASELINE_SCALED.finding(where, message, expected=f"{first:g} kWh", found=f"{value:g} kWh")


def _varies(system: System, team: Sequence[System], field: str) -> Iterator[Finding]:
    value, boards = getattr(system.submission, field), boards_of(system)
    others = {
        getattr(other.submission, field): other.name
        for other in team
        if _apart(value, getattr(other.submission, field), _SAME_BASELINE) and boards_of(other) == boards
    }
    if others:
        figures = ", ".join(f"{figure:g} kWh in {name}" for figure, name in list(others.items())[:4])
        message = f"the baseline's energy is {value:g} kWh here and {figures}"
        where = system.metadata.canonical.where(field)
        yield BASELINE_VARIES.finding(where, message, expected="one figure a hardware", found=f"{value:g} kWh")


def _scaled_from(system: System, given: Sequence[System], field: str) -> System | None:
    """The smaller system of the same hardware from whose baseline this one grew most exactly as the models did."""
    value = getattr(system.submission, field)
    grown = [
        (abs(value / (factor * getattr(other.submission, field)) - 1), index, other)
        for index, other in enumerate(given)
        if (factor := models(system) / models(other)) >= _LARGER and boards_of(other) == boards_of(system)
    ]
    off, _, source = min(grown, default=(1.0, 0, None))
    return source if off <= _SCALED else None


def ensembles_measured(team: Sequence[System]) -> Iterator[Finding]:
    """The training energy of an ensemble is not that of one model times their number."""
    singles = [s for s in team if models(s) == 1 and s.submission.energy_training_kwh is not None]
    for system in team:
        count, energy = models(system), system.submission.energy_training_kwh
        for single in singles if count > 1 and energy is not None else ():
            one = single.submission.energy_training_kwh
            if energy is None or one is None or _apart(energy, count * one, _MULTIPLE):
                continue
            where = system.metadata.canonical.where("energy_training_kwh")
            message = f"{energy:g} kWh is {count} times the {one:g} kWh of {single.name}"
            yield ENERGY_MULTIPLIED.finding(where, message, found=f"{count} x {one:g} kWh")
            break


def equals_cost_alike(team: Sequence[System]) -> Iterator[Finding]:
    """Systems of equal complexity do not differ by a factor that a slip gives."""
    for stage in STAGES:
        field = f"energy_{stage}_kwh"
        for system in team:
            for other in team:
                high, low = getattr(system.submission, field), getattr(other.submission, field)
                if high is None or low is None or not _equally_complex(system, other):
                    continue
                slip = _slip(system, high / low)
                if slip is not None:
                    where = system.metadata.canonical.where(field)
                    message = f"{stage} takes {high / low:.3g} times the energy of {other.name}, which is as complex"
                    hint = f"{ENERGY_FACTOR.fix}; {slip} would explain it"
                    expected, found = f"about {low:g} kWh", f"{high:g} kWh"
                    yield ENERGY_FACTOR.finding(where, message, expected=expected, found=found, hint=hint)
                    break


def _equally_complex(one: System, other: System) -> bool:
    a, b = one.submission, other.submission
    if a is b or models(one) != models(other):
        return False
    if a.macs is not None and b.macs is not None:
        return a.macs == b.macs
    return a.macs is b.macs is None and a.total_parameters is not None and a.total_parameters == b.total_parameters


def _slip(system: System, ratio: float) -> str | None:
    slips = system.edition.plausible.slips.items()
    near = [(abs(ratio / factor - 1), f"a factor of {factor:g} ({name})") for name, factor in slips]
    return min(near)[1] if near and min(near)[0] <= _SLIP else None


def complexity_grows(team: Sequence[System]) -> Iterator[Finding]:
    """MACs and parameters are not the same for ensembles of different size."""
    for field, rule in (("macs", MACS_NOT_SUMMED), ("total_parameters", PARAMETERS_NOT_SUMMED)):
        owners: dict[int, list[System]] = defaultdict(list)
        for system in team:
            if (value := getattr(system.submission, field)) is not None:
                owners[value].append(system)
        for value, group in owners.items():
            counts = sorted({models(system) for system in group})
            for system in group if len(counts) > 1 else ():
                what = "MACs" if field == "macs" else "parameters"
                message = f"the same {value:,} {what} stand for {_joined(counts)} models in systems of the team"
                where = system.metadata.canonical.where(field)
                yield rule.finding(where, message, found=f"{value:,} for {models(system)}")


def parameters_fit_macs(team: Sequence[System]) -> Iterator[Finding]:
    """A system of the same MACs and of more test energy than another does not have a fraction of its parameters."""
    for system in team:
        own = system.submission
        for other in team:
            its = other.submission
            if own.total_parameters is None or its.total_parameters is None or own.macs is None or own.macs != its.macs:
                continue
            if own.energy_test_kwh is None or its.energy_test_kwh is None:
                continue
            few = own.total_parameters * 2 <= its.total_parameters
            if few and own.energy_test_kwh > _MORE_ENERGY * its.energy_test_kwh:
                where = system.metadata.canonical.where("total_parameters")
                message = (
                    f"{own.total_parameters:,} parameters at the MACs of {other.name}, which has "
                    f"{its.total_parameters:,} and takes less test energy"
                )
                yield PARAMETERS_NOT_SUMMED.finding(where, message, found=f"{own.total_parameters:,}")
                break


def teachers_counted_alike(team: Sequence[System]) -> Iterator[Finding]:
    """A system of as many models and MACs as another does not have exactly twice its parameters."""
    for system in team:
        own = system.submission
        for other in team if own.total_parameters is not None and own.macs is not None else ():
            its = other.submission
            if its.total_parameters is None or own.total_parameters != 2 * its.total_parameters:
                continue
            if own.macs == its.macs and models(system) == models(other):
                where = system.metadata.canonical.where("total_parameters")
                message = f"{own.total_parameters:,} parameters are twice those of {other.name}, at its MACs"
                expected = f"{its.total_parameters:,}"
                yield TEACHER_COUNTED.finding(where, message, expected=expected, found=f"{own.total_parameters:,}")
                break


def _apart(value: float, other: float, tolerance: float) -> bool:
    return abs(value - other) > tolerance * max(value, other)


def _names(systems: Iterator[System]) -> str:
    names = [system.name for system in systems]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _joined(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts[:-1])) + f" and {counts[-1]}"


TEAM_CHECKS: tuple[Callable[[Sequence[System]], Iterator[Finding]], ...] = (
    pairs_differ,
    baseline_is_one,
    ensembles_measured,
    equals_cost_alike,
    complexity_grows,
    parameters_fit_macs,
    teachers_counted_alike,
)
