"""CSV files of CodeCarbon as its versions, other tools and editors leave them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.cases.builders.common import CASES, LABEL, META, case, package, put, swap

V2_1 = [
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
V1_2 = [
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


def after(columns: list[str], where: str, *new: str) -> list[str]:
    at = columns.index(where) + 1
    return [*columns[:at], *new, *columns[at:]]


V2_3 = [*after(V2_1, "python_version", "codecarbon_version"), "pue"]
V2_7 = after(V2_3, "run_id", "experiment_id")
V3_1 = [*after(V2_7, "energy_consumed", "water_consumed"), "wue"]
DEFAULT_EXPERIMENT = "5b0fa12a-3dd7-45bb-9766-cc326314d9f1"  # what CodeCarbon writes where none is given


def row(gpu: float = 1.018, cpu: float = 0.17, ram: float = 0.096, **changes: object) -> dict[str, object]:
    """A row that holds in itself: 4 h, 42.5 W and 24 W constant."""
    energy = gpu + cpu + ram
    return {
        "timestamp": "2026-05-04T18:00:00",
        "project_name": "codecarbon",
        "run_id": "7d1f0c1e-0000-4000-8000-000000000001",
        "experiment_id": DEFAULT_EXPERIMENT,
        "duration": 14400.0,
        "emissions": energy * 0.056,
        "emissions_rate": energy * 0.056 / 14400,
        "cpu_power": 42.5,
        "gpu_power": gpu * 250,
        "ram_power": 24.0,
        "cpu_energy": cpu,
        "gpu_energy": gpu,
        "ram_energy": ram,
        "energy_consumed": energy,
        "water_consumed": 0.0,
        "country_name": "France",
        "country_iso_code": "FRA",
        "region": "",
        "cloud_provider": "",
        "cloud_region": "",
        "os": "Linux-5.15",
        "python_version": "3.11.7",
        "codecarbon_version": "2.3.4",
        "cpu_count": 16,
        "cpu_model": "Intel(R) Xeon(R) Gold 6226R",
        "gpu_count": 1,
        "gpu_model": "1 x NVIDIA A100-PCIE-40GB",
        "longitude": "",
        "latitude": "",
        "ram_total_size": 64.0,
        "tracking_mode": "machine",
        "on_cloud": "N",
        "pue": 1.0,
        "wue": 0.0,
    } | changes


def table(*rows: dict[str, object], columns: Iterable[str] = V2_3) -> bytes:
    names = list(columns)
    return (
        "\n".join([",".join(names), *(",".join(str(r.get(n, "")) for n in names) for r in rows or (row(),))]) + "\n"
    ).encode()


def emissions(name: str, meta: str = META, **files: bytes) -> None:
    CASES[f"codecarbon-csv/{name}"] = lambda at, ex: package(
        at, meta, **{k.replace("__", "."): v for k, v in files.items()}
    )


BASE = row(gpu=1.13, project_name="baseline TRAINING", run_id="7d1f0c1e-0000-4000-8000-000000000009")  # 1.396 kWh
ONE_ORDER = [*V3_1[:2], *sorted(V3_1[2:])]
emissions("rate-in-g-per-s", emissions_training__csv=table(row(emissions_rate=1.284 * 56 / 14400), columns=V2_1))
emissions("columns-in-another-order", emissions_training__csv=table(row(codecarbon_version="3.1.1"), columns=ONE_ORDER))
emissions(
    "run-id-none",
    emissions_training__csv=table(
        row(run_id="None"),
        row(gpu=0.2, cpu=0.0425, ram=0.024, duration=3600.0, emissions_rate=0.2665 * 0.056 / 3600, run_id="None"),
    ),
)
emissions("test-inside-project-name", emissions_training__csv=table(row(project_name="latest_crnn")))
emissions(
    "no-cpu-figure",
    emissions_training__csv=table(
        row(codecarbon_version="3.0.2", os="macOS-15", cpu_energy="", energy_consumed="", cpu_power=""), columns=V2_7
    ),
)
emissions(
    "cpu-power-impossible",
    swap(META, "training: 1.284", "training: 1.38"),
    emissions_training__csv=table(
        row(gpu=0.284, cpu=1.0, cpu_power=250.0, cpu_model="Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz", cpu_count=8)
    ),
)
emissions(
    "cpu-energy-negative",
    swap(META, "training: 1.284", "training: 0.944"),
    emissions_training__csv=table(row(cpu=-0.17)),
)
emissions(
    "eight-processes",
    swap(swap(META, "training: 1.284", "training: 10.272"), "(1 NVIDIA", "(8 NVIDIA"),
    **{f"emissions_training_rank{n}__csv": table(row(run_id=f"r{n}")) for n in range(8)},
)
emissions("backup-beside", emissions_training__csv=table(), emissions_training__csv_1__bak=table(row(gpu=8.0)))
emissions(
    "row-lost-its-empty-cells",
    emissions_training__csv=table(row(codecarbon_version="3.2.1"), columns=V3_1)
    + ",".join(str(v) for c in V3_1 if (v := row(run_id="second", codecarbon_version="3.2.1")[c]) != "").encode()
    + b"\n",
)
emissions(
    "padded-cells",
    emissions_training__csv="\n".join(
        ",".join(f"  {c:<24}" for c in line.split(",")) for line in table().decode().splitlines()
    ).encode()
    + b"\n",
)
emissions("header-of-1-0", emissions_training__csv=table(columns=[c for c in V1_2 if c != "experiment_id"]))
emissions(
    "own-energy-in-no-file", swap(META, "training: 1.284", "training: 0.428"), emissions_training__csv=table(BASE)
)
emissions(
    "own-without-cpu-and-memory",
    swap(META, "training: 1.284", "training: 1.018"),
    emissions_training__csv=table(row(cpu=0.0, ram=0.0, cpu_power=0.0, ram_power=0.0, ram_total_size=0.0)),
    emissions_baseline__csv=table(BASE),
)
emissions(
    "pue-in-the-baseline-only",
    swap(META, "baseline_training: 1.396", "baseline_training: 2.792"),
    emissions_training__csv=table(),
    emissions_baseline__csv=table(row(gpu=2.26, cpu=0.34, ram=0.192, project_name="baseline TRAINING", pue=2.0)),
)
emissions(
    "baseline-on-another-gpu",
    emissions_training__csv=table(),
    emissions_baseline__csv=table(BASE | {"gpu_model": "1 x Tesla T4", "codecarbon_version": "3.0.1"}),
)
emissions(
    "figures-of-each-other",
    swap(swap(META, " baseline_training: 1.396", " baseline_training: 1.284"), " training: 1.284", " training: 1.396"),
    emissions_training__csv=table(),
    emissions_baseline__csv=table(BASE),
)
emissions("other-csv-of-that-name", emissions__csv=b"video,views\nA lecture on owls,120\nRain on a roof,86\n")
NODE = {"gpu_count": 8, "gpu_model": "8 x NVIDIA A100-SXM4-40GB"}
emissions(
    "eight-processes-of-a-whole-node",
    swap(swap(META, "training: 1.284", "training: 66.128"), "4 h (1 NVIDIA", "4 h (8 NVIDIA"),
    **{f"emissions_training_rank{n}__csv": table(row(gpu=8.0, run_id=f"r{n}", **NODE)) for n in range(8)},
)
emissions(
    "one-of-eight-processes",
    swap(META, "(1 NVIDIA", "(8 NVIDIA"),
    **{f"emissions_training_rank{n}__csv": table(row(run_id=f"r{n}")) for n in range(8)},
)
DEVTEST = row(
    gpu=0.0121, cpu=0.003, ram=0.002, project_name="DCASE DEVTEST", run_id="7d1f0c1e-0000-4000-8000-000000000003"
)
emissions("training-and-test-in-one-file", emissions__csv=table(row(project_name="DCASE TRAINING"), DEVTEST))
emissions(
    "backup-of-the-same-run",
    emissions_training__csv=table(),
    emissions_training__csv__bak=table(
        row(gpu=0.5, cpu=0.085, ram=0.048, duration=7200.0, emissions_rate=0.633 * 0.056 / 7200), columns=V2_1
    ),
)
emissions(
    "baseline-not-measured",
    emissions_training__csv=table(),
    emissions_baseline_training__csv=table(BASE | {"cpu_energy": "", "energy_consumed": ""}),
)
emissions(
    "baseline-of-another-version",
    emissions_training__csv=table(),
    emissions_baseline_training__csv=table(BASE | {"codecarbon_version": "3.0.1"}),
)
emissions(
    "baseline-without-a-gpu",
    emissions_training__csv=table(),
    emissions_baseline_training__csv=table(
        row(gpu=0.0, cpu=1.3, project_name="baseline", run_id="b", gpu_power=0.0, gpu_count="", gpu_model="")
    ),
)


def task(**parts: float) -> bytes:
    """A file of one task as the baseline of DCASE 2024 task 6 writes it."""
    cells = row(project_name="dcase24t6", **parts)
    return "".join(f"{key}: {cells[key] if cells[key] != '' else 'null'}\n" for key in V2_3).encode()


emissions(
    "tasks-in-yaml",
    **{
        "emissions/fit_emissions.yaml": task(),
        "emissions/test_emissions.yaml": task(gpu=0.0121, cpu=0.003, ram=0.002),
        "emissions/predict_emissions.yaml": task(gpu=0.02, cpu=0.005, ram=0.003),
        "emissions/total_emissions.yaml": task(gpu=1.1, cpu=0.19, ram=0.11),
    },
)
emissions(
    "task-without-energy",
    **{
        "emissions/fit_emissions.yaml": task(),
        "emissions/test_emissions.yaml": task(gpu=0.0, cpu=0.0, ram=0.0),
    },
)


@case("codecarbon-csv/baseline-shared-by-two-systems")
def _(at: Path, ex: Path) -> None:
    """The second system was trained on the baseline's GPU, the first on another."""
    team = at / "Adams_UNI"
    for number, gpu in ((1, "1 x NVIDIA A100-PCIE-40GB"), (2, "1 x Tesla T4")):
        label = f"Adams_UNI_task4_{number}"
        put(team / label / f"{label}.meta.yaml", META.replace(LABEL, label))
        put(team / label / "emissions_training.csv", table(row(gpu_model=gpu)))
    put(team / "emissions_baseline.csv", table(BASE | {"gpu_model": "1 x Tesla T4"}))


emissions("training-and-test-of-one-project", emissions__csv=table(row(), DEVTEST | {"project_name": "codecarbon"}))
# Names that CodeCarbon gives by itself: nothing but its energy says whose run it is.
emissions("run-of-no-figure", emissions__csv=table(row(gpu=0.5, project_name="codecarbon")))
emissions("header-and-no-run", emissions_training__csv=table().partition(b"\n")[0] + b"\n")
emissions("own-energy-differs", emissions_training__csv=table(row(gpu=2.018)))
