"""Energy counters read directly, to check what the tracker says: RAPL's files and NVML's counter of a GPU.

They are read at the same moments as the tracker. A counter that wraps is counted on; one that falls otherwise was
reset, and what it said before cannot be compared with what it says now.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcase_energy.errors import CounterResetError
from dcase_energy.units import joules_to_kwh

POWERCAP = Path("/sys/class/powercap")
POWERCAP_VARIABLE = "DCASE_ENERGY_POWERCAP"
_PACKAGE = re.compile(r"intel-rapl:\d+")
# Fraction of its range in which a counter that wrapped is found again when it is read often enough.
_WRAP_FRACTION = 0.5


@dataclass(frozen=True)
class RaplDomain:
    """One package's counter.

    Attributes
    ----------
    name
        As the kernel calls it: ``package-0``.
    folder
        With ``energy_uj`` and ``max_energy_range_uj``.
    readable
        Whether this user may read the counter.
    range_uj
        Value at which the counter wraps to 0; None where it cannot be read.
    limit_w
        The package's power limit, None where it is not known.
    """

    name: str
    folder: Path
    readable: bool
    range_uj: int | None
    limit_w: float | None

    @property
    def wrap_s(self) -> float | None:
        """Seconds in which the counter wraps at the power limit; None where either is not known."""
        if self.range_uj is None or not self.limit_w:
            return None
        return self.range_uj / 1e6 / self.limit_w


def powercap_root() -> Path:
    """Folder of the kernel's power capping tree; an environment variable names another for tests."""
    return Path(os.environ.get(POWERCAP_VARIABLE) or POWERCAP)


def rapl_packages(root: Path | None = None) -> list[RaplDomain]:
    """The processor packages below a power capping tree, in order; empty where there are none."""
    root = powercap_root() if root is None else root
    found: list[RaplDomain] = []
    for base in (root, root / "intel-rapl"):
        try:
            folders = sorted(path for path in base.iterdir() if _PACKAGE.fullmatch(path.name))
        except OSError:
            continue
        known = {domain.name for domain in found}
        found += [domain for folder in folders if (domain := _domain(folder)).name not in known]
    return [domain for domain in found if domain.name.startswith("package")]


def _domain(folder: Path) -> RaplDomain:
    limit = _number(folder / "constraint_0_power_limit_uw")
    return RaplDomain(
        name=read_text(folder / "name") or folder.name,
        folder=folder,
        readable=_number(folder / "energy_uj") is not None,
        range_uj=_number(folder / "max_energy_range_uj"),
        limit_w=None if limit is None else limit / 1e6,
    )


def read_text(path: Path) -> str | None:
    """The text of a file of the kernel; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = read_text(path)
    return int(text) if text is not None and text.isdecimal() else None


class RaplCounters:
    """The energy of all readable packages since the first reading, joules, wraps counted.

    One wrap between two readings is found; more cannot be. `wrap_s` says how often to read.
    """

    def __init__(self, domains: Sequence[RaplDomain]) -> None:
        self._domains = [domain for domain in domains if domain.readable]
        self._last: dict[str, int] = {}
        self._total_uj = 0

    @property
    def wrap_s(self) -> float | None:
        """The shortest time in which a package's counter can wrap."""
        times = [domain.wrap_s for domain in self._domains if domain.wrap_s is not None]
        return min(times, default=None)

    def read_kwh(self) -> float | None:
        """Energy since the first reading; None where there is no counter or one cannot be read now."""
        if not self._domains:
            return None
        for domain in self._domains:
            value = _number(domain.folder / "energy_uj")
            if value is None:
                return None
            self._total_uj += self._delta_uj(domain, value)
            self._last[domain.name] = value
        return joules_to_kwh(self._total_uj / 1e6)

    def _delta_uj(self, domain: RaplDomain, value: int) -> int:
        last = self._last.get(domain.name)
        if last is None or value >= last:
            return 0 if last is None else value - last
        if domain.range_uj is None or value - last + domain.range_uj > domain.range_uj * _WRAP_FRACTION:
            raise CounterResetError(f"RAPL counter {domain.name} fell from {last} to {value} uJ")
        return value - last + domain.range_uj


class NvmlCounters:
    """The energy of some GPUs since the first reading, from NVML's own counters.

    Parameters
    ----------
    nvml
        The module ``pynvml``, initialised.
    indices
        NVML indices.
    """

    def __init__(self, nvml: Any, indices: Sequence[int]) -> None:
        self._nvml = nvml
        self._handles = {index: nvml.nvmlDeviceGetHandleByIndex(index) for index in indices}
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def read_kwh(self) -> float | None:
        """Energy since the first reading; None where there is no GPU, or one has no counter.

        Raises
        ------
        CounterResetError
            If a counter fell.
        """
        if not self._handles:
            return None
        for index, handle in self._handles.items():
            try:
                value = int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
            except self._nvml.NVMLError:
                return None
            if value < self._last.get(index, 0):
                raise CounterResetError(f"energy counter of GPU {index} fell from {self._last[index]} to {value} mJ")
            self._first.setdefault(index, value)
            self._last[index] = value
        return joules_to_kwh(sum(self._last[index] - self._first[index] for index in self._handles) / 1e3)


class DirectCounters:
    """All counters beside the tracker's. Once one was reset it says so for the rest of the session.

    Parameters
    ----------
    sources
        By component: anything with ``read_kwh``.
    """

    def __init__(self, sources: Mapping[str, RaplCounters | NvmlCounters]) -> None:
        self._sources = dict(sources)
        self.resets: list[str] = []

    def read(self) -> dict[str, float | None]:
        """Energy since the first reading by ``gpu_kwh`` and ``cpu_kwh``; None where there is no counter."""
        found: dict[str, float | None] = {}
        for name, source in list(self._sources.items()):
            try:
                found[f"{name}_kwh"] = source.read_kwh()
            except CounterResetError as error:
                self.resets.append(str(error))
                del self._sources[name]
        return found
