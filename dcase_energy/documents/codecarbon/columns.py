"""The columns of CodeCarbon's files, and the tests that a row with shifted cells fails.

The columns were read from the releases themselves (the fields of ``EmissionsData``). Their order varies: up to 3.1.1 it
can change from run to run (CodeCarbon issue 987), and 3.1.1 to 3.2.3 drop columns without a value (issue 1092). Files
are therefore read by the names of their columns; the orders here only help to put shifted cells back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dcase_energy.documents.numbers import parse_number

_V1_2 = [
    "timestamp",
    "experiment_id",
    "project_name",
    "duration",
    "emissions",
    "energy_consumed",
    "country_name",
    "country_iso_code",
    "region",
    "on_cloud",
    "cloud_provider",
    "cloud_region",
]
_V2 = [
    "timestamp",
    "project_name",
    "run_id",
    "duration",
    "emissions",
    "emissions_rate",
    "cpu_power",
    "gpu_power",
    "ram_power",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
    "energy_consumed",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "os",
    "python_version",
    "cpu_count",
    "cpu_model",
    "gpu_count",
    "gpu_model",
    "longitude",
    "latitude",
    "ram_total_size",
    "tracking_mode",
    "on_cloud",
]


def _after(columns: Sequence[str], before: str, *new: str) -> list[str]:
    at = columns.index(before) + 1
    return [*columns[:at], *new, *columns[at:]]


_V2_2 = _after(_V2, "python_version", "codecarbon_version")
_V2_3 = [*_V2_2, "pue"]
_V2_7 = _after(_V2_3, "run_id", "experiment_id")
_V3_0_8 = [*_after(_V2_7, "energy_consumed", "water_consumed"), "wue"]
_USED = ("cpu_utilization_percent", "gpu_utilization_percent", "ram_utilization_percent", "ram_used_gb")
# Versions (first to last) that write these columns; the order is the one of the release.
HEADERS: dict[str, list[str]] = {
    "1.0 to 1.1": [name for name in _V1_2 if name != "experiment_id"],
    "1.2": _V1_2,
    "2.0 to 2.1": _V2,
    "2.2.0 to 2.2.2": _V2_2,
    "2.2.3 to 2.6": _V2_3,
    "2.7 to 3.0.7": _V2_7,
    "3.0.8 to 3.2.0": _V3_0_8,
    "3.2.1 to 3.3": _after(_V3_0_8, "tracking_mode", *_USED),
}
ENERGY_COLUMNS = ("cpu_energy", "gpu_energy", "ram_energy")
NEEDED = ("duration", "energy_consumed")
# What CodeCarbon, pandas and editors write for a value that is not there.
_NOTHING = frozenset({"", "none", "nan", "null", "n/a", "na", "<na>"})
_SUM_TOLERANCE = 1e-3
_FORMS = {
    "codecarbon_version": re.compile(r"[0-9]+\.[0-9]+.*"),
    "tracking_mode": re.compile(r"machine|process"),
    "on_cloud": re.compile(r"[YN]"),
    "country_iso_code": re.compile(r"[A-Za-z]{3}"),
    "os": re.compile(r".*[A-Za-z].*"),
    "cpu_model": re.compile(r".*[A-Za-z].*"),
    "gpu_model": re.compile(r".*[A-Za-z].*"),
}
_NUMBERS = (
    *NEEDED,
    *ENERGY_COLUMNS,
    "emissions",
    "emissions_rate",
    "water_consumed",
    "cpu_count",
    "gpu_count",
    "longitude",
    "latitude",
    "ram_total_size",
    "pue",
    "wue",
    *_USED,
)


def is_codecarbons(columns: Sequence[str]) -> bool:
    """Whether a header is CodeCarbon's, complete or not."""
    known = set(HEADERS["3.2.1 to 3.3"]) & set(columns)
    named = known & {"timestamp", "project_name", "run_id", "tracking_mode"}
    return bool("energy_consumed" in known and named) or {"project_name", "duration", "emissions"} <= known


def is_nothing(text: str) -> bool:
    """Whether a cell holds no value.

    Examples
    --------
    >>> is_nothing("None"), is_nothing(" "), is_nothing("0")
    (True, True, False)
    """
    return text.strip().casefold() in _NOTHING


def order_of_a_release(columns: Sequence[str]) -> list[str] | None:
    """The order in which a release writes exactly these columns; None where no release has them."""
    return next((order for order in HEADERS.values() if sorted(order) == sorted(columns)), None)


def fits(columns: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the cells of a row can be what the columns are called: kinds of value, and the sum of the energies."""
    row = dict(zip(columns, cells, strict=True))
    for name, form in _FORMS.items():
        if not is_nothing(row.get(name, "")) and not form.fullmatch(row[name]):
            return False
    numbers: dict[str, float] = {}
    for name in _NUMBERS:
        if not is_nothing(row.get(name, "")):
            value = parse_number(row[name])
            if value is None:
                return False
            numbers[name] = value
    return _adds_up(numbers) and _rate_fits(numbers)


def _adds_up(numbers: dict[str, float]) -> bool:
    if not set(ENERGY_COLUMNS) < set(numbers) or "energy_consumed" not in numbers:
        return True
    total = numbers["energy_consumed"]
    return abs(sum(numbers[name] for name in ENERGY_COLUMNS) - total) <= _SUM_TOLERANCE * abs(total) + 1e-12


def _rate_fits(numbers: dict[str, float]) -> bool:
    """Emissions over duration is the rate, in kg/s or (2.0.0 to 2.1.4) in g/s."""
    emissions, rate, duration = (numbers.get(name, 0.0) for name in ("emissions", "emissions_rate", "duration"))
    if not emissions or not rate or not duration:
        return True
    return any(abs(emissions / duration * unit / rate - 1) <= _SUM_TOLERANCE for unit in (1, 1000))
