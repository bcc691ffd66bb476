"""`dcase-energy score` as users run it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from tests.cli.run import ROOT, run

EXAMPLES = ROOT / "examples"
TRUTH = ("--ground-truth", EXAMPLES / "truth.tsv", "--durations", EXAMPLES / "durations.tsv")
BAKER = EXAMPLES / "packages" / "Baker_LAB"
METRICS = ("psds1", "psds2", "intersection_f1", "intersection_f1_07", "collar_f1", "segment_f1")


def scored(*arguments) -> dict:
    result = run("score", *arguments, *TRUTH, "--format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def package() -> dict:
    return scored(BAKER, "--bootstrap", 40)


def test_a_package_has_its_systems_with_intervals_and_classes(package):
    assert [system["system"] for system in package["systems"]] == ["Baker_LAB_task4_1", "Baker_LAB_task4_2"]
    for system in package["systems"]:
        for metric in METRICS:
            assert 0 <= system[f"{metric}_low"] <= system[f"{metric}_interval"]["mean"] <= system[f"{metric}_high"] <= 1
            assert (system[f"{metric}_interval"]["kind"], system[f"{metric}_interval"]["n"]) == ("bootstrap", 40)
            assert system["runs"][0][metric] == system[metric]
        assert len(system["per_class"]) == 10
        dog = system["per_class"]["Dog"]
        assert dog["psds1_low"] <= dog["psds1_high"]
    assert package["conventions"]["interval"] == "bootstrap"
    assert package["conventions"]["empty_clips"] == "keep"


def test_systems_are_compared_on_the_same_resamples(package):
    found = {one["metric"]: one for one in package["differences"]}
    assert set(found) == set(METRICS)
    first, second = package["systems"]
    psds1 = found["psds1"]
    assert psds1["value"] == pytest.approx(first["psds1"] - second["psds1"])
    assert psds1["low"] <= psds1["value"] <= psds1["high"] < 0
    assert psds1["probability_first_better"] == 0.0
    # Paired differences are narrower than the intervals of both systems together.
    widths = [system["psds1_high"] - system["psds1_low"] for system in package["systems"]]
    assert psds1["high"] - psds1["low"] < sum(widths)


@pytest.mark.slow
def test_processes_and_a_cluster_give_the_same_bytes(tmp_path, monkeypatch):
    """Relative paths too: the workers of a cluster have another working directory."""
    from distributed import LocalCluster

    monkeypatch.chdir(tmp_path)
    package = BAKER.relative_to(ROOT)
    plain = run("score", package, *TRUTH, "--format", "json", "--bootstrap", 40)
    jobs = run("score", package, *TRUTH, "--format", "json", "--bootstrap", 40, "--jobs", 2)
    assert jobs.stdout == plain.stdout
    with LocalCluster(n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        remote = run("score", package, *TRUTH, "--format", "json", "--bootstrap", 40, "--scheduler", address)
    assert remote.returncode == 0, remote.stderr
    assert remote.stdout == plain.stdout


def test_the_text_is_as_reviewed():
    result = run("score", EXAMPLES / "packages" / "Baker_LAB", *TRUTH, "--bootstrap", 20)
    assert result.returncode == 0
    golden = ROOT / "tests" / "cli" / "score_baker.txt"
    assert result.stdout == golden.read_text()


def test_csv_has_one_row_a_figure_with_its_conventions():
    result = run("score", BAKER, *TRUTH, "--format", "csv", "--interval", "subsample80", "--resamples", 10)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    overall = [row for row in rows if not row["class"] and not row["run"] and row["average"] == "macro"]
    assert [row["metric"] for row in overall if row["metric"] in METRICS] == list(METRICS) * 2
    beside = {row["metric"].removeprefix("collar_f1_") for row in overall if row["metric"].startswith("collar_f1_")}
    assert beside == {"precision", "recall", "error_rate"}
    assert {row["interval"] for row in overall} == {"subsample80"}
    assert {row["n"] for row in overall} == {"10"}
    assert all("keep empty clips" in row["conventions"] for row in rows)
    micro = [row for row in rows if row["average"] == "micro" and not row["run"]]
    assert len(micro) == 4 * 2 * (1 + len(beside))


def test_the_edition_chooses_and_an_option_chooses_otherwise():
    official = (BAKER, "--edition", "dcase2023-task4a")
    edition = scored(*official)["conventions"]
    assert (edition["empty_clips"], edition["interval"], edition["resamples"]) == ("drop", "subsample80", 100)
    chosen = scored(BAKER, "--edition", "dcase2023-task4a", "--empty-clips", "keep", "--interval", "none")[
        "conventions"
    ]
    assert (chosen["empty_clips"], chosen["interval"], chosen["resamples"]) == ("keep", "none", 0)
    like = scored(BAKER, "--like", "psds_eval-0.3", "--arithmetic", "microseconds")["conventions"]
    assert (like["cross_trigger_average"], like["arithmetic"]) == ("all", "microseconds")


@pytest.fixture(scope="module")
def longer_collar(tmp_path_factory):
    """An edition that adds a score."""
    path = tmp_path_factory.mktemp("edition") / "mine.toml"
    table = 'title = "collar F1 (1 s)"\nmetric = "collar_f1"\noptions = { collar_s = 1.0 }\n'
    path.write_text(f'schema_version = "2.0"\nname = "mine"\nbase = "dcase2023-task4a"\n[scores.long_collar]\n{table}')
    return path


def test_scores_of_an_edition_stand_beside_the_others_in_every_format(longer_collar):
    chosen = (BAKER, "--edition", longer_collar, "--bootstrap", 10)
    document = scored(*chosen)
    system = document["systems"][0]
    assert system["collar_f1"] < system["long_collar"] == system["runs"][0]["long_collar"] < 1
    assert {"long_collar_low", "long_collar_high", "long_collar_micro"} <= set(system)
    assert "long_collar" in system["per_class"]["Dog"]
    assert "long_collar" in {one["metric"] for one in document["differences"]}
    text = run("score", *chosen, *TRUTH).stdout
    assert f"collar F1 (1 s)               {system['long_collar']:.4f}" in text
    assert len(re.findall(r"collar F1 \(1 s\)", text)) == 2 * 2 + 1
    table = csv.DictReader(io.StringIO(run("score", *chosen, *TRUTH, "--format", "csv").stdout))
    assert float(next(row["value"] for row in table if row["metric"] == "long_collar")) == system["long_collar"]


def test_scores_of_the_command_line_in_every_format(tmp_path):
    (tmp_path / "thresholds.tsv").write_text("event_label\tthreshold\nDog\t0.3\n")
    asked = (
        BAKER,
        "--score",
        "onset_f1=collar_f1,collar_s=0.5,offsets=any",
        "--score",
        "segment_f1=segment_f1,segment_s=2",
    )
    system = scored(*asked, "--thresholds", tmp_path / "thresholds.tsv")["systems"][0]
    assert system["collar_f1"] < system["onset_f1"] < 1
    assert system["segment_f1"] != scored(BAKER)["systems"][0]["segment_f1"]
    text = run("score", *asked, *TRUTH).stdout
    assert f"onset_f1                      {scored(*asked)['systems'][0]['onset_f1']:.4f}" in text
    assert "any offset" in text
    assert "onset_f1" in run("score", *asked, *TRUTH, "--format", "csv").stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--score", "x"), "is not NAME=METRIC"),
        (("--score", "x=collar_f1,far"), "'far' is not OPTION=VALUE"),
        (("--score", "x=none"), "'none' is not a metric"),
        (("--score", "x=collar_f1,offsets=none"), "offsets is one of compare, any"),
        (("--thresholds", "Dog\t0.3\nDog\t0.4"), "each class has one threshold from 0 to 1"),
        (("--thresholds", "Dog\tx"), "'threshold' is not a number"),
        (("--thresholds", "Bear\t0.3"), "does not have: Bear"),
    ],
)
def test_scores_of_the_command_line_that_do_not_exist(tmp_path, options, message):
    if options[0] == "--thresholds":
        (tmp_path / "own.tsv").write_text(f"event_label\tthreshold\n{options[1]}\n")
        options = ("--thresholds", tmp_path / "own.tsv")
    result = run("score", BAKER, *TRUTH, *options)
    assert result.returncode == 2
    assert message in result.stderr


def test_no_intervals_without_asking():
    document = scored(BAKER)
    assert "psds1_low" not in document["systems"][0]
    assert document["conventions"]["interval"] == "none"


def test_an_event_list_has_f1_and_says_why_no_psds(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text((EXAMPLES / "truth.tsv").read_text())
    result = run("score", path, *TRUTH)
    assert result.returncode == 0, result.stderr
    assert re.search(r"collar-based F1 +1\.0000", result.stdout)
    assert "PSDS needs scores or several operating points" in result.stdout


def test_figures_are_drawn(tmp_path):
    result = run("score", BAKER, *TRUTH, "--plots", tmp_path / "figures")
    assert result.returncode == 0, result.stderr
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == [f"Baker_LAB_task4_{k}_{what}.svg" for k in (1, 2) for what in ("classes", "psd_roc")]
    assert all((tmp_path / "figures" / name).read_text().startswith("<?xml") for name in names)


def test_what_is_wrong_is_named_and_the_rest_is_scored():
    result = run("score", EXAMPLES / "packages", *TRUTH, "--format", "json")
    assert result.returncode == 1
    document = json.loads(result.stdout)
    assert len(document["systems"]) == 4
    assert len(document["not_scored"]) == 1
    codes = {finding["code"] for finding in document["findings"]}
    assert {"O601", "O604", "O605"} <= codes
    assert all(finding["where"]["file"] for finding in document["findings"])
    assert "clip05.tsv:6: error O604" in result.stderr


def test_problems_of_the_ground_truth_are_findings_with_the_file(tmp_path):
    truth = tmp_path / "truth.tsv"
    truth.write_text((EXAMPLES / "truth.tsv").read_text() + "clip01.wav\t0.0\t99.0\tDog\n")
    result = run("score", BAKER, "--ground-truth", truth, "--durations", EXAMPLES / "durations.tsv", "--format", "json")
    found = {(f["code"], f["where"]["file"]) for f in json.loads(result.stdout)["findings"]}
    assert ("G703", str(truth)) in found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bootstrap", "-1"], "-1 is not in the range"),
        (["--bootstrap", "5", "--interval", "subsample80"], "give one or the other"),
        (["--bootstrap", "5", "--resamples", "6"], "give one or the other"),
        (["--threshold", "1.5"], "not in the range"),
        (["--jobs", "-1"], "not in the range"),
        (["--like", "psds"], "psds_eval-0.5"),
    ],
)
def test_wrong_use(arguments, message):
    result = run("score", BAKER, *TRUTH, *arguments)
    assert result.returncode == 2
    assert message in result.stderr


def test_a_scheduler_that_does_not_answer_is_said_without_a_traceback():
    result = run("score", BAKER, *TRUTH, "--scheduler", "nonsense://here")
    assert result.returncode == 1
    assert "no Dask scheduler answers" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_pickle_is_not_opened(tmp_path):
    path = tmp_path / "scores.pkl"
    path.write_bytes(b"cposix\nsystem\n(S'touch " + str(tmp_path / "ran").encode() + b"'\ntR.")
    result = run("score", path, *TRUTH)
    assert result.returncode == 1
    assert "O607" in result.stderr
    assert not (tmp_path / "ran").exists()
