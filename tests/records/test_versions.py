"""Every released version of a record stays readable: `tests/data/records/<schema_version>/<kind>.json`, never changed.

When a version is released its folder is added here; files of earlier ones stay as they are.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dcase_energy.calibration.record import record_of
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import JournalError, RecordError
from dcase_energy.measure.energy_record import energy_of
from dcase_energy.measure.journal import read_journal, sealed
from dcase_energy.measure.records import (
    RECORDS,
    SCHEMA_VERSION,
    load_calibration,
    load_energy,
    parse_calibration,
    record_schema,
)
from dcase_energy.submission.recomputing import difference

RECORDS_FOLDER = Path(__file__).parent.parent / "data" / "records"
SCHEMAS = Path(__file__).parent.parent.parent / "schemas" / "records"
READ = {"calibration": load_calibration, "energy": load_energy}
COMPUTED = {"calibration": record_of, "energy": energy_of}
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
    assert record.schema_version == path.parent.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_record_is_dumped_in_the_form_of_its_version(path):
    stated, record = json.loads(path.read_text()), READ[path.stem](path)
    for dumped in (record.model_dump(mode="json"), json.loads(record.model_dump_json(indent=2))):
        # Some files leave out what is not known.
        assert {key: dumped[key] for key in stated} == stated
        assert record.seal().digest == sealed(dumped)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_record_with_its_journal_is_computed_again_by_the_formulas_of_its_version(path):
    journal = path.with_name(f"{path.stem}.journal.jsonl")
    if not journal.exists():
        assert path.parent.name == "1.0"
        return
    assert difference(READ[path.stem](path), COMPUTED[path.stem](read_journal(journal))) is None


def test_a_journal_of_an_unknown_version_is_refused():
    for kind in COMPUTED:
        entries = read_journal(RECORDS_FOLDER / SCHEMA_VERSION / f"{kind}.journal.jsonl")
        with pytest.raises(JournalError, match=r"has version 9\.9; this program reads 1\.0 and 1\.1"):
            COMPUTED[kind]([{**entries[0], "schema_version": "9.9"}, *entries[1:]])


@pytest.mark.parametrize(
    "path", [(), ("stages", "training"), ("stages", "training", "phases", "training_window")], ids=".".join
)
def test_a_record_of_1_0_has_no_key_of_a_later_version(path):
    document = json.loads((RECORDS_FOLDER / "1.0" / "calibration.json").read_text())
    place = document
    for name in path:
        place = place[name]
    place["environment" if not path else "own_cpu_s"] = None
    with pytest.raises(RecordError, match=r"is not a key of version 1\.0"):
        parse_calibration(json.dumps({**document, "digest": sealed(document)}).encode(), "c.json")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_published_schema_accepts_it(path):
    version = path.parent.name
    frozen = SCHEMAS / version / f"{path.stem}.schema.json"
    schema = record_schema(path.stem) if version == SCHEMA_VERSION else json.loads(frozen.read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_text()))


@pytest.mark.parametrize("name", edition_names())
def test_every_edition_states_its_version(name):
    assert load_edition(name).schema_version == "2.0"
