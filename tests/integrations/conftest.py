from __future__ import annotations

import pytest

from dcase_energy.api.energy_meter import EnergyMeter
from dcase_energy.measure.recorder import Instruments
from tests.measure.test_command import FixedPowerMeter


@pytest.fixture(autouse=True)
def pretended(monkeypatch, tmp_path):
    """A meter that counts a fixed power, in a new folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCASE_ENERGY_LOCK", str(tmp_path / "lock"))
    for name in ("LOCAL_RANK", "SLURM_LOCALID", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(EnergyMeter, "_instruments", lambda self: Instruments(FixedPowerMeter()))
