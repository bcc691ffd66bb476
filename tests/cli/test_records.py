"""`records`: a record is printed again, checked against its journal, set beside another, and listed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import dcase_energy
from dcase_energy.calibration.comparing import side_by_side
from dcase_energy.calibration.store import keep
from dcase_energy.cli.render.record import record_text
from dcase_energy.measure.machine import describe_host
from dcase_energy.measure.records import Calibration, Energy, load_calibration, load_energy
from dcase_energy.stats import Interval
from tests.cli.run import ROOT, run

FOLDER = ROOT / "tests" / "data" / "records" / "1.1"
CALIBRATION, ENERGY = FOLDER / "calibration.json", FOLDER / "energy.json"
ADAMS = ROOT / "examples" / "packages" / "Adams_UNI" / "calibration.json"


def copied(folder: Path, source: Path = CALIBRATION) -> Path:
    """A record with its journal."""
    journal = source.with_name(f"{source.stem}.journal.jsonl")
    shutil.copy(journal, folder / journal.name)
    return Path(shutil.copy(source, folder / source.name))


def calibration(**changes: object) -> Calibration:
    return load_calibration(CALIBRATION).model_copy(update={"valid": True, "reasons": [], **changes})


def energy(**changes: object) -> Energy:
    return load_energy(ENERGY).model_copy(update={"valid": True, "reasons": [], **changes})


def test_show_prints_what_the_command_that_wrote_it_prints():
    shown = run("records", "show", ADAMS)
    assert shown.returncode == 0
    first, *lines = shown.stdout.splitlines()
    record = load_calibration(ADAMS)
    assert first == f"{ADAMS}: calibration of recipe dcase2023 (quick), {record.created}"
    assert record_text(record, full=True).splitlines() == lines[:-1]
    assert lines[-1].startswith("usable as the baseline of: generic")
    document = json.loads(run("records", "show", ADAMS, "--format", "json").stdout)
    assert document == json.loads(ADAMS.read_text())
    assert "usable" not in run("records", "show", ENERGY).stdout


def test_a_record_that_follows_from_its_journal_is_verified(tmp_path):
    for source in (CALIBRATION, ENERGY, ADAMS):
        shown = run("records", "verify", copied(tmp_path, source))
        assert shown.returncode == 0, shown.stdout
        assert ": verified, computed again from " in shown.stdout
    # The guards' verdict is about the measurement, not about the record.
    assert run("records", "verify", CALIBRATION).stdout.splitlines()[-1].startswith("its guards call it not valid:")


def test_an_edited_record_is_not_verified_and_every_changed_figure_is_named(tmp_path):
    path = copied(tmp_path)
    document = json.loads(path.read_text())
    document["stages"]["training"]["energy_kwh"] *= 2
    document["hardware"]["cpu_model"] = "AMD EPYC 9999"
    path.write_text(json.dumps(document))
    shown = run("records", "verify", path, "--format", "json")
    assert shown.returncode == 1
    found = json.loads(shown.stdout)
    assert not found["verified"]
    assert [one["code"] for one in found["findings"]] == ["X501", "V703"]
    assert [one.partition(":")[0] for one in found["differences"]] == ["hardware cpu_model", "training energy_kwh"]
    text = run("records", "verify", path)
    assert text.returncode == 1
    assert all(one in text.stdout for one in found["differences"])
    assert "NOT VERIFIED" in text.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda journal: journal.unlink(), "V704"),
        (lambda journal: journal.write_text(journal.read_text().replace('"run"', '"ran"', 1)), "V701"),
        (lambda journal: shutil.copy(ENERGY.with_name("energy.journal.jsonl"), journal), "V702"),
    ],
    ids=["missing", "edited", "of another run"],
)
def test_a_journal_that_proves_nothing_is_a_finding(tmp_path, change, code):
    path = copied(tmp_path)
    change(tmp_path / "calibration.journal.jsonl")
    shown = run("records", "verify", path, "--format", "json")
    assert shown.returncode == 1
    assert code in [one["code"] for one in json.loads(shown.stdout)["findings"]]


@pytest.mark.parametrize("action", ["show", "verify"])
def test_what_is_not_a_record_is_a_usage_error(tmp_path, action):
    path = tmp_path / "a.json"
    path.write_text("{}")
    shown = run("records", action, path)
    assert shown.returncode == 2
    assert "is not a record (`dcase-energy calibrate` and `dcase-energy measure` write them)" in shown.stderr


def test_two_calibrations_have_a_ratio_an_interval_and_what_differs():
    first = calibration()
    stage = first.stages["training"]
    twice = stage.model_copy(
        update={
            "full_recipe_energy_kwh": 2 * stage.full_recipe_energy_kwh,
            "full_recipe_energy_interval": Interval(
                1.94 * stage.full_recipe_energy_kwh, 2.06 * stage.full_recipe_energy_kwh, "x", 0.95
            ),
        }
    )
    narrow = stage.model_copy(
        update={
            "full_recipe_energy_interval": Interval(
                0.96 * stage.full_recipe_energy_kwh, 1.04 * stage.full_recipe_energy_kwh, "x", 0.95
            )
        }
    )
    first = calibration(stages={"training": narrow})
    second = calibration(
        stages={"training": twice}, hardware={**first.hardware, "cpu_threads": 64}, backends=None, quick=False
    )
    found = side_by_side(first, second)
    pair, scoring = found.stages
    assert (pair.name, scoring.name, scoring.ratio) == ("training", "scoring", 1)
    assert pair.ratio == pytest.approx(2)
    # 3 % and 4 % in quadrature are 5 %.
    assert (pair.interval.low, pair.interval.high) == pytest.approx((1.9, 2.1), rel=2e-3)
    differing = {(one.group, one.name): (one.first, one.second) for one in found.differing}
    assert differing == {
        ("hardware", "cpu_threads"): (2, 64),
        ("backends", "all"): ("recorded", "not recorded"),
        ("work", "quick"): (True, False),
    }
    assert found.indicative == ()
    assert {guard.code for guard in found.guards if guard.state == "invalid"} == {"same-machine"}


def test_the_ratio_of_a_system_is_withheld_where_a_guard_refuses_it():
    baseline, system = calibration(), energy()
    for order in ((system, baseline), (baseline, system)):
        found = side_by_side(*order)
        assert (found.first, found.second) == (baseline, system)
        (pair,) = found.stages
        assert pair.ratio == pytest.approx(
            system.stages["test"].energy_kwh / baseline.stages["test"].full_recipe_energy_kwh
        )
    found = side_by_side(baseline, energy(constants_w={"cpu": 80.0, "ram": 20.0}))
    assert found.stages[0].ratio is None
    assert any(guard.state == "invalid" and "other constants" in guard.message for guard in found.guards)
    # Only what both kinds of record state is compared.
    assert {one.group for one in found.differing} == {"constant watts"}


def test_compare_gives_the_same_as_text_and_json(tmp_path):
    text = run("records", "compare", ENERGY, CALIBRATION)
    assert text.returncode == 0
    lines = text.stdout.splitlines()
    assert lines[:2] == [f"first:  {CALIBRATION}", f"second: {ENERGY}"]
    assert "  invalid same-work" in text.stdout
    document = json.loads(run("records", "compare", ENERGY, CALIBRATION, "--format", "json").stdout)
    assert (document["first"], document["second"]) == (str(CALIBRATION), str(ENERGY))
    assert document["stages"]["test"]["ratio"] is None
    found = dcase_energy.compare_records(ENERGY, CALIBRATION)
    assert document["stages"]["test"]["energy_kwh"][1] == found.stages[0].second.energy_kwh
    both = run("records", "compare", ADAMS, CALIBRATION).stdout
    assert "the ratio is indicative" in both
    assert "work: recipe" in both


def test_list_shows_what_is_kept_here_and_what_a_folder_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("DCASE_ENERGY_DATA", str(tmp_path / "store"))
    own = calibration(hardware={**load_calibration(CALIBRATION).hardware, **describe_host()}).seal()
    kept = keep(own)
    folder = tmp_path / "records"
    folder.mkdir()
    shutil.copy(ADAMS, folder / "adams.json")
    (folder / "calibration_broken.json").write_text("{")
    (folder / "other.json").write_text('{"a": 1}')
    environment = {"DCASE_ENERGY_DATA": str(tmp_path / "store")}
    lines = run("records", "list", folder, **environment).stdout.splitlines()
    assert lines[0].startswith("calibration of recipe dcase2023 (quick), 2026-11-")
    assert ", estimated, valid, training " in lines[0]
    assert lines[2].startswith("  usable as the baseline of: generic")
    assert f"  {kept}" in lines
    assert lines[-1] == "  usable as the baseline of: no edition"
    assert "of another machine" not in lines[-3]
    document = json.loads(run("records", "list", folder, "--format", "json", **environment).stdout)
    rows = {Path(one["file"]).name: one for one in document["records"]}
    assert list(rows) == ["adams.json", "calibration_broken.json", kept.name]
    assert "is not JSON" in rows["calibration_broken.json"]["problem"]
    assert "generic" in rows["adams.json"]["editions"]
    assert rows[kept.name]["this_machine"]
    found = dcase_energy.list_records(folder)
    assert [(str(one.path), list(one.editions)) for one in found if one.record] == [
        (one["file"], one["editions"]) for one in document["records"] if one["problem"] is None
    ]


def test_an_empty_list_says_what_makes_a_record():
    assert run("records", "list").stdout == "no record here; `dcase-energy calibrate --quick` makes one\n"
    assert run("records", "list", "no/such/folder").returncode == 2


def test_the_library_reads_and_verifies_as_the_command_does():
    assert dcase_energy.read_record(ENERGY) == load_energy(ENERGY)
    found = dcase_energy.verify_record(CALIBRATION)
    assert found.holds
    assert found.again == found.record == load_calibration(CALIBRATION)
    assert not dcase_energy.verify_record(ROOT / "tests" / "data" / "records" / "1.0" / "energy.json").holds
