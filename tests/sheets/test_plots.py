"""Charts: what a ranking draws, where the points lie, as SVG in the page and as files."""

from __future__ import annotations

import itertools
import math
import random
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.errors import PlotError
from dcase_energy.ranking.charts import charts_of
from dcase_energy.ranking.order import make_ranking
from dcase_energy.sheets.plots.chart import PLOT_FORMATS, Chart, ChartPart, Series
from dcase_energy.sheets.plots.files import chart_files
from dcase_energy.sheets.plots.names import Box
from dcase_energy.sheets.plots.svg import Axis, axis_of, chart_svg, short
from tests.ranking.systems import entry, ranking
from tests.sheets.hostile import HOSTILE

STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
NAMES = [text for text in HOSTILE.values() if len(text) < 1000]
EVERYTHING = [
    Chart("lines", "<b>", "x", "y", [
        Series([(1.0, 0.2), (4.0, 0.5), (16.0, 0.4)], "a $ <b>", 0, line=0, marker=1, ends=[(0.1, 0.3)] * 3),
        Series([(1.0, 0.3), (16.0, 0.6)], "b" * 50, 9, line=1, steps=True),
        Series((), "legend alone", "grey", marker=2),
    ], x_log=True, x_ticks=[1.0, 4.0, 16.0], y_range=(0.0, 1.0)),
    Chart("grouped", "Groups", "score", groups=NAMES[:4], x_range=(0.0, 1.0), parts=[
        ChartPart("one", [0.5, None, 0.0, 1.0], [(0.4, 0.6), None, None, (0.9, 1.0)]), ChartPart("two", [0.1] * 4),
    ]),
]  # fmt: skip


@pytest.fixture(scope="module")
def found():
    systems = [
        entry(text, 0.2 + 0.01 * n, team=text, energy_kwh={"training": 1.0 + n, "test": 0.01 * (1 + n)},
              macs=10**9 * (1 + n), components_kwh={"gpu": 1.0, "cpu": 0.5, "ram": None})
        for n, text in enumerate(NAMES)
    ]  # fmt: skip
    return ranking(*systems, entry("without_energy_1", 0.4, energy_kwh={"training": None, "test": None}))


def points_of(chart: Chart) -> list[tuple[tuple[float, float], str, int]]:
    """Place, name and row of all named points."""
    return [point for one in chart.series if one.names for point in zip(one.points, one.names, one.rows, strict=True)]


def test_every_system_with_the_figures_is_in_it(found):
    charts = {chart.name: chart for chart in charts_of(found)}
    assert list(charts) == [
        "score_energy_training", "score_energy_test", "rank_ew_rank_training", "rank_ew_rank_test", "score_macs",
        "components",
    ]  # fmt: skip
    scatter = charts["score_energy_training"]
    points = points_of(scatter)
    assert len(points) == len(found.placed) - 1
    assert "1 system" in scatter.note
    for (x, y), name, row in points:
        one = found.placed[row]
        assert (name, y) == (one.entry.label, one.figures.ranking_score)
        assert x == one.figures.energy_ratio["training"]
    assert [part.values[0] for part in charts["components"].parts] == [1.0, 0.5, None]


def test_energies_by_component_have_the_title_of_their_stage():
    generic = load_edition("generic")
    stages = generic.stages | {"training": replace(generic.stages["training"], title="Adaptation")}
    system = entry("A_U_task4_1", components_kwh={"gpu": 1.0})
    charts = charts_of(make_ranking([system], replace(generic, stages=stages)))
    assert [chart.title for chart in charts if chart.name == "components"] == ["Adaptation energy by component"]


def test_nothing_is_plotted_of_what_is_not_known():
    assert charts_of(ranking()) == []
    assert charts_of(ranking(entry("A_U_task4_1", baseline_kwh={}))) == []


def test_points_lie_where_their_figures_say(found):
    chart = next(chart for chart in charts_of(found) if chart.name == "score_energy_training")
    tree = ElementTree.fromstring(chart_svg(chart))
    places = {a.get("href"): a.find("circle") for a in tree.iter("a")}
    points = {f"#s{row}": place for place, _, row in points_of(chart)}
    assert set(places) == set(points)
    ends = min(points, key=points.get), max(points, key=points.get)
    (x0, y0), (x1, y1) = ((float(places[end].get("cx")), float(places[end].get("cy"))) for end in ends)
    (least, low), (most, high) = (points[end] for end in ends)
    for link, (x, y) in points.items():
        share_x, share_y = math.log(x / least) / math.log(most / least), (y - low) / (high - low)
        assert float(places[link].get("cx")) == pytest.approx(x0 + share_x * (x1 - x0), abs=0.11)
        assert float(places[link].get("cy")) == pytest.approx(y0 + share_y * (y1 - y0), abs=0.11)


