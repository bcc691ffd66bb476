"""Plausibility of one system's figures (P)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from dcase_energy.documents.device_names import board_power_w, gpu_models, is_processor
from dcase_energy.editions.plausible import Plausible
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.training_time import TrainingPart, parse_hardware, parse_training_time
from dcase_energy.units import SECONDS_PER_HOUR, format_factor, mean_power_w

POWER = define(
    Rule(
        code="P801",
        name="power-implausible",
        title="Energy over training time is a power that the hardware named can draw",
        why="Systems of 2022 claim 2 to 3.5 kW for one A100: a whole node was measured, or the time is that of one "
        "model. Others claim 6 W.",
        bad="training: 17.0\ntraining_time: 8h (1 RTX A5000)",
        good="training: 1.7\ntraining_time: 8h (1 RTX A5000)",
        fix="give the time of the whole training and all GPUs that were measured, and check the unit of the energy",
        severity=Severity.WARNING,
    )
)
OVER_BASELINE = define(
    Rule(
        code="P802",
        name="over-baseline-implausible",
        title="A system costs between a thousandth and a thousand times the baseline",
        why="A factor of 1000 between the two usually is one figure in Wh and the other in kWh.",
        bad="training: 1390.7\nbaseline_training: 1.412",
        good="training: 1.3907\nbaseline_training: 1.412",
        fix="check that both figures are in kWh and of the same stage",
        severity=Severity.WARNING,
    )
)
ENERGY_UNUSUAL = define(
    Rule(
        code="P803",
        name="energy-unusual",
        title="An energy is in the range of real systems",
        why="Of 185 real systems none trained on less than 0.1 or more than 447 kWh, and none spent more than 2 kWh "
        "on test inference. Figures far outside are in Wh or J.",
        bad="training: 13907\ntest: 193.4",
        good="training: 13.907\ntest: 0.1934",
        fix="check that the figure is in kWh",
        severity=Severity.WARNING,
    )
)
HARDWARE_DIFFERS = define(
    Rule(
        code="P804",
        name="hardware-contradicts-itself",
        title="Training time and energies name the same hardware",
        why="The baseline of 2022 was listed with a GTX 1080 Ti beside energies from an A100; which hardware a ratio "
        "belongs to was anybody's guess.",
        bad="training_time: 3 h (1 GTX 1080 Ti)\nhardware: 1 NVIDIA A100 80GB",
        good="training_time: 3 h (1 A100)\nhardware: 1 NVIDIA A100 80GB",
        fix="give time and energies of one and the same training",
        severity=Severity.WARNING,
    )
)


# A power hardly outside its range is not explained by a wrong unit or decimal point.
_FAR_OUTSIDE = 1.5
_TENS_W = 10.0


@each_system
def power_possible(system: System) -> Iterator[Finding]:
    """Training energy over training time is a power that the GPUs named can draw."""
    limits, works = system.edition.plausible, works_of(system)
    field = next(iter(system.energy_fields), "")
    energy_kwh = system.figures.get(field)
    if energy_kwh is None or not works or not all(_powered(work) for work in works):
        return
    duration_s = sum(work.duration_s or 0.0 for work in works)
    low_kwh = sum(limits.gpu_power_w[0] * _device_hours(work) for work in works) / 1000
    high_kwh = sum(_most_power_w(work, limits) * _device_hours(work) for work in works) / 1000
    if low_kwh <= energy_kwh <= high_kwh:
        return
    named = " + ".join(f"{work.devices} {work.hardware}" for work in works)
    hours = duration_s / SECONDS_PER_HOUR
    power = f"{_watts(mean_power_w(energy_kwh, duration_s))} W"
    message = f"{energy_kwh:g} kWh in {hours:.4g} h is a mean power of {power}, which {named} cannot draw"
    expected = " to ".join(_watts(kwh / hours * 1000) for kwh in (low_kwh, high_kwh)) + " W"
    far = max(energy_kwh / high_kwh, low_kwh / energy_kwh) > _FAR_OUTSIDE
    hint = POWER.fix + (slip_hint(energy_kwh, low_kwh, high_kwh, limits) if far else "")
    yield system.finding(POWER, field, message, expected=expected, found=power, hint=hint)


def works_of(system: System) -> list[TrainingPart]:
    """The parts of the training time; where one part names no hardware, it is taken from the hardware field."""
    text = system.submission.training_time
    works = [] if text is None else parse_training_time(text)
    if len(works) == 1 and works[0].hardware is None and system.submission.hardware is not None:
        devices, hardware = parse_hardware(system.submission.hardware)
        return [replace(works[0], devices=devices, hardware=hardware)]
    return works


def boards_of(system: System) -> frozenset[str]:
    """The models of GPU that a system was measured on: the hardware field's, else those of the training time."""
    if system.submission.hardware is not None:
        return gpu_models(system.submission.hardware)
    return frozenset().union(*(gpu_models(work.hardware) for work in works_of(system)))


