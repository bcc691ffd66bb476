"""Energy rules of DCASE challenges: calibrate, measure, validate, score and rank.

``from dcase_energy import EnergyMeter, calibrate, validate, score, rank`` is what programs use; each is loaded when it
is asked for (PEP 562), so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcase_energy.api import calibrate, rank, score, validate
    from dcase_energy.errors import InputError
    from dcase_energy.measure.energy_meter import EnergyMeter

__version__ = "0.1.0"
__all__ = ["EnergyMeter", "InputError", "__version__", "calibrate", "rank", "score", "validate"]

_FROM_API = {"InputError", "calibrate", "rank", "score", "validate"}


def __getattr__(name: str) -> Any:
    """Load a public name when it is asked for."""
    if name in _FROM_API:
        from dcase_energy import api

        return getattr(api, name)
    if name == "EnergyMeter":
        from dcase_energy.measure.energy_meter import EnergyMeter

        return EnergyMeter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, before they are loaded too."""
    return sorted({*globals(), *__all__})