def test_bars_are_as_long_as_their_figures():
    stacked = Chart(
        "s",
        "s",
        "kWh",
        groups=["a", "b"],
        parts=[ChartPart("x", [1.0, 2.0]), ChartPart("y", [3.0, None])],
        stacked=True,
    )
    bars = [
        tuple(float(bar.get(name)) for name in ("x", "y", "width"))
        for bar in ElementTree.fromstring(chart_svg(stacked)).iter("rect")
    ]
    (x0, y0, one), (x1, y1, three), (x2, y2, two) = bars
    assert (three, two) == (pytest.approx(3 * one, abs=0.2), pytest.approx(2 * one, abs=0.2))
    assert (x1, y1, x2) == (pytest.approx(x0 + one, abs=0.2), y0, x0)
    assert y2 > y0


@pytest.mark.parametrize("chart", EVERYTHING, ids=lambda chart: chart.name)
def test_svg_is_well_formed_whatever_things_are_called(found, chart):
    for one in (chart, *charts_of(found)):
        tree = ElementTree.fromstring(chart_svg(one))
        known = {"svg", "text", "polyline", "path", "a", "circle", "rect", "title"}
        assert {element.tag for element in tree.iter()} <= known
        for element in tree.iter():
            assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        assert {entry.label[:33] for entry in one.legend} <= {(text.text or "")[:33] for text in tree.iter("text")}


def test_charts_as_files(found):
    figures = {"both": EVERYTHING} | {f"plot_{chart.name}": [chart] for chart in charts_of(found)[:1]}
    files = chart_files(figures, PLOT_FORMATS)
    assert len(files) == len(figures) * len(PLOT_FORMATS)
    for name, content in files.items():
        assert content.startswith(STARTS[name.rpartition(".")[2]])
        assert len(content) > 3000
    assert chart_files(figures, ["svg"]) == {name: files[name] for name in files if name.endswith("svg")}
    for name in ("both.svg", "plot_score_energy_training.svg"):
        tree = ElementTree.fromstring(files[name])
        assert not [key for element in tree.iter() for key in element.attrib if key.startswith("on") or "href" in key]
        assert "var(" not in files[name].decode(), "programs that place figures in documents know no variables"


def test_svg_needs_no_matplotlib(found, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    charts = {"one": charts_of(found)[:1]}
    assert list(chart_files(charts, ["svg"])) == ["one.svg"]
    with pytest.raises(PlotError, match="PNG need matplotlib"):
        chart_files(charts, ["svg", "png"])


@pytest.mark.parametrize("count", [5, 49, 101])
def test_names_lie_over_no_other_name_and_no_point(count):
    drawn = random.Random(count)
    systems = [
        entry(f"Team{n}_UNI_task4_1", 0.2 + 0.5 * drawn.random(), energy_kwh={"training": 10 ** drawn.uniform(-1, 2)})
        for n in range(count)
    ]
    for chart in charts_of(ranking(*systems, entry("Baseline_task4_1", 0.4, energy_kwh={"training": 1.0}))):
        tree = ElementTree.fromstring(chart_svg(chart))
        names = [text for text in tree.iter("text") if text.get("class").startswith("name")]
        boxes = [
            Box(
                float(one.get("x")),
                float(one.get("y")) - 8,
                float(one.get("x")) + 5 * len(one.text),
                float(one.get("y")),
            )
            for one in names
        ]
        points = [(float(one.get("cx")), float(one.get("cy"))) for one in tree.iter("circle")]
        assert names or chart.groups
        assert not [1 for a, b in itertools.combinations(boxes, 2) if a.meets(b)]
        assert not [1 for box in boxes for x, y in points if box.meets(Box(x - 3, y - 3, x + 3, y + 3))]


def test_ranks_are_among_the_same_systems():
    """Who has no energy counts on neither axis: else every system seems to gain."""
    known = {"A_U_task4_1": 0.8, "B_U_task4_1": 0.7, "C_U_task4_1": 0.6}
    systems = [entry(f"N{n}_U_task4_1", 0.9 + n / 100, energy_kwh={"training": None}) for n in range(3)]
    systems += [entry(label, score) for label, score in known.items()]
    shift = next(chart for chart in charts_of(ranking(*systems)) if chart.name == "rank_ew_rank_training")
    assert {name: place for place, name, _ in points_of(shift)} == {
        label: (rank, rank) for rank, label in enumerate(known, 1)
    }


@pytest.mark.parametrize(
    ("low", "high", "log"), [(0.0, 1.0, False), (0.98, 0.99, False), (1e-4, 1e3, True), (3, 4, True)]
)
def test_ticks(low, high, log):
    axis = axis_of([low, high], 0, 100, log=log)
    ticks = [value for value, _ in axis.ticks()]
    assert 2 <= len(ticks) <= 10
    assert all(axis.low <= value <= axis.high for value in ticks)
    assert ticks == sorted(set(ticks))
    assert 0 <= axis.place(low) < axis.place(high) <= 100


def test_one_value_has_an_axis_too():
    axis = axis_of([0.5], 0, 100)
    assert 0 < axis.place(0.5) < 100
    assert axis.ticks()
    assert Axis(1, 10, 0, 100, log=True).place(10) == 100


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.05, "0.05"), (20.0, "20"), (20_000.0, "20 k"), (1e9, "1 G"), (3.5e12, "3.5 T"), (1500.0, "1500")],
)
def test_short_numbers(value, text):
    assert short(value) == text
