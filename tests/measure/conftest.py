from __future__ import annotations

import pytest

from tests.measure.simulators import install_nvml, install_powercap


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path_factory):
    """No test measures this machine's counters, waits for its lock or sees its configuration."""
    folder = tmp_path_factory.mktemp("alone")
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(folder / "lock"))
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "LOCAL_RANK", "SLURM_LOCALID", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def machine(monkeypatch, alone):
    """Installs a simulated machine: ``machine(nvml, powercap)``."""

    # Simulated counters stand still while they are watched.
    monkeypatch.setattr("dcase_energy.measure.counters.TICKS_WITHIN_S", 0.0)

    def install(nvml=None, powercap=None, *, smi=True):
        install_nvml(monkeypatch, nvml, smi=smi)
        install_powercap(monkeypatch, powercap, alone)

    return install
