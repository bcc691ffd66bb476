"""Whatever is missing, zero, negative or made up never raises a rank."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.parts import RankedBy, Term
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.figures import figures
from dcase_energy.ranking.normalize import (
    energy_ratio,
    energy_weighted,
    normalised_energy_kwh,
    ranking_score,
    weighted_by_ratio,
)
from dcase_energy.ranking.order import make_ranking, rank_entries, shared_ranks
from dcase_energy.ranking.report import systems_table
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.sheet import columns_of
from dcase_energy.stats import Interval

EDITIONS = ["generic", "dcase2022-task4", "dcase2023-task4a"]
HEADER = "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_kwh"
BAD = ["", "nan", "inf", "-1", "-0.0", "1e400", "1e-400", "lots", "0,5", "0.5 kWh", "١", "1_0", "=1", "48.0"]


def table(tmp_path: Path, rows: list[str]) -> Path:
    path = tmp_path / "results.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def both(score: float) -> dict[str, float]:
    return {"psds1": score, "psds2": score}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("column", ["psds1", "psds2", "energy_training_kwh", "energy_test_kwh", "energy_baseline_kwh"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_bad_cell_never_raises_a_rank(tmp_path, edition, column, bad):
    rows = [{"label": f"T_U_task4_{i}", "psds1": 0.1 * i, "psds2": 0.1 * i, "energy_training_kwh": 2.0,
             "energy_test_kwh": 0.1, "energy_baseline_kwh": 1.0} for i in (1, 2, 3)]  # fmt: skip
    loaded = load_edition(edition)

    def rank_of_second() -> int:
        path = table(tmp_path, [",".join(f'"{value}"' for value in row.values()) for row in rows])
        entries, _ = read_results(path, loaded)
        ranked = rank_entries(entries, loaded)
        return [one.entry.label for one in ranked].index("T_U_task4_2")

    before = rank_of_second()
    rows[1][column] = bad
    assert rank_of_second() >= before


def test_the_reason_has_the_code_of_the_first_error_and_counts_the_others(tmp_path):
    path = table(tmp_path, ["A_U_task4_1,0.3,5.0,-1.0,0.1,1.0", "a_u_task4_1,0.3,0.5,1.0,0.1,1.0"])
    entries, _ = read_results(path, load_edition("generic"))
    first, second = (one.excluded for one in entries)
    assert first == "R401 psds2 is not a fraction (and 1 more)"
    assert second.startswith("T106 label 'a_u_task4_1' differs only in case")


def test_equal_baselines_of_two_stages_are_not_one_figure():
    system = Entry("A_U_task4_1", "A", scores=both(0.3), baseline_kwh={"training": 0.5, "test": 0.5})
    sheets = [make_ranking([system], load_edition(name)) for name in ("generic", "dcase2023-task4a")]
    rows = [systems_table(sheet, columns_of(sheet)).records[0] for sheet in sheets]
    assert [row["energy_baseline_kwh"] for row in rows] == [None, 0.5]


def test_every_system_without_a_rank_says_why():
    systems = rank_entries([Entry("A_U_task4_1", "A", scores=both(float("inf")))], load_edition("generic"))
    assert [(one.rank, one.entry.excluded) for one in systems] == [(None, "it has no score")]


@pytest.mark.parametrize("bad", ["nan", "inf", "-1", "0", "lots"])
def test_a_figure_that_cannot_be_is_a_finding_with_its_line(tmp_path, bad):
    path = table(tmp_path, ["A_U_task4_1,0.3,0.5,1.0,0.1,1.0", f"B_U_task4_1,0.3,0.5,{bad},0.1,1.0"])
    entries, findings = read_results(path, load_edition("generic"))
    assert [finding.where.line for finding in findings] == [3]
    assert entries[1].excluded
    assert entries[1].energy_kwh["training"] is None


def test_missing_figures_stay_missing_and_are_no_findings(tmp_path):
    path = table(tmp_path, ["A_U_task4_1,0.3,0.5,,,"])
    entries, findings = read_results(path, load_edition("dcase2022-task4"))
    assert findings == []
    result = figures(entries[0], load_edition("dcase2022-task4"))
    assert result.weighted["psds1"] == {"training": None, "test": None}
    assert result.ranking_score is not None


@pytest.mark.parametrize(
    ("header", "rows", "codes"),
    [
        ("label,psds1", ["a,1"], ["T102"]),
        (HEADER, [], ["T105"]),
        (HEADER, ["A_U_task4_1,0.1,0.1,1,1,1", "A_U_task4_1,0.2,0.2,1,1,1"], ["T106"]),
        (HEADER, ["A_U_task4_1,0.1,0.1,1,1"], ["T103"]),
    ],
)
def test_bad_tables(tmp_path, header, rows, codes):
    path = tmp_path / "results.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    _, findings = read_results(path, load_edition("generic"))
    assert [finding.code for finding in findings] == codes


def test_equal_scores_share_a_rank():
    edition = load_edition("generic")
    entries = [Entry(label, "T", scores=both(score)) for label, score in zip("dcba", (0.5, 0.5, 0.7, 0.1), strict=True)]
    entries.append(Entry("e", "T", scores=both(0.9), excluded="E201"))
    entries.append(Entry("g", "T", scores={"psds1": 0.9, "psds2": -0.1}))
    entries.append(Entry("f", "T", scores={"psds1": 0.9, "psds2": None}))
    ranked = rank_entries(entries, edition)
    assert [(one.rank, one.entry.label) for one in ranked] == [
        (1, "b"),
        (2, "c"),
        (2, "d"),
        (4, "a"),
        (None, "e"),
        (None, "f"),
        (None, "g"),
    ]


@settings(max_examples=200)
@given(st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.floats()))
def test_nothing_is_divided_by_zero_or_less(system, baseline):
    usable = [value is not None and 1e-7 <= value <= 1e9 for value in (system, baseline)]
    assert (energy_ratio(system, baseline) is not None) == all(usable)
    assert (normalised_energy_kwh(system, baseline, 1.0) is not None) == all(usable)
    assert (energy_weighted(0.5, system, 1.0) is not None) == usable[0]
    assert (weighted_by_ratio(0.5, system) is not None) == (system is not None and system > 0)


def test_the_formulas_on_a_worked_example():
    """Li_USTC_task4a_1 of 2023: 3.139 and 0.008 kWh, baseline 0.010; 10.045 and 0.026 normalised."""
    assert normalised_energy_kwh(3.139, 0.010, 0.032, 3) == 10.045
    assert normalised_energy_kwh(0.008, 0.010, 0.032, 3) == 0.026
    assert energy_weighted(0.5375, 10.045, 1.390) == pytest.approx(0.0744, abs=5e-5)
    assert energy_weighted(0.5375, 0.026, 0.019) == pytest.approx(0.3928, abs=5e-5)
    assert energy_ratio(2.0, 4.0) == 0.5
    assert ranking_score([0.3, 0.6], RankedBy(terms=tuple(Term(score=s, reference=0.3) for s in "ab"))) == 1.5


def test_a_figure_that_rounds_to_zero_is_not_divided_by():
    entry = Entry("a", "T", scores=both(0.5), energy_kwh={"test": 0.00001}, baseline_kwh={"test": 1.0})
    result = figures(entry, load_edition("dcase2023-task4a"))
    assert result.energy_normalized_kwh["test"] == 0.0
    assert result.weighted["psds1"]["test"] is None


def test_the_ratio_edition_with_a_common_reference():
    entry = Entry("a", "T", scores=both(0.5), energy_kwh={"training": 3.0}, baseline_kwh={"training": 2.0})
    edition = load_edition("generic")
    alone = figures(entry, edition)
    assert (alone.energy_ratio["training"], alone.energy_normalized_kwh["training"]) == (1.5, None)
    assert alone.weighted["psds1"]["training"] == 0.5 / 1.5
    assert figures(entry, edition, {"training": 0.7}).energy_normalized_kwh["training"] == 3.0 * 0.7 / 2.0


def test_a_common_reference_reaches_figures_and_intervals():
    edition, reference = load_edition("generic"), {"training": 0.5}
    known = {"energy_baseline_training_kwh": Interval(1.5, 2.5, "calibration", 0.95)}
    energies = {"energy_kwh": {"training": 3.0}, "baseline_kwh": {"training": 2.0}}
    ranking = make_ranking([Entry("a", "T", scores=both(0.5), intervals=known, **energies)], edition, reference)
    assert ranking.reference is reference
    assert ranking.edition.name == edition.name
    first = ranking.systems[0]
    assert first.figures.energy_normalized_kwh["training"] == 0.75
    normalised = first.uncertainty.intervals["energy_training_normalized_kwh"]
    assert (normalised.low, normalised.high) == (3.0 * 0.5 / 2.5, 3.0 * 0.5 / 1.5)


def test_a_common_reference_changes_no_energy_weighted_rank():
    known = {"energy_baseline_training_kwh": Interval(1.5, 2.5, "calibration", 0.95)}
    energies = {"energy_kwh": {"training": 3.0}, "baseline_kwh": {"training": 2.0}}
    entries = [
        Entry("a", "T", scores=both(0.5), intervals=known, **energies),
        Entry("b", "U", scores=both(0.4), **energies),
    ]
    for reference in (None, {"training": 0.5}):
        first = rank_entries(entries, load_edition("generic"), reference)[0]
        check = first.baselines["training"]
        # With the low end of its baseline a falls behind b: 0.5 x 1.5 / 3 = 0.25 against 0.4 x 2 / 3 = 0.27.
        assert (check.ew_rank, check.ew_rank_low, check.ew_rank_high) == (1, 2, 1)


def test_intervals_of_a_system_without_a_rank_are_kept():
    known = {"psds1": Interval(0.4, 0.6, "bootstrap", 0.95)}
    entries = [
        Entry("a", "T", scores=both(0.5)),
        Entry("b", "T", scores={"psds1": 0.5}, excluded="E201", intervals=known),
    ]
    placed, rest = rank_entries(entries, load_edition("generic"))
    assert (placed.rank, rest.rank) == (1, None)
    assert rest.uncertainty.intervals["psds1"] == known["psds1"]
    assert rest.baselines == {}


@pytest.mark.parametrize(
    ("scores", "ranks"),
    [([], []), ([1.0], [1]), ([2.0, 1.0], [1, 2]), ([2.0, 2.0], [1, 1]), ([3.0, 2.0, 2.0, 2.0, 1.0], [1, 2, 2, 2, 5])],
)
def test_ranks_are_shared(scores, ranks):
    assert shared_ranks(scores) == ranks
