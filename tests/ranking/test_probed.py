"""Probes in a system's energy record scale its package's calibration, and its ratio is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import known_recipe
from dcase_energy.measure.baseline_parts import Probe, ProbeWork
from dcase_energy.measure.record_parts import RecipeWork
from dcase_energy.measure.records import load_calibration, load_energy
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.packages import assess
from dcase_energy.submission.validate import validate_paths
from tests.cli.run import run
from tests.ranking.test_times import record_of_both

GENERIC = load_edition("generic")
UNITS = {"training_window": {"steps": 8}, "validation_window": {"clips": 480}}


def package_with_probes(folder: Path, *costs: float, digest: str | None = None) -> Path:
    """The example with probes that cost so many times the windows of its calibration, which has the given digest."""
    package = record_of_both(folder)
    stored = load_calibration(package / "calibration.json")
    training = stored.stages["training"]
    phases = {name: one.model_copy(update=UNITS.get(name, {})) for name, one in training.phases.items()}
    counts = known_recipe(stored.recipe).counts
    work = RecipeWork(**{name: counts.get(name) for name in RecipeWork.model_fields})
    stages = {**stored.stages, "training": training.model_copy(update={"phases": phases})}
    baseline = stored.model_copy(update={"stages": stages, "recipe_work": work}).seal()
    (package / "calibration.json").write_text(baseline.model_dump_json())
    probes = [
        Probe(
            when="before",
            begin_s=0.0,
            end_s=30.0,
            recipe=baseline.recipe,
            recipe_sha256=baseline.recipe_sha256,
            implementation=baseline.implementation,
            work={
                kind: ProbeWork(
                    units=next(iter(units.values())),
                    windows=2,
                    energy_kwh=cost * phases[kind].energy_kwh,
                    components={},
                    duration_s=phases[kind].duration_s,
                )
                for kind, units in UNITS.items()
            },
        )
        for cost in costs
    ]
    path = package / "energy_training.json"
    more = {"probes": probes, "calibration_digest": digest or baseline.digest}
    path.write_text(load_energy(path).model_copy(update=more).seal().model_dump_json())
    return package


def ranked(package: Path):
    return make_ranking([assess(validate_paths([package], GENERIC))[0].entry], GENERIC).systems[0]


def test_the_ratio_is_to_what_the_baseline_cost_around_the_run(tmp_path):
    plain = ranked(record_of_both(tmp_path / "plain")).figures.energy_ratio
    package = package_with_probes(tmp_path / "probed", 1.1, 1.3)
    found = ranked(package).figures.energy_ratio
    assert found["training"] == pytest.approx(plain["training"] / 1.2)
    assert found.get("test") == plain.get("test")
    assert "probed: 2 probes" in run("report", package).stdout


def test_probes_of_another_calibration_count_nothing(tmp_path):
    plain = ranked(record_of_both(tmp_path / "plain")).figures.energy_ratio
    package = package_with_probes(tmp_path / "probed", 1.1, 1.3, digest="0" * 64)
    assert ranked(package).figures.energy_ratio == plain
    assert "probed" not in run("report", package).stdout
