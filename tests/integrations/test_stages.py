"""Stages of a training program: what fails never stops it, one process measures for all, loggers get the figures."""

from __future__ import annotations

import multiprocessing
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from dcase_energy import EnergyMeter
from dcase_energy.errors import InputError, MeterError
from dcase_energy.integrations.loggers import facts_of_record, metrics_of_record, to_mlflow, to_tensorboard
from dcase_energy.integrations.stages import StageMeter, measured
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.records import load_energy
from tests.measure.test_command import FixedPowerMeter


def test_each_stage_has_its_record():
    stages = StageMeter("{stage}.json")
    for stage in ("training", "test"):
        stages.begin(stage)
        stages.end()
        assert stages.record.stage == stage
        assert load_energy(Path(f"{stage}.json")) == stages.record
    assert stages.path == Path("test.json")


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"idle_s": float("nan")}, InputError, "idle_s: expected a number of at least 0; found nan"),
        ({"allow_estimate": "no"}, InputError, "allow_estimate: expected True or False; found 'no'"),
        ({"idle": 3.0}, TypeError, "unexpected keyword argument 'idle'"),
    ],
)
def test_a_wrong_setting_is_refused_before_the_training(settings, error, says):
    with pytest.raises(error, match=says):
        StageMeter("{stage}.json", **settings)


def test_a_measurement_that_cannot_begin_is_a_warning(monkeypatch):
    def refused(self):
        raise MeterError("no counter")

    monkeypatch.setattr(EnergyMeter, "_instruments", refused)
    with pytest.warns(RuntimeWarning, match="dcase-energy: not measured: no counter"), measured("training") as energy:
        trained = True
    assert trained
    assert (energy.record, energy.path) == (None, None)


def test_a_logger_that_fails_is_a_warning():
    def broken(record, path):
        raise ConnectionError("no server")

    with (
        pytest.warns(RuntimeWarning, match="the record is not logged: no server"),
        measured(on_record=broken) as energy,
    ):
        pass
    assert energy.record.complete


def test_the_error_of_the_training_passes_and_the_record_is_not_complete():
    with pytest.raises(ZeroDivisionError), measured("test"):
        1 / 0  # noqa: B018
    assert not load_energy(Path("energy_test.json")).complete


def test_a_stage_that_was_not_ended_is_cut_off_by_the_next_one():
    """transformers calls nothing where a training raises."""
    stages = StageMeter()
    stages.begin("training")
    stages.begin("test")
    assert not load_energy(Path("energy_training.json")).complete
    stages.end()
    assert load_energy(Path("energy_test.json")).complete


def test_training_on_several_hosts_is_not_measured(monkeypatch):
    gathered = [("one", ["GPU-a"]), ("other", ["GPU-b"])]
    monkeypatch.setitem(sys.modules, "torch", distributed_torch(gathered))
    with pytest.warns(RuntimeWarning, match="runs on 2 hosts"), measured("training") as energy:
        pass
    assert energy.record is None


def test_the_gpus_of_all_processes_are_counted(monkeypatch):
    made = []
    gathered = [("one", ["GPU-b"]), ("one", ["GPU-a"])]
    monkeypatch.setitem(sys.modules, "torch", distributed_torch(gathered))
    monkeypatch.setattr(
        EnergyMeter, "_instruments", lambda self: made.append(self._gpu) or Instruments(FixedPowerMeter())
    )
    with measured("training"):
        pass
    assert made == ["GPU-a,GPU-b"]


def distributed_torch(gathered):
    def gather(found, own):
        found[:] = gathered

    return SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: False),
        distributed=SimpleNamespace(
            is_available=lambda: True,
            is_initialized=lambda: True,
            get_rank=lambda: 0,
            get_world_size=lambda: len(gathered),
            barrier=lambda: None,
            all_gather_object=gather,
        ),
    )


def worker(rank, folder):
    import torch

    EnergyMeter._instruments = lambda self: Instruments(FixedPowerMeter())
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    with measured("training", f"{folder}/training.json") as energy:
        time.sleep(0.3 * rank)
    assert (energy.record is None) == (rank == 1)


def test_one_of_two_processes_measures_until_both_are_done(tmp_path):
    """Two processes of gloo, as torchrun starts them."""
    pytest.importorskip("torch")
    context = multiprocessing.get_context("fork" if "torch" not in sys.modules else "spawn")
    both = [context.Process(target=worker, args=(rank, tmp_path)) for rank in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [one.exitcode for one in both] == [0, 0]
    record = load_energy(tmp_path / "training.json")
    assert record.complete
    assert record.stages["training"].duration_s > 0.25


def test_loggers_get_figures_and_facts():
    calls = []
    client = SimpleNamespace(
        log_metric=lambda run, name, value: calls.append((name, value)),
        set_tag=lambda run, name, value: calls.append((name, value)),
        log_artifact=lambda run, file, folder: calls.append((folder, Path(file).name)),
    )
    writer = SimpleNamespace(
        add_scalar=lambda name, value, step: calls.append((name, value)),
        add_text=lambda name, text, step: calls.append((name, text)),
    )
    for log in (partial(to_mlflow, client=client, run_id="r"), partial(to_tensorboard, writer=writer)):
        calls.clear()
        with measured("test", on_record=log, force=True) as energy:
            pass
        figures = metrics_of_record(energy.record)
        assert figures["energy/test_kwh"] == energy.record.stages["test"].energy_kwh
        assert {"energy/test_duration_s", "energy/test_valid"} <= set(figures)
        assert set(figures.items()) <= set(calls)
    assert facts_of_record(energy.record)["energy.test.digest"] == energy.record.digest


def test_start_and_stop_without_a_block():
    meter = EnergyMeter("test", "energy.json")
    assert repr(meter) == "<EnergyMeter test: not started>"
    assert meter.energy_kwh is None
    with pytest.raises(RuntimeError, match="without start"):
        meter.stop()
    assert meter.start() is meter
    assert repr(meter) == "<EnergyMeter test: measuring>"
    time.sleep(0.02)
    record = meter.stop()
    assert record == meter.record == load_energy(Path("energy.json"))
    assert meter.stop() == record
    if record.valid:
        assert meter.energy_kwh == record.stages["test"].energy_kwh
        assert repr(meter).endswith("J, energy.json>")
