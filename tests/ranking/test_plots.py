"""Plots: what is in them, as SVG in the page and as files."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from dcase_energy.ranking.plots.axes import Axis, axis_of, short
from dcase_energy.ranking.plots.charts import Bars, Scatter, charts_of
from dcase_energy.ranking.plots.files import FORMATS, write_plots
from dcase_energy.ranking.plots.svg import HEIGHT, MOST_NAMED, WIDTH, chart_svg, is_thinned
from dcase_energy.ranking.sheets.html import to_html
from tests.ranking.hostile import HOSTILE
from tests.ranking.systems import entry, ranking

STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture(scope="module")
def found():
    texts = [text for text in HOSTILE.values() if len(text) < 1000]
    systems = [
        entry(text, 0.2 + 0.01 * n, team=text, energy_kwh={"training": 1.0 + n, "test": 0.01 * (1 + n)},
              macs=10**9 * (1 + n), components_kwh={"gpu": 1.0, "cpu": 0.5, "ram": None})
        for n, text in enumerate(texts)
    ]  # fmt: skip
    return ranking(*systems, entry("without_energy_1", 0.4, energy_kwh={"training": None, "test": None}))


def test_every_system_with_the_figures_is_in_it(found):
    charts = {chart.name: chart for chart in charts_of(found)}
    assert list(charts) == [
        "score_energy_training", "score_energy_test", "rank_ew_rank_training", "rank_ew_rank_test", "score_macs",
        "components",
    ]  # fmt: skip
    scatter = charts["score_energy_training"]
    assert isinstance(scatter, Scatter)
    assert (len(scatter.points), scatter.missing) == (len(found.placed) - 1, 1)
    for point in scatter.points:
        one = found.placed[point.row]
        assert (point.label, point.y) == (one.entry.label, one.figures.ranking_score)
        assert point.x == one.figures.energy_ratio["training"]
    bars = charts["components"]
    assert isinstance(bars, Bars)
    assert bars.bars[0][1] == [1.0, 0.5, None]


def test_nothing_is_plotted_of_what_is_not_known():
    assert charts_of(ranking()) == []
    names = [chart.name for chart in charts_of(ranking(entry("A_U_task4_1", baseline_kwh={})))]
    assert names == []


def test_points_lie_where_their_figures_say(found):
    chart = next(chart for chart in charts_of(found) if chart.name == "score_energy_training")
    tree = ElementTree.fromstring(chart_svg(chart))
    places = {a.get("href"): a.find("circle") for a in tree.iter("a")}
    assert len(places) == len(chart.points)
    ends = [chart.points[0], chart.points[-1]]
    (x0, y0), (x1, y1) = [(float(places[f"#s{p.row}"].get("cx")), float(places[f"#s{p.row}"].get("cy"))) for p in ends]
    for point in chart.points:
        circle = places[f"#s{point.row}"]
        share_x = math.log(point.x / ends[0].x) / math.log(ends[1].x / ends[0].x)
        share_y = (point.y - ends[0].y) / (ends[1].y - ends[0].y)
        assert float(circle.get("cx")) == pytest.approx(x0 + share_x * (x1 - x0), abs=0.11)
        assert float(circle.get("cy")) == pytest.approx(y0 + share_y * (y1 - y0), abs=0.11)


def test_svg_is_well_formed_whatever_systems_are_called(found):
    for chart in charts_of(found):
        tree = ElementTree.fromstring(chart_svg(chart))
        assert {element.tag for element in tree.iter()} <= {"svg", "text", "polyline", "a", "circle", "rect", "title"}
        for element in tree.iter():
            assert not [name for name in element.attrib if name.startswith("on") or name == "style"]


def test_a_plot_of_many_systems_is_one_shape_and_its_front():
    many = ranking(*(entry(f"T{n}_U_1", 0.2 + n / 9000, macs=10**9 + n * 7919 % 1009) for n in range(2 * MOST_NAMED)))
    chart = next(chart for chart in charts_of(many) if chart.name == "score_macs")
    assert is_thinned(chart)
    tree = ElementTree.fromstring(chart_svg(chart))
    assert len(list(tree.iter())) < 100
    links = [a.get("href") for a in tree.iter("a")]
    assert links == [f"#s{point.row}" for point in chart.front]
    (dots,) = tree.iter("path")
    places = re.findall(r"M([0-9.]+) ([0-9.]+)h0", dots.get("d"))
    assert 100 < len(places) <= len(chart.points)
    assert len(set(places)) == len(places)
    assert all(0 < float(x) < WIDTH and 0 < float(y) < HEIGHT for x, y in places)
    assert "are not links" in to_html(many)


def test_plots_as_files():
    names = (r"$\frac{$", "</text><script>x</script>", "نص", "a&b", "_^%#")
    small = ranking(*(entry(name, 0.2 + 0.1 * n, team=name) for n, name in enumerate(names)))
    files = write_plots(small, list(FORMATS))
    assert len(files) == 3 * len(charts_of(small))
    for name, content in files.items():
        assert content.startswith(STARTS[name.rpartition(".")[2]])
        assert len(content) > 3000
    assert write_plots(small, ["svg"]) == {name: files[name] for name in files if name.endswith("svg")}
    text = files["plot_score_energy_training.svg"].decode()
    assert not re.search(r"<script|<img|onload=", text)


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
