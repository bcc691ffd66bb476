"""One way to measure: a session reads a meter at marks and in between, and keeps a journal.

Baseline and system go through the same instruments, with the same settings and guards, and end in the same kind of
record. ``EnergyMeter`` measures a block of a Python program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcase_energy.measure.energy_meter import EnergyMeter

__all__ = ["EnergyMeter"]


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: commands import this package for its small parts."""
    if name == "EnergyMeter":
        from dcase_energy.measure.energy_meter import EnergyMeter

        return EnergyMeter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
