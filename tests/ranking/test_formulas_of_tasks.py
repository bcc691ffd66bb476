"""The ranking formulas of other tasks: worked examples as tables of results, to the printed digits."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import RankedBy, Term
from dcase_energy.errors import EditionError, InputError
from dcase_energy.ranking.normalize import mean_ranks, ranking_score, score_deviation
from dcase_energy.ranking.order import Ranking, make_ranking
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.tables import describe_formulas

TINY = (
    "label,accuracy_inference,accuracy_tflite,roc_auc_inference,roc_auc_tflite,model_size_tflite_bytes,macs_inference,"
    "macs_tflite,embedded_time_ms_preprocessing,embedded_time_ms_model,embedded_time_ms_total,embedded_ram_usage_bytes"
)
TINY_ROWS = [
    "Baseline_task3_1,0.5647,0.5628,0.8921,0.8923,111408,23326923,23315232,3.11,330.36,337.9,202556",
    "Adams_task3_1,0.8,0.78,0.95,0.94,500000,100000000,50000000,300,600,900,300000",
    "Baker_task3_1,0.5,0.5,0.85,0.85,5000000,300000000,600000000,500,2500,3000,1200000",
]
SCENES = "label,accuracy,memory_use,macs"
SCENE_ROWS = ["A_U_task1_1,62.7,120000,29400000", "B_U_task1_1,60.8,54000,16700000",
              "C_U_task1_1,58.0,54000,5000000", "D_U_task1_1,47.9,90000,29200000"]  # fmt: skip
# Development figures of a public submission of 2026 (UTurtle/residual_view_dcase2026_task2, first system): AUC source,
# AUC target and pAUC of each machine.
MACHINES = {
    "ToyCar": (84.16, 77.84, 61.79), "ToyCarEmu": (60.46, 79.50, 49.47), "bearingEmu": (65.06, 64.22, 60.16),
    "fan": (51.00, 46.94, 52.89), "gearboxEmu": (70.16, 54.76, 52.95), "sliderEmu": (81.82, 68.44, 55.53),
    "valveEmu": (79.74, 85.28, 71.84),
}  # fmt: skip


def ranked(folder: Path, edition: Edition | str, header: str, rows: list[str]) -> Ranking:
    path = folder / "results.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    own = load_edition(edition) if isinstance(edition, str) else edition
    entries, findings = read_results(path, own)
    assert findings == []
    return make_ranking(entries, own)


def own(folder: Path, toml: str, base: str = "common") -> Edition:
    path = folder / "edition.toml"
    path.write_text(f'base = "{base}"\nname = "own"\ntitle = "Own"\n{toml}')
    return load_edition(str(path))


def scores_of(ranking: Ranking) -> list[tuple[str, float | None]]:
    return [(one.entry.label.partition("_")[0], one.figures.ranking_score) for one in ranking.systems]


def test_one_column_of_2026_task_1(tmp_path):
    found = ranked(tmp_path, "dcase2026-task1", "label,hierarchical_f", ["A_U_task1_1,0.811", "B_U_task1_1,0.836"])
    assert scores_of(found) == [("B", 0.836), ("A", 0.811)]


def test_a_sum_as_of_2024_task_4(tmp_path):
    terms = '[ranking]\nkind = "sum"\nterms = [{ score = "psds1" }, { score = "mpauc" }]\n'
    scores = '[scores.psds1]\ntitle = "PSDS1"\n[scores.mpauc]\ntitle = "mPAUC"\n'
    found = ranked(tmp_path, own(tmp_path, scores + terms), "label,psds1,mpauc", ["Baseline_task4_1,0.49,0.73"])
    assert scores_of(found) == [("Baseline", pytest.approx(1.22, abs=1e-12))]


def test_the_harmonic_mean_of_2026_task_2(tmp_path):
    columns = {
        f"{name}_{machine}": value
        for machine, values in MACHINES.items()
        for name, value in zip(("auc_source", "auc_target", "pauc"), values, strict=True)
    }
    header, row = ",".join(["label", *columns]), ",".join(["A_U_task2_1", *map(str, columns.values())])
    found = ranked(tmp_path, "dcase2026-task2", header, [row])
    assert round(found.systems[0].figures.ranking_score, 4) == 63.2421
    arithmetic = load_edition("dcase2026-task2").ranking.terms
    assert round(ranking_score([columns[one.score] for one in arithmetic], RankedBy(terms=arithmetic)), 4) == 65.4290


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        # Both baselines of the evaluator of 2023; the second is known by its mean alone.
        ((0.7423495, 0.5253827, 0.5517420), 0.5925469),
        ((0.5, 0.0, 0.9), 0.0),
        ((0.5, -0.1, 0.9), None),
        ((0.5, None, 0.9), None),
        ((0.5, math.inf, 0.9), None),
    ],
)
def test_the_harmonic_mean(values, mean):
    rule = RankedBy(kind="harmonic_mean", terms=tuple(Term(score=name) for name in "abc"))
    assert ranking_score(values, rule) == (mean if mean is None else pytest.approx(mean, abs=5e-8))
    assert score_deviation([0.1, 0.1, 0.1], rule) is None


def test_weights_of_a_harmonic_mean():
    rule = RankedBy(kind="harmonic_mean", terms=(Term(score="a", weight=3.0), Term(score="b")))
    assert ranking_score([0.5, 0.25], rule) == pytest.approx(4 / (3 / 0.5 + 1 / 0.25))


def test_the_arithmetic_mean_of_2026_task_7(tmp_path):
    """Two domains known; the mean of all three is ``accuracy`` of the edition."""
    scores = '[lists]\nd = ["2", "3"]\n[scores."domain<d>"]\ntitle = "Domain <d>"\nunit = "percent"\n'
    edition = own(tmp_path, scores + '[ranking]\nterms = [{ score = "domain<d>" }]\n', "dcase2026-task7")
    found = ranked(tmp_path, edition, "label,domain2,domain3", ["A_U_task7_1,77.88,62.20"])
    assert scores_of(found) == [("A", pytest.approx(70.04, abs=1e-9))]
    assert describe_formulas(edition)[-1] == "Ranking score = mean of Domain 2 and Domain 3."


def test_five_splits_of_2024_task_1_are_averaged(tmp_path):
    header = "label,accuracy_split_5,accuracy_split_10,accuracy_split_25,accuracy_split_50,accuracy_split_100"
    rows = ["Baseline_task1_1,42.40,45.29,50.29,53.19,56.99", "A_U_task1_1,50,50,50,50,"]
    first, second = ranked(tmp_path, "dcase2024-task1", header, rows).systems
    assert first.figures.ranking_score == pytest.approx(49.632)
    assert second.rank is None
    assert second.entry.excluded == (
        "Accuracy, 100 % of the training data is not known: a table of results gives it in the column "
        "accuracy_split_100"
    )


def test_the_mean_of_ranks_of_2023_task_1(tmp_path):
    edition = load_edition("dcase2023-task1")
    found = ranked(tmp_path, edition, SCENES, SCENE_ROWS)
    assert scores_of(found) == [("B", 1.75), ("C", 2.0), ("A", 2.5), ("D", 3.5)]
    assert [one.entry.macs for one in found.systems] == [16700000, 5000000, 29400000, 29200000]
    assert describe_formulas(edition)[-1] == "Equal scores share the smallest of their ranks."
    equal = '[ranking]\nterms = [{ score = "accuracy" }, { score = "memory_use" }, { score = "macs" }]\n'
    found = ranked(tmp_path, own(tmp_path, equal, "dcase2023-task1"), SCENES, SCENE_ROWS)
    assert [round(score, 3) for _, score in scores_of(found)] == [1.667, 1.667, 3.0, 3.333]
    assert [one.rank for one in found.systems] == [1, 1, 3, 4]


def test_ties_may_take_the_mean_of_their_ranks(tmp_path):
    edition = own(tmp_path, '[ranking]\nties = "mean"\n', "dcase2023-task1")
    found = ranked(tmp_path, edition, SCENES, SCENE_ROWS)
    assert scores_of(found) == [("B", 1.875), ("C", 2.125), ("A", 2.5), ("D", 3.5)]
    assert describe_formulas(edition)[-1] == "Equal scores share the mean of their ranks."
    assert mean_ranks([[1.0], [1.0], [1.0], [2.0]], [1.0], "mean") == [2.0, 2.0, 2.0, 4.0]


def test_the_weighted_sum_of_biodcase_2026(tmp_path):
    found = ranked(tmp_path, "biodcase2026-task3", TINY, TINY_ROWS)
    assert [(name, round(score, 6)) for name, score in scores_of(found)] == [
        ("Adams", 4.609783), ("Baseline", 3.244774), ("Baker", -0.935081),
    ]  # fmt: skip
    best = "Best_task3_1,1,1,0.97,0.97,42232,23326923,3911888,241.12,287.53,287.53,95900"
    assert ranked(tmp_path, "biodcase2026-task3", TINY, [best]).systems[0].figures.ranking_score == pytest.approx(7.0)


def test_a_score_that_is_not_known_counts_the_least_where_the_edition_says_so(tmp_path):
    """`N/A` is this edition's word for it. A term without a limit has no least: the system is not ranked."""
    rows = [TINY_ROWS[1], TINY_ROWS[0].replace("23315232", "N/A"), TINY_ROWS[2].replace("0.5,", "N/A,", 1)]
    unranked = ranked(tmp_path, "biodcase2026-task3", TINY, rows)
    assert [one.rank for one in unranked.systems] == [1, None, None]
    edition = own(tmp_path, '[ranking]\nmissing = "least"\n', "biodcase2026-task3")
    found = ranked(tmp_path, edition, TINY, rows)
    first, second, third = found.systems
    assert second.figures.ranking_score == pytest.approx(3.244774 - 0.482780, abs=1e-6)
    assert (first.entry.findings, second.entry.findings, second.rank) == ((), ("K809",), 2)
    assert [(one.code, one.where.file) for one in found.findings] == [("K809", "Baseline_task3_1")]
    assert (third.rank, third.entry.excluded.partition(":")[0]) == (None, "Accuracy is not known")


