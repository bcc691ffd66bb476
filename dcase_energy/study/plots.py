"""Figures of a study: energy a minute, F1 against energy, energy to the levels."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dcase_energy.errors import PlotError
from dcase_energy.study.outcome import cumulative_kwh
from dcase_energy.study.report import Report
from dcase_energy.study.tables import PaperTable, Row, natural_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IMAGE_FORMATS = ("svg", "png", "pdf")
TITLES = {
    "energy_per_minute": "Energy of a minute of training, by GPU and batch size",
    "f1_against_energy": "F1 against the energy spent",
    "energy_to_levels": "Energy to the first epoch that reaches a level",
}
# Colours that people with any colour vision tell apart (Okabe and Ito).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
_MARKERS = "osD^vP*X"
_LEVELS = {"kwh_at_f1_40": "F1 = 40 %", "kwh_at_95": "95 % of max F1", "kwh_at_max": "max F1", "kwh_last": "last epoch"}


def draw(report: Report, image_formats: tuple[str, ...]) -> dict[str, bytes]:
    """All figures: file name and content. The same runs give the same bytes.

    Raises
    ------
    PlotError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotError(f"figures need matplotlib ({error}): pip install 'dcase-energy[plots]'") from None
    images: dict[str, bytes] = {}
    settings: Any = {
        # Foreign text is no formula: a dollar sign in the name of a GPU must not start one.
        "text.parse_math": False,
        "svg.hashsalt": "dcase-energy",
        "font.size": 9,
        "pdf.fonttype": 42,
        "axes.grid": True,
        "grid.alpha": 0.3,
    }
    painters: dict[str, Callable[[Axes, Report], None]] = {
        "energy_per_minute": _energy_per_minute,
        "f1_against_energy": _f1_against_energy,
        "energy_to_levels": _energy_to_levels,
    }
    with mpl.rc_context(settings):
        for name, paint in painters.items():
            figure = Figure(figsize=(7.2, 4.2), layout="constrained")
            axes = figure.subplots()
            paint(axes, report)
            axes.set_title(TITLES[name])
            images |= {f"{name}.{suffix}": _save(figure, suffix) for suffix in image_formats}
    return images


def _energy_per_minute(axes: Axes, report: Report) -> None:
    """One line a GPU over the batch sizes, with the deviation of its runs."""
    rows = _both(report.tables[0])
    for index, gpu in enumerate(_gpus(rows)):
        points = [(row.batch_size, row.figures["minute_wh"]) for row in rows if row.gpu == gpu]
        known = [(batch, f.mean, f.deviation or 0.0) for batch, f in points if f.mean is not None]
        if known:
            batches, means, deviations = zip(*known, strict=True)
            axes.errorbar(batches, means, yerr=deviations, label=gpu, capsize=3, **_look(index))
    ticks = sorted({row.batch_size for row in rows if row.batch_size is not None})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("batch size (clips)")
    axes.set_ylabel("energy of a minute (Wh)")
    _legend(axes)


def _f1_against_energy(axes: Axes, report: Report) -> None:
    """A line for each run with epochs, else a point at its highest F1: colour by GPU, dashes or marker by batch."""
    from matplotlib.lines import Line2D

    gpus = sorted({run.about.gpu for run in report.runs}, key=natural_key)
    batches = sorted({run.about.batch_size for run in report.runs})
    highest, curves = 0.0, any(run.epochs for run in report.runs)
    for (gpu, batch), members in report.members.items():
        colour, look = _COLOURS[gpus.index(gpu) % len(_COLOURS)], _batch_look(batches.index(batch))
        for run, outcome in members:
            f1 = [epoch.f1(report.criterion) for epoch in run.epochs]
            highest = max(highest, outcome.max_f1_pct or 0.0)
            if any(value is not None for value in f1):
                percent = [float("nan") if value is None else 100 * value for value in f1]
                axes.plot(cumulative_kwh(run.epochs), percent, color=colour, lw=1, linestyle=look["linestyle"])
            elif outcome.kwh_at_max is not None and outcome.max_f1_pct is not None:
                axes.plot([outcome.kwh_at_max], [outcome.max_f1_pct], color=colour, marker=look["marker"], linestyle="")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.05 * highest or 1.0)
    axes.set_xlabel("energy spent (kWh)")
    axes.set_ylabel(f"intersection-based F1, {report.criterion[0]}.{report.criterion[1]} (%)")
    shown = [Line2D([], [], color=_COLOURS[i % len(_COLOURS)], lw=3, label=gpu) for i, gpu in enumerate(gpus)]
    for i, batch in enumerate(batches):
        look = _batch_look(i) if curves else {**_batch_look(i), "linestyle": ""}
        shown.append(Line2D([], [], color="#555555", label=f"batch {batch}", **look))
    axes.figure.legend(handles=shown, loc="outside right upper", fontsize=7)


def _batch_look(index: int) -> dict[str, Any]:
    return {"linestyle": ("-", "--", "-.", ":")[index % 4], "marker": _MARKERS[index % len(_MARKERS)], "markersize": 5}


def _energy_to_levels(axes: Axes, report: Report) -> None:
    """Groups of bars: the levels, side by side for each GPU and batch size."""
    rows = _both(report.tables[1])
    width = 0.8 / len(_LEVELS)
    for index, (name, title) in enumerate(_LEVELS.items()):
        known = [(i, f.mean, f.deviation or 0.0) for i, r in enumerate(rows) if (f := r.figures[name]).mean is not None]
        if known:
            places, means, deviations = zip(*known, strict=True)
            lefts = [place + (index - (len(_LEVELS) - 1) / 2) * width for place in places]
            axes.bar(lefts, means, width, yerr=deviations, label=title, color=_COLOURS[index], error_kw={"lw": 0.8})
    axes.set_xticks(range(len(rows)), [f"{row.gpu}, {row.batch_size}" for row in rows], rotation=90)
    axes.set_ylabel("energy (kWh)")
    axes.set_xlabel("GPU, batch size")
    _legend(axes)


def _both(table: PaperTable) -> tuple[Row, ...]:
    return next(panel.rows for panel in table.panels if panel.by == "both")


def _gpus(rows: tuple[Row, ...]) -> list[str]:
    return list(dict.fromkeys(row.gpu for row in rows if row.gpu is not None))


def _look(index: int) -> dict[str, Any]:
    return {"color": _COLOURS[index % len(_COLOURS)], "marker": _MARKERS[index % len(_MARKERS)], "markersize": 5}


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.figure.legend(loc="outside right upper", fontsize=7)


def _save(figure: Figure, suffix: str) -> bytes:
    out = io.BytesIO()
    # A date would make each report differ from the one before.
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    figure.savefig(out, format=suffix, dpi=150, metadata=metadata)
    return out.getvalue()
