"""`doctor` says what will be used, and the command that would make it better."""

from __future__ import annotations

import json
import os

import pytest

from dcase_energy.cli.measure import diagnosis_text as render
from dcase_energy.locks import only_session
from dcase_energy.measure.counters import Tick
from dcase_energy.measure.doctor import diagnose
from tests.measure.simulators import Board, FakeNvml, PowercapTree


def found(tmp_path, **options):
    return diagnose(tmp_path, look_s=0.0, sleep=lambda seconds: None, **options)


def remarks(diagnosis):
    return {remark.code: remark for remark in diagnosis.remarks}


def methods(diagnosis):
    return {component.name: component.method for component in diagnosis.components}


def test_a_machine_without_sensors_is_an_estimate(machine, tmp_path):
    machine()
    diagnosis = found(tmp_path)
    assert methods(diagnosis) == {"gpu": "not measured", "cpu": "estimated", "ram": "estimated"}
    assert diagnosis.tier == "estimated"
    assert not diagnosis.refuses
    text = render(diagnosis)
    assert "this machine shows no energy counter" in text
    assert "energy is mostly time multiplied by a constant" in text


def test_a_machine_with_all_sensors_is_measured(machine, tmp_path):
    nvml = FakeNvml(Board(100.0))
    machine(nvml, PowercapTree(tmp_path / "powercap", [200.0]))
    diagnosis = found(tmp_path)
    assert methods(diagnosis) == {"gpu": "counted", "cpu": "counted", "ram": "estimated"}
    assert diagnosis.tier == "measured"
    assert not diagnosis.refuses
    (board,) = diagnosis.gpus
    assert board["counted"]
    assert nvml.uuid(0) not in json.dumps(diagnosis.as_json())


def test_counters_that_may_not_be_read_come_with_the_command_that_allows_them(machine, tmp_path):
    machine(powercap=PowercapTree(tmp_path / "powercap", [200.0], readable=False))
    diagnosis = found(tmp_path)
    assert remarks(diagnosis)["rapl-permission"].remedy.startswith("sudo chmod -R a+r /sys/class/powercap/intel-rapl*/")
    assert "udev" in remarks(diagnosis)["rapl-permission"].remedy
    assert diagnosis.refuses
    assert "sudo chmod" in next(one.better for one in diagnosis.components if one.name == "cpu")


@pytest.mark.parametrize(
    ("options", "spoil", "method", "words"),
    [
        ({}, None, "estimated", "shows no memory counter"),
        ({"dram_w": (2.0,)}, None, "counted", None),
        ({"dram_w": (2.0,)}, "0\n", "estimated", "stand at 0"),
        ({"dram_w": (2.0,)}, "", "estimated", "sudo chmod"),
    ],
    ids=["none", "counted", "at 0", "closed"],
)
def test_how_memory_is_counted_is_told(machine, tmp_path, options, spoil, method, words):
    tree = PowercapTree(tmp_path / "powercap", [200.0], **options)
    machine(powercap=tree)
    if spoil is not None:
        (tree.folder(0) / "intel-rapl:0:0" / "energy_uj").write_text(spoil)
    memory = next(one for one in found(tmp_path).components if one.name == "ram")
    assert memory.method == method
    assert memory.better is None if words is None else words in memory.better


def test_counters_come_with_their_step(machine, tmp_path, monkeypatch):
    machine(FakeNvml(Board(100.0)), PowercapTree(tmp_path / "powercap", [200.0, 100.0], dram_w=(2.0, 1.0)))
    seen = {"gpu": Tick(0.1, 1e-5), "cpu": Tick(0.001, 1e-8), "ram": None}
    monkeypatch.setattr("dcase_energy.measure.counters.DirectCounters.ticks", lambda self: seen)
    diagnosis = found(tmp_path)
    shown = {one.name: (one.present, one.readable, one.tick) for one in diagnosis.counters}
    assert shown == {"gpu": (1, 1, seen["gpu"]), "cpu": (2, 2, seen["cpu"]), "ram": (2, 2, None)}
    text = render(diagnosis)
    assert "cpu: 2 energy counters, step 1 ms" in text
    assert "gpu: 1 energy counter, step 100 ms" in text
    assert "ram: 2 energy counters, step not seen" in text
    assert diagnosis.as_json()["counters"][0]["tick"] == {"interval_s": 0.1, "energy_kwh": 1e-5}


