"""Systems of one team beside each other (S, and C for complexity)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.complexity import TEACHER_COUNTED
from dcase_energy.submission.checks.plausibility import boards_of
from dcase_energy.submission.checks.system import System, each_team
from dcase_energy.text import first_few
from dcase_energy.units import format_factor

MACS_NOT_SUMMED = define(
    Rule(
        code="C302",
        name="macs-not-summed",
        title="MACs grow with the number of models in an ensemble",
        why="One team of 2023 reported 88.2 G for 1, 4, 8 and 11 models; another gave the MACs of four models for "
        "five. "
        "MACs are there to be compared, so they are summed over the ensemble.",
        bad="two systems of 4 and 8 models, both with macs: 88200000000",
        good="macs: 88200000000 for 4 models, macs: 176400000000 for 8",
        fix="give the sum of the MACs of all models for 10 s of audio",
        severity=Severity.WARNING,
    )
)
PARAMETERS_NOT_SUMMED = define(
    Rule(
        code="C303",
        name="parameters-not-summed",
        title="Parameters grow with the number of models in an ensemble",
        why="In 2022 ensembles of 12, 31, 53 and 150 models all reported 11,061,468 parameters: those of one model.",
        bad="two systems of 12 and 150 models, both with total_parameters: 11061468",
        good="total_parameters: 132737616 for 12 models",
        fix="give the sum of the parameters of all models, embedding networks included",
        severity=Severity.WARNING,
    )
)
PAIR_REUSED = define(
    Rule(
        code="S701",
        name="energy-pair-reused",
        title="Each system has its own energies",
        why="36 systems of 2022 share their pair of training and test energy with another system of the team, up to "
        "one pair for ensembles of 12, 31, 53 and 150 models.",
        bad="systems 1 and 2, both training: 17.0 and test: 0.3",
        good="system 1 with 17.04 and 0.313, system 2 with 17.41 and 0.309",
        fix="measure each system; if they truly share training and inference, say so in the report",
        severity=Severity.WARNING,
    )
)
BASELINE_VARIES = define(
    Rule(
        code="S702",
        name="baseline-varies",
        title="A team gives one baseline energy for each hardware",
        why="The baseline's energy is a property of the hardware, not of the system; teams of 2023 reported 0.006 and "
        "0.007, or 0.03 and 0.04 kWh, for systems measured on the same GPU.",
        bad="baseline: 0.150 in one system and 0.156 in another, both on 1 A100",
        good="baseline: 0.153 in both",
        fix="measure the baseline once on this hardware and give that figure for all systems measured on it",
        severity=Severity.WARNING,
    )
)
BASELINE_SCALED = define(
    Rule(
        code="S703",
        name="baseline-scaled-with-ensemble",
        title="The baseline's energy does not grow with the ensemble",
        why="One team of 2023 gave 0.156, 0.936 and 2.340 kWh for the baseline of systems of 1, 6 and 15 models: "
        "after normalisation all three cost the same.",
        bad="baseline: 0.936 for 6 models, baseline: 0.156 for one",
        good="baseline: 0.156 for both",
        fix="give the energy of one baseline, however many models the system has",
        severity=Severity.WARNING,
    )
)
ENERGY_MULTIPLIED = define(
    Rule(
        code="S705",
        name="energy-multiplied",
        title="The energy of an ensemble is measured, not multiplied",
        why="446.6 kWh for 20 models is 20 times the 22.33 kWh of one: the others were never measured.",
        bad="training: 446.6 for 20 models, training: 22.33 for one",
        good="training: 431.2 for 20 models, training: 22.33 for one",
        fix="measure the training of every model, or say in the report that the figure was multiplied",
        severity=Severity.WARNING,
    )
)
ENERGY_FACTOR = define(
    Rule(
        code="S706",
        name="energy-factor",
        title="Systems of equal complexity do not differ by a factor that a slip would give",
        why="In 2023 one test energy was exactly three times that of its siblings (three runs added up), and 0.030 "
        "stood beside 0.340 kWh at equal MACs.",
        bad="test: 1.905 and test: 0.635 with equal macs",
        good="test: 0.641 and test: 0.635 with equal macs",
        fix="check unit, decimal point, and whether runs were added up",
        severity=Severity.WARNING,
    )
)


# Far more than any edition allows: a package of thousands has a finding for that, and pairs of all would take hours.
_LARGEST_TEAM = 100
# How near figures must be to be one figure, a multiple, a scaled baseline, or a slip.
_SAME_BASELINE = 0.02
_MULTIPLE = 0.001
_SCALED = 0.05
_SLIP = 0.15
# How many times the models of another a system must have to be set against it.
_LARGER = 2
_MORE_ENERGY = 1.1


def models(system: System) -> int:
    """Number of models; a system that says nothing is one."""
    return system.submission.ensemble_subsystems or 1


@each_team(largest=_LARGEST_TEAM)
def pairs_differ(team: Sequence[System]) -> Iterator[Finding]:
    """No two systems have the same training and the same test energy."""
    owners: dict[tuple[float, ...], list[System]] = defaultdict(list)
    for system in team:
        energies = tuple(system.figures.get(name, 0.0) for name in system.energy_fields)
        if len(energies) > 1 and all(energies):
            owners[energies].append(system)
    for energies, group in owners.items():
        for system in group:
            # Two files of one label are another finding.
            others = [other.name for other in group if other.name != system.name]
            if others:
                message = (
                    f"{' and '.join(system.edition.stages)} energy are the same as those of {first_few(others, 4)}"
                )
                found = " and ".join(f"{energy:g}" for energy in energies)
                yield system.finding(PAIR_REUSED, system.energy_fields[0], message, found=f"{found} kWh")


@each_team(largest=_LARGEST_TEAM)
def baseline_is_one(team: Sequence[System]) -> Iterator[Finding]:
    """The baseline's energy is one figure a hardware, and does not grow with the ensemble."""
    for field in dict.fromkeys(field for system in team for field in system.baselines):
        given = [system for system in team if field in system.baselines]
        sources = [_scaled_from(system, given, field) for system in given]
        unscaled = [system for system, source in zip(given, sources, strict=True) if source is None]
        for system, source in zip(given, sources, strict=True):
            yield from _scaled(system, source, field) if source is not None else _varies(system, unscaled, field)


