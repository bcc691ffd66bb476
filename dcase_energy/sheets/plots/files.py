"""Charts as files: SVG as the page draws it, PNG and PDF by matplotlib (the extra ``plots``); always the same bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import PlotError
from dcase_energy.sheets.plots.chart import PALETTE, Chart, Colour
from dcase_energy.sheets.plots.svg import charts_svg, short
from dcase_energy.text import one_line, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SETTINGS: Any = {
    # Foreign text is not a formula: a dollar sign in a name must not start one.
    "text.parse_math": False, "text.usetex": False, "font.size": 9, "pdf.fonttype": 42,
    "axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True,
}  # fmt: skip
# A date would make each file differ from the one before.
_UNDATED: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "ModDate": None}, "png": {"Software": None}
}  # fmt: skip
_COLOURS = {"grey": "0.75", "accent": "#b4400b", "compared": "#6b2fa8"}
_LINES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D")
_MOST_NAMED = 12


def require_matplotlib(formats: Iterable[str]) -> None:
    """Raise `PlotError` if charts cannot be drawn, before any work is done and not after an hour of it."""
    from importlib.util import find_spec

    needing = [name for name in formats if name != "svg"]
    if needing and find_spec("matplotlib") is None:
        names = " and ".join(name.upper() for name in needing)
        raise PlotError(f"figures as {names} need matplotlib: pip install 'dcase-energy[plots]'; svg does not need it")


def chart_files(figures: Mapping[str, Sequence[Chart]], formats: Iterable[str]) -> dict[str, bytes]:
    """Return the files of figures by name, each of one chart or of several beside each other.

    Raises
    ------
    PlotError
        If a format needs matplotlib and it is not installed.
    """
    wanted = list(formats)
    require_matplotlib(wanted)
    files = {f"{name}.svg": charts_svg(charts) for name, charts in figures.items() if "svg" in wanted}
    by_matplotlib = [name for name in wanted if name != "svg"]
    return files | (_by_matplotlib(figures, by_matplotlib) if by_matplotlib else {})


def _by_matplotlib(figures: Mapping[str, Sequence[Chart]], formats: Sequence[str]) -> dict[str, bytes]:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    files: dict[str, bytes] = {}
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the sheets have it.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        for name, charts in figures.items():
            height = max(1.5 + 0.3 * len(chart.groups) if chart.groups else 4.2 for chart in charts)
            figure = Figure(figsize=(2.4 + 4.6 * len(charts), height), layout="constrained")
            FigureCanvasAgg(figure)
            for axes, chart in zip(figure.subplots(1, len(charts), squeeze=False)[0], charts, strict=True):
                (_bars if chart.groups else _lines)(axes, chart)
                axes.set(title=chart.title, xlabel=chart.x_title, ylabel=chart.y_title)
                if chart.legend or chart.references:
                    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7)
            for suffix in formats:
                out = io.BytesIO()
                figure.savefig(out, format=suffix, dpi=200, metadata=_UNDATED[suffix])
                files[f"{name}.{suffix}"] = out.getvalue()
    return files


def _colour(colour: Colour) -> str:
    return PALETTE[colour % len(PALETTE)] if isinstance(colour, int) else _COLOURS[colour]


def _name(text: str, longest: int = 40) -> str:
    return shortened(one_line(text), longest)


def _lines(axes: Axes, chart: Chart) -> None:
    if chart.x_log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: short(float(value)))
    for one in chart.series:
        look: dict[str, Any] = {"color": _colour(one.colour), "label": _name(one.label) or None}
        look |= {"linestyle": "none" if one.line is None else _LINES[one.line % 4], "linewidth": 1.3, "markersize": 4.5}
        look |= {"marker": None if one.marker is None else _MARKERS[one.marker % 4]}
        xs, ys = [x for x, _ in one.points], [y for _, y in one.points]
        axes.plot(xs, ys, drawstyle="steps-post" if one.steps else "default", **look)
        if one.ends:
            axes.vlines(xs, [low for low, _ in one.ends], [high for _, high in one.ends], color=look["color"], lw=1)
        named = zip(one.names, one.points, strict=False) if one.named else ()
        for name, point in list(named)[:_MOST_NAMED]:
            axes.annotate(_name(name, 30), point, xytext=(5, -9), textcoords="offset points", fontsize=6.5)
    for reference in chart.references:
        line = axes.axvline if reference.axis == "x" else axes.axhline
        line(reference.value, linestyle=":", linewidth=1, color="gray", label=reference.label)
    if chart.x_ticks:
        axes.set_xticks(chart.x_ticks, [short(tick) for tick in chart.x_ticks])
        axes.minorticks_off()
    if chart.ranks:
        axes.axline((1, 1), slope=1, linestyle="--", linewidth=1, color="gray")
        axes.invert_yaxis()
    if chart.x_range is not None:
        axes.set_xlim(*chart.x_range)
    if chart.y_range is not None:
        axes.set_ylim(*chart.y_range)


def _bars(axes: Axes, chart: Chart) -> None:
    rows = range(len(chart.groups))
    for number, part in enumerate(chart.parts):
        edge, thickness = chart.across(number)
        places = [row + edge + thickness / 2 for row in rows]
        widths, starts = [value or 0.0 for value in part.values], [chart.start(row, number) for row in rows]
        axes.barh(places, widths, left=starts, color=_colour(number), label=_name(part.label), height=thickness)
        ends = [(place, *pair) for place, pair in zip(places, part.ends, strict=False) if pair]
        axes.hlines([row[0] for row in ends], [row[1] for row in ends], [row[2] for row in ends], color="black", lw=0.9)
    axes.set_yticks([row + 0.375 for row in rows], [_name(name) for name in chart.groups], fontsize=7)
    axes.invert_yaxis()
    if chart.x_range is not None:
        axes.set_xlim(*chart.x_range)
