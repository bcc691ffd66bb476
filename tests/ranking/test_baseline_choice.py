"""Which baseline: one choice for every command, whatever lies in this machine's store, and never one of other work."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import dcase_energy
from dcase_energy.calibration.record import record_of
from dcase_energy.calibration.store import keep
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.shipped import COUNTS, known_recipe
from dcase_energy.errors import UnusableError
from dcase_energy.findings import Where
from dcase_energy.measure.journal import parse_journal
from dcase_energy.measure.machine import describe_host
from dcase_energy.measure.records import Calibration, load_calibration
from dcase_energy.ranking.labels import ranked_once
from dcase_energy.ranking.results_table import read_results
from dcase_energy.submission.baseline_choice import load_denominator, own_machine, recorded, why_no_denominator
from dcase_energy.submission.checks.baseline import doubts
from dcase_energy.submission.evidence import Calibrated
from dcase_energy.submission.recomputing import impossible_power
from dcase_energy.submission.validate import ValidateOptions, validate_paths
from tests.cli.run import ROOT, run
from tests.ranking.systems import entry

PACKAGES = ROOT / "examples" / "packages"
ADAMS = PACKAGES / "Adams_UNI" / "calibration.json"
GENERIC = load_edition("generic")
META = "tests/acceptance/positive/M101/Adams_UNI_task4_1.meta.yaml"


def entries() -> list[dict]:
    return parse_journal(ADAMS.with_name("calibration.journal.jsonl").read_bytes(), "journal")


def with_recipe(**numbers: object) -> Calibrated:
    """The example's calibration as if it were computed from a journal of another recipe."""
    header, *rest = entries()
    changed = [{**header, "recipe": {**header["recipe"], **numbers}}, *rest]
    return Calibrated(record_of(changed), "calibration.json", "recomputed", changed)


def of_this_machine(energy: float = 0.5) -> Calibration:
    """A calibration of this very machine."""
    record = load_calibration(ADAMS)
    host = {name: describe_host()[name] for name in ("cpu_model", "cpu_threads", "memory_gib", "machine")}
    stages = {
        name: stage.model_copy(update={"full_recipe_energy_kwh": stage.full_recipe_energy_kwh * energy})
        for name, stage in record.stages.items()
    }
    return record.model_copy(update={"hardware": record.hardware | host, "stages": stages}).seal()


def store(folder: Path, *records: Calibration) -> Path:
    for number, record in enumerate(records):
        path = folder / "calibrations" / f"2026-11-2{number}T090000+0000-7e18c6f9.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.model_dump_json())
    return folder


def ratios_of_report(text: str) -> dict[str, str]:
    found = {}
    for block in text.strip().split("\n\n"):
        ratio = re.search(r"^  training .* ratio +(\S+)", block, re.MULTILINE)
        found[block.partition(":")[0]] = "" if ratio is None or ratio[1] == "-" else ratio[1]
    return found


@pytest.mark.parametrize("kept", ["empty", "of this machine", "of another machine"])
def test_report_and_rank_divide_alike_for_every_example(tmp_path, kept):
    records = {
        "empty": [],
        "of this machine": [of_this_machine()],
        "of another machine": [load_calibration(ADAMS)],
    }[kept]
    data = store(tmp_path / "data", *records)
    run("rank", PACKAGES, "--output-dir", tmp_path / "r", "--formats", "csv", DCASE_ENERGY_DATA=str(data))
    with (tmp_path / "r" / "ranking.csv").open(newline="") as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    reported = ratios_of_report(run("report", PACKAGES, DCASE_ENERGY_DATA=str(data)).stdout)
    assert set(reported) == set(rows)
    sources = {row["baseline_source"].partition(";")[0] for row in rows.values()}
    assert sources <= {"the metadata", "calibration.json of the package", ""}
    for label, row in rows.items():
        ratio = row["energy_ratio_training"]
        assert reported[label] == ("" if ratio == "" else f"{float(ratio):#.4g}"), label


@pytest.mark.parametrize("name", ["dcase2022", "dcase2023", "smoke"])
def test_the_table_of_recipes_is_that_of_the_baseline(name):
    """Else copy the figures of the recipe into ``schemas/recipes.toml``."""
    load = pytest.importorskip("dcase_baseline.recipe").load_recipe
    recipe, known = load(name), known_recipe(name)
    counts = {"batch_size": recipe.batch.total, "test_clips": recipe.data.test_clips}
    counts |= {count: getattr(recipe, count) for count in COUNTS if count not in counts}
    assert (known.sha256, known.counts) == (recipe.sha256(), counts)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"epochs": 2000}, "epochs 2000, the recipe has 200"),
        ({"batch_size": 4, "steps_per_epoch": 1420}, "batch size 4, the recipe has 48; steps per epoch 1420, the"),
        ({"validation_clips": 26580}, "validation clips 26580"),
        ({"test_clips": 11680}, "test clips 11680"),
        ({"sha256": "f" * 64}, "its hash is ffffffffffff"),
        ({"name": "smoke"}, "it measured the recipe smoke; the edition requires dcase2023"),
    ],
)
def test_a_recipe_is_known_by_its_hash_and_every_count(numbers, words):
    assert words in why_no_denominator(with_recipe(**numbers), GENERIC)


