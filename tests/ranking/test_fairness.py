"""No system gains by what is missing, made up, measured elsewhere, or by a slow or noisy baseline."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_energy.documents.device_names import gpu_model
from dcase_energy.editions.loader import load_edition
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.order import make_ranking
from dcase_energy.ranking.report import report_of
from dcase_energy.ranking.results_table import read_results
from dcase_energy.ranking.sensitivity import odd_baselines
from dcase_energy.sheets import write_report
from dcase_energy.stats import Interval
from dcase_energy.submission.checks.comparable import Provenance, why_not_comparable
from tests.ranking.systems import entry, ranking
from tests.sheets.readers import markdown_rows

EDITIONS = ["generic", "dcase2022-task4", "dcase2023-task4a"]
DATA = Path(__file__).parent.parent / "data"
NO_FIGURE = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1e-300, 1e-320, 1e300, 1.7976931348623157e308]


def field_set(system: Entry, name: str, value: float | None) -> Entry:
    if name in {"psds1", "psds2"}:
        return replace(system, scores={**system.scores, name: value})
    kind, stage = name.split("/")
    return replace(system, **{kind: {**getattr(system, kind), stage: value}})


def places(systems: list[Entry], edition: str) -> dict[str, int]:
    """Place of one system in every order: rows, and energy-weighted ranks (no rank is the last)."""
    found = make_ranking(systems, load_edition(edition))
    at = next(place for place, one in enumerate(found.systems) if one.entry.label == "B_U_task4_1")
    one = found.systems[at]
    last = len(systems) + 1
    ew = {stage: one.baselines[stage].ew_rank if stage in one.baselines else last for stage in ("training", "test")}
    return {"row": at, "rank": one.rank or last, **ew}


FIELDS = [
    "psds1",
    "psds2",
    *(f"{kind}/{stage}" for kind in ("energy_kwh", "baseline_kwh") for stage in ("training", "test")),
]


@settings(max_examples=300)
@given(
    st.sampled_from(EDITIONS),
    st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4),
    st.sampled_from([value for value in NO_FIGURE if value is None or not value > 1 or math.isinf(value)]),
    st.lists(st.floats(0.05, 0.95), min_size=3, max_size=3),
)
def test_nothing_that_is_no_figure_raises_a_rank(edition, fields, value, scores):
    systems = [entry(f"{name}_U_task4_1", score) for name, score in zip("ABC", scores, strict=True)]
    before = places(systems, edition)
    for name in fields:
        systems[1] = field_set(systems[1], name, value)
    after = places(systems, edition)
    assert {name: after[name] >= before[name] for name in before} == dict.fromkeys(before, True)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("value", [1e300, 1e10, 1.7976931348623157e308])
@pytest.mark.parametrize("name", FIELDS[2:])
def test_no_absurdly_large_energy_raises_a_rank(edition, name, value):
    systems = [entry(f"{name}_U_task4_1", score) for name, score in zip("ABC", (0.7, 0.5, 0.3), strict=True)]
    before = places(systems, edition)
    systems[1] = field_set(systems[1], name, value)
    after = places(systems, edition)
    assert all(after[name] >= before[name] for name in before)


@pytest.mark.parametrize("bad", ["", "nan", "inf", "-1", "0", "1e400", "1e-300", "1e300", "lots", "0,5", "=1"])
@pytest.mark.parametrize("column", ["energy_training_kwh", "energy_test_kwh", "energy_baseline_kwh"])
def test_a_bad_cell_says_why_there_is_no_rank(tmp_path, column, bad):
    row = {"label": "A_U_task4_1", "psds1": "0.5", "psds2": "0.5", "energy_training_kwh": "2", "energy_test_kwh": "0.1",
           "energy_baseline_kwh": "1"} | {column: f'"{bad}"'}  # fmt: skip
    path = tmp_path / "results.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    entries, findings = read_results(path, load_edition("dcase2023-task4a"))
    one = make_ranking(entries, load_edition("dcase2023-task4a")).systems[0]
    if bad == "":
        assert (one.rank, findings) == (1, [])
    else:
        assert one.rank is None
        assert column in one.entry.excluded
        assert findings[0].where.line == 2


@pytest.mark.parametrize(
    ("system", "baseline", "words"),
    [
        (Provenance(hardware="1 RTX 3090"), Provenance(hardware="NVIDIA A100-SXM4-40GB"), "another hardware"),
        (Provenance(hardware="1 NVIDIA A100 80GB"), Provenance(hardware="NVIDIA A100-SXM4-80GB"), None),
        (Provenance(hardware="sha-1"), Provenance(hardware="sha-2"), "another hardware"),
        (Provenance(tracker="codecarbon 2.1.4"), Provenance(tracker="codecarbon 3.3.2"), "another tracker"),
        (Provenance(tier="measured"), Provenance(tier="estimated"), "another tier"),
        (Provenance(tracker="CodeCarbon  3.3.2"), Provenance(tracker="codecarbon 3.3.2"), None),
        (Provenance(tracker="codecarbon 3.3.2"), Provenance(), None),
    ],
)
def test_pairs_that_cannot_be_divided(system, baseline, words):
    reason = why_not_comparable(system, baseline)
    assert reason is None if words is None else words in (reason or "")


def test_a_pair_that_cannot_be_divided_keeps_its_score_and_loses_its_ratio(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(
        "label,psds1,psds2,energy_training_kwh,energy_test_kwh,energy_baseline_training_kwh,energy_baseline_test_kwh,"
        "hardware,baseline_hardware\n"
        "A_U_task4_1,0.5,0.5,2,0.04,1,0.02,RTX 3090,A100\n"
        "B_U_task4_1,0.4,0.4,2,0.04,1,0.02,RTX 3090,GeForce RTX 3090\n"
    )
    entries, findings = read_results(path, load_edition("generic"))
    assert [(finding.code, finding.where.line) for finding in findings] == [("K801", 2)]
    first, second = make_ranking(entries, load_edition("generic")).systems
    assert (first.rank, second.rank) == (1, 2)
    assert first.figures.energy_ratio == {"training": None, "test": None}
    assert first.figures.ew_ranking_score == {"training": None, "test": None}
    assert second.figures.energy_ratio["training"] == 2.0
    sheet = write_report(report_of(make_ranking(entries, load_edition("generic"))), ["md"])["ranking.md"].decode()
    (row,) = markdown_rows(sheet, "Energies that are not divided by the baseline's")
    assert row[0] == "A_U_task4_1"
    assert row[2:] == ["training and test", "another hardware: system RTX 3090, baseline A100"]


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("6h (1 GeForce RTX 2080 Ti)", "RTX 2080 Ti"), ("20h (4 Telsa A100)", "A100"), ("24 h", None), (None, None),
        ("1d 7h * 10 (1 Tesla V100)", "V100"), ("3h (2 GTX 3090)", "RTX 3090"),
        ("186 h (1 RTX A4000) + 35 h (3 RTX 2080 Ti)", None),
        ("6h (1 GTX 1080 Ti)", "GTX 1080 Ti"), ("7h (1 Titan RTX)", "TITAN RTX"), ("NVIDIA H100 80GB HBM3", "H100"),
        ("for task4 in 2022", None), ("5h (1 Quadro RTX 8000)", "RTX 8000"),
    ],
)  # fmt: skip
def test_gpu_models_out_of_what_teams_write(text, model):
    assert gpu_model(text) == model


def test_a_slow_baseline_is_seen():
    others = [
        entry(
            f"T{n}_U_task4_1", 0.5 + 0.01 * n, gpu_model="A100", baseline_kwh={"training": 1.0 + 0.1 * n, "test": 0.02}
        )
        for n in range(4)
    ]
    slow = entry("S_U_task4_1", 0.4, gpu_model="A100", baseline_kwh={"training": 5.0, "test": 0.02})
    found = ranking(*others, slow)
    check = next(one.baselines["training"] for one in found.systems if one.entry.label == "S_U_task4_1")
    assert (check.ew_rank, check.ew_rank_peers) == (1, 5)
    assert (check.peers, check.peers_kwh, check.over_peers) == (4, 1.15, 5.0 / 1.15)
    odd = odd_baselines([(one.entry, one.baselines) for one in found.systems])
    assert [(finding.code, finding.where.file) for finding in odd] == [("K804", "S_U_task4_1")]
    assert "4.35 times the median of 4 other teams on A100" in odd[0].message


@settings(max_examples=50)
@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=9))
def test_the_median_of_the_others_leaves_the_own_team_out(values):
    systems = [
        entry(f"T{n}_U_task4_1", 0.5, gpu_model="A100", baseline_kwh={"training": value, "test": 0.02})
        for n, value in enumerate(values)
    ]
    for one in ranking(*systems).systems:
        own = int(one.entry.label[1 : one.entry.label.index("_")])
        others = values[:own] + values[own + 1 :]
        check = one.baselines["training"]
        assert (check.peers, check.peers_kwh) == (len(others), statistics.median(others) if others else None)


def test_a_noisy_baseline_is_seen():
    noisy = entry(
        "N_U_task4_1", 0.5, intervals={"energy_baseline_training_kwh": Interval(0.5, 2.0, "calibration", 0.95)}
    )
    found = ranking(noisy, entry("A_U_task4_1", 0.45), entry("B_U_task4_1", 0.8))
    check = next(one.baselines["training"] for one in found.systems if one.entry.label == "N_U_task4_1")
    assert (check.ew_rank_low, check.ew_rank, check.ew_rank_high) == (3, 2, 1)


def test_the_baselines_of_2023_that_hid_ensembles_are_named():
    edition = load_edition("dcase2023-task4a")
    entries, _ = read_results(DATA / "dcase2023_task4a_results_sample.csv", edition)
    found = make_ranking(entries, edition)
    odd = odd_baselines([(one.entry, one.baselines) for one in found.placed])
    assert {finding.where.file.rpartition("_task4")[0] for finding in odd} == {"Chen_CHT", "Liu_SRCN"}
    check = next(one.baselines["training"] for one in found.systems if one.entry.label == "Chen_CHT_task4_4")
    assert (check.ew_rank, check.ew_rank_peers) == (2, 44)
    assert check.over_peers == pytest.approx(93.6)


def test_an_edition_that_divides_by_no_baseline_is_sensitive_to_none():
    one = ranking(entry("A_U_task4_1", gpu_model="A100"), edition="dcase2022-task4").systems[0]
    assert one.baselines["training"].peers == 0
    assert one.baselines["training"].ew_rank_peers is None
