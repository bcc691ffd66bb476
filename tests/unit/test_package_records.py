"""A system's own energy record in its package: checked against its journal, and the metadata against it."""

from __future__ import annotations

import json

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.journal import sealed
from dcase_energy.submission import recomputing
from dcase_energy.submission.validate import validate_paths
from tests.acceptance import make_packages
from tests.builders import emissions
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
    assert record.valid
    assert judge(folder)[1]["V706"].where.line == 25


def test_the_records_figure_is_recomputed_and_agrees(system):
    folder, record = system
    declare(folder, record.stages["training"].full_recipe_energy_kwh)
    validation, found = judge(folder)
    assert not {"V701", "V702", "V703", "V704", "V706"} & set(found)
    measured = validation.systems[0].records.measured
    assert [one.evidence for one in measured] == ["recomputed"]


def test_a_record_edited_and_sealed_anew_is_told_by_its_journal(system):
    folder, _ = system
    path = folder / "energy.json"
    document = json.loads(path.read_text())
    document["stages"]["training"]["full_recipe_energy_kwh"] /= 2
    path.write_text(json.dumps({**document, "digest": sealed(document)}))
    _, found = judge(folder)
    assert "full_recipe_energy_kwh" in found["V703"].message


SPOILED = {
    "a component": (("stages", "training", "components", "cpu", "full_recipe_energy_kwh"), 1e-12),
    "a method": (("stages", "training", "components", "cpu", "method"), "estimated"),
    "an interval": (
        ("stages", "training", "full_recipe_energy_interval"),
        {"kind": "mean-of-windows", "level": 0.95, "low": 0, "high": 1, "n": 2},
    ),
    "the number of executions": (("executions",), 7),
    "the hardware": (("hardware", "gpu_name"), "NVIDIA H100"),
    "a device": (("devices",), [{"name": "NVIDIA H100"}]),
    "the tier": (("tier",), "mixed"),
    "the software": (("software", "codecarbon_version"), "3.3.9"),
    "the repeats": (("repeats", "training", "values_kwh"), [1e-12]),
}


@pytest.mark.parametrize("what", SPOILED)
def test_every_figure_of_a_record_is_recomputed_not_its_total_alone(system, what):
    folder, _ = system
    path = folder / "energy.json"
    document = json.loads(path.read_text())
    (*parents, last), value = SPOILED[what]
    node = document
    for name in parents:
        node = node[name]
    assert node.get(last) != value
    node[last] = value
    path.write_text(json.dumps({**document, "digest": sealed(document)}))
    validation, found = judge(folder)
    assert last in found["V703"].message or parents[-1] in found["V703"].message
    assert validation.systems[0].records.measured == ()


def test_a_record_of_another_version_may_judge_and_detail_otherwise(system, monkeypatch):
    folder, record = system
    declare(folder, record.stages["training"].full_recipe_energy_kwh)
    monkeypatch.setattr("dcase_energy.submission.recomputing.__version__", "9.9.9")
    path = folder / "energy.json"
    document = json.loads(path.read_text())
    document["stages"]["training"]["estimated_share"] = 0.123
    path.write_text(json.dumps({**document, "digest": sealed(document)}))
    assert "V703" not in judge(folder)[1]
    document["stages"]["training"]["components"]["cpu"]["energy_kwh"] = 1e-12
    path.write_text(json.dumps({**document, "digest": sealed(document)}))
    assert "components cpu energy_kwh" in judge(folder)[1]["V703"].message


def test_models_of_an_ensemble_measured_one_by_one_add_up(system):
    folder, record = system
    for name in ("json", "journal.jsonl"):
        (folder / f"energy_2.{name}").write_bytes((folder / f"energy.{name}").read_bytes())
    one = record.stages["training"].full_recipe_energy_kwh
    for declared, agrees in ((one, True), (2 * one, True), (3 * one, False)):
        declare(folder, declared)
        _, found = judge(folder)
        assert ("V706" not in found) is agrees
    assert "the 2 records of the training add up to" in found["V706"].message


def test_an_edited_record_is_told_by_its_seal(system):
    folder, _ = system
    path = folder / "energy.json"
    path.write_text(path.read_text().replace('"schema_version": "1.1"', '"schema_version": "1.1" ', 1))
    assert "X501" not in judge(folder)[1], "spaces are not content"
    path.write_text(path.read_text().replace('"executions": 1', '"executions": 2'))
    assert "digest" in judge(folder)[1]["X501"].message


def test_a_record_without_its_journal_is_only_a_record(system):
    folder, _ = system
    (folder / "energy.journal.jsonl").unlink()
    assert "V704" in judge(folder)[1]


def _higher(document, *path):
    *parents, last = path
    node = document
    for name in parents:
        node = node[name]
    assert node[last] is not None
    node[last] *= 2


@pytest.mark.parametrize(
    "path",
    [
        ("stages", "training", "components", "ram", "full_recipe_energy_kwh"),
        ("stages", "training", "full_recipe_energy_kwh_high"),
        ("stages", "test", "duration_s"),
        ("outside", "data_preparation", "energy_kwh"),
    ],
    ids=".".join,
)
def test_every_figure_of_a_calibration_is_recomputed_too(path, tmp_path, monkeypatch):
    journal = make_packages.real_journal()
    record = make_packages.record_for(journal)
    # Of a record of another version, only what a ratio is made of is compared.
    monkeypatch.setattr(recomputing, "__version__", record["software"]["dcase_energy"])
    _higher(record, *path)
    contents = {
        META: metadata().encode(),
        f"{LABEL}/calibration.json": json.dumps(make_packages.seal(record)).encode(),
        f"{LABEL}/calibration.journal.jsonl": journal,
    }
    _, found = judge(write(tmp_path / "package", contents) / LABEL)
    assert path[-1] in found["V703"].message


def test_an_own_figure_that_a_record_holds_need_not_be_in_a_codecarbon_file(system):
    folder, record = system
    (folder / "emissions_training.csv").write_bytes(
        emissions.table(emissions.row(energy_consumed=1.412, cpu_energy=0.1913))
    )
    assert "W818" in judge(folder)[1]
    declare(folder, record.stages["training"].full_recipe_energy_kwh)
    assert "W818" not in judge(folder)[1]
