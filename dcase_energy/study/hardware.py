"""What hardware a training would run on, as the tables name it."""

from __future__ import annotations

import os
import subprocess
import sys

from dcase_energy.errors import StudyError
from dcase_energy.measure.machine import describe_host

_ASK = """
import sys, torch
name = sys.argv[1]
if name == "auto":
    name = "cuda:0" if torch.cuda.is_available() else "cpu"
print("" if name == "cpu" else torch.cuda.get_device_name(torch.device(name)))
"""
_TIMEOUT_S = 120


def hardware_label(device: str) -> str:
    """Name of the GPU that ``device`` is, or of the processor.

    Ask in a separate process: torch in this one would wake the GPU and keep it awake while others measure.

    Raises
    ------
    StudyError
        If torch is missing or has no such device.
    """
    if device == "cpu":
        return processor_label()
    command = [sys.executable, "-c", _ASK, device]
    # The order that trainings see their GPUs in.
    variables = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", **os.environ}
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=variables)
    except subprocess.TimeoutExpired:
        raise StudyError(f"torch did not say within {_TIMEOUT_S} s what {device} is") from None
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or ["no message"])[-1]
        raise StudyError(f"device {device} cannot be used: {last}")
    return asked.stdout.strip() or processor_label()


def processor_label() -> str:
    """The processor's own name."""
    return f"CPU {describe_host()['cpu_model']}"
