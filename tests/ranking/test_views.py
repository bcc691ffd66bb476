"""Other orders of the same systems."""

from __future__ import annotations

import itertools
import random

from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.tables import describe_reference
from dcase_energy.ranking.views import pareto_front, views_of
from tests.ranking.systems import entry, ranking


def energy(one):
    return one.entry.energy_kwh["training"]


def test_a_front_is_what_no_other_system_beats():
    draw = random.Random(2)
    for _ in range(50):
        systems = [
            entry(f"T{n}_U_task4_1", draw.randint(1, 5) / 10, energy_kwh={"training": float(draw.randint(1, 5))})
            for n in range(8)
        ]
        placed = ranking(*systems).placed
        front = {one.entry.label for one in pareto_front(placed, energy, 1)}
        for one in placed:
            beaten = any(
                energy(other) <= energy(one)
                and other.figures.ranking_score >= one.figures.ranking_score
                and (energy(other), other.figures.ranking_score) != (energy(one), one.figures.ranking_score)
                for other in placed
            )
            assert (one.entry.label in front) != beaten


def test_a_system_without_the_figure_is_on_no_front():
    placed = ranking(entry("A_U_task4_1", 0.9, energy_kwh={"training": None}), entry("B_U_task4_1", 0.1)).placed
    assert [one.entry.label for one in pareto_front(placed, energy, 1)] == ["B_U_task4_1"]


def test_views():
    found = ranking(
        entry("A_U_task4_1", 0.9, energy_kwh={"training": 9.0, "test": 0.9}, ensemble_subsystems=5),
        entry("A_U_task4_2", 0.5),
        entry("B_U_task4_1", 0.8, energy_kwh={"training": None, "test": None}),
        entry("B_U_task4_2", 0.5, energy_kwh={"training": 2.0, "test": 0.01}),
        entry("C_U_task4_1", 0.95, excluded="E201"),
    )
    rows = {view.name: [(place, one.entry.label) for place, one in view.rows] for view in views_of(found)}
    assert rows["score"] == [(1, "A_U_task4_1"), (2, "B_U_task4_1"), (3, "A_U_task4_2"), (3, "B_U_task4_2")]
    assert rows["ew_training"] == [(1, "A_U_task4_2"), (1, "B_U_task4_2"), (3, "A_U_task4_1")]
    assert rows["ew_test"] == [(1, "B_U_task4_2"), (2, "A_U_task4_2"), (3, "A_U_task4_1")]
    assert rows["team_best"] == [(1, "A_U_task4_1"), (2, "B_U_task4_1")]
    assert rows["no_ensembles"] == [(1, "B_U_task4_1"), (2, "A_U_task4_2"), (2, "B_U_task4_2")]
    assert rows["front_training"] == [(1, "A_U_task4_2"), (2, "B_U_task4_2"), (3, "A_U_task4_1")]
    assert "front_macs" not in rows


def test_the_order_does_not_depend_on_the_order_of_the_input():
    systems = [entry(f"T{n}_U_task4_1", 0.1 * (n // 2)) for n in range(5)]
    orders = {
        tuple((one.rank, one.entry.label) for one in ranking(*order).systems)
        for order in itertools.permutations(systems)
    }
    assert len(orders) == 1


def test_kwh_a_point():
    one = ranking(entry("A_U_task4_1", 0.5)).systems[0]
    assert one.figures.kwh_per_point == {"training": 2.0 / 50, "test": 0.04 / 50}


def test_energies_on_a_common_reference_and_others_are_never_in_one_view():
    edition = load_edition("generic")
    known = {"energy_kwh": {"training": 3.0, "test": 0.3}, "baseline_kwh": {"training": 2.0, "test": 0.1}}
    alone = {**known, "baseline_kwh": {}}
    entries = [entry("A_U_task4_1", 0.5, **known), entry("B_U_task4_1", 0.6, **alone)]
    found = make_ranking(entries, edition, {"training": 0.5})  # a reference whose record has no test
    views = {view.name: (view.column, [one.entry.label for _, one in view.rows]) for view in views_of(found)}
    assert views["front_training"] == ("energy_training_normalized_kwh", ["A_U_task4_1"])
    assert views["front_test"] == ("energy_ratio_test", ["A_U_task4_1"])
    assert [one.figures.kwh_per_point["training"] for one in found.systems] == [None, 0.75 / 50]
    assert describe_reference(found) == [
        "Normalised energy, training = energy of the system x 0.5 kWh / baseline energy, by totals."
    ]
