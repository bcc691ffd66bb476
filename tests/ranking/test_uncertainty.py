"""Intervals are carried through, ties and probabilities follow from them, and none is made up."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.bases import baseline_column
from dcase_energy.ranking.figures import figures
from dcase_energy.ranking.interval import combined, parse_kind, standard_deviation
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.sheet import columns_of
from dcase_energy.ranking.tables import describe_lacking
from dcase_energy.ranking.uncertainty import carried
from dcase_energy.stats import Interval
from tests.ranking.systems import entry, ranking, sure

CALIBRATED = {"energy_baseline_training_kwh": Interval(0.9, 1.1, "calibration", 0.95)}


def test_no_interval_is_made_up():
    found = ranking(entry("A_U_task4_1", 0.6), entry("B_U_task4_1", 0.5))
    for one in found.systems:
        assert one.uncertainty.intervals == {}
        assert (one.uncertainty.rank, one.uncertainty.tied_with, one.uncertainty.beats_next) == (None, None, None)
    assert not [column for column in columns_of(found) if column.interval_of]


def test_one_interval_keeps_its_kind_and_level():
    known = ranking(entry("A_U_task4_1", intervals=CALIBRATED)).systems[0].uncertainty.intervals
    ratio = known["energy_ratio_training"]
    assert (ratio.low, ratio.high) == (2.0 / 1.1, 2.0 / 0.9)
    assert ratio.label == "from energy_baseline_training_kwh (calibration, 95 %)"
    assert known["ew_psds1_training"].low == pytest.approx(0.5 / (2.0 / 0.9))
    assert "energy_ratio_test" not in known
    assert "ranking_score" not in known
    assert "psds1" not in known


def test_levels_come_together_by_bonferroni_and_a_range_has_none():
    both = combined(0, 1, {"a": Interval(0, 1, "bootstrap", 0.95), "b": Interval(0, 1, "calibration", 0.95)})
    assert both.label == "from a (bootstrap, 95 %), b (calibration, 95 %), 90 %"
    mixed = combined(0, 1, {"a": Interval(0, 1, "bootstrap", 0.95), "b": Interval(0, 1, "runs", None, 3)})
    assert mixed.level is None
    assert mixed.label == "from a (bootstrap, 95 %), b (range over 3 runs)"


POSITIVE = st.floats(0.01, 100)


@settings(max_examples=100)
@given(
    st.sampled_from(["generic", "dcase2022-task4", "dcase2023-task4a"]),
    st.lists(st.tuples(POSITIVE, st.floats(1, 1.5), st.floats(0, 1)), min_size=5, max_size=5),
    st.booleans(),
)
def test_a_figure_lies_in_its_interval_wherever_the_inputs_lie(name, inputs, referenced):
    edition = load_edition(name)
    reference = {"training": 0.7, "test": 0.02} if referenced else None
    names = ["psds1", "psds2", "energy_training_kwh", "energy_baseline_kwh", "energy_test_kwh"]
    scale = [0.005, 0.005, 1, 1, 1]
    ends = {
        key: (value * by, value * by * width)
        for key, (value, width, _), by in zip(names, inputs, scale, strict=True)
    }  # fmt: skip
    places = {key: low + (high - low) * at for (key, (low, high)), (_, _, at) in zip(ends.items(), inputs, strict=True)}

    def system(values, intervals):
        return entry(
            "A_U_task4_1", scores={name: values[name] for name in ("psds1", "psds2")}, intervals=intervals,
            energy_kwh={"training": values["energy_training_kwh"], "test": values["energy_test_kwh"]},
            baseline_kwh=dict.fromkeys(("training", "test"), values["energy_baseline_kwh"]),
        )  # fmt: skip

    columns = {"energy_baseline_kwh": [baseline_column(stage) for stage in edition.stages]}
    intervals = {
        column: Interval(low, high, "calibration", 0.9)
        for key, (low, high) in ends.items()
        for column in columns.get(key, [key])
    }
    known = carried(system({key: low for key, (low, _) in ends.items()}, intervals), edition, reference)
    inside = figures(system(places, {}), edition, reference)
    for column, value in (
        ("ranking_score", inside.ranking_score),
        ("energy_ratio_training", inside.energy_ratio["training"]),
        ("energy_training_normalized_kwh", inside.energy_normalized_kwh["training"]),
        ("ew_psds2_test", inside.weighted["psds2"]["test"]),
        ("ew_ranking_score_training", inside.ew_ranking_score["training"]),
    ):
        if column in known and value is not None:
            slack = 1e-12 * abs(value)
            assert known[column].low - slack <= value <= known[column].high + slack


def test_ranks_have_an_interval_where_every_score_has_one():
    systems = [
        entry("A_U_task4_1", 0.70, intervals=sure(0.68, 0.72)),
        entry("B_U_task4_1", 0.60, intervals=sure(0.55, 0.66)),
        entry("C_U_task4_1", 0.58, intervals=sure(0.56, 0.60)),
        entry("D_U_task4_1", 0.30, intervals=sure(0.29, 0.31)),
    ]
    found = ranking(*systems).systems
    ends = [one.uncertainty.rank for one in found]
    assert [(end.low, end.high) for end in ends if end] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert [one.uncertainty.tied_with for one in found] == [0, 1, 1, 0]
    partly = ranking(*systems[:3], entry("D_U_task4_1", 0.3)).systems
    ends = [one.uncertainty.rank for one in partly]
    assert [end and (end.low, end.high) for end in ends] == [(1, 1), (2, 3), (2, 3), None]
    assert [one.uncertainty.tied_with for one in partly] == [0, 1, 1, None]


def test_one_system_without_an_interval_removes_no_other_rank_interval_and_is_named():
    one_score = {"psds1": sure(0.5, 0.6)["psds1"]}
    found = ranking(
        entry("A_U_task4_1", 0.70, intervals=sure(0.56, 0.72)),
        entry("B_U_task4_1", 0.60, intervals=sure(0.55, 0.66)),
        entry("C_U_task4_1", 0.58, intervals=one_score),
        entry("D_U_task4_1", 0.57),
    )
    ends = [one.uncertainty.rank for one in found.systems]
    assert [end and (end.low, end.high) for end in ends] == [(1, 4), (1, 4), None, None]
    assert ends[0] is not None
    assert ends[0].kind == "from the intervals of scores; 2 systems without an interval at the score itself"
    (note,) = describe_lacking(found)
    assert note.endswith(": C_U_task4_1 (PSDS2), D_U_task4_1 (PSDS1, PSDS2).")
    assert describe_lacking(ranking(entry("A_U_task4_1", 0.5))) == []


def test_rank_intervals_are_those_of_a_slow_search():
    draw = random.Random(1)
    for _ in range(30):
        systems = []
        for number in range(5):
            low, value, high = sorted(round(draw.uniform(0.1, 0.9), 2) for _ in range(3))
            systems.append(entry(f"T{number}_U_task4_1", value, intervals=sure(low, high)))
        found = ranking(*systems).systems
        ends = [one.uncertainty.intervals["ranking_score"] for one in found]
        seen: list[set[int]] = [set() for _ in found]
        for corner in itertools.product((0, 1), repeat=5):
            scores = [(end.low, end.high)[side] for end, side in zip(ends, corner, strict=True)]
            for place, score in enumerate(scores):
                seen[place].add(1 + sum(other > score for other in scores))
        for one, ranks in zip(found, seen, strict=True):
            rank = one.uncertainty.rank
            assert rank is not None
            assert (rank.low, rank.high) == (min(ranks), max(ranks))


def test_probability_from_intervals_is_the_normal_one():
    first, second = ranking(
        entry("A_U_task4_1", 0.55, intervals=sure(0.53, 0.57)), entry("B_U_task4_1", 0.53, intervals=sure(0.50, 0.56))
    ).systems
    deviation = math.hypot(0.04, 0.06) / (2 * 1.6448536269514722)
    probability, basis = first.uncertainty.beats_next
    assert probability == pytest.approx((1 + math.erf(0.02 / deviation / math.sqrt(2))) / 2)
    assert basis == "normal approximation of bootstrap, 90 %"
    assert second.uncertainty.beats_next is None


def test_probability_from_replicates_is_paired():
    drawn = {key: [0.5 + 0.01 * k for k in range(-10, 11)] for key in ("psds1", "psds2")}
    other = {name: [value - 0.001 for value in values] for name, values in drawn.items()}
    first, _ = ranking(
        entry("A_U_task4_1", 0.5, replicates=drawn, intervals=sure(0.4, 0.6)),
        entry("B_U_task4_1", 0.499, replicates=other, intervals=sure(0.399, 0.599)),
    ).systems
    assert first.uncertainty.beats_next == (1.0, "paired bootstrap, 21 replicates")
    assert first.uncertainty.intervals["ranking_score"].label == "bootstrap, 90 %"


@pytest.mark.parametrize(
    ("interval", "deviation"),
    [
        (Interval(0.4, 0.6, "runs", None, 3), 0.2 / 1.693 / math.sqrt(3)),
        (Interval(0.4, 0.6, "runs"), None),
        (Interval(0.4, 0.6, "subsample", 0.9), None),
        (Interval(0.4, 0.6, "bootstrap"), None),
        (Interval(0.4, 0.6, "calibration", 0.95), 0.2 / 2 / 1.959963984540054),
        (combined(0.4, 0.6, {"a": Interval(0, 1, "bootstrap", 0.9)}), None),
    ],
)
def test_what_an_interval_tells_of_the_distribution(interval, deviation):
    assert standard_deviation(interval) == (None if deviation is None else pytest.approx(deviation))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("range over 3 runs", ("runs", None, 3)),
        ("runs", ("runs", None, None)),
        ("bootstrap, 90 %", ("bootstrap", 0.9, None)),
        ("95 % calibration", ("calibration", 0.95, None)),
        ("subsample80, 90 %", ("subsample", 0.9, None)),
        ("5 repeats", ("repeats", None, 5)),
        ("", None),
        ("95 %", None),
        ("bootstrap of runs", None),
        ("bootstrap 120 %", None),
    ],
)
def test_kinds_in_words(text, kind):
    assert parse_kind(text) == kind


HEADER = "label,psds1,psds1_low,psds1_high,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_kwh"


def read(tmp_path: Path, text: str, declared=None):
    path = tmp_path / "results.csv"
    path.write_text(text)
    return read_results(path, load_edition("dcase2023-task4a"), declared)


def test_ends_of_no_kind_are_carried_along_and_not_used(tmp_path):
    entries, findings = read(tmp_path, f"{HEADER}\nA_U_task4_1,0.5,0.4,0.6,0.5,1,1,1\n")
    assert [finding.code for finding in findings] == ["K802"]
    assert entries[0].intervals == {}
    assert entries[0].extra == {"psds1_low": "0.4", "psds1_high": "0.6"}
    assert entries[0].excluded is None


def test_ends_are_read_with_the_kind_that_is_declared(tmp_path):
    row = "A_U_task4_1,0.5,0.4,0.6,0.5,1,1,1"
    by_option, findings = read(tmp_path, f"{HEADER}\n{row}\n", {"psds1": "range over 3 runs"})
    assert findings == []
    assert by_option[0].intervals == {"psds1": Interval(0.4, 0.6, "runs", None, 3)}
    by_column, findings = read(tmp_path, f"{HEADER},psds1_interval\n{row},bootstrap 90 %\n")
    assert findings == []
    assert by_column[0].intervals == {"psds1": Interval(0.4, 0.6, "bootstrap", 0.9)}


@pytest.mark.parametrize("ends", ["0.51,0.6", "0.6,0.4", "nan,0.6", "-1,0.6", "0.4,", "x,y"])
def test_ends_that_cannot_be_are_a_warning_and_no_interval(tmp_path, ends):
    entries, findings = read(tmp_path, f"{HEADER}\nA_U_task4_1,0.5,{ends},0.5,1,1,1\n", {"psds1": "runs"})
    assert [(finding.code, finding.where.line) for finding in findings] == [("K803", 2)]
    assert entries[0].intervals == {}
    assert entries[0].excluded is None


def test_a_printed_end_may_be_rounded(tmp_path):
    entries, findings = read(tmp_path, f"{HEADER}\nA_U_task4_1,0.54532,0.545,0.545,0.5,1,1,1\n", {"psds1": "runs"})
    assert findings == []
    assert entries[0].intervals["psds1"] == Interval(0.545, 0.54532, "runs", None, None)


def test_the_range_of_2023_gives_intervals_from_the_command_line():
    path = Path(__file__).parent.parent / "data" / "dcase2023_task4a_results_sample.csv"
    edition = load_edition("dcase2023-task4a")
    entries, findings = read_results(path, edition, {"psds1": "range over 3 runs"})
    assert findings == []
    found = make_ranking(entries, edition)
    assert all("ew_psds1_test" in one.uncertainty.intervals for one in found.systems)
    # Of PSDS2 no range is printed: the interval of a score made of both would look twice as sure as it is.
    assert all(one.uncertainty.tied_with is None for one in found.systems)
