"""Versions and switches of torch that change what the same work costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

from dcase_energy.measure.machine import Flat

# Names in records, and where torch keeps them: backends, precision (as it is set since 2.9, too), vector instructions.
_SWITCHES = (
    *("cudnn.enabled", "cudnn.benchmark", "cudnn.deterministic", "cudnn.allow_tf32"),
    *("cudnn.conv.fp32_precision", "cudnn.rnn.fp32_precision", "cuda.matmul.fp32_precision"),
    *("cuda.matmul.allow_tf32", "cuda.matmul.allow_fp16_reduced_precision_reduction", "mkldnn.enabled"),
)


def torch_switches(torch: Any) -> Flat:
    """Return the switches of a loaded torch; None for one that it does not know, or that is set in two ways."""
    return {
        **{name: _known(partial(reduce, getattr, ("backends", *name.split(".")), torch)) for name in _SWITCHES},
        "float32_matmul_precision": _known(lambda: torch.get_float32_matmul_precision()),
        "deterministic_algorithms": _known(lambda: torch.are_deterministic_algorithms_enabled()),
        "cpu_capability": _known(lambda: torch.backends.cpu.get_cpu_capability()),
        "threads": _known(lambda: torch.get_num_threads()),
        "interop_threads": _known(lambda: torch.get_num_interop_threads()),
    }


def torch_facts(torch: Any) -> dict[str, Any]:
    """Return what a journal says of a loaded torch: versions, threads, switches."""
    return {
        "torch": _known(lambda: str(torch.__version__)),
        "cuda": _known(lambda: torch.version.cuda),
        "cudnn": _known(lambda: torch.backends.cudnn.version()),
        "threads": _known(lambda: torch.get_num_threads()),
        "backends": torch_switches(torch),
    }


def _known(read: Callable[[], Any]) -> Any:
    """What torch says; None where it does not know the name, or was set by its old and by its new name."""
    try:
        return read()
    except (AttributeError, RuntimeError):
        return None