def test_counters_that_may_not_be_read_are_shown_too(machine, tmp_path):
    machine(powercap=PowercapTree(tmp_path / "powercap", [200.0], dram_w=(2.0,), readable=False))
    assert "cpu: 1 energy counter, 0 readable" in render(found(tmp_path))
    assert "ram: 1 energy counter, 0 readable" in render(found(tmp_path))


@pytest.mark.parametrize(("reasons", "state", "words"), [(0, "ok", "no reason"), (8 + 64, "warn", "hardware slowdown")])
def test_clocks_that_are_lowered_now_are_a_warning(machine, tmp_path, reasons, state, words):
    machine(FakeNvml(Board(100.0, clock_reasons=reasons, temperature_c=91)))
    diagnosis = found(tmp_path)
    remark = remarks(diagnosis)["steady-state"]
    assert remark.state == state
    assert words in remark.message
    assert "91 C" in remark.message
    assert not diagnosis.refuses


@pytest.mark.parametrize(
    ("nvml", "smi", "code", "words"),
    [
        (FakeNvml(Board(1.0), Board(2.0)), True, "gpu-identity", "could use 2 GPUs"),
        (FakeNvml(Board(1.0, mig=True)), True, "gpu-mode", "-mig 0"),
        (FakeNvml(Board(1.0)), False, "gpu-identity", "nvidia-smi"),
    ],
    ids=["two", "mig", "no nvidia-smi"],
)
def test_a_gpu_that_would_be_refused_is_refused_now(machine, tmp_path, nvml, smi, code, words):
    machine(nvml, smi=smi)
    diagnosis = found(tmp_path)
    assert diagnosis.refuses
    assert words in remarks(diagnosis)[code].message


def test_hidden_settings_and_other_sessions_are_told(machine, tmp_path, monkeypatch):
    machine()
    monkeypatch.setenv("CODECARBON_PUE", "2")
    with only_session():
        diagnosis = found(tmp_path)
    assert "pue: variable CODECARBON_PUE" in remarks(diagnosis)["tracker-config"].message
    assert remarks(diagnosis)["single-tracker"].state == "invalid"
    # Another session is a matter of minutes: no reason to call the machine unfit.
    assert not diagnosis.refuses


def test_json_holds_what_the_text_says(machine, tmp_path):
    machine()
    document = found(tmp_path).as_json()
    assert set(document) == {"schema_version", "tier", "components", "counters", "remarks", "gpus"}
    assert json.loads(json.dumps(document)) == document | {
        key: [*document[key]] for key in ("components", "counters", "remarks", "gpus")
    }


@pytest.mark.parametrize(("make", "reason"), [("link", "it is a link"), ("missing", "No such file or directory")])
def test_a_lock_that_cannot_be_opened_is_reported_with_all_else(machine, tmp_path, monkeypatch, make, reason):
    machine()
    lock = tmp_path / "lock"
    if make == "link":
        lock.symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(lock if make == "link" else lock / "lock"))
    diagnosis = found(tmp_path)
    assert diagnosis.refuses
    assert reason in remarks(diagnosis)["tracker-started"].message
    assert "disk" in remarks(diagnosis)
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_in_the_place_of_the_lock_does_not_stop_the_program(machine, tmp_path, monkeypatch):
    machine()
    os.mkfifo(tmp_path / "lock")
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(tmp_path / "lock"))
    assert not found(tmp_path).refuses
