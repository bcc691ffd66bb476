"""RAPL: the counters of the memory beside the processor's packages, which servers have."""

from __future__ import annotations

from dcase_energy.measure.counters import Counter
from dcase_energy.measure.gpu import Gpus
from dcase_energy.measure.powercap import rapl_memory, rapl_packages


def counters(gpus: Gpus) -> tuple[str, list[Counter]]:  # noqa: ARG001 - memory is counted whatever the GPUs do
    """Return the counters of all memory; none where that of one package is missing, stands at 0 or may not be read."""
    domains = rapl_memory()
    whole = len(domains) >= len(rapl_packages()) and all(domain.value_uj for domain in domains)
    return "ram", [domain.counter() for domain in domains] if whole else []