def _scaled(system: System, source: System, field: str) -> Iterator[Finding]:
    value, first = system.figures[field], source.figures[field]
    counts = f"for {models(system)} models instead of {models(source)}"
    message = f"the baseline's energy is {format_factor(value / first)} times that of {source.name}, {counts}"
    yield system.finding(BASELINE_SCALED, field, message, expected=f"{first:g} kWh", found=f"{value:g} kWh")


def _varies(system: System, team: Sequence[System], field: str) -> Iterator[Finding]:
    value, boards = system.figures[field], boards_of(system)
    others = {
        other.figures[field]: other.name
        for other in team
        if _apart(value, other.figures[field], _SAME_BASELINE) and boards_of(other) == boards
    }
    if others:
        figures = ", ".join(f"{figure:g} kWh in {name}" for figure, name in list(others.items())[:4])
        yield system.finding(
            BASELINE_VARIES,
            field,
            f"the baseline's energy is {value:g} kWh here and {figures}",
            expected="one figure a hardware",
            found=f"{value:g} kWh",
        )


def _scaled_from(system: System, given: Sequence[System], field: str) -> System | None:
    """The smaller system of the same hardware from whose baseline this one grew most exactly as the models did."""
    grown = [
        (abs(system.figures[field] / (factor * other.figures[field]) - 1), index, other)
        for index, other in enumerate(given)
        if (factor := models(system) / models(other)) >= _LARGER and boards_of(other) == boards_of(system)
    ]
    off, _, source = min(grown, default=(1.0, 0, None))
    return source if off <= _SCALED else None


@each_team(largest=_LARGEST_TEAM)
def ensembles_measured(team: Sequence[System]) -> Iterator[Finding]:
    """The training energy of an ensemble is not that of one model times their number."""
    field = next(iter(team[0].energy_fields), "")
    singles = [(one.figures[field], one.name) for one in team if models(one) == 1 and field in one.figures]
    for system in team:
        count = models(system)
        for energy, name in singles if count > 1 and field in system.figures else ():
            if not _apart(system.figures[field], count * energy, _MULTIPLE):
                yield system.finding(
                    ENERGY_MULTIPLIED,
                    field,
                    f"{system.figures[field]:g} kWh is {count} times the {energy:g} kWh of {name}",
                    found=f"{count} x {energy:g} kWh",
                )
                break


