"""Packages: runs and bootstraps become intervals, records become evidence, work is spread without changing a digit."""

from __future__ import annotations

import csv
import json
import math
import shutil
import socket
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.measure.records import Calibration, Energy
from dcase_energy.ranking.bases import ratio_by
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.packages import assess
from dcase_energy.submission.evidence import Calibrated
from dcase_energy.submission.validate import ValidateOptions, validate_paths
from tests.cli.run import ROOT, run

PACKAGES = ROOT / "examples" / "packages"
TRUTH = ("--ground-truth", ROOT / "examples" / "truth.tsv", "--durations", ROOT / "examples" / "durations.tsv")


def ranked(folder: Path, *arguments: object) -> dict[str, dict[str, str]]:
    packages = PACKAGES.relative_to(ROOT)
    result = run("rank", packages, *TRUTH, "--output-dir", folder, "--formats", "csv", *arguments)
    assert result.returncode == 1, result.stderr
    with (folder / "ranking.csv").open(newline="") as file:
        return {row["label"]: row for row in csv.DictReader(file)}


def test_runs_give_a_range(tmp_path):
    rows = ranked(tmp_path)
    several = rows["Adams_UNI_task4_2"]
    assert several["psds1_interval"] == "range over 3 runs"
    assert float(several["psds1_low"]) <= float(several["psds1"]) <= float(several["psds1_high"])
    assert several["ranking_score_interval"] == "from psds1 (range over 3 runs), psds2 (range over 3 runs)"
    assert rows["Baker_LAB_task4_1"]["psds1_interval"] == ""


def test_a_bootstrap_gives_intervals_and_probabilities(tmp_path):
    rows = ranked(tmp_path, "--bootstrap", 50)
    for label in ("Baker_LAB_task4_1", "Baker_LAB_task4_2", "Adams_UNI_task4_2"):
        assert rows[label]["psds1_interval"] == "bootstrap, 90 %"
        assert float(rows[label]["psds1_low"]) <= float(rows[label]["psds1"]) <= float(rows[label]["psds1_high"])
    first = next(row for row in rows.values() if row["rank"] == "1")
    assert first["beats_next_basis"] == "paired bootstrap, 50 replicates"
    assert 0.5 < float(first["beats_next_probability"]) <= 1


def test_jobs_change_nothing(tmp_path):
    ranked(tmp_path / "one", "--bootstrap", 5)
    ranked(tmp_path / "two", "--bootstrap", 5, "--jobs", 2)
    assert (tmp_path / "one" / "ranking.csv").read_bytes() == (tmp_path / "two" / "ranking.csv").read_bytes()


