"""What `calibrate` prints while it runs."""

from __future__ import annotations

import inspect
import time

import pytest

import dcase_energy
from dcase_energy.calibration.plan import QuickSettings
from dcase_energy.cli.calibrate import command
from dcase_energy.cli.render.progress import ProgressLines
from dcase_energy.measure.meter import Reading


class Work:
    """Marks at times and energies that the test sets."""

    def __init__(self, quick=None, epochs=10):
        self.now_s, self.energy_kwh, self.said = 0.0, 0.0, []
        self.progress = ProgressLines(self.said.append, quick, epochs, clock=lambda: 1_800_000_000.0 + self.now_s)

    def mark(self, edge, phase, **fields):
        self.progress({"edge": edge, "phase": phase, **fields}, Reading(self.now_s, None, self.energy_kwh, 0.0))

    def phase(self, phase, seconds=3.0, kwh=0.001, epoch=1, **payload):
        self.mark("begin", phase, epoch=epoch, **payload)
        self.now_s, self.energy_kwh = self.now_s + seconds, self.energy_kwh + kwh
        self.mark("end", phase, epoch=epoch, **payload)


def test_a_quick_calibration_shows_trend_windows_interval_and_budget():
    work = Work(QuickSettings(budget_s=100.0))
    work.phase("data_preparation", clips={"strong": 60, "weak": 2})
    work.phase("warmup", steps=3)
    for number in range(8):
        work.phase("settling_window", kwh=0.001 * (1 - 0.01 * number), steps=2)
    for number in range(8):
        work.phase("training_window", kwh=0.001 * (1 + 0.01 * (-1) ** number), steps=2)
    for _ in range(5):
        work.phase("validation_window", kwh=0.0002, clips=48)
    assert work.said[0] == "  62 clips ready"
    assert work.said[1] == "  warm-up: 3 steps"
    assert work.said[2] == "  waiting for a steady machine: 3.0 s of at most 5 min 00 s"
    assert (
        work.said[3]
        == "  waiting for a steady machine: energy of a step changes by -4.1%, 15.0 s of at most 5 min 00 s"
    )
    training = [line for line in work.said if "training steps:" in line]
    assert training[0] == "  training steps: 1 window, 0.5050 Wh a step, 3.0 s of about 1 min 40 s"
    assert training[1].startswith("  training steps: 5 windows, 0.50")
    assert training[1].endswith("%, 15.0 s of about 1 min 40 s")
    assert "±" in training[1]
    # The budget is one for both kinds of windows.
    assert next(line for line in work.said if "validation" in line).endswith("a clip, 27.0 s of about 1 min 40 s")
    # Not a line for each window.
    assert len(work.said) == 8


def test_a_bar_knows_the_share_of_the_budget_and_the_epochs():
    shown = []
    work = Work(QuickSettings(budget_s=12.0))
    work.progress = ProgressLines(
        work.said.append, QuickSettings(budget_s=12.0), 10, bar=lambda *one: shown.append(one)
    )
    work.phase("settling_window", steps=2)
    for _ in range(2):
        work.phase("training_window", steps=2)
    assert [one[:2] for one in shown] == [(None, None), (0.25, 9.0), (0.5, 6.0)]
    assert shown[-1][2].startswith("training steps: 2 windows, 0.5000 Wh a step")
    shown.clear()
    clock = lambda: 1_800_000_000.0 + work.now_s  # noqa: E731
    work.progress = ProgressLines(work.said.append, None, 10, clock, bar=lambda *one: shown.append(one))
    for epoch in (1, 2):
        work.phase("training_steps", 60.0, epoch=epoch, steps=5)
        work.mark("end", "validation_metrics", epoch=epoch)
    assert shown[-1][:2] == (0.2, 480.0)
    assert shown[-1][2].startswith("1.000 Wh an epoch ± 0.0%, epoch 2 of 10; expected to end")
    assert work.said == []


def test_each_run_has_its_own_windows():
    work = Work(QuickSettings())
    for _ in range(2):
        work.mark("begin", "session")
        work.phase("training_window", steps=2)
    assert [line.partition(",")[0] for line in work.said] == ["  training steps: 1 window"] * 2


def test_windows_of_the_test_need_no_budget():
    work = Work(QuickSettings())
    work.phase("test_forward", clips=48)
    assert work.said == ["  inference of the test: 1 window, 0.02083 Wh a clip"]


@pytest.mark.parametrize("epoch_s", [60.0, 7200.0])
def test_whole_epochs_show_how_many_are_left_and_when_the_last_ends(epoch_s):
    work = Work(epochs=10)
    work.phase("warmup", epoch=0, steps=3)
    for epoch in (1, 2):
        work.phase("training_steps", 0.9 * epoch_s, epoch=epoch, steps=5)
        metrics = {"student": {"intersection_f1_05": 0.25}}
        work.phase("validation_metrics", 0.1 * epoch_s, epoch=epoch, metrics=metrics)
    end = time.localtime(1_800_000_000 + work.now_s + 8 * epoch_s)
    at = time.strftime("%a %H:%M" if epoch_s > 60 else "%H:%M", end)
    took = "8 min 00 s" if epoch_s == 60.0 else "16 h 00 min"
    assert work.said[2] == f"  epoch 2 of 10: intersection-based F1 0.250; expected to end in {took}, at {at}"
    work.phase("validation_metrics", epoch=10)
    assert work.said[-1] == "  epoch 10 of 10"


def test_an_expected_end_is_that_of_the_epochs_of_this_call():
    """Epochs before an interruption took no time of it."""
    work = Work(epochs=10)
    work.phase("training_steps", 60.0, epoch=9, steps=5)
    work.phase("validation_metrics", 0.0, epoch=9)
    assert work.said[0].startswith("  epoch 9 of 10; expected to end in 1 min 00 s")


def test_command_library_and_plan_have_the_same_defaults():
    options = command.make_context("calibrate", []).params
    arguments = inspect.signature(dcase_energy.calibrate).parameters
    for name, meant in {"budget_s": "budget_s", "precision": "precision", "settle_s": "max_settle_s"}.items():
        assert options[name] == arguments[name].default == getattr(QuickSettings, meant)