def test_a_record_alone_says_which_recipe_it_is_of_in_its_texts():
    found = with_recipe(epochs=2000, steps_per_epoch=59)
    reason = why_no_denominator(Calibrated(found.record, "calibration.json"), GENERIC)
    assert "epochs 2000" in reason
    assert "steps per epoch 59" in reason


def test_steps_without_their_clips_are_of_another_batch():
    changed = [
        {**one, "steps": 4 * one["steps"]} if one.get("phase") == "training_window" else one for one in entries()
    ]
    reason = why_no_denominator(Calibrated(record_of(changed), "c", "recomputed", changed), GENERIC)
    assert "48 clips in 4 training steps" in reason


def test_the_examples_calibration_is_a_denominator_in_both_forms():
    assert why_no_denominator(with_recipe(), GENERIC) is None
    assert why_no_denominator(Calibrated(load_calibration(ADAMS), "calibration.json"), GENERIC) is None


@pytest.mark.parametrize(("part", "factor"), [("cpu", 4.0), ("ram", 8.0)])
@pytest.mark.parametrize("figure", ["energy_kwh", "full_recipe_energy_kwh"])
def test_no_component_takes_more_than_its_method_allows(part, factor, figure):
    record = load_calibration(ADAMS)
    stage = record.stages["training"]
    one = stage.components[part]
    parts = stage.components | {part: one.model_copy(update={figure: factor * getattr(one, figure)})}
    stages = record.stages | {"training": stage.model_copy(update={"components": parts})}
    assert f"training: {part} drew" in impossible_power(record.model_copy(update={"stages": stages}))
    assert impossible_power(record) is None


def system_without_baseline(folder: Path, training_time: str) -> Path:
    text = (ROOT / META).read_text().replace("5 h (1 GTX 1080 Ti)", training_time)
    lines = [line for line in text.splitlines(keepends=True) if "baseline_" not in line]
    folder.mkdir(parents=True)
    (folder / "Adams_UNI_task4_1.meta.yaml").write_text("".join(lines))
    return folder


@pytest.mark.parametrize(
    ("hardware", "divided"),
    [
        ("5 h (1 Example CPU i9-99999X)", True),
        ("5 h (1 A100 40GB)", False),
        ("5 h (2 CPU cores)", False),
        ("5 h", False),
    ],
)
def test_this_machines_calibration_is_taken_only_where_the_hardware_is_named(tmp_path, hardware, divided):
    """Nothing is taken for the same because nothing is known of it."""
    folder = system_without_baseline(tmp_path / "Adams_UNI_task4_1", hardware)
    record = load_calibration(ADAMS)
    kept = record.model_copy(update={"hardware": record.hardware | {"cpu_model": "Example(R) i9-99999X CPU"}})
    options = ValidateOptions(own_machine=Calibrated(kept, "this machine's calibration of 2026"))
    system = validate_paths([folder], GENERIC, options=options).systems[0]
    source = system.baseline.source
    assert (source and source.partition(";")[0]) == ("this machine's calibration of 2026" if divided else None)


def test_of_this_machines_calibrations_the_newest_usable_one_is_offered(tmp_path, monkeypatch):
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path))
    good, fat = of_this_machine(0.5), of_this_machine().model_copy(update={"recipe_sha256": "0" * 64}).seal()
    store(tmp_path, good, fat)
    assert own_machine(GENERIC).record.digest == good.digest
    assert own_machine(load_edition("dcase2022-task4")) is None


