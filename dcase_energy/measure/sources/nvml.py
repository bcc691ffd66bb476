"""NVML: the energy counters of NVIDIA's GPUs."""

from __future__ import annotations

from functools import partial
from typing import Any

from dcase_energy.measure.counters import Counter
from dcase_energy.measure.gpu import Gpus, load_nvml


def counters(gpus: Gpus) -> tuple[str, list[Counter]]:
    """Return the counters of the GPUs that are measured."""
    nvml = load_nvml() if gpus.boards else None
    if nvml is None:
        return "gpu", []

    def read(handle: Any) -> int | None:
        try:
            return int(nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        except nvml.NVMLError:
            return None

    handles = {index: nvml.nvmlDeviceGetHandleByIndex(index) for index in gpus.indices}
    return "gpu", [
        Counter(f"energy counter of GPU {i}", partial(read, handle), "mJ", 1e-3) for i, handle in handles.items()
    ]