@each_team(largest=_LARGEST_TEAM)
def equals_cost_alike(team: Sequence[System]) -> Iterator[Finding]:
    """Systems of equal complexity do not differ by a factor that a slip gives."""
    for stage, field in ((name, stage.energy) for name, stage in team[0].edition.stages.items()):
        for system in team:
            for other in team if field in system.figures else ():
                if field not in other.figures or not _equally_complex(system, other):
                    continue
                high, low = system.figures[field], other.figures[field]
                if (slip := _slip(system, high / low)) is not None:
                    message = f"{stage} takes {format_factor(high / low)} times the energy of {other.name}, "
                    message += "which has the same complexity"
                    hint = f"{ENERGY_FACTOR.fix}; {slip} would explain it"
                    expected, found = f"about {low:g} kWh", f"{high:g} kWh"
                    yield system.finding(ENERGY_FACTOR, field, message, expected=expected, found=found, hint=hint)
                    break


def _equally_complex(one: System, other: System) -> bool:
    a, b = one.submission, other.submission
    if a is b or models(one) != models(other):
        return False
    if a.macs is not None and b.macs is not None:
        return _same_macs(one, other)
    return a.macs is b.macs is None and a.total_parameters is not None and a.total_parameters == b.total_parameters


def _same_macs(one: System, other: System) -> bool:
    """Whether both give the same MACs, and not by two counters."""
    a, b = one.submission, other.submission
    counters = {a.macs_counter, b.macs_counter} - {None}
    return a.macs is not None and a.macs == b.macs and len(counters) < 2


def _slip(system: System, ratio: float) -> str | None:
    slips = system.edition.plausible.slips.items()
    near = [(abs(ratio / factor - 1), f"a factor of {factor:g} ({name})") for name, factor in slips]
    return min(near)[1] if near and min(near)[0] <= _SLIP else None


@each_team(largest=_LARGEST_TEAM)
def complexity_grows(team: Sequence[System]) -> Iterator[Finding]:
    """MACs and parameters are not the same for ensembles of different size."""
    for field, rule in (("macs", MACS_NOT_SUMMED), ("total_parameters", PARAMETERS_NOT_SUMMED)):
        owners: dict[int, list[System]] = defaultdict(list)
        for system in team:
            if (value := getattr(system.submission, field)) is not None:
                owners[value].append(system)
        for value, group in owners.items():
            counts = sorted({models(system) for system in group})
            counted = " and ".join([", ".join(map(str, counts[:-1])), str(counts[-1])])
            for system in group if len(counts) > 1 else ():
                what = "MACs" if field == "macs" else "parameters"
                yield system.finding(
                    rule,
                    field,
                    f"systems of this team that have {counted} models all give {value:,} {what}",
                    found=f"{value:,} for {models(system)}",
                )


@each_team(largest=_LARGEST_TEAM)
def parameters_fit_macs(team: Sequence[System]) -> Iterator[Finding]:
    """A system of the same MACs and of more test energy than another does not have a fraction of its parameters."""
    for system, other in _with_first(team, _fewer_for_more):
        own, its = system.submission.total_parameters, other.submission.total_parameters
        message = f"{own:,} parameters at the MACs of {other.name}, which has {its:,} and takes less test energy"
        yield system.finding(PARAMETERS_NOT_SUMMED, "total_parameters", message, found=f"{own:,}")


def _fewer_for_more(system: System, other: System) -> bool:
    """Whether a system has less than half the parameters and takes more energy; not where one of these is missing."""
    own, its, field = system.submission, other.submission, next(iter(system.energy_fields[::-1]), "")
    few = 2 * (own.total_parameters or math.inf) <= (its.total_parameters or 0)
    costly = system.figures.get(field, 0.0) > _MORE_ENERGY * other.figures.get(field, math.inf)
    return _same_macs(system, other) and few and costly


@each_team(largest=_LARGEST_TEAM)
def teachers_counted(team: Sequence[System]) -> Iterator[Finding]:
    """A system of as many models and MACs as another does not have exactly twice its parameters."""
    for system, other in _with_first(team, _twice_at_its_macs):
        own, its = f"{system.submission.total_parameters:,}", f"{other.submission.total_parameters:,}"
        message = f"{own} parameters are twice those of {other.name}, at its MACs"
        yield system.finding(TEACHER_COUNTED, "total_parameters", message, expected=its, found=own)


def _twice_at_its_macs(system: System, other: System) -> bool:
    own, its = system.submission, other.submission
    same = _same_macs(system, other) and models(system) == models(other)
    return same and its.total_parameters is not None and own.total_parameters == 2 * its.total_parameters


def _with_first(team: Sequence[System], fits: Callable[[System, System], bool]) -> Iterator[tuple[System, System]]:
    """Each system with the first other that it fits to."""
    for system in team:
        other = next((one for one in team if fits(system, one)), None)
        if other is not None:
            yield system, other


def _apart(value: float, other: float, tolerance: float) -> bool:
    return abs(value - other) > tolerance * max(value, other)
