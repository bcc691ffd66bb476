"""RAPL: the counters of the processor's packages."""

from __future__ import annotations

from functools import partial

from dcase_energy.measure.counters import Counter, rapl_packages, read_number
from dcase_energy.measure.gpu import Gpus


def counters(gpus: Gpus) -> tuple[str, list[Counter]]:  # noqa: ARG001 - the packages count whatever the GPUs do
    """Return the counters of all packages that can be read."""
    return "cpu", [
        Counter(
            f"RAPL counter {domain.name}",
            partial(read_number, domain.folder / "energy_uj"),
            *("uJ", 1e-6, domain.range_uj),
        )
        for domain in rapl_packages()
        if domain.readable
    ]
