"""What a ratio of two stages can be made of, and the intervals of energies that sensors counted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dcase_energy.measure.compared import compared
from dcase_energy.measure.meter import Obtained, Reading
from dcase_energy.measure.record_parts import Basis
from dcase_energy.measure.records import load_calibration
from dcase_energy.measure.summary import basis_intervals, basis_kwh, interval_of_windows, stage_bases
from dcase_energy.measure.windows import Window
from dcase_energy.stats import Interval, quotient_ends

STAGE = load_calibration(Path(__file__).parents[1] / "data" / "records" / "1.1" / "calibration.json").stages["training"]
COUNTED, ESTIMATED, NOT = Obtained.COUNTED, Obtained.ESTIMATED, Obtained.NOT_MEASURED


def stage(gpu=(COUNTED, 3.0), cpu=(COUNTED, 1.0), ram=(ESTIMATED, 2.0), **changes):
    """A stage of 200 s with these components, as kWh of the full recipe."""
    parts = {
        name: STAGE.components["cpu"].model_copy(update={"method": method, "full_recipe_energy_kwh": kwh})
        for name, (method, kwh) in {"gpu": gpu, "cpu": cpu, "ram": ram}.items()
    }
    total = sum(kwh for _, kwh in (gpu, cpu, ram) if kwh is not None)
    found = {"components": parts, "full_recipe_energy_kwh": total, "full_recipe_duration_s": 200.0, "bases": []}
    return STAGE.model_copy(update={**found, "full_recipe_own_cpu_s": 90.0, "basis_intervals": {}, **changes})


def test_ratios_of_counted_energies_leave_constants_out():
    other = stage((COUNTED, 1.0), (COUNTED, 1.0), (ESTIMATED, 4.0), full_recipe_duration_s=100.0)
    found = compared(stage(), other, estimated=False)
    assert found.ratios == {"total": 1.0, "counted": 2.0, "gpu": 3.0, "work": 1.0}
    assert (found.time.system, found.time.baseline) == (200.0, 100.0)


@pytest.mark.parametrize(
    ("own", "other", "bases"),
    [
        ({}, {"cpu": (ESTIMATED, 1.0)}, {"total", "gpu"}),
        ({"gpu": (NOT, None)}, {"gpu": (NOT, None)}, {"total", "counted"}),
        ({"gpu": (ESTIMATED, 3.0)}, {}, {"total"}),
        ({}, {"gpu": (NOT, None)}, {"total"}),
        ({"ram": (COUNTED, 2.0)}, {"ram": (COUNTED, 1.0)}, {"total", "counted", "gpu"}),
        ({"ram": (COUNTED, 2.0)}, {}, {"total", "gpu"}),
        ({"cpu": (ESTIMATED, 1.0), "gpu": (NOT, None)}, {}, {"total"}),
    ],
    ids=[
        "cpu estimated",
        "no gpu",
        "gpu estimated",
        "gpu on one side",
        "dram counted",
        "dram on one side",
        "estimates",
    ],
)
def test_a_basis_needs_the_same_sensors_on_both_sides(own, other, bases):
    assert set(compared(stage(**own), stage(**other), estimated=False).energies) == bases


def test_dram_is_counted_where_a_sensor_does():
    assert basis_kwh(stage(), Basis.COUNTED) == 4.0
    assert basis_kwh(stage(ram=(COUNTED, 2.0)), Basis.COUNTED) == 6.0
    assert stage_bases(stage()) == [Basis.COUNTED, Basis.GPU, Basis.TOTAL, Basis.WORK]


def window(number, gpu_kwh, cpu_kwh):
    """A window whose memory takes so much less that the total is always 10 kWh."""
    ends = Reading(0.0, 0.0, 0.0, 0.0), Reading(60.0, gpu_kwh, cpu_kwh, 10.0 - gpu_kwh - cpu_kwh)
    return Window("window", number, {}, *ends)


def test_the_interval_of_counted_energies_is_that_of_their_windows():
    windows = [window(number, gpu, 1.0) for number, gpu in enumerate((3.0, 3.2, 2.8))]
    methods = {"gpu": {"obtained": "counted"}, "cpu": {"obtained": "counted"}, "ram": {"obtained": "estimated"}}
    found = basis_intervals(methods, lambda value: interval_of_windows([value(w) for w in windows]))
    half = 4.302653 * 0.2 / math.sqrt(3)
    assert (found[Basis.COUNTED].low, found[Basis.GPU].low) == pytest.approx((4.0 - half, 3.0 - half))
    total = interval_of_windows([w.energy_kwh for w in windows])
    assert total.high - total.low == pytest.approx(0.0, abs=1e-9)
    assert basis_intervals({**methods, "cpu": methods["ram"]}, lambda value: None) == {}


def test_one_interval_alone_gives_its_own_ends():
    known = Interval(0.8, 1.25, "calibration", 0.95)
    found = quotient_ends(2.0, 1.0, None, known)
    assert (found.low, found.high, found.level) == (pytest.approx(1.6), pytest.approx(2.5), 0.95)
    assert quotient_ends(2.0, 1.0, None, None) is None
    assert quotient_ends(2.0, 1.0, Interval(1.0, 3.0, "runs"), known) is None
    assert quotient_ends(2.0, 1.0, None, Interval(0.0, 2.0, "calibration", 0.95)) is None
