"""CodeCarbon files of any version, for tests."""

from __future__ import annotations

from dcase_energy.documents.codecarbon.columns import HEADERS

_ROW: dict[str, object] = {
    "timestamp": "2026-03-01T12:00:00",
    "project_name": "DCASE Task 4 SED TRAINING",
    "run_id": "5b1c2a1e-0000-4000-8000-000000000001",
    "experiment_id": "5b0fa12a-3dd7-45bb-9766-cc326314d9f1",
    "duration": 14400.0,
    "emissions": 0.072,
    "emissions_rate": 0.000005,
    "cpu_power": 42.5,
    "gpu_power": 280.0,
    "ram_power": 24.0,
    "cpu_energy": 0.17,
    "gpu_energy": 1.1247,
    "ram_energy": 0.096,
    "energy_consumed": 1.3907,
    "country_name": "France",
    "country_iso_code": "FRA",
    "region": "",
    "cloud_provider": "",
    "cloud_region": "",
    "os": "Linux-5.15",
    "python_version": "3.10.12",
    "codecarbon_version": "2.3.4",
    "cpu_count": 16,
    "cpu_model": "Intel(R) Xeon(R)",
    "gpu_count": 1,
    "gpu_model": "1 x NVIDIA A100-PCIE-40GB",
    "longitude": 2.3,
    "latitude": 48.9,
    "ram_total_size": 64.0,
    "tracking_mode": "machine",
    "on_cloud": "N",
    "pue": 1.0,
    "wue": 0.0,
    "water_consumed": 0.0,
    "cpu_utilization_percent": 20.0,
    "gpu_utilization_percent": 90.0,
    "ram_utilization_percent": 30.0,
    "ram_used_gb": 20.0,
}


def row(**changes: object) -> dict[str, object]:
    """A row that holds, with changes."""
    return {**_ROW, **changes}


def table(*rows: dict[str, object], versions: str = "2.2.3 to 2.6") -> bytes:
    """A file with the columns of some versions."""
    columns = HEADERS[versions]
    lines = [columns, *([str(one[name]) for name in columns] for one in rows or (row(),))]
    return ("\n".join(",".join(line) for line in lines) + "\n").encode()
