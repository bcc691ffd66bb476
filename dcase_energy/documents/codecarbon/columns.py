"""The columns of CodeCarbon's files, and the tests that a row with shifted cells fails.

The columns were read from the releases themselves (the fields of ``EmissionsData``). Their order varies: up to 3.1.1 it
can change from run to run (CodeCarbon issue 987), and 3.1.1 to 3.2.3 drop columns without a value (issue 1092). Files
are therefore read by the names of their columns; the orders here only help to put shifted cells back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from dcase_energy.documents.numbers import parse_number

# The columns of version 1.0 and of version 2.0.
_V1 = (
    "timestamp project_name duration emissions energy_consumed country_name country_iso_code region on_cloud "
    "cloud_provider cloud_region"
)
_V2 = (
    "timestamp project_name run_id duration emissions emissions_rate cpu_power gpu_power ram_power cpu_energy "
    "gpu_energy ram_energy energy_consumed country_name country_iso_code region cloud_provider cloud_region os "
    "python_version cpu_count cpu_model gpu_count gpu_model longitude latitude ram_total_size tracking_mode on_cloud"
)
_USED = ("cpu_utilization_percent", "gpu_utilization_percent", "ram_utilization_percent", "ram_used_gb")
# Versions (first to last) that write the same columns, and what they add behind which column of the versions before.
_ADDED: dict[str, dict[str, Sequence[str]]] = {
    "1.2": {"timestamp": ["experiment_id"]},
    "2.0 to 2.1": {},
    "2.2.0 to 2.2.2": {"python_version": ["codecarbon_version"]},
    "2.2.3 to 2.6": {"on_cloud": ["pue"]},
    "2.7 to 3.0.7": {"run_id": ["experiment_id"]},
    "3.0.8 to 3.2.0": {"energy_consumed": ["water_consumed"], "pue": ["wue"]},
    "3.2.1 to 3.3": {"tracking_mode": _USED},
}
# All columns of the versions, in the order of the release.
HEADERS: dict[str, list[str]] = {"1.0 to 1.1": _V1.split()}
for _versions, _added in _ADDED.items():
    _before = _V2.split() if _versions.startswith("2.0") else list(HEADERS.values())[-1]
    HEADERS[_versions] = [one for name in _before for one in (name, *_added.get(name, ()))]
ENERGY_COLUMNS = ("cpu_energy", "gpu_energy", "ram_energy")
NEEDED = ("duration", "energy_consumed")
# What CodeCarbon, pandas and editors write for a value that is not there.
_NOTHING = frozenset({"", "none", "nan", "null", "n/a", "na", "<na>"})
_RELATIVE = 1e-3
_WORD = re.compile(r".*[A-Za-z].*")
_FORMS = {
    "codecarbon_version": re.compile(r"[0-9]+\.[0-9]+.*"),
    "tracking_mode": re.compile(r"machine|process"),
    "on_cloud": re.compile(r"[YN]"),
    "country_iso_code": re.compile(r"[A-Za-z]{3}"),
    **dict.fromkeys(("os", "cpu_model", "gpu_model"), _WORD),
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
    row = {name: cell for name, cell in zip(columns, cells, strict=True) if not is_nothing(cell)}
    read = [(name, parse_number(row[name])) for name in _NUMBERS if name in row]
    numbers = {name: value for name, value in read if value is not None}
    if len(numbers) < len(read) or not all(form.fullmatch(row[name]) for name, form in _FORMS.items() if name in row):
        return False
    parts, total = [numbers[name] for name in ENERGY_COLUMNS if name in numbers], numbers.get("energy_consumed")
    if len(parts) == len(ENERGY_COLUMNS) and total is not None and not close(sum(parts), total):
        return False
    return is_rate(numbers.get("emissions_rate"), numbers.get("emissions"), numbers.get("duration"))


def is_rate(rate: float | None, emissions: float | None, duration: float | None, *, grams: bool = True) -> bool:
    """Whether emissions over duration is the rate, in kg/s or (2.0.0 to 2.1.4) in g/s, as far as all are known."""
    if not emissions or not rate or not duration:
        return True
    return any(close(emissions / duration * unit, rate) for unit in ((1, 1000) if grams else (1,)))


def close(one: float, other: float) -> bool:
    """Whether two figures are the same: a file has all digits, a spreadsheet keeps at least four of them."""
    return math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=1e-12)
