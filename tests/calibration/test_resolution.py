"""A GPU so fast that its counter, which moves ten times a second, sees nothing of a single test."""

from __future__ import annotations

import math

import pytest
import torch
from dcase_baseline.probe import Windows
from dcase_baseline.recipe import load_recipe

from dcase_energy.calibration.plan import QuickSettings, StoppingRule
from dcase_energy.calibration.record import record_of
from dcase_energy.measure.meter import Reading
from tests.calibration.replayed import METRICS, TINY, Trace, about, journal_of, quick_plan

TICK_S = 0.1
POWER_W = 200.0
# Seconds of a step, a validated clip, all metrics of a validation, a test and its metrics.
COST = {"step": 0.021, "clip": 0.0003, "metrics": 0.025, "test": 0.26, "scoring": 0.03}


class CoarseTrace(Trace):
    """A GPU whose counter stands still between its steps; the session takes some time for each mark."""

    def at(self, edge, phase, **fields):
        self.now_s += 0.0137
        seen_s = math.floor((self.now_s - 100.0) / TICK_S) * TICK_S
        self.readings.append(Reading(self.now_s, POWER_W * seen_s / 3.6e6, None, None))
        self.marks.append({"edge": edge, "phase": phase, **fields})


@pytest.fixture
def trace(monkeypatch):
    trace = CoarseTrace()
    monkeypatch.setattr("dcase_baseline.probe.time.perf_counter", lambda: trace.now_s)
    trace.at("begin", "session", **about())
    trace.phase("warmup", 1.0)
    return trace


def measured(trace, tmp_path, window_s, **limits):
    """The record of a calibration whose windows are as `Windows` makes them, by the answers of the rule."""
    rule, recipe = StoppingRule(QuickSettings()), load_recipe(str(TINY))

    def on_mark(edge, phase, epoch, payload):
        trace.at(edge, phase, epoch=epoch, **payload)
        return rule.go_on(trace.marks[-1], trace.readings[-1])

    windows = Windows(on_mark, torch.device("cpu"), window_s)

    def phase(name, unit_s, payload):
        def work(units):
            trace.now_s += units * unit_s

        windows.run(name, work, windows.fitted(work, 1), payload, **limits)

    for name in ("settling_window", "training_window"):
        phase(name, COST["step"], lambda n: {"steps": n, "clips": n * recipe.batch.total})
    phase("validation_window", COST["clip"], lambda n: {"clips": n})
    phase("validation_metrics", COST["metrics"], lambda n: {"clips": 5 * n, "event_clips": 5 * n})
    phase("test_forward", COST["test"], lambda n: {"clips": 4 * n})
    phase("test_metrics", COST["scoring"], lambda n: {"clips": 4 * n, "metrics": METRICS})
    trace.at("end", "session")
    return record_of(journal_of(tmp_path / "j.jsonl", quick_plan(), trace))


def errors_of(record):
    """By stage: how far the figure of the recipe is from that of fixed power."""
    recipe = load_recipe(str(TINY))
    epoch_s = recipe.steps_per_epoch * COST["step"] + recipe.validation_clips * COST["clip"] + COST["metrics"]
    truth_s = {"training": recipe.epochs * epoch_s, "test": COST["test"], "scoring": COST["scoring"]}
    found = {**record.stages, "scoring": record.scoring}
    return {name: found[name].full_recipe_energy_kwh * 3.6e6 / POWER_W / truth_s[name] - 1 for name in truth_s}


def test_windows_of_a_hundred_steps_of_the_counter_are_right_within_their_intervals(trace, tmp_path):
    record = measured(trace, tmp_path, 100 * TICK_S)
    errors = errors_of(record)
    assert max(map(abs, errors.values())) < 0.005, errors
    for name, stage in {**record.stages, "scoring": record.scoring}.items():
        bounds, true_kwh = stage.within_session_interval, stage.full_recipe_energy_kwh / (1 + errors[name])
        assert bounds.low <= true_kwh <= bounds.high
        assert bounds.high - bounds.low < 0.03 * stage.full_recipe_energy_kwh
        assert min(phase.duration_s / phase.windows for phase in stage.phases.values()) > 100 * TICK_S


def test_windows_of_one_unit_each_are_not(trace, tmp_path):
    record = measured(trace, tmp_path, 0.0, most=8)
    assert max(map(abs, errors_of(record).values())) > 0.05
