"""Views that are asked for: any score against any cost, the efficient track; kWh to the baseline's score."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace

import openpyxl
import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.parts import EfficientTrack
from dcase_energy.errors import InputError
from dcase_energy.measure.record_parts import BatchJob
from dcase_energy.measure.records import load_energy
from dcase_energy.ranking.epochs import EpochLog, to_baseline
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.report import report_of
from dcase_energy.ranking.sheet import columns_of
from dcase_energy.ranking.tradeoffs import all_views, track_of, why_no_track, with_views
from dcase_energy.sheets import FORMATS, write_report
from tests.cli.run import ROOT, run
from tests.ranking.systems import entry, ranking

FIELD = [
    entry("A_U_task4_1", 0.9, energy_kwh={"training": 9.0, "test": 0.9}, extra={"latency_ms": "80"}),
    entry("B_U_task4_1", 0.8, energy_kwh={"training": 2.0, "test": 0.1}, extra={"latency_ms": "90"}),
    entry("C_U_task4_1", 0.5, energy_kwh={"training": 1.0, "test": 0.05}, extra={"latency_ms": "20"}),
    entry("Baseline_task4_1", 0.6, energy_kwh={"training": 1.0, "test": 0.02}, extra={"latency_ms": ""}),
]


def rows_of(found, name: str) -> list[tuple[int, str]]:
    (view,) = [one for one in all_views(found) if one.name == name]
    return [(place, one.entry.label.partition("_")[0]) for place, one in view.rows]


def test_any_score_against_any_cost():
    found = with_views(ranking(*FIELD), [("psds2", "latency_ms"), ("ranking_score", "energy_test_kwh")], None)
    assert rows_of(found, "front_psds2_latency_ms") == [(1, "C"), (2, "A")]
    assert rows_of(found, "front_ranking_score_energy_test_kwh") == [(1, "Baseline"), (2, "B"), (3, "A")]
    report = report_of(found)
    table = next(one for one in report.sheets[0].tables if one.name == "front_psds2_latency_ms")
    assert [column.title for column in table.columns] == ["Place", "System", "Team", "PSDS2", "latency_ms"]
    assert table.values == [[1, "C_U_task4_1", "C_U_task4", 0.5, 20.0], [2, "A_U_task4_1", "A_U_task4", 0.9, 80.0]]
    assert "front_psds2_latency_ms" in {chart.name for chart in report.charts}
    assert "front_psds2_latency_ms" in report.facts["views"]


def test_a_score_of_which_lower_is_better(tmp_path):
    path = tmp_path / "edition.toml"
    path.write_text('base = "common"\nname = "own"\ntitle = "Own"\n[scores.loss]\ntitle = "Loss"\nbetter = "lower"\n')
    entries = [replace(one, scores={"loss": 1 - (one.scores["psds1"] or 0)}) for one in FIELD]
    found = with_views(
        make_ranking(entries, load_edition(str(path))), [("loss", "latency_ms")], EfficientTrack(share=0.5)
    )
    assert rows_of(found, "front_loss_latency_ms") == [(1, "C"), (2, "A")]
    # The best loss is 0.1: half as good is 0.2, which B reaches.
    assert rows_of(found, "efficient_training") == [(1, "B"), (2, "A")]


@pytest.mark.parametrize(
    ("track", "training", "test"),
    [
        (EfficientTrack(share=0.85), [(1, "B"), (2, "A")], [(1, "B"), (2, "A")]),
        (EfficientTrack(share=1.0, of="baseline"), [(1, "Baseline"), (2, "B"), (3, "A")], None),
        (EfficientTrack(share=1.0), [(1, "A")], [(1, "A")]),
        (EfficientTrack(share=0.1), [(1, "Baseline"), (1, "C"), (3, "B"), (4, "A")], None),
    ],
)  # fmt: skip
def test_the_efficient_track(track, training, test):
    found = with_views(ranking(*FIELD), [], track)
    assert rows_of(found, "efficient_training") == training
    assert test is None or rows_of(found, "efficient_test") == test


def test_the_efficient_track_of_an_edition(tmp_path):
    path = tmp_path / "edition.toml"
    path.write_text('base = "generic"\nname = "own"\ntitle = "Own"\n[efficient]\nshare = 0.85\n')
    assert rows_of(make_ranking(FIELD, load_edition(str(path))), "efficient_training") == [(1, "B"), (2, "A")]
    other = tmp_path / "other.toml"
    other.write_text(path.read_text() + 'of = "baseline"\n')
    without = make_ranking(FIELD[:3], load_edition(str(other)))
    assert not [view for view in all_views(without) if view.name.startswith("efficient")]
    (reason,) = why_no_track(without)
    assert reason in report_of(without).sheets[0].notes
    assert reason.startswith("No efficient track: no system of the baseline has a rank")


@pytest.mark.parametrize(
    ("against", "track", "words"),
    [
        ([("psds1", "wattage")], None, "wattage is not a column of the ranking: any of .*latency_ms"),
        ([("label", "macs")], None, "label holds no number"),
        (
            [("energy_test_kwh", "psds1")],
            None,
            "a high or a low energy_test_kwh is better; it says so of psds1, ",
        ),
        ([("latency_ms", "energy_test_kwh")], None, r"\[scores.latency_ms\] with `better`"),
        ([], EfficientTrack(share=1.0, of="baseline"), "no system of the baseline has a rank"),
    ],
)
def test_views_that_cannot_be(against, track, words):
    with pytest.raises(InputError, match=words):
        with_views(ranking(*FIELD[:3]), against, track)


@pytest.mark.parametrize(
    ("text", "track"),
    [
        ("0.9", EfficientTrack(share=0.9)),
        ("90 %", EfficientTrack(share=0.9)),
        ("1:baseline", EfficientTrack(share=1.0, of="baseline")),
        ("95%:best", EfficientTrack(share=0.95)),
        ("1.1:baseline", EfficientTrack(share=1.1, of="baseline")),
        ("2", None), ("101%:best", None), ("0", None), ("-1", None), ("0.9:median", None), ("best", None), ("", None),
    ],
)  # fmt: skip
def test_a_track_in_words(text, track):
    assert track_of(text) == track


def test_the_options(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("label,psds1,psds2,energy_training_kwh,energy_test_kwh,memory_mb\n"
                    "A_U_task4_1,0.5,0.5,2,0.1,300\nBaseline_task4_1,0.4,0.4,1,0.1,100\n")  # fmt: skip
    out = tmp_path / "r"
    shown = run("rank", path, "--edition", "generic", "--against", "psds1:memory_mb", "--efficient", "1:baseline",
                "--formats", "json", "--output-dir", out)  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    views = json.loads((out / "ranking.json").read_text())["views"]
    assert [(one["label"], one["figure"]) for one in views["front_psds1_memory_mb"]] == [
        ("Baseline_task4_1", 100.0), ("A_U_task4_1", 300.0),
    ]  # fmt: skip
    for option, words in (("--against=psds1", "SCORE:COST"), ("--efficient=x", "a share of the best score")):
        wrong = run("rank", path, "--edition", "generic", option, "--output-dir", out)
        assert (wrong.returncode, words in wrong.stderr) == (2, True)


def test_sizes_of_the_metadata_can_be_costs(tmp_path):
    package = ROOT / "tests/cases/other-tasks-metadata/2024-task1-good"
    run(
        "rank",
        package,
        "--against",
        "ranking_score:total_model_size_bytes",
        "--formats",
        "json",
        "--output-dir",
        tmp_path,
    )
    views = json.loads((tmp_path / "ranking.json").read_text())["views"]
    assert [one["figure"] for one in views["front_ranking_score_total_model_size_bytes"]] == [122296.0]


LOG = EpochLog((1.0, 2.0, 3.0), (0.2, 0.5, 0.4))


@pytest.mark.parametrize(
    ("score", "kwh", "epoch"),
    [(0.1, 1.0, "epoch 1 of 3"), (0.5, 3.0, "epoch 2 of 3"), (0.6, None, "never in 3 epochs")],
)
def test_what_it_took_to_reach_a_score(score, kwh, epoch):
    found = to_baseline(LOG, score, 2.0)
    assert (found.kwh, found.ratio) == (kwh, None if kwh is None else kwh / 2)
    assert found.epoch == f"{epoch} (intersection_f1_05 {score:.3f})"
    assert to_baseline(LOG, score, None).ratio is None


def test_kwh_to_the_baselines_score_in_the_sheet():
    systems = [replace(FIELD[0], epochs=EpochLog((4.0, 5.0), (0.5, 0.7))), FIELD[1], replace(FIELD[3], epochs=LOG)]
    found = make_ranking(systems, load_edition("generic"))
    columns = {column.name: column for column in columns_of(found)}
    assert [columns["to_baseline_score_kwh"].value(one) for one in found.systems] == [4.0, None, 3.0]
    assert [columns["to_baseline_score_ratio"].value(one) for one in found.systems] == [4.0, None, 3.0]
    without = columns_of(make_ranking(systems[:2], load_edition("generic")))
    assert not [column for column in without if column.name.startswith("to_baseline")]


def test_from_logs_beside_the_metadata(tmp_path):
    for label, log in (("Adams_UNI_task4_1", "1,1,0.2\n2,1,0.58\n"), ("Baseline_UNI_task4_1", "1,1,0.1\n2,1,0.2\n")):
        system = tmp_path / "packages" / label
        shutil.copytree(ROOT / "tests/acceptance/positive/M101", system)
        (meta,) = system.glob("*.meta.yaml")
        text = meta.read_text().replace("Adams_UNI_task4_1", label)
        meta.unlink()
        (system / f"{label}.meta.yaml").write_text(text)
        (system / "epochs.csv").write_text(f"epoch,energy_kwh,intersection_f1_05\n{log}")
    run("rank", tmp_path / "packages", "--edition", "generic", "--output-dir", tmp_path / "r", "--formats", "csv")
    with (tmp_path / "r" / "ranking.csv").open(newline="") as file:
        found = {row["label"]: row["to_baseline_score_epoch"] for row in csv.DictReader(file)}
    assert found["Adams_UNI_task4_1"] == "epoch 1 of 2 (intersection_f1_05 0.200)"


def test_gpu_hours_and_the_batch_job():
    record = load_energy(ROOT / "tests/data/records/1.1/energy.json")
    (stage,) = record.stages
    assert record.gpu_hours(stage) is None
    boards = record.model_copy(
        update={"devices": [{"name": "A"}, {"name": "A"}], "batch_job": BatchJob(system="slurm", id="7")}
    )
    hours = 2 * record.stages[stage].full_recipe_duration_s / 3600
    assert boards.gpu_hours(stage) == pytest.approx(hours)
    from dcase_energy.cli.render.record import record_text

    text = record_text(boards)
    assert f"{stage}: {hours:.3g} GPU-hours on 2 GPUs" in text
    assert "job: slurm 7" in text
    one = entry("A_U_task4_1", gpu_hours={stage: hours}, duration_s={stage: 1.5}, batch_jobs={stage: "oar 12"})
    found = ranking(one, entry("B_U_task4_1", 0.4))
    columns = {column.name: column.value(found.systems[0]) for column in columns_of(found)}
    assert (columns[f"gpu_hours_{stage}"], columns[f"duration_{stage}_s"]) == (hours, 1.5)
    assert columns["batch_jobs"] == f"{stage} oar 12"
    assert not {"gpu_hours_training", "batch_jobs"} & {column.name for column in columns_of(ranking(FIELD[0]))}


def test_a_front_of_columns_with_any_name_is_in_every_format():
    extra = {"../../evil": "3", "a\n\\input{x}": "4"}
    field = [replace(one, extra=extra) for one in FIELD]
    costs = ["energy_training_kwh", "energy_baseline_training_kwh", *extra]
    report = report_of(with_views(ranking(*field), [("ranking_score", cost) for cost in costs], None))
    named = ["front_ranking_score_energy_training_kwh", "front_ranking_score_energy_baseline_training_kwh"]
    assert [chart.name for chart in report.charts][-4:] == [*named, "front_3", "front_4"]
    files = write_report(report, FORMATS)
    book = openpyxl.load_workbook(io.BytesIO(files["ranking.xlsx"]))
    assert [one[0].value for name in book.sheetnames[-5:-1] for one in book[name].iter_cols(4, 4)] == [
        "ranking_score"
    ] * 4
    assert b"\n\\input" not in files["ranking.tex"]
