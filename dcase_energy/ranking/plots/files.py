"""Plots as files: SVG, PNG and PDF, drawn by matplotlib. The same ranking gives the same bytes."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from dcase_energy.ranking.order import Ranking
from dcase_energy.ranking.plots.axes import short
from dcase_energy.ranking.plots.charts import Bars, Chart, Scatter, charts_of
from dcase_energy.scoring.plots import require_matplotlib
from dcase_energy.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("svg", "png", "pdf")
_SETTINGS: Any = {"svg.hashsalt": "dcase-energy", "font.size": 9, "pdf.fonttype": 42, "text.usetex": False}
_UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
_MOST_NAMED = 12
_COLOURS = ("#2b6cb0", "#c77700", "#2f855a")
_FRONT = "#b4400b"


def write_plots(ranking: Ranking, formats: list[str]) -> dict[str, bytes]:
    """The plots of a ranking by file name.

    Raises
    ------
    PlotError
        If matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    files: dict[str, bytes] = {}
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the sheets have it.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        for chart in charts_of(ranking):
            height = 1.2 + 0.3 * len(chart.bars) if isinstance(chart, Bars) else 4.2
            figure = Figure(figsize=(6.0, height), layout="constrained")
            FigureCanvasAgg(figure)
            axes = figure.add_subplot()
            _draw(axes, chart)
            for name in formats:
                out = io.BytesIO()
                figure.savefig(out, format=name, dpi=200, metadata=_UNDATED[name])
                files[f"plot_{chart.name}.{name}"] = out.getvalue()
    return files


def _draw(axes: Axes, chart: Chart) -> None:
    if isinstance(chart, Bars):
        _bars(axes, chart)
    else:
        _scatter(axes, chart)
    axes.set_title(chart.title, fontsize=10)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)


def _scatter(axes: Axes, chart: Scatter) -> None:
    front = chart.front
    others = [point for point in chart.points if not point.on_front]
    axes.scatter([p.x for p in others], [p.y for p in others], s=16, color=_COLOURS[0], alpha=0.75)
    if chart.log_x:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: short(float(value)))
    if chart.ranks:
        axes.axline((1, 1), slope=1, linestyle="--", linewidth=1, color="gray")
        axes.invert_yaxis()
    if front:
        right = max(point.x for point in chart.points)
        xs, ys = [*(p.x for p in front), right], [*(p.y for p in front), front[-1].y]
        axes.step(xs, ys, where="post", color=_FRONT, linewidth=1.2)
        axes.scatter([p.x for p in front], [p.y for p in front], s=26, color=_FRONT, zorder=3)
        for point in front[:_MOST_NAMED]:
            name = one_line(point.label)
            name = name if len(name) <= 30 else f"{name[:29]}…"
            axes.annotate(
                name, (point.x, point.y), xytext=(5, -9), textcoords="offset points", fontsize=6.5, parse_math=False
            )
    axes.set_xlabel(chart.x_title)
    axes.set_ylabel(chart.y_title)


def _bars(axes: Axes, chart: Bars) -> None:
    rows = range(len(chart.bars))
    starts = [0.0] * len(chart.bars)
    for number, part in enumerate(chart.parts):
        widths = [values[number] or 0.0 for _, values in chart.bars]
        axes.barh(rows, widths, left=starts, color=_COLOURS[number], label=part.upper(), height=0.7)
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    names = [one_line(name)[:40] for name, _ in chart.bars]
    axes.set_yticks(rows, names, fontsize=7, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel(chart.x_title)
    axes.legend(loc="lower right", fontsize=7)
