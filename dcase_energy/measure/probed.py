"""The baseline's energy around a system's own run: a calibration scaled by the probes of the system's record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from statistics import fmean

from dcase_energy.measure.baseline_parts import Probe, ProbeWork
from dcase_energy.measure.probe_record import PROBE_UNITS, PROBED, PROBED_COMMAND
from dcase_energy.measure.record_parts import Basis, PhaseEnergy, Stage
from dcase_energy.measure.records import Calibration, Energy, Evidence
from dcase_energy.measure.summary import PARTIAL_BASES, basis_kwh, components_of
from dcase_energy.stats import (
    BetweenSessions,
    Interval,
    Mean,
    degrees_of_freedom,
    sample_mean,
    sum_known,
    times,
    weighted_sum,
    widened,
)
from dcase_energy.text import plural

# The amount of each kind of probed work in an epoch of the recipe, and what whole epochs call the phase.
_AMOUNT = {"training_window": "steps_per_epoch", "validation_window": "validation_clips"}
_WHOLE = {"training_window": "training_steps", "validation_window": "validation_forward"}
_Work = PhaseEnergy | ProbeWork
# Energy, duration, ... of some work; None where it was not recorded or not measured.
_Quantity = Callable[[_Work], float | None]


def probed(calibration: Calibration, system: Evidence | None) -> tuple[Calibration, str | None]:
    """Scale a calibration to what its work cost around a system's own run, by the probes in the system's record.

    Here, and nowhere else, probes enter a ratio: take the denominators from what this gives. The energy of training for
    the full recipe, its duration, CPU seconds and the energy of each component are multiplied by the cost of the probes
    over the cost of the same windows in the calibration, training steps and validated clips in the recipe's numbers.
    The interval is that of `probed_cost`, of kind ``probes``. The test stage stays.

    Parameters
    ----------
    calibration
        Scaled to its recipe (`dcase_energy.calibration.rescaling.rescaled`).
    system
        The system's energy record of its training; None, or without probes, changes nothing. Probes count where they
        were made for this very calibration, by its digest.

    Returns
    -------
    calibration
        The same where there is no probe that counts.
    note
        ``probed: 2 probes``; None where nothing was scaled.
    """
    training, probes = calibration.stages.get("training"), probes_for(calibration, system)
    energy = _relative(calibration, probes, attrgetter("energy_kwh"))
    if training is None or energy is None:
        return calibration, None
    stage = _scaled(training, energy, len(probes), partial(_relative, calibration, probes))
    scaled = calibration.model_copy(update={"stages": {**calibration.stages, "training": stage}})
    return scaled, f"probed: {plural(len(probes), 'probe')}"


def probes_for(calibration: Calibration, system: Evidence | None) -> list[Probe]:
    """The probes of a record that were measured for this calibration, by its digest, recipe and implementation."""
    if not isinstance(system, Energy) or system.stage != "training" or system.calibration_digest != calibration.digest:
        return []
    wanted = calibration.recipe_sha256, calibration.implementation.name, calibration.implementation.execution_path
    return [
        probe
        for probe in system.probes
        if (probe.recipe_sha256, probe.implementation.name, probe.implementation.execution_path) == wanted
        and set(probe.work) == set(PROBED if calibration.workload is None else PROBED_COMMAND)
    ]


def probed_share(calibration: Calibration, system: Evidence) -> float | None:
    """What the baseline cost around a system's run over what it cost in its calibration; None without probes."""
    mean = _relative(calibration, probes_for(calibration, system), attrgetter("energy_kwh"))
    return None if mean is None else mean.value


def probed_cost(costs: Sequence[float], between: BetweenSessions | None = None) -> Mean:
    """Mean cost of the baseline during a run that was probed, with its error.

    The error is, for one probe, the difference between sessions; for two, half their difference and that in quadrature;
    for more, that of Student's t over the probes, which then see what changes in the run.
    `dcase_energy.stats.Mean.interval` makes an interval of kind ``probes`` of it.

    Parameters
    ----------
    costs
        Cost of the same work in each probe, shape (n,), n at least 1, in any unit: kWh, or the share of what the same
        work cost in the calibration.
    between
        How much sessions of the same work on one machine differ; None is what is assumed where that is not known.

    Examples
    --------
    >>> mean = probed_cost([1.02, 1.06])
    >>> f"{mean.value:.2f} +- {mean.half_width():.3f}"
    '1.04 +- 0.074'
    """
    mean = sample_mean(costs)
    if len(costs) > 2:
        return replace(mean, degrees=degrees_of_freedom(costs))
    sessions = weighted_sum([(1.0, Mean(mean.value, 0.0, 1.0)), (1.0, (between or BetweenSessions()).of(mean.value))])
    return widened(sessions, (costs[0] - costs[-1]) / 2)


