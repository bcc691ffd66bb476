"""What a meter is: it counts energy per component from its start, and says how it obtains each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

COMPONENTS = ("gpu", "cpu", "ram")
KWH_OF_READING: tuple[Literal["gpu_kwh", "cpu_kwh", "ram_kwh"], ...] = ("gpu_kwh", "cpu_kwh", "ram_kwh")


class Obtained(StrEnum):
    """How the energy of a component is obtained."""

    COUNTED = "counted"
    """By a hardware counter, or by power readings of a sensor."""
    ESTIMATED = "estimated"
    """By a model of load and nominal power; no sensor is involved."""
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Method:
    """How one component is measured.

    Attributes
    ----------
    obtained
        Counted, estimated or not measured.
    detail
        For people: ``NVML energy counter of GPU 1``, ``8 W nominal x load``.
    constant_w
        Watts that the estimate is made of; None where a sensor counts or nothing is measured.
    """

    obtained: Obtained
    detail: str
    constant_w: float | None = None


@dataclass(frozen=True)
class Reading:
    """Energy since the meter's start.

    Attributes
    ----------
    time_s
        Monotonic clock at the reading, seconds.
    gpu_kwh, cpu_kwh, ram_kwh
        None where the component is not measured; 0 is a measured zero.
    """

    time_s: float
    gpu_kwh: float | None
    cpu_kwh: float | None
    ram_kwh: float | None

    def component(self, name: str) -> float | None:
        """Energy of ``gpu``, ``cpu`` or ``ram``."""
        value: float | None = getattr(self, f"{name}_kwh")
        return value


class Meter(Protocol):
    """A device that counts energy. ``start`` once, ``read`` as often as wanted, ``stop`` once."""

    def start(self) -> None:
        """Begin to count.

        Raises
        ------
        MeterError
            If anything that was to be measured cannot be.
        """

    def read(self) -> Reading:
        """Energy of each component since the start.

        Raises
        ------
        MeterError
            If no figure could be had.
        """

    def stop(self) -> Reading:
        """End counting and give the last reading."""

    def methods(self) -> dict[str, Method]:
        """How each component is obtained; known once started."""

    def settings(self) -> dict[str, str | int | float | bool | None]:
        """Name, version and every setting that can move the figure."""

    def warnings(self) -> list[str]:
        """What the device complained about since the last call."""