def _watts(power_w: float) -> str:
    return f"{power_w:,.0f}" if power_w >= _TENS_W else f"{power_w:.2g}"


def _powered(work: TrainingPart) -> bool:
    """Whether time and hardware are known, and the hardware is something whose power has limits."""
    if work.duration_s is None or work.hardware is None:
        return False
    return bool(gpu_models(work.hardware)) or not is_processor(work.hardware)


def _device_hours(work: TrainingPart) -> float:
    return work.devices * (work.duration_s or 0.0) / SECONDS_PER_HOUR


def _most_power_w(work: TrainingPart, limits: Plausible) -> float:
    known_w = (board_power_w(model, limits.gpu_board_power_w) for model in gpu_models(work.hardware))
    return max([limits.gpu_power_w[1], *(power_w + limits.host_power_w for power_w in known_w if power_w is not None)])


def slip_hint(value: float, low: float, high: float, limits: Plausible) -> str:
    """The slip that would best explain a value outside a range, as a clause to append; empty if none does.

    It is named for values above the range alone: Wh given as kWh make no figure smaller.
    """
    moved = {name: value / factor if value > high else value * factor for name, factor in limits.slips.items()}
    middle = math.sqrt(low * high)
    # A range that is open on one side has no middle: the smallest factor explains the most.
    middle = middle if 0 < middle < math.inf else value
    inside = {name: abs(math.log(at / middle)) for name, at in moved.items() if low <= at <= high}
    best = min(inside, key=inside.__getitem__, default=None)
    name = f" ({best})" if value > high else ""
    return f"; a factor of {limits.slips[best]:g}{name} would explain it" if best else ""


@each_system
def energies_usual(system: System) -> Iterator[Finding]:
    """The energies of each stage, and the baseline's, lie where real systems lie."""
    limits, recipe = system.edition.plausible, known_recipe(system.edition.baseline.recipe)
    for name, stage in system.edition.stages.items():
        low, high = limits.energy_usual_kwh.get(name, (0.0, math.inf))
        # The baseline of a known recipe has a narrower range, which `checks.baseline` holds it to; where one figure is
        # for all stages, there is none of this one.
        known = recipe is not None and name in recipe.energy_kwh
        divides = not known and system.edition.normalisation.kind == "ratio"
        for field in (stage.energy, stage.baseline) if divides else (stage.energy,):
            value = system.figures.get(field)
            if value is not None and not low <= value <= high and limits.possible(value):
                yield system.finding(
                    ENERGY_UNUSUAL,
                    field,
                    f"{value:g} kWh for {name} is far from what real systems need",
                    expected=f"{low:g} to {high:g} kWh",
                    found=f"{value:g} kWh",
                    hint=ENERGY_UNUSUAL.fix + slip_hint(value, low, high, limits),
                )


@each_system
def over_baseline_plausible(system: System) -> Iterator[Finding]:
    """Each stage's energy over the declared baseline's lies within three orders of magnitude."""
    limits, figures = system.edition.plausible, system.figures
    low, high = limits.over_baseline
    for name, stage in system.edition.stages.items() if system.edition.normalisation.kind == "ratio" else ():
        own, baseline = figures.get(stage.energy), figures.get(stage.baseline)
        if own is None or baseline is None or not (limits.possible(own) and limits.possible(baseline)):
            continue
        if not low <= own / baseline <= high:
            ratio = f"{format_factor(own / baseline)} times"
            yield system.finding(
                OVER_BASELINE,
                stage.energy,
                f"the system's {name} energy is {ratio} the baseline's",
                expected=f"{low:g} to {high:g} times",
                found=ratio,
                hint=OVER_BASELINE.fix + slip_hint(own / baseline, low, high, limits),
            )


@each_system
def hardware_agrees(system: System) -> Iterator[Finding]:
    """The hardware of the training time is that of the energies."""
    stated = gpu_models(system.submission.hardware)
    works = parse_training_time(system.submission.training_time or "")
    timed = frozenset().union(*(gpu_models(work.hardware) for work in works))
    if stated and timed and not stated & timed:
        found, expected = ", ".join(sorted(stated)), " or ".join(sorted(timed))
        message = f"the energies were measured on {found}, the training time on {', '.join(sorted(timed))}"
        yield system.finding(HARDWARE_DIFFERS, "hardware", message, expected=expected, found=found)
