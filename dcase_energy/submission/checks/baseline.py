"""Whether the baseline's energies can be those of the recipe (E205, P805)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.energy import ENERGY_STAGES
from dcase_energy.submission.checks.plausibility import slip_hint
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.units import format_factor

BASELINE_RANGE = define(
    Rule(
        code="P805",
        name="baseline-outside-known-range",
        title="The baseline's training energy is in the known range of the recipe",
        why="A larger baseline makes every ratio look better. The training took 0.38 to 1.83 kWh on the organisers' "
        "GPUs. A figure that is only stated is not divided by where it is more than 3 times outside; a measured one "
        "is, since a server without a GPU may take more.",
        bad="baseline_training: 13.96",
        good="baseline_training: 1.396",
        fix="check unit and decimal point, and put the calibration record and its journal into the package",
        severity=Severity.WARNING,
    )
)
# How far outside the known range a figure that is only stated may lie and still be divided by.
FAR_OUTSIDE = 3.0


def doubts(
    energy_kwh: Mapping[str, float | None], edition: Edition, where: Callable[[str], Where], *, stated: bool
) -> Iterator[tuple[str, Finding]]:
    """Yield what is wrong with the energies of a baseline, in an edition that divides by one recipe.

    Parameters
    ----------
    energy_kwh
        Its energies by stage; None is not known.
    edition
        Whose recipe it is of.
    where
        The place of the baseline's figure of a stage.
    stated
        Whether they are only stated: a calibration that was computed from its journal is doubted less.

    Yields
    ------
    tuple
        The stage whose figure is wrong, and the finding; it withholds the figure that is not divided by.
    """
    if edition.normalisation.kind != "ratio":
        return
    recipe = known_recipe(edition.baseline.recipe)
    ranges = {} if recipe is None else recipe.energy_kwh
    for stage, (low, high) in ranges.items():
        value = energy_kwh.get(stage)
        if value is None or low <= value <= high:
            continue
        factor = max(value / high, low / value)
        side = "above" if value > high else "below"
        message = f"{value:.4g} kWh for the baseline's {stage} is {side} the range of recipe {edition.baseline.recipe} "
        message += f"on known GPUs, by a factor of {format_factor(factor)}"
        hint = BASELINE_RANGE.fix + slip_hint(value, low, high, edition.plausible)
        expected, found = f"{low:.1g} to {high:.2g} kWh", f"{value:.4g} kWh"
        withholds = (edition.stages[stage].baseline,) if stated and factor > FAR_OUTSIDE else ()
        finding = BASELINE_RANGE.finding(where(stage), message, expected=expected, found=found, hint=hint)
        yield stage, replace(finding, withholds=withholds)
    # For another recipe it is not known how much of a training its figure holds: 2024 asks for 10 epochs.
    ratios = recipe.stage_ratios if recipe is not None else edition.plausible.stage_ratios if stated else {}
    for over, under, (low, high) in ((a, b, ends) for a, others in ratios.items() for b, ends in others.items()):
        above, below = energy_kwh.get(over), energy_kwh.get(under)
        if above is None or below is None or not stated:
            continue
        # A figure that is itself in doubt casts none on the other's.
        least, most = ranges.get(over, (above, above))
        times = f"{format_factor(above / below)} times"
        if above == below:
            message = f"the baseline's {under} energy and its {over} energy are the same"
        elif recipe is None or low <= min(max(above, least), most) / below <= high:
            continue
        else:
            message = f"the baseline's {over} takes {times} the energy of its {under} inference"
        expected, found = f"{low:g} to {high:,.0f} times", times
        finding = ENERGY_STAGES.finding(where(under), message, expected=expected, found=found)
        yield under, replace(finding, withholds=(edition.stages[under].baseline,))


@each_system
def baseline_plausible(system: System) -> Iterator[Finding]:
    """The energies that a system is divided by can be those of the recipe."""
    baseline, stages = system.baseline, system.edition.stages
    own_choice = baseline.calibration is not None and not baseline.calibration.name
    stated = baseline.evidence != "recomputed" and not own_choice
    # A figure of a record has no place in the metadata: the system's own stands beside it.
    fields = {name: part.energy if baseline.calibration else part.baseline for name, part in stages.items()}
    found = doubts(baseline.energy_kwh, system.edition, lambda stage: system.where(fields[stage]), stated=stated)
    for stage, finding in found:
        yield replace(finding, withholds=(fields[stage],) if finding.withholds else ())
