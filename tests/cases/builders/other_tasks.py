"""Metadata of other tasks beside the files of ``other-tasks-metadata``: the same with one thing changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cases.builders.common import CASES, case, put, swap

FILES = Path(__file__).resolve().parent.parent / "other-tasks-metadata"


def text_of(source: str) -> tuple[str, str]:
    """Label and metadata of a good file."""
    meta = next((FILES / source).rglob("*.meta.yaml"))
    return meta.parent.name, meta.read_text()


def changed(name: str, source: str, *pairs: tuple[str, str], label: str | None = None) -> None:
    def build(at: Path, ex: Path) -> None:
        known, text = text_of(source)
        for old, new in pairs if label is None else ((known, label), *pairs):
            text = swap(text, old, new)
        own = label or known
        put(at / own / f"{own}.meta.yaml", text)

    CASES[f"other-tasks-metadata/{name}"] = build


# Which edition.
changed("unknown-task", "2026-task2-good", label="Adams_UNI_task9_1")
YEAR = ("aggregation_method: mean", "attribute_usage: !!null", "development_data_usage: development")
MACHINES = ("ToyCarEmu", "bearingEmu", "gearboxEmu", "sliderEmu", "valveEmu")
changed(
    "unknown-year",
    "2026-task2-good",
    *((f"    {line}\n", "") for line in YEAR),
    *((f"    {machine}:\n", f"    {machine}OfAnotherYear:\n") for machine in MACHINES),
)
SCHEMA = (
    "# yaml-language-server: $schema=https://dcase-energy.github.io/dcase-energy/schemas/{}/submission.schema.json\n"
)
changed("schema-line", "2026-task2-good", ("submission:", SCHEMA.format("common") + "submission:"))


@case("other-tasks-metadata/two-tasks")
def _(at: Path, ex: Path) -> None:
    for source in ("2026-task2-good", "2026-task7-good"):
        label, text = text_of(source)
        put(at / label / f"{label}.meta.yaml", text)


@case("other-tasks-metadata/one-of-another-task")
def _(at: Path, ex: Path) -> None:
    CASES["other-tasks-metadata/two-tasks"](at, ex)
    label, text = text_of("2026-task2-good")
    put(at / "Adams_UNI_task2_2" / "Adams_UNI_task2_2.meta.yaml", swap(text, label, "Adams_UNI_task2_2"))


@case("other-tasks-metadata/folder-of-another-index")
def _(at: Path, ex: Path) -> None:
    label, text = text_of("2026-task2-good")
    put(at / label / "Adams_UNI_task2_2.meta.yaml", swap(text, label, "Adams_UNI_task2_2"))


changed("label-without-task", "2026-task2-good", ("label: Adams_UNI_task2_1", "label: Adams_UNI_1"))

# Scales.
changed("2026-task6-scores-in-fractions", "2026-task6-good", ("41.27", "0.4127"), ("58.90", "0.589"))
changed("2022-task3-one-fraction", "2022-task3-good", ("LR_CD: 47.2", "LR_CD: 0.472"))


@case("other-tasks-metadata/2026-task1-all-in-percent")
def _(at: Path, ex: Path) -> None:
    label, text = text_of("2026-task1-good")
    for score in ("hP", "hR", "hF"):
        text = text.replace(f"{score}: 0.", f"{score}: ")
    put(at / label / f"{label}.meta.yaml", text)


# Spellings.
changed("biodcase2026-agents-yes", "biodcase2026-good", ("agents_ai_used: false", "agents_ai_used: yes"))
changed(
    "2026-task2-address-without-scheme", "2026-task2-good", ("source_code: !!null", "source_code: github.com/adams/asd")
)
changed("2025-task1-rates", "2025-task1-good", ("sampling_rate: 44.1kHz", "sampling_rate: [44.1kHz, 32 kHz, 16]"))
changed("2025-task1-rate-in-hz", "2025-task1-good", ("sampling_rate: 44.1kHz", "sampling_rate: 44100 Hz"))
changed("2025-task1-size-in-kb", "2025-task1-good", ("total_model_size: 122296", "total_model_size: 122.3 kB"))
changed("2025-task1-decimal-comma", "2025-task1-good", ("accuracy: 57.20", "accuracy: 57,20"))
changed("no-external-data-as-text", "2026-task1-good", ("external_datasets: !!null", "external_datasets: None"))
changed("2023-task1-block-misspelt", "2023-task1-good", ("energy_consumption:", "energy_consumtion:"))
changed("2023-task1-key-missing", "2023-task1-good", ("    framework: pytorch\n", ""))


# Editions of the organisers' own.
def edition(name: str, source: str, toml: str) -> None:
    @case(f"other-tasks-metadata/{name}")
    def _(at: Path, ex: Path) -> None:
        shutil.copytree(FILES / source, at, dirs_exist_ok=True)
        put(at / "edition.toml", f'name = "own"\ntitle = "Own"\n{toml}')


OWN = """base = "common"
open_keys = true
required = ["label", "hierarchical_f"]
[fields.hierarchical_f]
kind = "score"
paths = ['results.development_datasets."bsd10k-v1.2".overall.hF']
description = "Hierarchical F"
"""
edition("own-edition-key-in-quotes", "2026-task1-good", OWN)
edition("own-edition-energy-as-text", "2026-task1-good", 'base = "generic"\n[fields.energy_test_kwh]\nkind = "text"\n')
edition("own-edition-label-as-text", "2026-task1-good", 'base = "common"\n[fields.label]\nkind = "text"\n')
edition("own-edition-choice-as-text", "2022-task3-good", 'base = "generic"\nrequired = ["label"]\n'
        '[fields.input_channels]\nkind = "texts"\npaths = ["system.description.input_format"]\n'
        '[fields.input_sampling_rate_khz]\nkind = "rate"\n')  # fmt: skip
edition("own-edition-score", "accuracy-table", 'base = "common"\n[scores.accuracy]\ntitle = "Macro accuracy"\n')
edition("own-edition-lower-is-better", "accuracy-table", 'base = "common"\n[scores.energy_test_kwh]\ntitle = "Energy"\n'
        'better = "lower"\n')  # fmt: skip


def _score_missing(at: Path, ex: Path, build=CASES["other-tasks-metadata/own-edition-score"]) -> None:
    build(at, ex)
    put(at / "other.csv", (at / "results.csv").read_text().replace("accuracy", "exactness"))


CASES["other-tasks-metadata/own-edition-score"] = _score_missing
