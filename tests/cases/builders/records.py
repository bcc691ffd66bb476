"""Records and baselines."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cases.builders.common import CASES, LABEL, META, case, package, put, swap
from tests.cases.builders.emissions import row, table


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def chained(entries: list[dict[str, Any]]) -> tuple[str, str]:
    """A journal whose chain holds, and its digest."""
    lines, previous = [], "0" * 64
    for entry in entries:
        lines.append(canonical(entry | {"previous": previous}))
        previous = sha(lines[-1])
    return "\n".join(lines) + "\n", previous


def scaled(value: Any, factor: float, chosen: Callable[[str], bool], inside: bool = False) -> Any:
    """Numbers under the chosen keys times a factor."""
    if isinstance(value, dict):
        return {k: scaled(v, factor, chosen, inside or chosen(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [scaled(v, factor, chosen, inside) for v in value]
    return value * factor if inside and isinstance(value, float) else value


def adams(
    at: Path,
    ex: Path,
    change: Callable[[list, dict], tuple[list, dict]] = lambda e, r: (e, r),
    name: str = "calibration",
) -> Path:
    """A system with a calibration record: journal and record changed together, chain and digest computed again."""
    source, folder = ex / "packages/Adams_UNI", at / "Adams_UNI"
    if not folder.exists():
        shutil.copytree(source / LABEL, folder / LABEL)
    entries = [json.loads(line) for line in (source / "calibration.journal.jsonl").read_text().splitlines()]
    entries, record = change(entries, json.loads((source / "calibration.json").read_text()))
    journal, record["journal_sha256"] = chained(entries)
    record["digest"] = sha(canonical({k: v for k, v in record.items() if k != "digest"}))
    put(folder / f"{name}.journal.jsonl", journal)
    put(folder / f"{name}.json", json.dumps(record, indent=1))
    return folder


def energies(factor: float) -> Callable[[list, dict], tuple[list, dict]]:
    """Every reading, and all that follows from it, times a power of two."""

    def kwh(key: str) -> bool:
        return key.endswith("_kwh") or "_kwh_" in key

    return lambda e, r: (scaled(e, factor, kwh), scaled(r, factor, kwh))


def recipe(**numbers: Any) -> Callable[[list, dict], tuple[list, dict]]:
    """Another recipe under the same name and digest: what is scaled by it follows."""

    def change(entries: list, record: dict) -> tuple[list, dict]:
        entries, old = copy.deepcopy(entries), dict(entries[0]["recipe"])
        entries[0]["recipe"] |= numbers
        for stage, key in (("training", "epochs"), ("test", "test_clips")):
            factor = numbers.get(key, old[key]) / old[key]
            record["stages"][stage] = scaled(record["stages"][stage], factor, lambda k: k.startswith("full_recipe"))
            record["stages"][stage]["work"] = record["stages"][stage]["work"].replace(
                str(old[key]), str(numbers.get(key, old[key]))
            )
            record["repeats"][stage] = scaled(record["repeats"][stage], factor, lambda k: k.endswith("_kwh"))
        record["recipe_sha256"] = entries[0]["recipe"]["sha256"]
        return entries, record

    return change


CASES["records-and-baselines/control-rechained"] = lambda at, ex: adams(at, ex) and None
CASES["records-and-baselines/readings-times-1024"] = lambda at, ex: adams(at, ex, energies(1024.0)) and None
CASES["records-and-baselines/recipe-of-2000-epochs"] = lambda at, ex: adams(at, ex, recipe(epochs=2000)) and None
CASES["records-and-baselines/recipe-of-unknown-digest"] = lambda at, ex: (
    adams(at, ex, recipe(sha256="0" * 64, epochs=400)) and None
)


@case("records-and-baselines/plan-of-another-recipe")
def _(at: Path, ex: Path) -> None:
    def change(entries: list, record: dict) -> tuple[list, dict]:
        entries[0]["plan"] |= {"recipe": "smoke", "batch_size": 4}
        return entries, record

    adams(at, ex, change)


@case("records-and-baselines/two-calibrations")
def _(at: Path, ex: Path) -> None:
    adams(at, ex)
    other = "00000000-0000-4000-8000-000000000009"

    def change(entries: list, record: dict) -> tuple[list, dict]:
        entries, record = energies(4.0)(entries, record)
        return [e | {"run_id": other} if "run_id" in e else e for e in entries], record | {"run_id": other}

    adams(at, ex, change, "a_calibration")


@case("records-and-baselines/system-on-gpu-baseline-on-cpu")
def _(at: Path, ex: Path) -> None:
    meta = adams(at, ex) / LABEL / f"{LABEL}.meta.yaml"
    meta.write_text(
        swap(meta.read_text(), "31 h (2 CPU cores)", "3 h (1 NVIDIA A100 40GB)\n    hardware: 1 NVIDIA A100 40GB")
    )


@case("records-and-baselines/journal-with-crlf")
def _(at: Path, ex: Path) -> None:
    journal = adams(at, ex) / "calibration.journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"\n", b"\r\n"))


@case("records-and-baselines/named-calibration-is-invalid")
def _(at: Path, ex: Path) -> None:
    def change(entries: list, record: dict) -> tuple[list, dict]:
        return entries, record | {"valid": False, "reasons": ["host-exclusive: other work used 60% of the processors"]}

    adams(at, ex)
    adams(at / "named", ex, change)


@case("records-and-baselines/newest-calibration-of-this-machine")
def _(at: Path, ex: Path) -> None:
    """A store with a calibration of this very machine; the packages come from another one."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        None,
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30

    def change(entries: list, record: dict) -> tuple[list, dict]:
        entries, record = energies(0.5)(entries, record)
        here = {
            "cpu_model": model,
            "cpu_threads": os.cpu_count(),
            "memory_gib": round(memory),
            "machine": platform.machine(),
        }
        return entries, record | {"hardware": record["hardware"] | here}

    folder = adams(at / "made", ex, change)
    put(at / "data/calibrations/2026-11-25T090000+0000-7e18c6f9.json", (folder / "calibration.json").read_bytes())


