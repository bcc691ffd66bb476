"""Switches of torch that change what work costs are recorded, the user's own and the baseline's."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from dcase_energy import EnergyMeter
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.torch_state import torch_facts, torch_switches
from tests.measure.worlds import ClockMeter


class Mixed:
    """As torch from 2.9 on where a switch was set by its old and by its new name."""

    fp32_precision = "tf32"

    @property
    def allow_tf32(self):
        raise RuntimeError("PyTorch is checking whether allow_tf32_new is enabled")


def pretended_torch(**more):
    backends = SimpleNamespace(
        cudnn=SimpleNamespace(enabled=True, benchmark=True, deterministic=False, version=lambda: 91002),
        cuda=SimpleNamespace(matmul=Mixed()),
    )
    return SimpleNamespace(__version__="9.9", backends=backends, get_num_threads=lambda: 3, **more)


def test_what_torch_does_not_say_is_not_known_and_no_error():
    found = torch_facts(pretended_torch())
    assert (found["torch"], found["cudnn"], found["cuda"], found["threads"]) == ("9.9", 91002, None, 3)
    switches = found["backends"]
    assert switches["cudnn.benchmark"] is True
    assert switches["cuda.matmul.fp32_precision"] == "tf32"
    assert switches["cuda.matmul.allow_tf32"] is None
    assert switches["mkldnn.enabled"] is None
    assert set(torch_facts(SimpleNamespace())["backends"].values()) == {None}


def test_the_real_torch_answers():
    torch = pytest.importorskip("torch")
    found = torch_switches(torch)
    assert found["threads"] == torch.get_num_threads()
    assert found["cudnn.benchmark"] is torch.backends.cudnn.benchmark


def test_a_block_records_the_switches_that_it_set(tmp_path, monkeypatch):
    torch = pretended_torch(cuda=SimpleNamespace(is_available=lambda: False))
    torch.backends.cudnn.benchmark = False
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(ClockMeter()))
    with EnergyMeter("training", tmp_path / "energy.json") as meter:
        torch.backends.cudnn.benchmark = True
    assert meter.record.backends["cudnn.benchmark"] is True
    assert meter.record.software["torch"] == "9.9"
    monkeypatch.delitem(sys.modules, "torch")
    with EnergyMeter("training", tmp_path / "energy.json") as meter:
        pass
    assert meter.record.backends is None
