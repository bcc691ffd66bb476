"""Whether the baseline's energies can be those of the recipe (E205, P805)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dcase_energy.editions.model import Edition
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.findings import Finding, Severity, Where
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.energy import ENERGY_STAGES
from dcase_energy.submission.checks.plausibility import slip_hint
from dcase_energy.submission.checks.system import System, each_system

BASELINE_RANGE = define(
    Rule(
        code="P805",
        name="baseline-outside-known-range",
        title="The baseline's training energy lies where the recipe is known to lie",
        why="A larger baseline makes every ratio look better. The training took 0.37 to 1.83 kWh on the paper's GPUs. "
        "A figure that is only stated is not divided by where it is more than 3 times outside; a measured one is, "
        "since a server without a GPU may take more.",
        bad="baseline_training: 13.96",
        good="baseline_training: 1.396",
        fix="check unit and decimal point, and put the calibration record and its journal into the package",
        severity=Severity.WARNING,
    )
)
# How far outside the known range a figure that is only stated may lie and still be divided by.
FAR_OUTSIDE = 3.0
# Training over test of the baseline itself, by any way of scoring: published 12 to 73, with a fast scorer 2,900.
TRAINING_OVER_TEST = (5.0, 20_000.0)


@dataclass(frozen=True)
class Doubt:
    """What is wrong with a baseline's energy.

    Attributes
    ----------
    rule, stage
        The rule it breaks, and the stage whose figure that is.
    message, expected, found, hint
        As a finding has them.
    withholds
        Whether the figure is not divided by.
    """

    rule: Rule
    stage: str
    message: str
    expected: str
    found: str
    hint: str | None
    withholds: bool

    def finding(self, where: Where, withholds: tuple[str, ...] = ()) -> Finding:
        """The finding of it at a place."""
        return self.rule.finding(
            where, self.message, expected=self.expected, found=self.found, hint=self.hint, withholds=withholds
        )


def doubts(energy_kwh: Mapping[str, float | None], edition: Edition, *, stated: bool) -> Iterator[Doubt]:
    """What is wrong with the energies of a baseline, in an edition that divides by one recipe.

    Parameters
    ----------
    energy_kwh
        Its energies by stage; None is not known.
    edition
        Whose recipe it is of.
    stated
        Whether they are only stated: a calibration that was computed from its journal is doubted less.
    """
    if edition.normalisation.kind != "ratio":
        return
    training_kwh, test_kwh = (energy_kwh.get(stage) for stage in BASELINE_STAGES)
    if training_kwh is not None:
        yield from _outside_range(training_kwh, edition, stated)
    if training_kwh is not None and test_kwh is not None and stated:
        yield from _unlike_stages(training_kwh, test_kwh, edition)


def _outside_range(energy_kwh: float, edition: Edition, stated: bool) -> Iterator[Doubt]:
    known = _known_range(edition)
    if known is None or known[0] <= energy_kwh <= known[1]:
        return
    low, high = known
    factor = max(energy_kwh / high, low / energy_kwh)
    message = (
        f"{energy_kwh:.4g} kWh for the baseline's training is {factor:.3g} times outside the range that recipe "
        f"{edition.baseline.recipe} takes on known GPUs"
    )
    hint = BASELINE_RANGE.fix + slip_hint(energy_kwh, low, high, edition.plausible)
    expected = f"{low:.1g} to {high:.2g} kWh"
    withheld = stated and factor > FAR_OUTSIDE
    yield Doubt(BASELINE_RANGE, "training", message, expected, f"{energy_kwh:.4g} kWh", hint, withheld)


def _known_range(edition: Edition) -> tuple[float, float] | None:
    recipe = known_recipe(edition.baseline.recipe)
    return None if recipe is None else recipe.training_kwh


def _unlike_stages(training_kwh: float, test_kwh: float, edition: Edition) -> Iterator[Doubt]:
    known, (low, high), ratio = _known_range(edition), TRAINING_OVER_TEST, training_kwh / test_kwh
    if training_kwh == test_kwh:
        message = "the baseline's test energy is its training energy"
    # For another recipe it is not known how much of a training its figure holds: 2024 asks for 10 epochs. A training
    # energy that is itself in doubt casts none on the test's.
    elif known is None or low <= min(max(training_kwh, known[0]), known[1]) / test_kwh <= high:
        return
    else:
        message = f"the baseline's training takes {ratio:.3g} times the energy of its test inference"
    expected = f"{low:g} to {high:,.0f} times"
    yield Doubt(ENERGY_STAGES, "test", message, expected, f"{ratio:.3g} times", None, withholds=True)


@each_system
def baseline_plausible(system: System) -> Iterator[Finding]:
    """The energies that a system is divided by can be those of the recipe."""
    baseline = system.baseline
    own_choice = baseline.calibration is not None and baseline.calibration.name is None
    stated = baseline.evidence != "recomputed" and not own_choice
    for doubt in doubts(baseline.energy_kwh, system.edition, stated=stated):
        field = f"energy_{doubt.stage}_kwh" if baseline.calibration else f"energy_baseline_{doubt.stage}_kwh"
        yield doubt.finding(system.where(field), (field,) if doubt.withholds else ())
