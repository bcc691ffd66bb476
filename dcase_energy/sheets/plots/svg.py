"""Charts as SVG: inside a page, where points are links to rows, and as files. Colours come from a style sheet."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from dcase_energy.sheets.plots.chart import PALETTE, Chart, Colour, Point, ReferenceLine, Series
from dcase_energy.sheets.plots.names import Box, box_of_line, place_names
from dcase_energy.text import shortened
from dcase_energy.units import format_significant
from dcase_energy.writing.escape import html

WIDTH, HEIGHT = 460, 340
# Of a file: room for a title, and between charts.
_TITLE, _GAP = 26, 24
# Colours of the style sheet for paper; `page.css` has them once more beside those for dark screens.
LIGHT = {
    "ink": "#1b1f24", "soft": "#56606b", "line": "#d5dae0", "paper": "#fff", "accent": "#b4400b", "point": "#1f5fa8",
    "base": "#6b2fa8", "p0": "#0072b2", "p1": "#d55e00", "p2": "#009e73", "p3": "#cc79a7", "p4": "#c98500",
    "p5": "#2f97d8", "p6": "#1b1f24", "p7": "#8a7d00",
}  # fmt: skip
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44
# Width of a letter, height of a group with its name, and of its bars.
_LETTER, _GROUP, _THICK = 6.4, 38, 22
_MOST = 1e300
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
    # Beyond it the arithmetic of axes ends: such a figure lies outside the chart.
    low, high = (min(max(value, -_MOST), _MOST) for value in (min(values), max(values)))
    if exact:
        return Axis(low, high, start, end, log)
    if log:
        low, high = max(low, 1 / _MOST) / 1.5, high * 1.5
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
    """Draw a chart for a page: a group with a name, as what is drawn in an image cannot be reached."""
    body, height = drawn(chart)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{html(chart.title)}">{body}</svg>'


def charts_svg(charts: Sequence[Chart]) -> bytes:
    """Draw charts beside each other as a file, each below its title; nothing in it leads anywhere."""
    parts, heights = [], []
    for place, chart in enumerate(charts):
        alone = replace(chart, series=[replace(one, rows=()) for one in chart.series])
        body, height = drawn(alone)
        title = _text("title", WIDTH / 2, -8, chart.title, "middle")
        parts.append(f'<g transform="translate({place * (WIDTH + _GAP)} {_TITLE})">{title}{body}</g>')
        heights.append(height + _TITLE)
    width, height = len(charts) * (WIDTH + _GAP) - _GAP, max(heights)
    # Programs that place figures in documents know no variables.
    style = re.sub(r"var\(--([a-z0-9]+)\)", lambda match: LIGHT[match[1]], chart_style())
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height:.0f}" viewBox="0 0 {width} {height:.0f}"><style>{style}</style>'
        f'<rect class="paper" width="100%" height="100%"/>{"".join(parts)}</svg>\n'
    ).encode()


@cache
def chart_style() -> str:
    """Return the style sheet of charts; colours are variables of the page's."""
    return (Path(__file__).parent / "chart.css").read_text(encoding="utf-8")


def drawn(chart: Chart) -> tuple[str, float]:
    """Return what a chart consists of, and how high it is; it is `WIDTH` wide."""
    bottom = _TOP + len(chart.groups) * _GROUP if chart.groups else HEIGHT - _BOTTOM
    body = [*(_bars(chart, bottom) if chart.groups else _lines(chart, bottom))]
    body.append(_text("axis", (_LEFT + WIDTH - _RIGHT) / 2, bottom + 34, chart.x_title, "middle"))
    x, y = float(_LEFT), bottom + _BOTTOM + 12
    for one in chart.legend:
        label = shortened(one.label, _LONGEST_NAME)
        if x + 36 + _LETTER * len(label) > WIDTH and x > _LEFT:
            x, y = _LEFT, y + 16
        if one.line is not None:
            body.append(_line(f"line {_css(one.colour)}", [(x, y - 4), (x + 18, y - 4)], _DASHES[one.line % 4]))
        if one.marker is not None:
            body.append(_mark(one, x + 9, y - 4))
        body.append(_text("tick", x + 23, y, label))
        x += 36 + _LETTER * len(label)
    return "".join(body), y + 4 if chart.legend else bottom + _BOTTOM


def _axes(chart: Chart, bottom: float) -> tuple[Axis, Axis]:
    """Both axes, around what is drawn and what it is compared with."""
    points = [point for one in chart.series for point in one.points]
    ys = [*(y for _, y in points), *(end for one in chart.series for ends in one.ends for end in ends)]
    marked = {axis: [line.value for line in chart.references if line.axis == axis] for axis in ("x", "y")}
    xs, right = [*(x for x, _ in points), *marked["x"]], WIDTH - _RIGHT
    y_ends = (_TOP, bottom) if chart.ranks else (bottom, _TOP)
    return (
        axis_of(chart.x_range or xs, _LEFT, right, log=chart.x_log, exact=chart.x_range is not None),
        axis_of(chart.y_range or [*ys, *marked["y"]], *y_ends, exact=chart.y_range is not None),
    )


