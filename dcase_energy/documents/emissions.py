"""CodeCarbon's CSV files, of every version whose columns are known.

Columns by version were read from the releases themselves (the fields of ``EmissionsData``, which is written in order).
Energies are kWh, powers W, durations s, emissions kg.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dcase_energy.documents.emissions_identities import identities
from dcase_energy.documents.emissions_rows import Emissions, EmissionsRow
from dcase_energy.documents.emissions_rules import EMISSIONS_HEADER, EMISSIONS_VERSION
from dcase_energy.documents.tables import Table, read_table
from dcase_energy.findings import Finding, Where

_V1 = [
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
_V3_1 = [*_after(_V2_7, "energy_consumed", "water_consumed"), "wue"]
_V3_2_3 = _after(
    _V3_1,
    "tracking_mode",
    "cpu_utilization_percent",
    "gpu_utilization_percent",
    "ram_utilization_percent",
    "ram_used_gb",
)
# Versions (first to last) that write these columns, in this order.
HEADERS: dict[str, list[str]] = {
    "1.2": _V1,
    "2.0 to 2.1": _V2,
    "2.2": _V2_2,
    "2.3 to 2.6": _V2_3,
    "2.7 to 3.0": _V2_7,
    "3.1 to 3.2.2": _V3_1,
    "3.2.3 to 3.3": _V3_2_3,
}
_NEEDED = ("duration", "energy_consumed")
_COMPONENTS = ("cpu_energy", "gpu_energy", "ram_energy")
_POWERS = ("cpu_power", "gpu_power", "ram_power")


def looks_like_emissions(data: bytes, name: str) -> bool:
    """Whether a CSV file is one of CodeCarbon's, by its header or by its name."""
    header = data[:4096].partition(b"\n")[0]
    return b"energy_consumed" in header or "emission" in name.casefold()


def read_emissions(data: bytes, file: str, member: str | None = None) -> Emissions:
    """Read a file of any known version. Never raises for what it holds."""
    emissions = Emissions(file, member)
    header = data[:4096].partition(b"\n")[0]
    if b"," not in header and (b";" in header or b"\t" in header):
        message = "the columns are not separated by commas: the file was written by another program"
        emissions.findings.append(EMISSIONS_HEADER.finding(Where(file, member, 1), message))
        return emissions
    table = read_table(data, file, required=_NEEDED, delimiter=",", member=member)
    if table.columns:
        emissions.versions = _versions(table, emissions)
        emissions.rows = list(_rows(table))
    emissions.findings += table.findings
    if emissions.rows:
        emissions.findings += identities(emissions)
    return emissions


def _versions(table: Table, emissions: Emissions) -> str | None:
    known = next((versions for versions, columns in HEADERS.items() if columns == table.columns), None)
    if known == "1.2":
        message = "written by CodeCarbon 1.2: CPU energy is 1000 times too low, RAM is not counted"
        emissions.findings.append(EMISSIONS_VERSION.finding(table.where(), message, expected="version 2.0 or later"))
    if known is None:
        emissions.findings.append(_unknown_header(table))
    return known


def _unknown_header(table: Table) -> Finding:
    """Name the version that is nearest, and in what the header differs from it."""
    near = min(HEADERS, key=lambda versions: len(set(HEADERS[versions]) ^ set(table.columns)))
    missing = [name for name in HEADERS[near] if name not in table.columns]
    extra = [name for name in table.columns if name not in HEADERS[near]]
    parts = [f"{what} {', '.join(which[:5])}" for what, which in (("without", missing), ("with", extra)) if which]
    message = f"no version of CodeCarbon writes this header; nearest is {near}, {'; '.join(parts) or 'in other order'}"
    return EMISSIONS_HEADER.finding(table.where(), message[:400], found=", ".join(table.columns)[:200])


def _rows(table: Table) -> Iterator[EmissionsRow]:
    at = {name: index for index, name in enumerate(table.columns)}

    def text(row: int, name: str) -> str:
        return table.rows[row][at[name]].strip() if name in at else ""

    def number(row: int, name: str) -> float | None:
        return table.number(row, name, empty=True) if name in at else None

    for row in range(len(table.rows)):
        duration_s, energy_kwh = table.number(row, "duration"), table.number(row, "energy_consumed")
        if duration_s is None or energy_kwh is None:
            continue
        yield EmissionsRow(
            where=table.where(row),
            run=text(row, "run_id") or text(row, "experiment_id") or text(row, "timestamp"),
            project=text(row, "project_name"),
            duration_s=duration_s,
            energy_kwh=energy_kwh,
            emissions_kg=number(row, "emissions"),
            emissions_rate=number(row, "emissions_rate"),
            components_kwh={name: number(row, name) for name in _COMPONENTS},
            powers_w={name: number(row, name) for name in _POWERS},
            ram_total_gb=number(row, "ram_total_size"),
            gpu_count=number(row, "gpu_count"),
            texts={name: text(row, name) for name in ("tracking_mode", "cpu_model", "gpu_model", "codecarbon_version")},
        )
