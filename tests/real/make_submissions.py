"""Turns a table of real results into one metadata file a system, in the spelling of an edition.

The tables hold neither authors nor names of systems: these are made from the label. Figures and texts stay as they are.

    python tests/real/make_submissions.py tests/data/dcase2022_task4_results.csv --edition dcase2022-task4 OUT
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from pathlib import Path
from typing import Any

from dcase_energy.documents.numbers import parse_number
from dcase_energy.editions.fields import FieldKind
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition

# Column of the table: canonical field.
COLUMNS = {
    "label": "label",
    "sampling_rate_khz": "input_sampling_rate_khz",
    "acoustic_features": "acoustic_features",
    "classifier": "machine_learning_method",
    "ensemble_subsystems": "ensemble_subsystems",
    "total_parameters": "total_parameters",
    "macs": "macs",
    "training_time": "training_time",
    "energy_training_kwh": "energy_training_kwh",
    "energy_test_kwh": "energy_test_kwh",
    "energy_baseline_kwh": "energy_baseline_kwh",
    "external_datasets": "external_datasets",
    "pre_trained_models": "pre_trained_models",
    "psds1_dev": "psds1_dev",
    "psds2_dev": "psds2_dev",
}
_NUMBERS = {FieldKind.ENERGY, FieldKind.COUNT, FieldKind.SCORE, FieldKind.POSITIVE}


def metadata_of(row: dict[str, str], edition: Edition) -> str:
    """The YAML text of one row: numbers as the table has them, all else in quotes, empty cells left out."""
    surname = row["label"].partition("_")[0]
    tree: dict[str, Any] = {
        "submission": {
            "name": row["label"],
            "abbreviation": re.sub(r"[^A-Za-z0-9]", "", row["label"])[:8],
            "authors": [{"lastname": surname, "firstname": surname[0], "corresponding": True}],
        }
    }
    for column, field in COLUMNS.items():
        text = row.get(column, "")
        if not text or field not in edition.fields:
            continue
        spec, node = edition.fields[field], tree
        for parent in spec.path[:-1]:
            node = node.setdefault(str(parent), {})
        number = spec.kind in _NUMBERS and parse_number(text) is not None
        node[str(spec.path[-1])] = _Raw(text) if number else text
    return "\n".join(_lines(tree, 0)) + "\n"


class _Raw(str):
    """A number, written as it stands in the table."""

    __slots__ = ()


def _lines(node: dict[str, Any], depth: int) -> list[str]:
    lines = []
    for key, value in node.items():
        if isinstance(value, dict):
            lines += [f"{'  ' * depth}{key}:", *_lines(value, depth + 1)]
        else:
            # JSON is YAML: quotes and escapes come out right whatever the text holds.
            text = value if isinstance(value, _Raw) else json.dumps(value, ensure_ascii=False)
            lines.append(f"{'  ' * depth}{key}: {text}")
    return lines


def write_submissions(table: Path, edition: Edition, output: Path) -> list[Path]:
    """Write ``<label>/<label>.meta.yaml`` for every row; returns the files."""
    files = []
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = output / row["label"] / f"{row['label']}.meta.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(metadata_of(row, edition), encoding="utf-8")
            files.append(path)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--edition", required=True)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    files = write_submissions(options.table, load_edition(options.edition), options.output)
    print(f"{len(files)} metadata files in {options.output}")


if __name__ == "__main__":
    main()