def test_a_user_without_a_home_keeps_no_calibration(tmp_path, monkeypatch):
    """A folder named `~` would be made where the command runs."""
    for name in ("DCASE_ENERGY_DATA", "HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    monkeypatch.chdir(tmp_path)
    assert keep(of_this_machine()) is None
    assert own_machine(GENERIC) is None
    assert list(tmp_path.iterdir()) == []


def test_a_named_calibration_is_checked_against_the_journal_beside_it(tmp_path):
    for name in ("calibration.json", "calibration.journal.jsonl"):
        shutil.copy(ADAMS.with_name(name), tmp_path)
    path = tmp_path / "calibration.json"
    assert load_denominator(path, GENERIC).evidence == "recomputed"
    journal = tmp_path / "calibration.journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-2]))
    with pytest.raises(UnusableError, match="the journal is cut short"):
        load_denominator(path, GENERIC)
    journal.unlink()
    assert load_denominator(path, GENERIC).evidence == "record"


def test_what_cannot_be_a_denominator_ends_every_command(tmp_path):
    record = load_calibration(ADAMS).model_copy(update={"valid": False, "reasons": ["host-exclusive: busy"]}).seal()
    path = tmp_path / "calibration.json"
    path.write_text(record.model_dump_json())
    for command in (["validate"], ["report"], ["rank", "--output-dir", tmp_path / "r"], ["pack"]):
        folder = PACKAGES / "Baker_LAB"
        result = run(command[0], folder, *command[1:], "--calibration", path)
        assert result.returncode == 1, command
        assert "cannot be used: a guard found it invalid" in result.stderr
    with pytest.raises(dcase_energy.InputError, match="cannot be used"):
        dcase_energy.rank(folder, calibration=path)


def test_a_baseline_in_two_forms_is_not_two(tmp_path):
    shutil.copytree(PACKAGES / "Adams_UNI", tmp_path / "Adams_UNI")
    (tmp_path / "Adams_UNI" / "copy.json").write_text(json.dumps(json.loads(ADAMS.read_text())))
    found = validate_paths([tmp_path / "Adams_UNI"], GENERIC)
    assert {system.baseline.evidence for system in found.systems} == {"recomputed"}


def test_whole_epochs_of_1_0_are_scaled_where_they_divide():
    record = load_calibration(ROOT / "tests" / "data" / "whole_epochs_1_0" / "calibration.json")
    found = recorded(Calibrated(record, "calibration.json"), GENERIC)
    assert found.energy_kwh["training"] == pytest.approx(
        1.5677 * record.stages["training"].full_recipe_energy_kwh, 1e-4
    )
    assert found.source.startswith("calibration.json; its validation of 638 clips an epoch was scaled to the 2658")
    assert found.calibration.record.stages["training"].full_recipe_energy_kwh == found.energy_kwh["training"]


@pytest.mark.parametrize(
    ("time", "baseline", "divided"),
    [
        ("3 h (1 A100)", "2 CPU cores", False),
        ("3 h (1 A100)", "Tesla T4", False),
        ("3 h (1 A100)", "NVIDIA A100-SXM4-40GB", True),
        ("3 h", "Tesla T4", True),
        ("3 h (1 A100)", "", True),
    ],
)
def test_a_table_names_hardware_in_its_training_time_too(tmp_path, time, baseline, divided):
    head = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_training_kwh,energy_baseline_test_kwh"
    path = tmp_path / "results.csv"
    path.write_text(
        f"{head},training_time,baseline_hardware\nA_U_task4_1,0.4,0.6,1.2,0.02,1.4,0.02,{time},{baseline}\n"
    )
    found, findings = read_results(path, GENERIC)
    assert (found[0].not_comparable == {}) == divided
    assert [finding.code for finding in findings] == ([] if divided else ["K801"])


def test_labels_that_differ_in_case_are_ranked_once():
    systems = [entry("A_U_task4_1", 0.5), entry("a_u_task4_1", 0.9), replace(entry("A_U_task4_1", 0.7), team="other")]
    once, findings = ranked_once(systems)
    assert [(one.label, one.excluded is None) for one in once] == [("A_U_task4_1", True), ("a_u_task4_1", False)]
    assert [finding.code for finding in findings] == ["T106", "T106"]
    assert "'a_u_task4_1' differs only in case or spaces from 'A_U_task4_1'" in findings[0].message


@pytest.mark.parametrize(
    ("edition", "training", "test", "withheld"),
    [
        ("generic", 1.396, 0.0198, []),
        ("generic", 2.9, 0.0198, [("P805", False)]),
        ("generic", 13.96, 0.0198, [("P805", True)]),
        ("generic", 0.13, 0.0198, [("P805", False)]),
        ("generic", 0.12, 0.0198, [("P805", True)]),
        ("generic", 1.396, 1.396, [("E205", True)]),
        ("generic", 1.396, 0.4, [("E205", True)]),
        ("generic", 1.18, 0.0004047, []),
        ("generic", 1396.0, 0.0198, [("P805", True)]),
        ("dcase2024-task4", 0.0812, 0.1391, []),
        ("dcase2024-task4", 0.0812, 0.0812, [("E205", True)]),
        ("dcase2023-task4a", 2.82, 2.82, []),
    ],
)
def test_a_stated_baseline_lies_where_its_recipe_does(edition, training, test, withheld):
    energies = {"training": training, "test": test}
    rules = load_edition(edition)
    found = [finding for _, finding in doubts(energies, rules, Where, stated=True)]
    assert [(one.code, bool(one.withholds)) for one in found] == withheld
    assert not any(one.withholds for _, one in doubts(energies, rules, Where, stated=False))
