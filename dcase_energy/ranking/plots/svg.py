"""Plots as SVG inside a page: colours come from its style sheet, points are links to rows, no script is needed."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dcase_energy.ranking.plots.axes import Axis, axis_of, short
from dcase_energy.ranking.plots.charts import Bars, Chart, Point, Scatter
from dcase_energy.text import one_line

WIDTH, HEIGHT = 460, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44
_LONGEST_NAME = 34
MOST_NAMED = 500


def chart_svg(chart: Chart) -> str:
    """Draw a chart."""
    body = "".join(_bars(chart) if isinstance(chart, Bars) else _scatter(chart))
    height = _bars_height(chart) if isinstance(chart, Bars) else HEIGHT
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(chart.title)}">{body}</svg>'


@lru_cache(maxsize=4096)
def escape(text: str) -> str:
    """Foreign text inside SVG or HTML. Codes, GPU models and teams come again in row after row."""
    return html.escape(one_line(text))


def _scatter(chart: Scatter) -> Iterator[str]:
    xs, ys = [point.x for point in chart.points], [point.y for point in chart.points]
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    x = axis_of(xs, _LEFT, right, log=chart.log_x)
    y = axis_of(ys, _TOP, bottom) if chart.ranks else axis_of(ys, bottom, _TOP)
    yield from _frame(x, y, chart)
    if chart.ranks:
        least, most = max(x.low, y.low), min(x.high, y.high)
        yield _line("diagonal", [(x.place(v), y.place(v)) for v in (least, most)])
    front = chart.front
    if front:
        yield _line("front", _steps([(x.place(p.x), y.place(p.y)) for p in front], right))
    points = sorted(chart.points, key=lambda p: p.on_front)
    if is_thinned(chart):
        yield _dots((x.place(p.x), y.place(p.y)) for p in points if not p.on_front)
        points = front[:MOST_NAMED]
    for point in points:
        yield _point(point, x.place(point.x), y.place(point.y))
    yield from _names(front, x, y)


def _steps(places: Sequence[tuple[float, float]], right: float) -> list[tuple[float, float]]:
    """A front is a staircase: between two systems nothing better is to be had than the cheaper one."""
    steps = [places[0]]
    for at, height in places[1:]:
        steps += [(at, steps[-1][1]), (at, height)]
    return [*steps, (right, steps[-1][1])]


def is_thinned(chart: Chart) -> bool:
    """Whether a chart has so many points that only those on its front have names and are links."""
    return isinstance(chart, Scatter) and len(chart.points) > MOST_NAMED


def _dots(places: Iterable[tuple[float, float]]) -> str:
    """Many points as one shape, a dot where several lie within half a unit: a browser keeps one element, not 10,000."""
    dots = dict.fromkeys((round(x * 2) / 2, round(y * 2) / 2) for x, y in places)
    return f'<path class="dots" d="{"".join([f"M{x:g} {y:g}h0" for x, y in dots])}"/>'


def _point(point: Point, x: float, y: float) -> str:
    name = escape(_cut(point.label))
    mark = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4.5 if point.on_front else 3.5}"{_class("on-front", point.on_front)}/>'
    )
    anchor = "end" if x > WIDTH / 2 else "start"
    place = f'x="{x + (-7 if anchor == "end" else 7):.1f}" y="{max(y - 7, 14):.1f}" text-anchor="{anchor}"'
    figures = f"{name}: {short(point.x)}, {short(point.y)}"
    return f'<a href="#s{point.row}" aria-label="{figures}">{mark}<text class="tip" {place}>{figures}</text></a>'


def _class(name: str, wanted: bool) -> str:
    return f' class="{name}"' if wanted else ""


def _names(front: Sequence[Point], x: Axis, y: Axis) -> Iterator[str]:
    """Names of the systems on the front, where they do not lie over each other or over its corners."""
    taken: list[tuple[float, float, float]] = [(x.place(p.x) - 4, x.place(p.x) + 4, y.place(p.y)) for p in front]
    for point in reversed(front):
        text = _cut(point.label, 24)
        width, at, base = 6.4 * len(text), x.place(point.x), y.place(point.y)
        for left, line in ((at - width - 7, base + 4), (at + 7, base + 14), (at - width - 7, base - 7)):
            inside = left >= _LEFT and left + width <= WIDTH - _RIGHT and _TOP + 8 <= line <= HEIGHT - _BOTTOM
            if inside and all(left + width < a or left > b or abs(line - 4 - c) > 9 for a, b, c in taken):
                taken.append((left, left + width, line - 4))
                yield f'<text class="name" x="{left:.1f}" y="{line:.1f}">{escape(text)}</text>'
                break


def _frame(x: Axis, y: Axis, chart: Scatter) -> Iterator[str]:
    bottom, top = max(y.start, y.end), min(y.start, y.end)
    x_ticks, y_ticks = (axis.rank_ticks() if chart.ranks else axis.ticks() for axis in (x, y))
    for value, text in x_ticks:
        at = x.place(value)
        yield _line("grid", [(at, top), (at, bottom)])
        yield f'<text class="tick" x="{at:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{text}</text>'
    for value, text in y_ticks:
        at = y.place(value)
        yield _line("grid", [(x.start, at), (x.end, at)])
        yield f'<text class="tick" x="{x.start - 6:.1f}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
    middle = (x.start + x.end) / 2
    below = f'x="{middle:.1f}" y="{bottom + 34:.1f}" text-anchor="middle"'
    yield f'<text class="axis" {below}>{escape(chart.x_title)}</text>'
    height = (top + bottom) / 2
    turned = f'transform="rotate(-90 13 {height:.1f})" text-anchor="middle"'
    yield f'<text class="axis" x="13" y="{height:.1f}" {turned}>{escape(chart.y_title)}</text>'


def _line(name: str, places: Sequence[tuple[float, float]]) -> str:
    return f'<polyline class="{name}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _bars_height(chart: Bars) -> int:
    return 70 + 30 * len(chart.bars)


def _bars(chart: Bars) -> Iterator[str]:
    totals = [sum(value or 0.0 for value in values) for _, values in chart.bars]
    axis = axis_of([0.0, max(totals) or 1.0], 10, WIDTH - _RIGHT)
    bottom = _bars_height(chart) - 36
    for value, text in axis.ticks():
        yield _line("grid", [(axis.place(value), 24), (axis.place(value), bottom)])
        yield f'<text class="tick" x="{axis.place(value):.1f}" y="{bottom + 14}" text-anchor="middle">{text}</text>'
    yield f'<text class="axis" x="{WIDTH / 2}" y="{bottom + 30}" text-anchor="middle">{escape(chart.x_title)}</text>'
    for number, part in enumerate(chart.parts):
        yield f'<rect class="part{number}" x="{10 + 70 * number}" y="6" width="11" height="11"/>'
        yield f'<text class="tick" x="{25 + 70 * number}" y="16">{escape(part.upper())}</text>'
    for row, (name, values) in enumerate(chart.bars):
        top, total = 40 + 30 * row, 0.0
        yield f'<text class="name" x="10" y="{top}">{escape(_cut(name, 60))}</text>'
        for number, energy_kwh in enumerate(values):
            start, end = axis.place(total), axis.place(total + (energy_kwh or 0.0))
            total += energy_kwh or 0.0
            if energy_kwh:
                title = f"<title>{escape(chart.parts[number].upper())}: {energy_kwh!r} kWh</title>"
                place = f'x="{start:.1f}" y="{top + 4}" width="{max(end - start, 0.5):.1f}" height="10"'
                yield f'<rect class="part{number}" {place}>{title}</rect>'


def _cut(text: str, longest: int = _LONGEST_NAME) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
