"""A calibration's process: what it is given, what it says of itself, and what it marks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from dcase_energy.calibration import run as running
from dcase_energy.calibration.plan import QuickSettings
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.counters import Tick
from dcase_energy.measure.journal import read_journal
from dcase_energy.measure.record_file import journal_of
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_calibration
from dcase_energy.measure.watch import HostWatch
from dcase_energy.measure.windows import windows_of
from tests.calibration.killable import FixedPowerMeter
from tests.calibration.replayed import plan


def test_the_record_says_what_the_process_was_given_and_how_it_worked(tmp_path, monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "SSE41")
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    made = plan(epochs=1, threads=1, idle_s=0.0, device="cpu", pass_env=("ATEN_CPU_CAPABILITY",), window_s=0.0)
    output = tmp_path / "calibration.json"
    instruments = Instruments(FixedPowerMeter(), watch=HostWatch())
    record = run_calibration(made, output, make_instruments=lambda mark: instruments)
    assert record == load_calibration(output) == record_of(read_journal(journal_of(output)))
    assert record.backends["cpu_capability"] == "DEFAULT"
    assert (record.backends["threads"], record.backends["float32_matmul_precision"]) == (1, "highest")
    assert record.environment.passed == ["ATEN_CPU_CAPABILITY"]
    assert {"DNNL_MAX_CPU_ISA", "SLURM_JOB_ID"} <= set(record.environment.dropped)
    assert record.environment.set["OMP_NUM_THREADS"] == "1"
    assert (record.batch_job.system, record.batch_job.id) == ("slurm", "4711")
    assert record.measured_work == record.recipe_work.model_copy(update={"epochs": 1})
    training = record.stages["training"]
    # All of this process's own CPU time is in it, too.
    assert 0 < training.own_cpu_s <= training.full_recipe_own_cpu_s / 11
    assert training.bases == ["counted", "total", "work"]
    assert training.phases["training_steps"].clips == 24
    assert training.phases["validation_metrics"].own_cpu_s is not None
    windows = windows_of(read_journal(journal_of(output)))
    assert [window.payload["event_clips"] for window in windows if window.phase == "validation_metrics"] == [5]
    # Before the first epoch the device gets warm; the test has several windows and so an interval.
    assert [window.phase for window in windows[:3]] == ["data_preparation", "warmup", "training_steps"]
    assert [window.payload["clips"] for window in windows if window.phase.startswith("test_")] == [4] * 10
    assert {record.stages["test"].within_session_interval.n, record.scoring.within_session_interval.n} == {5}
    assert record.outside["warmup"].steps == 3


def test_a_quick_calibration_waits_and_has_several_windows_of_each_phase(tmp_path):
    """Ten steps are the fewest on a processor: of this test's seconds most go into loading torch."""
    settings = QuickSettings(budget_s=1.0, settle_s=0.2, max_settle_s=1.0, window_s=0.01, window_clips=4)
    output = tmp_path / "calibration.json"
    run_calibration(
        plan(quick=settings, threads=1, idle_s=0.0, device="cpu"),
        output,
        make_instruments=lambda mark: Instruments(FixedPowerMeter()),
    )
    record, entries = load_calibration(output), read_journal(journal_of(output))
    assert record == record_of(entries)
    phases = [window.phase for window in windows_of(entries)]
    assert list(dict.fromkeys(phases)) == [
        *("data_preparation", "warmup", "settling_window", "training_window", "validation_window"),
        *("validation_metrics", "test_forward", "test_metrics", "session"),
    ]
    assert min(phases.count(phase) for phase in phases[2:-1]) >= 2
    (steady,) = (entry for entry in entries if entry["entry"] == "steady")
    assert record.steady_state.waited_s == steady["waited_s"] > 0
    training = record.stages["training"]
    assert training.steps >= 10
    assert set(record.outside) == {"data_preparation", "warmup", "settling_window"}
    figures = (training, record.stages["test"], record.scoring)
    assert all(one.full_recipe_energy_interval.low < one.full_recipe_energy_kwh for one in figures)
    assert record.scores["psds1"] == 0.0


@pytest.mark.parametrize(
    ("settings", "ticks", "window_s"),
    [
        (QuickSettings(), {}, 3.0),
        (QuickSettings(), {"gpu": Tick(0.1, 1e-9), "cpu": Tick(0.001, 1e-9)}, 10.0),
        (QuickSettings(), {"gpu": None, "cpu": Tick(0.001, 1e-9)}, 3.0),
        (QuickSettings(window_s=0.0), {"gpu": Tick(0.1, 1e-9)}, 0.0),
        (None, {}, 3.0),
        (None, {"gpu": Tick(0.1, 1e-9)}, 10.0),
    ],
)
def test_a_window_lasts_a_hundred_steps_of_the_slowest_counter(settings, ticks, window_s):
    made = plan(quick=settings)
    assert running._window_s(made, ticks) == pytest.approx(window_s)
    assert running._window_s(replace(plan(), window_s=0.0), ticks) == 0.0


@pytest.mark.parametrize(("device", "reported"), [("auto", True), ("cpu", False)])
def test_a_gpu_that_torch_does_not_see_is_reported(monkeypatch, device, reported):
    monkeypatch.setattr(running, "unused_gpus", lambda: ["NVIDIA A100"])
    monkeypatch.setattr(running, "instruments_for", lambda *_, **__: Instruments(FixedPowerMeter()))
    said = []
    made = running._instruments(plan(device=device), SimpleNamespace(say=said.append))({"device": "cpu"})
    assert [line for line in said if "NVIDIA A100" in line] == said
    assert bool(said) == reported == (made.about == {"unused_gpus": ["NVIDIA A100"]})
