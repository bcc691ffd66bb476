"""RAPL: the counters of the processor's packages."""

from __future__ import annotations

from dcase_energy.measure.counters import Counter
from dcase_energy.measure.gpu import Gpus
from dcase_energy.measure.powercap import rapl_packages


def counters(gpus: Gpus) -> tuple[str, list[Counter]]:  # noqa: ARG001 - the packages count whatever the GPUs do
    """Return the counters of all packages that can be read."""
    return "cpu", [domain.counter() for domain in rapl_packages() if domain.readable]
