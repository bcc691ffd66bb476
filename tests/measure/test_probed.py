"""A calibration scaled by probes: each quantity by its own cost, and only by probes that were made for it."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import pytest

from dcase_energy.measure.baseline_parts import Probe, ProbeWork
from dcase_energy.measure.guards.pairs import compare
from dcase_energy.measure.probed import probed, probes_for
from dcase_energy.measure.records import load_calibration, load_energy

RECORDS = Path(__file__).parent.parent / "data" / "records" / "1.1"
CALIBRATION = load_calibration(RECORDS / "calibration.json")
TRAINING = CALIBRATION.stages["training"]


def probe(steps: float = 1.0, clips: float = 1.0, cpu: float = 1.0, slower: float = 1.0, **fields) -> Probe:
    """Half of the calibration's windows of each kind, at so many times their cost."""
    work = {}
    for kind, unit, cost in (("training_window", "steps", steps), ("validation_window", "clips", clips)):
        phase = TRAINING.phases[kind]
        work[kind] = ProbeWork(
            units=getattr(phase, unit),
            windows=2,
            energy_kwh=phase.energy_kwh * cost,
            components={"gpu": None, "cpu": phase.components["cpu"] * cpu, "ram": phase.components["ram"]},
            duration_s=phase.duration_s * slower,
            own_cpu_s=None,
        )
    about = {
        "recipe": CALIBRATION.recipe,
        "recipe_sha256": CALIBRATION.recipe_sha256,
        "implementation": CALIBRATION.implementation,
    }
    return Probe(**{"when": "before", "begin_s": 0.0, "end_s": 30.0, **about, "work": work, **fields})


def system(*probes: Probe, **fields):
    known = {"stage": "training", "calibration_digest": CALIBRATION.digest, "probes": list(probes)}
    return load_energy(RECORDS / "energy.json").model_copy(update={**known, **fields})


def test_all_quantities_are_scaled_by_the_mean_cost_of_the_probes():
    found, note = probed(CALIBRATION, system(probe(1.1, 1.1, 1.2, 1.3), probe(1.3, 1.3, 1.4, 1.3)))
    stage = found.stages["training"]
    assert note == "probed: 2 probes"
    assert stage.full_recipe_energy_kwh == pytest.approx(1.2 * TRAINING.full_recipe_energy_kwh)
    assert stage.full_recipe_duration_s == pytest.approx(1.3 * TRAINING.full_recipe_duration_s)
    part, before = stage.components["cpu"], TRAINING.components["cpu"]
    assert part.full_recipe_energy_kwh == pytest.approx(1.3 * before.full_recipe_energy_kwh)
    # Not measured in the probes: as all energy.
    assert stage.full_recipe_own_cpu_s == pytest.approx(1.2 * TRAINING.full_recipe_own_cpu_s)
    assert stage.components["gpu"].full_recipe_energy_kwh is None
    bounds = stage.full_recipe_energy_interval
    assert (bounds.kind, bounds.level, bounds.n) == ("probes", 0.95, 2)
    assert bounds.low < 1.1 * TRAINING.full_recipe_energy_kwh
    assert (stage.energy_kwh, found.stages.get("test")) == (TRAINING.energy_kwh, CALIBRATION.stages.get("test"))


def test_steps_and_clips_count_by_their_numbers_in_the_recipe():
    work, phases = CALIBRATION.recipe_work, TRAINING.phases
    steps = work.steps_per_epoch * phases["training_window"].energy_kwh / phases["training_window"].steps
    clips = work.validation_clips * phases["validation_window"].energy_kwh / phases["validation_window"].clips
    found, note = probed(CALIBRATION, system(probe(2.0, 1.0)))
    expected = (2 * steps + clips) / (steps + clips)
    assert note == "probed: 1 probe"
    assert found.stages["training"].full_recipe_energy_kwh / TRAINING.full_recipe_energy_kwh == pytest.approx(expected)


@pytest.mark.parametrize(
    ("record", "count"),
    [
        (None, 0),
        (CALIBRATION, 0),
        (system(), 0),
        (system(probe(), calibration_digest="0" * 64), 0),
        (system(probe(), stage="test"), 0),
        (system(probe(recipe_sha256="0" * 64)), 0),
        (system(probe(), probe(work={}, failure="interrupted")), 1),
    ],
    ids=["none", "calibration", "no probes", "of another calibration", "test", "another recipe", "failed"],
)
def test_only_probes_of_this_calibration_count(record, count):
    assert len(probes_for(CALIBRATION, record)) == count
    found, note = probed(CALIBRATION, record)
    assert (note is None) == (count == 0)
    assert count or found is CALIBRATION


def test_a_calibration_of_several_runs_states_the_windows_of_the_first():
    repeats = CALIBRATION.repeats["training"]
    first = TRAINING.full_recipe_energy_kwh / 1.25
    repeats = repeats.model_copy(update={"n": 2, "values_kwh": [first, 1.5 * first], "mean_kwh": 1.25 * first})
    several = CALIBRATION.model_copy(update={"repeats": {"training": repeats}})
    found, _ = probed(several, system(probe(1.1, 1.1)))
    assert attrgetter("full_recipe_energy_kwh")(found.stages["training"]) == pytest.approx(1.1 * first)


def test_a_calibration_that_does_not_state_its_work_is_not_scaled():
    older = CALIBRATION.model_copy(update={"recipe_work": None})
    assert probed(older, system(probe())) == (older, None)


@pytest.mark.parametrize(("cost", "spoken"), [(1.2, False), (1.3, True), (0.7, True)])
def test_a_baseline_that_costs_otherwise_around_the_run_is_a_warning(cost, spoken):
    verdicts = [guard for guard in compare(CALIBRATION, system(probe(cost, cost))) if guard.code == "same-session"]
    words = f"around the run the baseline cost {cost:.2f} times what its calibration says"
    assert ([guard.state for guard in verdicts if guard.message == words] == ["warn"]) == spoken
