"""A challenge is data: a table is ranked by the scores, the directions and the formula that one TOML file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcase_energy.calibration.workload import how_to_calibrate
from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.errors import EditionError
from dcase_energy.findings import Severity
from dcase_energy.ranking.order import Ranking, make_ranking
from dcase_energy.ranking.report import report_of
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.tables import describe_formulas
from dcase_energy.ranking.views import views_of
from dcase_energy.sheets import write_report
from tests.cli.run import run

HEADER = "label,accuracy,energy_training_kwh,energy_test_kwh,energy_baseline_training_kwh,energy_baseline_test_kwh"
ROWS = ["A_U_task1_1,0.61,2.0,0.04,1.0,0.02", "B_U_task1_1,0.58,0.5,0.01,1.0,0.02", "C_U_task1_1,,1.0,0.02,1.0,0.02"]
OWN = 'base = "common"\nname = "own"\ntitle = "Own"\n'


def edition(folder: Path, toml: str) -> Edition:
    path = folder / "edition.toml"
    path.write_text(OWN + toml)
    return load_edition(str(path))


def ranked(folder: Path, own: Edition, header: str = HEADER, rows: list[str] = ROWS) -> Ranking:
    path = folder / "results.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    entries, findings = read_results(path, own)
    assert findings == []
    return make_ranking(entries, own)


def order(ranking: Ranking) -> list[tuple[int | None, str]]:
    return [(one.rank, one.entry.label[0]) for one in ranking.systems]


def test_a_table_without_psds_under_an_edition_of_one_file(tmp_path):
    own = edition(
        tmp_path,
        '[scores.accuracy]\ntitle = "Accuracy"\nunit = "fraction"\nbetter = "higher"\nenergy_weighted = true\n'
        '[ranking]\nkind = "sum"\nterms = [{ score = "accuracy" }]\n',
    )
    found = ranked(tmp_path, own)
    assert order(found) == [(1, "A"), (2, "B"), (None, "C")]
    first, second, third = found.systems
    assert first.figures.energy_ratio == {"training": 2.0, "test": 2.0}
    assert first.figures.weighted["accuracy"] == {"training": 0.305, "test": 0.305}
    assert second.figures.ew_ranking_score == {"training": 1.16, "test": 1.16}
    assert [one.baselines["training"].ew_rank for one in (first, second)] == [2, 1]
    assert first.figures.kwh_per_point["training"] == pytest.approx(2.0 / 61)
    assert third.entry.excluded == "Accuracy is not known: a table of results gives it in the column accuracy"
    assert describe_formulas(own)[-1] == "Ranking score = Accuracy, highest first."
    sheet = write_report(report_of(found), ["csv"])["ranking.csv"].decode().splitlines()
    assert {"accuracy", "ew_accuracy_training", "ew_rank_test", "kwh_per_accuracy_point_test"} <= set(
        sheet[0].split(",")
    )
    assert "psds" not in sheet[0]


def test_one_score_without_a_formula_is_what_is_ranked_by(tmp_path):
    found = ranked(tmp_path, edition(tmp_path, '[scores.accuracy]\ntitle = "Accuracy"\n'))
    assert order(found) == [(1, "A"), (2, "B"), (None, "C")]
    # It is not weighted by energy, as the edition does not say so; energies are normalised all the same.
    assert found.systems[0].figures.ew_ranking_score == {"training": None, "test": None}
    assert found.systems[0].figures.energy_ratio["training"] == 2.0


@pytest.mark.parametrize("base", ["common", "generic"])
def test_an_edition_with_stages_of_its_own_has_no_others(tmp_path, base):
    # `generic` says what is plausible of training and test, and requires their energies.
    stage = '[stages.{0}]\ntitle = "{0}"\n'
    toml = stage.format("adaptation") + stage.format("inference") + '[scores.recall]\ntitle = "Recall"\n'
    path = tmp_path / "edition.toml"
    path.write_text(OWN.replace("common", base) + toml)
    own = load_edition(str(path))
    assert list(own.stages) == ["adaptation", "inference"]
    assert not {name for name in (*own.fields, *own.required) if name.startswith(("energy_training", "energy_test"))}
    columns = [f"energy_{who}{name}_kwh" for who in ("", "baseline_") for name in ("adaptation", "inference")]
    found = ranked(tmp_path, own, ",".join(["label", "recall", *columns]), ["A_U_task4_1,0.7,1,2,2,1"])
    assert found.systems[0].figures.energy_ratio == {"adaptation": 0.5, "inference": 2.0}
    assert how_to_calibrate(own) is None


@pytest.mark.parametrize("label", ["\u200b", "\u3164", "nan"])
def test_a_label_of_which_nothing_can_be_seen_is_none(tmp_path, label):
    path = tmp_path / "results.csv"
    path.write_text(f"label,accuracy\n{label},0.5\n", encoding="utf-8")
    _, findings = read_results(path, edition(tmp_path, '[scores.accuracy]\ntitle = "Accuracy"\n'))
    assert "the row has no label" in {one.message for one in findings}


def test_an_edition_keeps_the_stages_that_it_names(tmp_path):
    own = edition(tmp_path, '[stages.test]\n[stages.tuning]\ntitle = "Tuning"\n')
    assert {name: one.title for name, one in own.stages.items()} == {"test": "Test", "tuning": "Tuning"}
    assert list(edition(tmp_path, '[stages.test]\ntitle = "Inference"\n').stages) == ["training", "test"]


def test_a_score_of_which_lower_is_better(tmp_path):
    own = edition(tmp_path, '[scores.logloss]\ntitle = "Log loss"\nunit = "nats"\nbetter = "lower"\n')
    rows = ["A_U_task1_1,1.2,2,1.1,1.3,bootstrap 95 %,30", "B_U_task1_1,0.9,1,0.8,1.0,bootstrap 95 %,20",
            "C_U_task1_1,1.2,3,1.1,1.3,bootstrap 95 %,10", "D_U_task1_2,1.0,1,0.8,1.1,bootstrap 95 %,40"]  # fmt: skip
    header = "label,logloss,energy_training_kwh,logloss_low,logloss_high,logloss_interval,macs"
    found = ranked(tmp_path, own, header, rows)
    assert order(found) == [(1, "B"), (2, "D"), (3, "A"), (3, "C")]
    assert [one.figures.ranking_score for one in found.systems] == [0.9, 1.0, 1.2, 1.2]
    known = [one.uncertainty for one in found.systems]
    assert [(one.rank.low, one.rank.high) for one in known if one.rank] == [(1, 2), (1, 2), (2, 4), (2, 4)]
    assert [one.tied_with for one in known] == [1, 3, 2, 2]
    assert known[0].beats_next and 0.5 < known[0].beats_next[0] < 1
    views = {view.name: [one.entry.label[0] for _, one in view.rows] for view in views_of(found)}
    assert views["score"] == ["B", "D", "A", "C"]
    assert views["front_macs"] == ["C", "B"]
    assert describe_formulas(own)[-1] == "Ranking score = Log loss, lowest first."


def test_a_mean_of_ranks_over_scores_of_both_directions(tmp_path):
    own = edition(
        tmp_path,
        '[scores.accuracy]\ntitle = "Accuracy"\nunit = "percent"\n'
        '[scores.memory]\ntitle = "Memory"\nunit = "bytes"\nbetter = "lower"\n'
        '[scores.macs]\ntitle = "MACs"\nunit = "count"\nbetter = "lower"\n'
        '[ranking]\nkind = "mean_rank"\nterms = [{ score = "accuracy", weight = 0.5 },'
        ' { score = "memory", weight = 0.25 }, { score = "macs", weight = 0.25 }]\n',
    )
    rows = ["A_U_task1_1,62.7,120000,29400000", "B_U_task1_1,60.8,54000,16700000", "C_U_task1_1,58.0,54000,5000000",
            "D_U_task1_1,47.9,90000,29200000", "E_U_task1_1,99.0,,1"]  # fmt: skip
    found = ranked(tmp_path, own, "label,accuracy,memory,macs", rows)
    assert order(found) == [(1, "B"), (2, "C"), (3, "A"), (4, "D"), (None, "E")]
    assert [one.figures.ranking_score for one in found.systems] == [1.75, 2.0, 2.5, 3.5, None]
    assert describe_formulas(own)[-2:] == [
        "Ranking score = mean of 0.5 x rank by Accuracy and 0.25 x rank by Memory and 0.25 x rank by MACs; "
        "the lowest is best.",
        "Equal scores share the smallest of their ranks.",
    ]


def test_min_max_where_low_counts_one(tmp_path):
    own = edition(
        tmp_path,
        '[scores.time]\ntitle = "Time"\nunit = "seconds"\nbetter = "lower"\n[scores.accuracy]\ntitle = "Accuracy"\n'
        '[ranking]\nkind = "min_max"\nterms = [{ score = "accuracy", low = 0.5, high = 1.0 },'
        ' { score = "time", low = 2.0, high = 1.0, weight = 0.5, clip = [0.0, inf] }]\n',
    )
    found = ranked(tmp_path, own, "label,accuracy,time", ["A_U_task1_1,0.75,1.0", "B_U_task1_1,1.0,9.0"])
    assert order(found) == [(1, "A"), (1, "B")]
    assert [one.figures.ranking_score for one in found.systems] == [1.0, 1.0]


def test_the_generic_edition_normalises_a_table_without_psds_and_ranks_nothing(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    generic = load_edition("generic")
    entries, findings = read_results(path, generic)
    assert [(one.code, one.severity) for one in findings] == [(TABLE_HEADER.code, Severity.WARNING)]
    found = make_ranking(entries, generic)
    assert order(found) == [(None, "A"), (None, "B"), (None, "C")]
    assert found.systems[0].figures.energy_ratio["training"] == 2.0
    assert found.systems[0].entry.extra["accuracy"] == "0.61"
    assert found.systems[0].entry.excluded == (
        "PSDS1 and PSDS2 are not known: a table of results gives them in the columns psds1 and psds2"
    )


@pytest.mark.parametrize(
    ("unit", "bad"), [("fraction", "61"), ("percent", "101"), ("seconds", "-1"), ("dB", "nan"), ("count", "lots")]
)
def test_a_score_outside_its_unit_is_a_finding(tmp_path, unit, bad):
    own = edition(tmp_path, f'[scores.accuracy]\ntitle = "Accuracy"\nunit = "{unit}"\n')
    path = tmp_path / "results.csv"
    path.write_text(f"label,accuracy\nA_U_task1_1,{bad}\nB_U_task1_1,0.5\n")
    entries, findings = read_results(path, own)
    assert [finding.where.line for finding in findings] == [2]
    assert [one.scores["accuracy"] for one in entries] == [None, 0.5]


@pytest.mark.parametrize(("unit", "known"), [("dB", True), ("seconds", False)])
def test_an_interval_may_reach_below_zero_where_its_score_may(tmp_path, unit, known):
    terms = '[ranking]\nkind = "sum"\nterms = [{ score = "snr" }]\n'
    own = edition(tmp_path, f'[scores.snr]\ntitle = "SNR"\nunit = "{unit}"\n{terms}')
    path = tmp_path / "results.csv"
    path.write_text("label,snr,snr_low,snr_high\nA_U_task1_1,0.5,-0.3,1.2\n")
    entries, findings = read_results(path, own, {"snr": "bootstrap 95 %"})
    assert ("snr" in entries[0].intervals, not findings) == (known, known)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[scores.a]\ntitle = "A"\nbetter = "lower"\n[ranking]\nkind = "min_max"\nterms = [{ score = "a" }]', "says"),
        ('[scores.a]\ntitle = "A"\n[ranking]\nkind = "min_max"\nterms = [{ score = "a", clip = [1, 0] }]', "clip"),
        ('[scores.a]\ntitle = "A"\n[ranking]\nkind = "min_max"\nterms = [{ score = "a", low = nan }]', "finite"),
        ('[scores.a]\ntitle = "A"\n[ranking]\nkind = "sum"\nterms = [{ score = "a" }, { score = "a" }]', "twice"),
        ('[scores.label]\ntitle = "A"', "like other columns: label"),
        ('[stages.training]\ntitle = "T"\nenergy = "e"\n[stages.test]\ntitle = "U"\nenergy = "e"', "its own column"),
        ('[stages.training]\ntitle = "T"\nenergy = "e"\nbaseline = "e"', "its own column"),
        ("[baseline]\nepochs_measured = 20\nepochs = 10", "cannot exceed epochs"),
        ("use = ['source_code']\n[limits.source_code]\nmax = 1.0", "limits can be set for numbers"),
        ("[guess]\nlabel = '('", "guess.label '\\('"),
        ("[groups.a]\npaths = 1", "wrong type"),
        ('[scores.a]\ntitle = "A"\nunit = ["x"]\nstated = ["a.b"]', "wrong type"),
        ('[fields.a]\nkind = "text"\n[aliases]\na = "x"', "misses a part"),
        ("[energy_weighted]\ntraning_kwh = 1.0", "energy_weighted"),
        ("[ranking]\npsds1_reference = 0.4\npsds3_reference = 0.5", "psds3_reference"),
    ],
)  # fmt: skip
def test_an_edition_that_contradicts_itself_is_refused(tmp_path, toml, message):
    with pytest.raises(EditionError, match=message):
        edition(tmp_path, toml)


def test_what_is_missing_or_misspelt_is_named_with_the_edition_that_supplies_it(tmp_path):
    (tmp_path / "edition.toml").write_text('name = "own"\ntitle = "Own"\n[scores.a]\ntitle = "A"\nbeter = "lower"\n')
    with pytest.raises(EditionError) as error:
        load_edition(str(tmp_path / "edition.toml"))
    text = str(error.value)
    assert "  scores.a.beter: is not a key of an edition\n" in text
    assert "  label_pattern: is missing\n" in text
    assert text.endswith('begin the file with base = "common"')


def test_a_table_without_a_baseline_says_that_nothing_is_divided(tmp_path):
    energies, none = tmp_path / "energies.csv", tmp_path / "none.csv"
    energies.write_text("label,psds1,psds2,energy_training_kwh,energy_test_kwh\nA_U_task4_1,0.3,0.5,2.0,0.04\n")
    none.write_text("label,psds1,psds2,energy_training_kwh,energy_test_kwh\nA_U_task4_1,0.3,0.5,,\n")
    said = [run("rank", one, "--output-dir", tmp_path / "r").stdout for one in (energies, none)]
    assert ["no energy is divided by one" in text for text in said] == [True, False]