def _lines(chart: Chart, bottom: float) -> Iterator[str]:
    x, y = _axes(chart, bottom)
    yield from _frame(x, y, chart)
    if chart.ranks:
        least, most = max(x.low, y.low), min(x.high, y.high)
        yield _line("diagonal", [(x.place(v), y.place(v)) for v in (least, most)])
    taken = [
        Box(at - 5, height - 5, at + 5, height + 5)
        for one in chart.series
        if one.marker is not None
        for at, height in ((x.place(a), y.place(b)) for a, b in one.points)
    ]
    for reference in chart.references:
        yield from _reference(reference, x, y, taken)
    for one in chart.series:
        places = [(x.place(a), y.place(b)) for a, b in one.points]
        if one.line is not None and places:
            line = _steps(places) if one.steps else places
            taken += box_of_line(line)
            yield _line(f"line {_css(one.colour)}", line, _DASHES[one.line % 4])
        for (at, _), ends in zip(places, one.ends, strict=False):
            yield _line(f"line {_css(one.colour)}", [(at, y.place(end)) for end in ends])
        if one.marker is not None:
            for number, place in enumerate(places):
                yield _point(chart, one, number, *place)
    yield from _names(chart, x, y, taken)


def _reference(line: ReferenceLine, x: Axis, y: Axis, taken: list[Box]) -> Iterator[str]:
    """A line across the chart, its word at an end of it, where no point is if there is such a place."""
    bottom, top = max(y.start, y.end), min(y.start, y.end)
    width, upright = _LETTER * len(line.label), line.axis == "x"
    at = x.place(line.value) if upright else y.place(line.value)
    lefts = (at + 4, at - 4 - width) if upright else (x.end - width - 2, x.start + 4)
    bases = (bottom - 5, top + 12) if upright else (at - 4, at + 12)
    places = [(left, base) for base in bases for left in lefts if left >= x.start and left + width <= x.end]
    boxes = [Box(left, base - 10, left + width, base + 3) for left, base in places]
    free = [box for box in boxes if not any(box.meets(other) for other in taken)]
    yield _line("reference", [(at, top), (at, bottom)] if upright else [(x.start, at), (x.end, at)])
    if box := next(iter([*free, *boxes]), None):
        taken.append(box)
        yield _text("tick", box.left, box.bottom - 3, line.label)


def _steps(places: Sequence[Point]) -> list[Point]:
    corners = [(right[0], left[1]) for left, right in pairwise(places)]
    return [point for pair in zip(places, [*corners, places[-1]], strict=True) for point in pair]


def _point(chart: Chart, one: Series, number: int, x: float, y: float) -> str:
    mark = _mark(one, x, y)
    if not one.names:
        return mark
    across, up = (f"{value:.0f}" if chart.ranks else format_significant(value) for value in one.points[number])
    title = f"{shortened(one.names[number], _LONGEST_NAME)}: {chart.y_title} {up}; {chart.x_title} {across}"
    if not one.rows:
        return f"<g><title>{html(title)}</title>{mark}</g>"
    return f'<a href="#s{one.rows[number]}"><title>{html(title)}</title>{mark}</a>'


def _mark(one: Series, x: float, y: float) -> str:
    shape = (one.marker or 0) % (1 + len(_SHAPES))
    if shape:
        return f'<path class="{_css(one.colour)}" transform="translate({x:.1f} {y:.1f})" d="{_SHAPES[shape - 1]}"/>'
    radius = 3.5 if isinstance(one.colour, int) else 4.5
    return f'<circle class="{_css(one.colour)}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _css(colour: Colour) -> str:
    return f"c{colour % len(PALETTE)}" if isinstance(colour, int) else colour


def _names(chart: Chart, x: Axis, y: Axis, taken: Sequence[Box]) -> Iterator[str]:
    """Names of the points that have theirs beside them, those on top first."""
    found = [
        (shortened(name, 24), (x.place(a), y.place(b)), one)
        for one in reversed(chart.series)
        if one.named
        for name, (a, b) in zip(reversed(one.names), reversed(one.points), strict=True)
    ]
    frame = Box(_LEFT, min(y.start, y.end), WIDTH, max(y.start, y.end))
    named = [(place, _LETTER * len(text)) for text, place, _ in found]
    for number, left, base in place_names(named, taken, frame):
        text, _, one = found[number]
        yield _text(f"name {_css(one.colour)}", left, base, text)


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
        yield _text("name", 10, top, shortened(name, 60))
        for number, part in enumerate(chart.parts):
            value, start = part.values[group], chart.start(group, number)
            edge, thickness = (_THICK * share for share in chart.across(number))
            at, width = x.place(start), x.place(start + (value or 0.0)) - x.place(start)
            if value:
                title = f"<title>{html(f'{name}: {part.label} {value!r} {chart.x_title}')}</title>"
                place = f'x="{at:.1f}" y="{top + 4 + edge:.1f}" width="{max(width, 0.5):.1f}" height="{thickness:.1f}"'
                yield f'<rect class="{_css(number)}" {place}>{title}</rect>'
            if part.ends and (pair := part.ends[group]):
                yield _line("ends", [(x.place(end), top + 4 + edge + thickness / 2) for end in pair])


def _line(name: str, places: Sequence[Point], dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline class="{name}"{dashes} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _text(name: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html(text)}</text>'
