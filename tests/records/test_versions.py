"""Every released version of a record stays readable: `tests/data/records/<schema_version>/<kind>.json`, never changed.

When a version is released its folder is added here; files of earlier ones stay as they are.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dcase_energy.editions.loader import edition_names, load_edition
from dcase_energy.measure.records import SCHEMA_VERSION, load_calibration, load_energy
from dcase_energy.measure.schemas import RECORDS, record_schema

RECORDS_FOLDER = Path(__file__).parent.parent / "data" / "records"
READ = {"calibration": load_calibration, "energy": load_energy}
FILES = sorted(RECORDS_FOLDER.glob("*/*.json"))


def test_the_version_of_today_has_a_file_of_each_kind():
    assert {path.stem for path in (RECORDS_FOLDER / SCHEMA_VERSION).glob("*.json")} == set(RECORDS) == set(READ)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_record_of_a_released_version_is_read(path):
    record = READ[path.stem](path)
    stated = json.loads(path.read_text())
    assert stated["schema_version"] == path.parent.name
    stage, figures = next(iter(record.stages.items()))
    assert figures.energy_kwh == stated["stages"][stage]["energy_kwh"] > 0
    assert record.digest == stated["digest"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_published_schema_accepts_it(path):
    jsonschema.Draft202012Validator(record_schema(path.stem)).validate(json.loads(path.read_text()))


@pytest.mark.parametrize("name", edition_names())
def test_every_edition_states_its_version(name):
    assert load_edition(name).schema_version == "1.0"
