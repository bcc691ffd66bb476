"""One basis for a sheet; ratios by all of them, of durations and of own CPU seconds stand beside each other."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.parts import Normalisation
from dcase_energy.measure.compared import Compared, Pair
from dcase_energy.ranking.bases import basis_of, official_basis, ratio_by, supported_bases, time_ratio, work_ratio
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.report import report_of
from dcase_energy.sheets import write_report
from dcase_energy.stats import Interval
from tests.ranking.systems import entry

GENERIC = load_edition("generic")
STAGES = ("training", "test")


def with_basis(basis):
    return replace(GENERIC, normalisation=Normalisation(kind="ratio", basis=basis))


def measured(label, score=0.5, bases=("counted", "gpu", "total"), **changes):
    """A system whose totals are twice the baseline's, its counted energies three, its GPU's four times."""
    pairs = {"counted": Pair(1.5, 0.5), "gpu": Pair(1.2, 0.3), "total": Pair(2.0, 1.0)}
    compared = Compared({name: pairs[name] for name in bases}, Pair(60.0, 40.0), Pair(90.0, 50.0), **changes)
    return entry(label, score, baseline_evidence="recomputed", compared=dict.fromkeys(STAGES, compared))


@pytest.mark.parametrize(
    ("own", "basis"),
    [
        ([("counted", "gpu", "total")] * 2, "counted"),
        ([("counted", "gpu", "total"), ("gpu", "total")], "gpu"),
        ([("counted", "total"), ("gpu", "total")], "total"),
        ([("counted", "gpu", "total"), ("total",)], "total"),
    ],
)
def test_the_best_basis_is_the_strongest_that_all_ranked_systems_have(own, basis):
    systems = [measured(f"{name}_U_task4_1", bases=bases) for name, bases in zip("AB", own, strict=True)]
    ranking = make_ranking(systems, GENERIC)
    assert official_basis(ranking.edition) == basis
    assert {one.figures.official_ratio["test"] for one in ranking.systems} == {
        {"counted": 3.0, "gpu": 4.0, "total": 2.0}[basis]
    }
    assert {one.figures.energy_ratio["test"] for one in ranking.systems} == {2.0}
    assert [one.entry.findings for one in ranking.systems] == [(), ()]


def test_a_declared_figure_makes_totals_the_basis_and_is_named():
    ranking = make_ranking([measured("A_U_task4_1"), entry("B_U_task4_1")], GENERIC)
    assert official_basis(ranking.edition) == "total"
    assert [basis_of(one.entry, ranking.edition, "test") for one in ranking.systems] == ["total", "declared"]


@pytest.mark.parametrize(
    "other",
    [
        entry("B_U_task4_1", excluded="late"),
        entry("B_U_task4_1", scores={}),
        entry("B_U_task4_1", baseline_kwh={}),
        entry("B_U_task4_1", not_comparable=dict.fromkeys(STAGES, "another GPU")),
    ],
    ids=["excluded", "without scores", "without a baseline", "not comparable"],
)
def test_who_has_no_rank_or_no_ratio_does_not_choose_the_basis(other):
    assert official_basis(make_ranking([measured("A_U_task4_1"), other], GENERIC).edition) == "counted"


def test_without_any_ratio_and_in_other_editions_the_basis_is_total():
    assert official_basis(make_ranking([], GENERIC).edition) == "total"
    for name in ("dcase2022-task4", "dcase2023-task4a", "dcase2024-task4"):
        edition = load_edition(name)
        assert edition.normalisation.basis == "total"
        assert official_basis(make_ranking([measured("A_U_task4_1")], edition).edition) == "total"


def test_scores_are_weighted_by_the_basis_of_the_sheet():
    for basis, ratio in (("counted", 3.0), ("gpu", 4.0), ("total", 2.0)):
        one = make_ranking([measured("A_U_task4_1")], with_basis(basis)).systems[0]
        assert one.figures.weighted["psds1"]["training"] == 0.5 / ratio
        assert one.figures.ew_ranking_score["training"] == 0.5 / ratio


def test_a_system_whose_evidence_is_weaker_than_the_basis_is_marked():
    systems = [measured("A_U_task4_1"), measured("B_U_task4_1", bases=("gpu", "total")), entry("C_U_task4_1")]
    ranking = make_ranking(systems, with_basis("counted"))
    assert [one.entry.findings for one in ranking.systems] == [(), ("K807",), ("K807",)]
    assert [finding.where.file for finding in ranking.findings] == ["B_U_task4_1", "C_U_task4_1"]
    assert [basis_of(one.entry, ranking.edition, "test") for one in ranking.systems] == ["counted", "gpu", "declared"]
    assert [one.figures.weighted["psds1"]["test"] for one in ranking.systems] == [0.5 / 3, None, None]
    assert ranking.findings[0].found == "gpu"


def test_time_and_work_stand_beside_and_are_never_ranked():
    one = measured("A_U_task4_1")
    assert (time_ratio(one, "test"), work_ratio(one, "test")) == (1.5, 1.8)
    assert supported_bases(one, GENERIC, "test") == ["counted", "gpu", "total"]
    withheld = replace(one, not_comparable={"test": "another GPU"})
    assert [time_ratio(withheld, "test"), work_ratio(withheld, "test"), ratio_by(withheld, GENERIC, "test")] == [
        None
    ] * 3
    assert time_ratio(entry("B_U_task4_1"), "test") is None


def test_columns_and_header():
    report = report_of(make_ranking([measured("A_U_task4_1"), entry("C_U_task4_1", baseline_kwh={})], GENERIC))
    files = write_report(report, ["csv", "md", "html"])
    row, other = csv.DictReader(io.StringIO(files["ranking.csv"].decode()))
    names = [f"energy_ratio_training{end}" for end in ("", "_counted", "_gpu", "_work", "_basis")]
    assert [row[name] for name in (*names, "time_ratio_training")] == ["2.0", "3.0", "4.0", "1.8", "counted", "1.5"]
    assert [other[name] for name in names] == [""] * 5
    assert report.facts["basis"] == "counted"
    text, page = files["ranking.md"].decode(), files["ranking.html"].decode()
    assert "## Energy (ratios by basis counted)" in text
    assert "Basis of the energy ratios: counted, energies that sensors counted" in text
    assert "2 systems, 2 with a rank, ratios by basis counted<" in page
    shown = {column.name for column in report.overview.table.columns}
    assert {view.sort for view in report.overview.views} <= shown
    assert "energy_ratio_training_counted" in {view.sort for view in report.overview.views}


def test_columns_that_no_system_has_are_in_no_table_for_people():
    report = report_of(make_ranking([entry("A_U_task4_1")], GENERIC))
    columns = {column.name for table in report.sheets[0].tables for column in table.columns}
    assert "energy_ratio_training_basis" in columns
    assert not {"energy_ratio_training_counted", "energy_ratio_training_gpu", "time_ratio_training"} & columns
    assert report.data[0].records[0]["energy_ratio_training_counted"] is None


def around(value, share, level=0.95):
    return Interval(value * (1 - share), value * (1 + share), "windows", level)


def test_intervals_of_system_and_baseline_add_in_quadrature():
    known = {"energy_training_kwh": around(2.0, 0.03), "energy_baseline_training_kwh": around(1.0, 0.04)}
    one = make_ranking([entry("A_U_task4_1", intervals=known)], GENERIC).systems[0]
    found = one.uncertainty.intervals["energy_ratio_training"]
    assert found.high == pytest.approx(2 * math.exp(math.hypot(math.log(1.03), math.log(1 / 0.96))))
    assert (found.high / 2 - 1, found.level) == (pytest.approx(0.05, abs=2e-3), 0.95)
    weighted = one.uncertainty.intervals["ew_psds1_training"]
    assert (weighted.low, weighted.high) == pytest.approx((0.5 / found.high, 0.5 / found.low))


def test_intervals_of_unlike_levels_are_taken_at_their_ends():
    known = {"energy_training_kwh": around(2.0, 0.03, 0.9), "energy_baseline_training_kwh": around(1.0, 0.04)}
    one = make_ranking([entry("A_U_task4_1", intervals=known)], GENERIC).systems[0]
    found = one.uncertainty.intervals["energy_ratio_training"]
    assert found.high == pytest.approx(2 * 1.03 / 0.96)
    assert found.level == pytest.approx(0.85)


def test_the_interval_of_a_counted_ratio_carries_to_what_is_weighted_by_it():
    known = {"energy_ratio_training_counted": Interval(2.7, 3.3, "quotient", 0.95)}
    one = make_ranking([replace(measured("A_U_task4_1"), intervals=known)], GENERIC).systems[0]
    weighted = one.uncertainty.intervals["ew_ranking_score_training"]
    assert (weighted.low, weighted.high) == pytest.approx((0.5 / 3.3, 0.5 / 2.7))
    assert "energy_ratio_training" not in one.uncertainty.intervals
    table = report_of(make_ranking([replace(measured("A_U_task4_1"), intervals=known)], GENERIC)).data[0].records[0]
    assert (table["energy_ratio_training_counted_low"], table["energy_ratio_training_counted_high"]) == (2.7, 3.3)


def test_another_baseline_changes_every_basis():
    one = measured("A_U_task4_1").with_baseline(GENERIC, "test", 2.0)
    assert [ratio_by(one, GENERIC, "test", basis) for basis in ("counted", "gpu", "total")] == [1.5, 2.0, 1.0]
    assert ratio_by(one, GENERIC, "training", "counted") == 3.0


def test_what_another_baseline_would_change_is_by_the_basis_of_the_sheet():
    wide, narrow = Interval(0.25, 1.0, "probes", 0.95), Interval(0.99, 1.01, "calibration", 0.95)
    pairs = {"counted": Pair(1.5, 0.5, None, wide), "total": Pair(2.0, 1.0, None, narrow)}
    one = replace(measured("A_U_task4_1", 0.5), compared=dict.fromkeys(STAGES, Compared(pairs)), gpu_model="A100")
    others = [replace(measured(f"{name}_V_task4_1", 0.4), gpu_model="A100") for name in "BC"]
    found = make_ranking([one, *others], with_basis("counted"))
    check = found.systems[0].baselines["training"]
    assert (check.baseline_kwh, check.peers_kwh, check.over_peers) == (0.5, 0.5, 1.0)
    assert (check.ew_rank, check.ew_rank_low, check.ew_rank_high) == (1, 3, 1)
    (table, _) = report_of(found).book[1:3]
    assert [row["baseline_kwh"] for row in table.records] == [0.5] * 3


def test_another_baseline_changes_the_ratio_of_columns_of_components():
    parts = {"components_kwh": {"gpu": 1.2}, "baseline_components_kwh": {"gpu": 0.3, "cpu": None}}
    one = entry("A_U_task4_1", **parts).with_baseline(GENERIC, "training", 2.0)
    assert ratio_by(one, GENERIC, "training", "gpu") == 2.0
    assert one.baseline_components_kwh["cpu"] is None


def test_counted_and_gpu_belong_to_ratios():
    with pytest.raises(ValueError, match="basis = 'counted' belongs to kind = 'ratio'"):
        Normalisation(kind="none", basis="counted")
    assert Normalisation(kind="none", basis="best").basis == "best"
