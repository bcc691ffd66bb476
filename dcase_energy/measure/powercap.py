"""RAPL's domains in the kernel's power capping tree: which of them count what, each once.

The rules are those of CodeCarbon 3.3.2 (its modules ``core/cpu.py`` and ``core/rapl.py``), so that both read the same
counters: of two interfaces to one domain MMIO is preferred to MSR, and of dies that show the same counter one is read.
Unlike CodeCarbon we read the DRAM domain below a package. The package's counter does not contain it (Intel, Software
Developer's Manual, volume 3, "RAPL interfaces").
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dcase_energy.measure.counters import Counter, read_number, read_text
from dcase_energy.stats import sum_known

POWERCAP = Path("/sys/class/powercap")
POWERCAP_VARIABLE = "DCASE_ENERGY_POWERCAP"
_INTERFACES = ("", "intel-rapl", "intel-rapl-mmio")
_DOMAIN = re.compile(r"intel-rapl(-mmio)?:\d+")
# Counters this close are one counter that was read twice: CodeCarbon's tolerances, a part in a million and one joule.
_SAME_PART, _SAME_UJ = 1e-6, 1_000_000


@dataclass(frozen=True)
class RaplDomain:
    """One counter of a processor's package, or of the memory beside it.

    Attributes
    ----------
    name
        As the kernel calls it: ``package-0``, ``dram``.
    folder
        With ``energy_uj`` and ``max_energy_range_uj``.
    readable
        Whether this user may read the counter.
    range_uj
        Value at which the counter wraps to 0; None where it cannot be read.
    limit_w
        The largest power that the domain is allowed to take, None where it is not known. The first limit is a long-term
        one, which a laptop exceeds for half a minute.
    """

    name: str
    folder: Path
    readable: bool
    range_uj: int | None
    limit_w: float | None

    @property
    def value_uj(self) -> int | None:
        """What the counter shows now; None where it cannot be read."""
        return read_number(self.folder / "energy_uj")

    @property
    def wrap_s(self) -> float | None:
        """Seconds in which the counter wraps at the power limit; None where either is not known."""
        if self.range_uj is None or not self.limit_w:
            return None
        return self.range_uj / 1e6 / self.limit_w

    def counter(self) -> Counter:
        """Return the counter to read."""
        read = partial(read_number, self.folder / "energy_uj")
        return Counter(f"RAPL counter {self.name} ({self.folder.name})", read, "uJ", 1e-6, self.range_uj)


def powercap_root() -> Path:
    """Folder of the kernel's power capping tree; an environment variable names another for tests."""
    return Path(os.environ.get(POWERCAP_VARIABLE) or POWERCAP)


def rapl_packages() -> list[RaplDomain]:
    """Return the processor packages, each once, in order; empty where there are none."""
    return _each_once((domain.name, domain) for domain in _top() if domain.name.startswith("package"))


def rapl_memory() -> list[RaplDomain]:
    """Return the DRAM domains, each once, in order; empty where there are none."""
    found = []
    for domain in _top():
        inner = [_domain(folder) for folder in _folders(domain.folder) if folder.name.startswith(domain.folder.name)]
        found += [(f"{domain.name} {one.name}", one) for one in (domain, *inner) if "dram" in one.name]
    return _each_once(found)


def limit_w(domains: Iterable[RaplDomain]) -> float | None:
    """Return the power that domains are allowed to take together; None where that of one is not known."""
    return sum_known(domain.limit_w for domain in domains)


def _each_once(domains: Iterable[tuple[str, RaplDomain]]) -> list[RaplDomain]:
    """Of domains with one key the best to read, and of those that show the same counter the first."""
    by_key: dict[str, RaplDomain] = {}
    for key, domain in domains:
        known = by_key.get(key)
        if known is None or (domain.readable, _is_mmio(domain)) > (known.readable, _is_mmio(known)):
            by_key[key] = domain
    kept: list[RaplDomain] = []
    values: list[int] = []
    for domain in by_key.values():
        value = domain.value_uj
        if value and any(abs(value - one) <= max(_SAME_PART * max(value, one), _SAME_UJ) for one in values):
            continue
        kept.append(domain)
        values += [value] if value else []
    return kept


def _is_mmio(domain: RaplDomain) -> bool:
    return "-mmio" in domain.folder.name


def _top() -> Iterator[RaplDomain]:
    """The domains that are below no other one, those of each interface once."""
    seen: set[str] = set()
    for interface in _INTERFACES:
        for folder in _folders(powercap_root() / interface):
            if _DOMAIN.fullmatch(folder.name) and folder.name not in seen:
                seen.add(folder.name)
                yield _domain(folder)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if ":" in path.name and path.is_dir())
    except OSError:
        return []


def _domain(folder: Path) -> RaplDomain:
    limits = [read_number(path) for pattern in ("power_limit", "max_power") for path in folder.glob(f"*_{pattern}_uw")]
    return RaplDomain(
        name=(read_text(folder / "name") or folder.name).lower(),
        folder=folder,
        readable=read_number(folder / "energy_uj") is not None,
        range_uj=read_number(folder / "max_energy_range_uj"),
        limit_w=max((limit / 1e6 for limit in limits if limit), default=None),
    )