@pytest.mark.slow
def test_a_cluster_of_two_processes_changes_nothing(tmp_path, monkeypatch):
    """Relative paths too: the workers have another working directory. Each of them has work to do."""
    from distributed import Client, LocalCluster

    monkeypatch.chdir(tmp_path)
    ranked(tmp_path / "here", "--bootstrap", 20)
    with LocalCluster(n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0") as cluster:
        ranked(tmp_path / "there", "--bootstrap", 20, "--scheduler", cluster.scheduler_address)
        with Client(cluster.scheduler_address, set_as_default=False) as client:
            modules = client.run(lambda: "dcase_energy.ranking.scored" in __import__("sys").modules)
    assert sorted(modules.values()) == [True, True]
    assert (tmp_path / "here" / "ranking.csv").read_bytes() == (tmp_path / "there" / "ranking.csv").read_bytes()


def test_a_scheduler_that_does_not_answer_is_told_of_and_leaves_the_old_sheets(tmp_path):
    (tmp_path / "ranking.csv").write_text("old")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    result = run("rank", PACKAGES, *TRUTH, "--output-dir", tmp_path, "--scheduler", address)
    assert result.returncode == 1
    assert f"no Dask scheduler answers at {address}" in result.stderr
    assert (tmp_path / "ranking.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bootstrap", "10"], "it needs ground truth"),
        (["--formats", "csv,doc"], "--formats: doc; choose from"),
        (["--plots", "gif"], "--plots: gif; choose from svg, png, pdf"),
        (["--interval-kind", "psds1=sure"], "write FIGURE=KIND"),
        (["--jobs", "-1"], "-1 is not in the range"),
    ],
)
def test_wrong_use(tmp_path, arguments, words):
    result = run("rank", PACKAGES, "--output-dir", tmp_path / "r", *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert not (tmp_path / "r").exists()


def test_a_label_in_two_sources_is_ranked_once_and_told_of(tmp_path):
    head = "label,psds1,psds2,energy_training_kwh,energy_test_kwh"
    for name, score in (("a", 0.5), ("b", 0.9)):
        (tmp_path / f"{name}.csv").write_text(f"{head}\nA_U_task4_1,{score},{score},1,1\n")
    tables = (tmp_path / "a.csv", tmp_path / "b.csv")
    result = run("rank", *tables, "--output-dir", tmp_path / "r", "--formats", "csv")
    assert result.returncode == 1
    assert "error T106 label 'A_U_task4_1' comes 2 times" in result.stderr
    with (tmp_path / "r" / "ranking.csv").open(newline="") as file:
        assert [row["psds1"] for row in csv.DictReader(file)] == ["0.5"]


def test_sheets_of_an_earlier_run_are_told_of(tmp_path):
    (tmp_path / "ranking.csv").touch()
    result = run("rank", PACKAGES, "--output-dir", tmp_path, "--formats", "md")
    assert "left over from an earlier run (not deleted): ranking.csv" in result.stderr


def test_json_on_stdout_is_that_of_the_sheets(tmp_path):
    result = run("rank", PACKAGES, "--output-dir", tmp_path, "--formats", "json", "--format", "json")
    assert result.stdout == (tmp_path / "ranking.json").read_text(encoding="utf-8")
    assert str(tmp_path / "ranking.json") in result.stderr


def energy_record(stage: str, energy_kwh: float, **changes: object) -> dict[str, object]:
    """An energy record as a measuring session seals it."""
    parts = {"gpu": 0.7 * energy_kwh, "cpu": 0.2 * energy_kwh, "ram": 0.1 * energy_kwh}
    figures = {
        "work": "one execution", "energy_kwh": energy_kwh, "full_recipe_energy_kwh": energy_kwh,
        "full_recipe_energy_interval": {
            "kind": "mean-of-windows", "level": 0.95, "low": 0.95 * energy_kwh, "high": 1.05 * energy_kwh, "n": 5,
        },
        "epochs": 0, "steps": 0, "clips": 0, "duration_s": 3600.0,
        "full_recipe_duration_s": 3600.0, "phases": {},
        "components": {
            name: {"energy_kwh": value, "full_recipe_energy_kwh": value, "method": "counted", "detail": ""}
            for name, value in parts.items()
        },
    }  # fmt: skip
    record: dict[str, object] = {
        "run_id": "b", "created": "2026-01-01T00:00:00+00:00", "complete": True, "tier": "measured", "valid": True,
        "reasons": [], "hardware": {"gpu_name": "NVIDIA A100-SXM4-40GB"}, "hardware_sha256": "0",
        "software": {"codecarbon_version": "3.3.2"}, "guards": [], "warnings": [], "journal_sha256": "0",
        "stage": stage, "stages": {stage: figures}, "command_sha256": None, "exit_code": 0, "executions": 1,
    }  # fmt: skip
    return Energy.model_validate(record | changes).seal().model_dump(mode="json")


def with_records(folder: Path, record: dict[str, object], calibration: dict[str, object] | None = None):
    """The example system with a record beside it, assessed; its training energy is 1.3907 kWh."""
    edition = load_edition("generic")
    shutil.copytree(ROOT / "tests/acceptance/positive/M101", folder)
    (folder / "energy_training.json").write_text(json.dumps(record))
    baseline = None if calibration is None else Calibrated(a_calibration(**calibration), "calibration.json (given)")
    return assess(validate_paths([folder], edition, options=ValidateOptions(baseline)))[0]


def a_calibration(**changes: object) -> Calibration:
    edition = load_edition("generic")
    stage = {
        "work": "10 of 200", "energy_kwh": 0.05, "full_recipe_energy_kwh": 1.0, "epochs": 10,
        "full_recipe_energy_interval": {"kind": "mean-of-epochs", "level": 0.95, "low": 0.9, "high": 1.1, "n": 10},
        "steps": 10, "clips": 10, "duration_s": 1, "full_recipe_duration_s": 20, "phases": {},
        "components": {"gpu": {"energy_kwh": 0.03, "full_recipe_energy_kwh": 0.6, "method": "counted", "detail": ""}},
    }  # fmt: skip
    record = {
        "run_id": "a", "created": "2026-01-01T00:00:00+00:00", "edition": "generic", "recipe": edition.baseline.recipe,
        "recipe_sha256": "0", "quick": False, "complete": True, "tier": "measured", "valid": True, "reasons": [],
        "implementation": {"name": "b", "version": "1", "execution_path": f"{edition.baseline.execution_path}/1"},
        "stages": {"training": stage}, "hardware": {"gpu_name": "NVIDIA A100-SXM4-40GB"}, "hardware_sha256": "0",
        "software": {"codecarbon_version": "3.3.2"}, "data": {}, "scores": {}, "epochs_log": [], "guards": [],
        "warnings": [], "journal_sha256": "0",
    }  # fmt: skip
    return Calibration.model_validate(record | changes).seal()


def test_records_of_both_give_ratios_of_the_total_and_of_the_gpu_with_intervals(tmp_path):
    found = with_records(tmp_path / "Adams_UNI_task4_1", energy_record("training", 1.3907), {})
    assert found.entry.not_comparable == {"test": "no figure of the test in calibration.json (given)"}
    one = make_ranking([found.entry], load_edition("generic")).systems[0]
    assert one.figures.energy_ratio["training"] == pytest.approx(1.3907)
    assert ratio_by(one.entry, load_edition("generic"), "training", "gpu") == pytest.approx(0.7 * 1.3907 / 0.6)
    ratio = one.uncertainty.intervals["energy_ratio_training"]
    down, up = math.hypot(math.log(0.95), math.log(1.1)), math.hypot(math.log(1.05), math.log(0.9))
    assert (ratio.low, ratio.high) == pytest.approx((1.3907 * math.exp(-down), 1.3907 * math.exp(up)))
    assert "(windows, 95 %), energy_baseline_training_kwh (calibration, 95 %), 95 %" in ratio.label
    assert one.entry.gpu_model == "A100"
    assert one.entry.baseline_evidence == "record"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hardware": {"gpu_name": "Tesla V100-SXM2-16GB"}}, "on Tesla V100-SXM2-16GB, the baseline on NVIDIA A100"),
        ({"hardware": {"gpu_name": "NVIDIA A100-SXM4-40GB", "cpu_model": "another"}}, "another machine (cpu_model"),
        ({"software": {"codecarbon_version": "2.1.4"}}, "measured with CodeCarbon 2.1.4, the baseline with 3.3.2"),
        ({"tier": "estimated"}, "estimated is not divided by measured"),
    ],
)
def test_records_that_do_not_go_together_are_not_divided(tmp_path, changes, reason):
    found = with_records(tmp_path / "Adams_UNI_task4_1", energy_record("training", 1.3907, **changes), {})
    assert reason in found.entry.not_comparable["training"]
    assert "K801" in {finding.code for finding in found.findings}
    one = make_ranking([found.entry], load_edition("generic")).systems[0]
    assert one.figures.energy_ratio["training"] is None
    assert ratio_by(one.entry, load_edition("generic"), "training", "gpu") is None


@pytest.mark.parametrize("spoiled", ["digest", "figure", "invalid", "other figure"])
def test_a_record_that_cannot_be_trusted_is_not_used(tmp_path, spoiled):
    record = energy_record("training", 5.0 if spoiled == "other figure" else 1.3907, valid=spoiled != "invalid")
    if spoiled == "digest":
        record["digest"] = "0"
    if spoiled == "figure":
        record["tier"] = "estimated"
    found = with_records(tmp_path / "Adams_UNI_task4_1", record, {})
    assert found.entry.components_kwh == {}
    assert "energy_training_kwh" not in found.entry.intervals


def test_a_forged_record_beside_several_systems_gives_no_figure_to_any(tmp_path):
    """One level above the systems it belongs to no system; it is refused all the same."""
    folder = tmp_path / "package" / "Adams_UNI_task4_1"
    shutil.copytree(ROOT / "tests/acceptance/positive/M101", folder)
    record = energy_record("training", 1.3907)
    for name, spoiled in (("good", record), ("bad", {**record, "executions": 2})):
        (folder.parent / "energy_training.json").write_text(json.dumps(spoiled))
        found = assess(validate_paths([folder.parent], load_edition("generic")))[0]
        assert bool(found.entry.components_kwh) == (name == "good")
