"""A system's own energy record in its package: checked against its journal, and the metadata against it."""

from __future__ import annotations

import json

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.journal import sealed
from dcase_energy.submission.validate import validate_paths
from tests.builders.packages import LABEL, META, metadata, write
from tests.measure.test_command import measure


@pytest.fixture
def system(tmp_path):
    """A package with a real energy record of a command, and the energy it holds."""
    folder = write(tmp_path / "package", {META: metadata().encode()}) / LABEL
    record, _ = measure(folder, "true")
    assert record.stages["training"].full_recipe_energy_kwh > 0
    return folder, record


def judge(folder):
    validation = validate_paths([folder.parent], load_edition("generic"))
    return validation, {finding.code: finding for finding in validation.findings}


def declare(folder, energy_kwh):
    text = metadata().replace("1.3907", f"{energy_kwh:.6e}").replace("0.01934", f"{energy_kwh / 100:.6e}")
    (folder / f"{LABEL}.meta.yaml").write_text(text)


def test_a_figure_that_is_not_the_records(system):
    folder, record = system
    _, found = judge(folder)
    if record.valid:
        assert found["V706"].where.line == 25
    else:
        assert "V706" not in found


def test_the_records_figure_is_recomputed_and_agrees(system):
    folder, record = system
    declare(folder, record.stages["training"].full_recipe_energy_kwh)
    validation, found = judge(folder)
    assert not {"V701", "V702", "V703", "V704", "V706"} & set(found)
    measured = validation.systems[0].records.measured
    assert [one.evidence for one in measured] == ["recomputed"] * record.valid


def test_a_record_edited_and_sealed_anew_is_told_by_its_journal(system):
    folder, _ = system
    path = folder / "energy.json"
    document = json.loads(path.read_text())
    document["stages"]["training"]["full_recipe_energy_kwh"] /= 2
    path.write_text(json.dumps({**document, "digest": sealed(document)}))
    _, found = judge(folder)
    assert "full_recipe_energy_kwh" in found["V703"].message


def test_an_edited_record_is_told_by_its_seal(system):
    folder, _ = system
    path = folder / "energy.json"
    path.write_text(path.read_text().replace('"schema_version": "1.0"', '"schema_version": "1.0" ', 1))
    assert "X501" not in judge(folder)[1], "blanks are not content"
    path.write_text(path.read_text().replace('"executions": 1', '"executions": 2'))
    assert "digest" in judge(folder)[1]["X501"].message


def test_a_record_without_its_journal_is_only_a_record(system):
    folder, _ = system
    (folder / "energy.journal.jsonl").unlink()
    assert "V704" in judge(folder)[1]
