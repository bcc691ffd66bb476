"""Figures of a system: PSD-ROC curves and bars of its classes. matplotlib comes with the extra ``plots``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dcase_energy.errors import PlotError
from dcase_energy.scoring.evaluation import SCENARIOS, Figure
from dcase_energy.scoring.outputs import Scored
from dcase_energy.scoring.psds import PsdsResult
from dcase_energy.writing.files import write_bytes

_BARS = {"psds1": "PSDS1", "psds2": "PSDS2", "intersection_f1": "intersection-based F1", "collar_f1": "collar-based F1"}
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
# Okabe and Ito's palette, which colour-blind readers can distinguish.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")


def require_matplotlib() -> None:
    """Raise `PlotError` if figures cannot be drawn, before scoring starts, not after an hour of it."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise PlotError("figures need matplotlib: pip install 'dcase-energy[plots]'")


def draw(scored: Sequence[Scored], folder: Path, plot_format: str) -> Iterator[Path]:
    """Draw every system into ``<system>_psd_roc.<format>`` and ``<system>_classes.<format>``.

    The same figures give the same bytes (svg, and png or pdf by the same matplotlib).

    Raises
    ------
    PlotError
        If matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib as mpl

    folder.mkdir(parents=True, exist_ok=True)
    # A salt makes the ids inside an svg the same each time.
    with mpl.rc_context({"svg.hashsalt": "dcase-energy", "svg.fonttype": "path", "font.size": 9}):
        for one in scored:
            stem = _SAFE.sub("_", one.outputs.name).strip(".") or "system"
            if any(one.curves.values()):
                yield _save(_roc_figure(one), folder / f"{stem}_psd_roc.{plot_format}", plot_format)
            yield _save(_class_figure(one), folder / f"{stem}_classes.{plot_format}", plot_format)


def _figure(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    """A figure without pyplot: no window system, no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _roc_figure(one: Scored) -> Any:
    """The effective curve of each run in bold, those of the first run's classes behind it."""
    figure, axes = _figure(9, 4, len(SCENARIOS))
    for axis, (metric, scenario) in zip(axes, SCENARIOS.items(), strict=True):
        for number, (run, results) in enumerate(one.curves.items()):
            result: PsdsResult = results[metric]
            if number == 0:
                for curve in result.class_rocs.values():
                    _stairs(axis, curve, scenario.e_max, color="0.75", linewidth=0.8)
            colour = _COLOURS[number % len(_COLOURS)]
            label = f"{run}: {result.value:.3f}"
            _stairs(axis, result.roc, scenario.e_max, color=colour, linewidth=1.8, label=label)
        axis.set_title(_BARS[metric])
        axis.set_xlim(0, scenario.e_max)
        axis.set_ylim(0, 1)
        axis.set_xlabel("effective false positives per hour")
        axis.legend(loc="lower right", title="area")
    axes[0].set_ylabel("effective true positive rate (classes in grey)")
    figure.suptitle(one.outputs.name, parse_math=False)
    return figure


def _stairs(axis: Any, curve: Any, e_max: float, **style: Any) -> None:
    rates = np.append(curve.effective_fp_rate, e_max)
    axis.step(rates, np.append(curve.true_positive_rate, curve.true_positive_rate[-1]), where="post", **style)


def _class_figure(one: Scored) -> Any:
    """One group of bars a class, with the interval of each where there is one."""
    if one.figures is None:
        raise ValueError("a system without figures cannot be drawn")
    estimates = one.figures.estimates
    labels = list(dict.fromkeys(figure.label for figure in estimates if figure.label is not None))
    metrics = [metric for metric in _BARS if Figure(metric) in estimates]
    figure, (axis,) = _figure(max(6.0, 0.9 * len(labels)), 4)
    width = 0.8 / max(1, len(metrics))
    for number, metric in enumerate(metrics):
        found = [estimates[Figure(metric, label)] for label in labels]
        place = np.arange(len(labels)) + (number - (len(metrics) - 1) / 2) * width
        values = [estimate.value or 0.0 for estimate in found]
        axis.bar(place, values, width, label=_BARS[metric], color=_COLOURS[number])
        for x, estimate in zip(place, found, strict=True):
            if estimate.interval is not None:
                axis.plot([x, x], [estimate.interval.low, estimate.interval.high], color="black", linewidth=0.9)
    names = [label.replace("_", " ") for label in labels if label is not None]
    axis.set_xticks(np.arange(len(labels)), names, rotation=35, ha="right", parse_math=False)
    axis.set_ylim(0, 1)
    axis.legend(ncols=len(metrics), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.suptitle(one.outputs.name, parse_math=False)
    return figure


def _save(figure: Any, path: Path, plot_format: str) -> Path:
    import io

    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}, "png": {"Software": None}}
    buffer = io.BytesIO()
    figure.savefig(buffer, format=plot_format, dpi=150, metadata=metadata[plot_format])
    write_bytes(path, buffer.getvalue())
    return path