def can_be_probed(calibration: Calibration) -> bool:
    """Whether a calibration says what probes are compared with: how much work cost how much."""
    return bool(_reference(calibration, attrgetter("energy_kwh")))


def _reference(calibration: Calibration, quantity: _Quantity) -> float | None:
    """What the probed work cost in the calibration: in its own phases, of a command in the probes around it."""
    if calibration.workload is None:
        return _cost(calibration, _phases(calibration), quantity)
    costs = [_cost(calibration, probe.work, quantity) for probe in calibration.command_probes if probe.failure is None]
    known = [cost for cost in costs if cost is not None]
    return fmean(known) if known and len(known) == len(costs) else None


def _phases(calibration: Calibration) -> dict[str, _Work | None]:
    training = calibration.stages.get("training")
    phases = {} if training is None else training.phases
    return {kind: phases.get(kind, phases.get(_WHOLE[kind])) for kind in PROBED}


def _relative(calibration: Calibration, probes: list[Probe], quantity: _Quantity) -> Mean | None:
    """What the probes cost over what the same work cost in the calibration; None where either is not known."""
    reference, repeats = _reference(calibration, quantity), calibration.repeats.get("training")
    costs = [cost for probe in probes if (cost := _cost(calibration, probe.work, quantity)) is not None]
    if not reference or not costs or len(costs) < len(probes):
        return None
    # The phases of several runs are those of the first.
    of_first = repeats is not None and repeats.mean_kwh and calibration.workload is None
    first = repeats.values_kwh[0] / repeats.mean_kwh if repeats is not None and of_first else 1.0
    return probed_cost([first * cost / reference for cost in costs], calibration.between_sessions)


def _cost(calibration: Calibration, works: Mapping[str, _Work | None], quantity: _Quantity) -> float | None:
    """What an epoch of the recipe, or an execution of a probe, costs by the work of each kind that was measured."""
    terms = []
    for kind, work in works.items():
        # Of a command one execution is what is compared.
        amount = 1 if kind in PROBED_COMMAND else getattr(calibration.recipe_work, _AMOUNT[kind], None)
        units = work.units if isinstance(work, ProbeWork) else getattr(work, PROBE_UNITS[kind], None)
        terms.append(None if work is None or amount is None or not units else times(quantity(work), amount / units))
    return sum_known(terms)


def _scaled(stage: Stage, energy: Mean, count: int, relative: Callable[[_Quantity], Mean | None]) -> Stage:
    def by(value: float | None, quantity: _Quantity) -> float | None:
        """Scaled by its own cost; by that of all energy where its own is not known."""
        return times(value, (relative(quantity) or energy).value)

    whole = weighted_sum([(stage.full_recipe_energy_kwh, energy)])
    parts = {
        name: part.model_copy(
            update={"full_recipe_energy_kwh": by(part.full_recipe_energy_kwh, partial(_component, name))}
        )
        for name, part in stage.components.items()
    }
    return stage.model_copy(
        update={
            "full_recipe_energy_kwh": whole.value,
            "full_recipe_energy_interval": whole.interval("probes", count),
            "within_session_interval": None,
            "full_recipe_energy_kwh_median": None,
            "full_recipe_duration_s": by(stage.full_recipe_duration_s, attrgetter("duration_s")),
            "full_recipe_own_cpu_s": by(stage.full_recipe_own_cpu_s, attrgetter("own_cpu_s")),
            "basis_intervals": _of_bases(stage, count, relative),
            "components": parts,
        }
    )


def _of_bases(stage: Stage, count: int, relative: Callable[[_Quantity], Mean | None]) -> dict[Basis, Interval]:
    """The intervals of the counted components, and of the GPU alone, by what these cost in the probes."""
    found: dict[Basis, Interval] = {}
    for basis in PARTIAL_BASES:
        names = components_of(basis, stage.methods)
        cost, energy_kwh = relative(partial(_sum, names)), basis_kwh(stage, basis)
        if cost is not None and energy_kwh is not None:
            bounds = weighted_sum([(energy_kwh, cost)]).interval("probes", count)
            found |= {} if bounds is None else {basis: bounds}
    return found


def _sum(names: Sequence[str], work: _Work) -> float | None:
    return sum_known(_component(name, work) for name in names)


def _component(name: str, work: _Work) -> float | None:
    return next((kwh for component, kwh in work.components.items() if component == name), None)