REFERRED = (
    '[scores.a]\ntitle = "A"\n[scores.b]\ntitle = "B"\n'
    '[ranking]\nreference_system = "Baseline_task9_1"\nterms = [{ score = "a" }, { score = "b" }]\n'
)


def test_references_may_be_the_scores_of_a_system(tmp_path):
    edition = own(tmp_path, REFERRED)
    found = ranked(tmp_path, edition, "label,a,b", ["Baseline_task9_1,0.5,0.2", "A_U_task9_1,0.6,0.3"])
    assert scores_of(found) == [("A", pytest.approx(0.5 * (0.6 / 0.5 + 0.3 / 0.2))), ("Baseline", 1.0)]
    assert describe_formulas(found.edition)[-2:] == [
        "Ranking score = mean of A / 0.5 and B / 0.2.",
        "The divisors are the scores of Baseline_task9_1.",
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [("B_U_task9_1,0.5,0.2", "is not among the systems"), ("Baseline_task9_1,0.5,0", "has no B above 0")],
)
def test_references_that_are_not_known_are_an_error(tmp_path, row, words):
    with pytest.raises(InputError, match=words):
        ranked(tmp_path, own(tmp_path, REFERRED), "label,a,b", ["A_U_task9_1,0.6,0.3", row])


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[ranking]\nties = "mean"', "ties belongs to kind = 'mean_rank'"),
        ('[ranking]\nkind = "sum"\nmissing = "least"', "missing belongs to kind = 'min_max'"),
        ('[ranking]\nkind = "sum"\nreference_system = "A"', "reference_system belongs to kind = 'ratio_mean'"),
        ('[scores."a<b>"]\ntitle = "A"', "scores.a<b>: no list is named 'b'"),
        ('[ranking]\nterms = [{ score = "a<b>" }]', "ranking: no list is named 'b'"),
    ],
)
def test_what_belongs_to_another_formula_is_refused(tmp_path, toml, words):
    with pytest.raises(EditionError, match=words):
        own(tmp_path, toml)
