"""Charts as SVG inside a page: colours come from its style sheet, points are links to rows, no script is needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dcase_energy.sheets.plots.chart import PALETTE, Chart, Colour, Point, Series
from dcase_energy.units import format_significant
from dcase_energy.writing.escape import html

WIDTH, HEIGHT = 460, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44
# Width of a letter, height of a group with its name, and of its bars.
_LETTER, _GROUP, _THICK = 6.4, 38, 22
_LONGEST_NAME = 34
_DASHES = ("", "6 3", "7 3 2 3", "2 3")
# Shapes of markers except for the first, which is a circle.
_SHAPES = ("M-3.5-3.5h7v7h-7z", "M-4 3.5h8l-4-7z", "M0-5l5 5-5 5-5-5z")


@dataclass(frozen=True)
class Axis:
    """A range of values drawn between two places, ``start`` being that of ``low``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies."""
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def rank_ticks(self) -> list[tuple[float, str]]:
        """The same for ranks: the first is 1."""
        return [(1.0, "1"), *((value, text) for value, text in self.ticks() if value >= 2 and value == round(value))]

    def ticks(self) -> list[tuple[float, str]]:
        """Values and texts of at most about eight ticks."""
        values = _log_ticks(self.low, self.high) if self.log else _ticks(self.low, self.high)
        return [(value, short(value)) for value in values]


def axis_of(values: Sequence[float], start: float, end: float, *, log: bool = False, exact: bool = False) -> Axis:
    """An axis around some values with a little room, or exactly between them; positive ones if it is logarithmic."""
    low, high = min(values), max(values)
    if exact:
        return Axis(low, high, start, end, log)
    if log:
        low, high = low / 1.5, high * 1.5
        return Axis(low, high, start, end, log=True)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    return Axis(low - room if low < 0 or low > room else min(0.0, low), high + room, start, end)


def short(value: float) -> str:
    """A tick's text: `0.05`, `20`, `5 k`, `10 G`."""
    sizes = ((1e12, 1e12, " T"), (1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k"), (0.0, 1.0, ""))
    size, unit = next((size, unit) for least, size, unit in sizes if abs(value) >= least)
    text = format_significant(value / size, 3)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + unit


def _ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 5
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw)
    first = math.ceil(low / step)
    return [round(count * step, 12) for count in range(first, math.floor(high / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = max(1, math.ceil(len(decades) / 7))
    factors = (1, 2, 5) if len(decades) <= 3 else (1,)
    values = [factor * 10.0**decade for decade in decades if decade % every == 0 for factor in factors]
    return [value for value in values if low <= value <= high]


def chart_svg(chart: Chart) -> str:
    """Draw a chart."""
    bottom = _TOP + len(chart.groups) * _GROUP if chart.groups else HEIGHT - _BOTTOM
    body = [*(_bars(chart, bottom) if chart.groups else _lines(chart, bottom))]
    body.append(_text("axis", (_LEFT + WIDTH - _RIGHT) / 2, bottom + 34, chart.x_title, "middle"))
    x, y = float(_LEFT), bottom + _BOTTOM + 12
    for one in chart.legend:
        label = _cut(one.label)
        if x + 30 + _LETTER * len(label) > WIDTH and x > _LEFT:
            x, y = _LEFT, y + 16
        if one.line is not None:
            body.append(_line(f"line {_css(one.colour)}", [(x, y - 4), (x + 18, y - 4)], _DASHES[one.line % 4]))
        if one.marker is not None:
            body.append(_mark(one, x + 9, y - 4))
        body.append(_text("tick", x + 23, y, label))
        x += 30 + _LETTER * len(label)
    height = y + 4 if chart.legend else bottom + _BOTTOM
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{html(chart.title)}">{"".join(body)}</svg>'


def _lines(chart: Chart, bottom: float) -> Iterator[str]:
    points = [point for one in chart.series for point in one.points]
    ys = [*(y for _, y in points), *(end for one in chart.series for ends in one.ends for end in ends)]
    right = WIDTH - _RIGHT
    x = axis_of(chart.x_range or [x for x, _ in points], _LEFT, right, log=chart.x_log, exact=chart.x_range is not None)
    y_ends = (_TOP, bottom) if chart.ranks else (bottom, _TOP)
    y = axis_of(chart.y_range or ys, *y_ends, exact=chart.y_range is not None)
    yield from _frame(x, y, chart)
    if chart.ranks:
        least, most = max(x.low, y.low), min(x.high, y.high)
        yield _line("diagonal", [(x.place(v), y.place(v)) for v in (least, most)])
    for one in chart.series:
        places = [(x.place(a), y.place(b)) for a, b in one.points]
        if one.line is not None and places:
            yield _line(f"line {_css(one.colour)}", _steps(places) if one.steps else places, _DASHES[one.line % 4])
        for (at, _), ends in zip(places, one.ends, strict=False):
            yield _line(f"line {_css(one.colour)}", [(at, y.place(end)) for end in ends])
        if one.marker is not None:
            for number, place in enumerate(places):
                yield _point(one, number, *place)
    for one in chart.series:
        if one.colour == "accent" and one.names:
            yield from _names(one, x, y)


def _steps(places: Sequence[Point]) -> list[Point]:
    corners = [(right[0], left[1]) for left, right in pairwise(places)]
    return [point for pair in zip(places, [*corners, places[-1]], strict=True) for point in pair]


def _point(one: Series, number: int, x: float, y: float) -> str:
    mark = _mark(one, x, y)
    if not one.names:
        return mark
    anchor = "end" if x > WIDTH / 2 else "start"
    place = f'x="{x + (-7 if anchor == "end" else 7):.1f}" y="{max(y - 7, 14):.1f}" text-anchor="{anchor}"'
    figures = f"{html(_cut(one.names[number]))}: {', '.join(map(short, one.points[number]))}"
    tip = f'{mark}<text class="tip" {place}>{figures}</text>'
    return f'<a href="#s{one.rows[number]}" aria-label="{figures}">{tip}</a>'


def _mark(one: Series, x: float, y: float) -> str:
    shape = (one.marker or 0) % (1 + len(_SHAPES))
    if shape:
        return f'<path class="{_css(one.colour)}" transform="translate({x:.1f} {y:.1f})" d="{_SHAPES[shape - 1]}"/>'
    radius = 4.5 if one.colour == "accent" else 3.5
    return f'<circle class="{_css(one.colour)}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _css(colour: Colour) -> str:
    return f"c{colour % len(PALETTE)}" if isinstance(colour, int) else colour


def _names(one: Series, x: Axis, y: Axis) -> Iterator[str]:
    """Names of points, where they lie neither over each other nor over the points."""
    places = [(x.place(a), y.place(b)) for a, b in one.points]
    taken = [(at - 4, at + 4, height) for at, height in places]
    for name, (at, base) in zip(reversed(one.names), reversed(places), strict=True):
        text = _cut(name, 24)
        width = _LETTER * len(text)
        for left, line in ((at - width - 7, base + 4), (at + 7, base + 14), (at - width - 7, base - 7)):
            inside = left >= _LEFT and left + width <= WIDTH - _RIGHT and _TOP + 8 <= line <= HEIGHT - _BOTTOM
            if inside and all(left + width < a or left > b or abs(line - 4 - c) > 9 for a, b, c in taken):
                taken.append((left, left + width, line - 4))
                yield f'<text class="name" x="{left:.1f}" y="{line:.1f}">{html(text)}</text>'
                break


def _frame(x: Axis, y: Axis, chart: Chart) -> Iterator[str]:
    bottom, top = max(y.start, y.end), min(y.start, y.end)
    x_ticks, y_ticks = (axis.rank_ticks() if chart.ranks else axis.ticks() for axis in (x, y))
    if chart.x_ticks:
        x_ticks = [(value, short(value)) for value in chart.x_ticks]
    yield from _x_ticks(x, x_ticks, top, bottom)
    for value, text in y_ticks:
        at = y.place(value)
        yield _line("grid", [(x.start, at), (x.end, at)])
        yield _text("tick", x.start - 6, at + 4, text, "end")
    height = (top + bottom) / 2
    turned = f'transform="rotate(-90 13 {height:.1f})" text-anchor="middle"'
    yield f'<text class="axis" x="13" y="{height:.1f}" {turned}>{html(chart.y_title)}</text>'


def _x_ticks(x: Axis, ticks: Sequence[tuple[float, str]], top: float, bottom: float) -> Iterator[str]:
    for value, text in ticks:
        yield _line("grid", [(x.place(value), top), (x.place(value), bottom)])
        yield _text("tick", x.place(value), bottom + 15, text, "middle")


def _bars(chart: Chart, bottom: float) -> Iterator[str]:
    """Each group has its name above its bars."""
    lengths = [
        chart.start(group, number) + (part.values[group] or 0.0)
        for number, part in enumerate(chart.parts)
        for group in range(len(chart.groups))
    ]
    ends = [end for part in chart.parts for pair in part.ends if pair for end in pair]
    x = axis_of(
        chart.x_range or [0.0, max([*lengths, *ends]) or 1.0], 10, WIDTH - _RIGHT, exact=chart.x_range is not None
    )
    yield from _x_ticks(x, x.ticks(), _TOP, bottom)
    for group, name in enumerate(chart.groups):
        top = _TOP + group * _GROUP + 12
        yield _text("name", 10, top, _cut(name, 60))
        for number, part in enumerate(chart.parts):
            value, start = part.values[group], chart.start(group, number)
            edge, thickness = (_THICK * share for share in chart.across(number))
            at, width = x.place(start), x.place(start + (value or 0.0)) - x.place(start)
            if value:
                title = f"<title>{html(part.label)}: {value!r}</title>"
                place = f'x="{at:.1f}" y="{top + 4 + edge:.1f}" width="{max(width, 0.5):.1f}" height="{thickness:.1f}"'
                yield f'<rect class="{_css(number)}" {place}>{title}</rect>'
            if part.ends and (pair := part.ends[group]):
                yield _line("ends", [(x.place(end), top + 4 + edge + thickness / 2) for end in pair])


def _line(name: str, places: Sequence[Point], dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline class="{name}"{dashes} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _text(name: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html(text)}</text>'


def _cut(text: str, longest: int = _LONGEST_NAME) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