def declared(name: str, old: str, new: str) -> None:
    CASES[f"records-and-baselines/{name}"] = lambda at, ex: package(at, swap(META, old, new))


declared("baseline-test-is-training", "baseline_test: 0.0198", "baseline_test: 1.396")
declared("baseline-times-10", "baseline_training: 1.396", "baseline_training: 13.96")

HEADER = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_kwh,training_time"
ROWS = [
    "Baseline_task4a_1,0.327,0.538,1.39,0.019,0.032,3h (1 A100 40GB)",
    "Adams_UNI_task4a_1,0.50,0.70,2.0,0.03,0.03,3h (1 A100 40GB)",
    "Baker_LAB_task4a_1,0.45,0.65,1.0,0.02,0.031,3h (1 A100 40GB)",
    "Clark_INST_task4a_1,0.44,0.66,1.1,0.02,0.029,3h (1 A100 40GB)",
]


def results(name: str, *more: str) -> None:
    CASES[f"records-and-baselines/{name}"] = lambda at, ex: (
        put(at / "results.csv", "\n".join([HEADER, *ROWS, *more, ""])) and None
    )


results("table-blank-label", ",0.90,0.90,2.0,0.03,0.03,3h (1 A100 40GB)")
results("table-label-nan", "NaN,0.90,0.90,2.0,0.03,0.03,3h (1 A100 40GB)")
results("table-baseline-92-times", "Davis_COL_task4a_1,0.40,0.60,2.0,0.03,2.82,3h (1 A100 40GB)")


def journal(name: str, change: Callable[[bytes], bytes]) -> None:
    """The same entries in other bytes."""

    def build(at: Path, ex: Path) -> None:
        path = adams(at, ex) / "calibration.journal.jsonl"
        path.write_bytes(change(path.read_bytes()))

    CASES[f"records-and-baselines/{name}"] = build


journal("journal-without-last-line-end", lambda data: data.rstrip(b"\n"))
journal("journal-with-byte-order-mark", lambda data: b"\xef\xbb\xbf" + data + b"\n\n")
journal(
    "journal-indented",
    lambda data: "\n".join(json.dumps(json.loads(line), indent=2) for line in data.splitlines()).encode(),
)


def alone(name: str, change: Callable[[list, dict], tuple[list, dict]]) -> None:
    """A record without its journal."""
    CASES[f"records-and-baselines/{name}"] = lambda at, ex: (
        adams(at, ex, change) / "calibration.journal.jsonl"
    ).unlink()


alone("record-alone-of-2000-epochs", recipe(epochs=2000))
alone("record-alone-times-1024", energies(1024.0))


@case("records-and-baselines/same-calibration-twice")
def _(at: Path, ex: Path) -> None:
    folder = adams(at, ex)
    for name in ("calibration.json", "calibration.journal.jsonl"):
        shutil.copy(folder / name, folder / LABEL / name)


@case("records-and-baselines/declared-figure-of-unfit-record")
def _(at: Path, ex: Path) -> None:
    meta = adams(at, ex, recipe(epochs=2000)) / LABEL / f"{LABEL}.meta.yaml"
    note = "# The baseline's energies come with the calibration record beside this system."
    meta.write_text(swap(meta.read_text(), note, "baseline_training: 11.80\n    baseline_test: 0.01967"))


@case("records-and-baselines/gpu-in-the-training-time-only")
def _(at: Path, ex: Path) -> None:
    meta = adams(at, ex) / LABEL / f"{LABEL}.meta.yaml"
    meta.write_text(swap(meta.read_text(), "31 h (2 CPU cores)", "3 h (2 GPUs)"))


@case("records-and-baselines/gpu-in-the-codecarbon-file-only")
def _(at: Path, ex: Path) -> None:
    folder = adams(at, ex) / LABEL
    meta = folder / f"{LABEL}.meta.yaml"
    meta.write_text(swap(meta.read_text(), "31 h (2 CPU cores)", "4 h"))
    put(folder / "emissions_training.csv", table(row(gpu=0.5752)))


results("table-labels-differ-in-case", "ADAMS_UNI_task4a_1,0.90,0.90,2.0,0.03,0.03,3h (1 A100 40GB)")


@case("records-and-baselines/table-of-odd-baselines")
def _(at: Path, ex: Path) -> None:
    head = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_training_kwh,energy_baseline_test_kwh"
    rows = [
        "Adams_UNI_task4_1,0.4,0.6,1.2,0.02,1.4,0.02",
        "Baker_LAB_task4_1,0.4,0.6,1.2,0.02,14,0.02",
        "Clark_INST_task4_1,0.4,0.6,1.2,0.02,1.4,1.4",
        "Davis_COL_task4_1,0.4,0.6,1.2,0.02,2.9,0.04",
    ]
    put(at / "results.csv", "\n".join([head, *rows, ""]))
