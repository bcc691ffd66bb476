"""Counters that are read beside the tracker, one module each, found by its place.

A module has one function, ``counters(gpus)``: the component that it counts (``cpu``, ``gpu`` or ``ram``) and its
counters for work on these GPUs, none where this machine has no such counter or it may not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from dcase_energy.measure.counters import Counter, DirectCounters
from dcase_energy.measure.gpu import Gpus


def direct_counters(gpus: Gpus) -> DirectCounters:
    """Return the counters of this machine; of two sources of one component the later name counts, never both."""
    found: dict[str, Sequence[Counter]] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        component, counters = import_module(f"{__name__}.{module.name}").counters(gpus)
        if counters:
            found[component] = counters
    return DirectCounters(found)
