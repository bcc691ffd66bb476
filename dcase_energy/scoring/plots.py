"""Charts of a system: PSD-ROC curves and bars of its classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dcase_energy.scoring.evaluation import TITLES, Figure
from dcase_energy.scoring.outputs import Scored
from dcase_energy.scoring.roc import PsdRoc
from dcase_energy.scoring.system import SystemFigures
from dcase_energy.sheets.plots.chart import Chart, ChartPart, Point, Series

# A chart of all scores would be full: these are in text, CSV and JSON.
_NO_BARS = {"intersection_f1_07", "segment_f1"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def charts_of(scored: Sequence[Scored], titles: Mapping[str, str] = TITLES) -> dict[str, list[Chart]]:
    """Return the charts of systems by file name: ``<system>_psd_roc`` where curves were kept, ``<system>_classes``.

    ``titles`` of the scores by name.
    """
    figures: dict[str, list[Chart]] = {}
    taken: set[str] = set()
    for one in scored:
        stem = _UNSAFE.sub("_", one.name).strip(".") or "system"
        while stem.casefold() in taken:
            stem += "_"
        taken.add(stem.casefold())
        if any(one.curves.values()):
            figures[f"{stem}_psd_roc"] = _roc_charts(one, titles)
        if one.figures is not None:
            figures[f"{stem}_classes"] = [_class_chart(one.name, one.figures, titles)]
    return figures


def _roc_charts(one: Scored, titles: Mapping[str, str]) -> list[Chart]:
    """One chart per scenario: the curve of each run, and those of the first run's classes in grey behind it."""
    charts = []
    for metric in dict.fromkeys(metric for results in one.curves.values() for metric in results):
        results = {run: results[metric] for run, results in one.curves.items() if metric in results}
        first = next(iter(results.values()))
        series = [
            Series(_stairs(roc, first.e_max), colour="grey", line=0, steps=True) for roc in first.class_rocs.values()
        ]
        series += [
            Series(_stairs(result.roc, first.e_max), f"{run}: {result.value:.3f}", number, line=0, steps=True)
            for number, (run, result) in enumerate(results.items())
        ]
        x, y = "effective false positives per hour", "effective true positive rate (classes in grey)"
        title = f"{one.name}: {titles[metric]}"
        charts.append(Chart(metric, title, x, y, series, x_range=(0.0, first.e_max), y_range=(0.0, 1.0)))
    return charts


def _stairs(roc: PsdRoc, e_max: float) -> list[Point]:
    """The steps of a curve below ``e_max``, and its end there."""
    steps = zip(roc.effective_fp_rate, roc.true_positive_rate, strict=True)
    points = [(float(rate), float(share)) for rate, share in steps if rate < e_max]
    return [*points, (e_max, points[-1][1])]


def _class_chart(name: str, figures: SystemFigures, titles: Mapping[str, str]) -> Chart:
    """One group of bars per class, with the interval of each where there is one."""
    estimates = figures.estimates
    labels = list(dict.fromkeys(figure.label for figure in estimates if figure.label is not None))
    parts = []
    for metric, title in titles.items():
        if metric not in _NO_BARS and Figure(metric) in estimates:
            found = [estimates[Figure(metric, label)] for label in labels]
            ends = [None if one.interval is None else (one.interval.low, one.interval.high) for one in found]
            parts.append(ChartPart(title, [one.value for one in found], ends))
    groups = [label.replace("_", " ") for label in labels]
    highest = max((value for part in parts for value in part.values if value is not None), default=1.0)
    # Fractions, percentages, or what has no upper limit.
    end = next((limit for limit in (1.0, 100.0) if highest <= limit), highest)
    return Chart("classes", name, "score", groups=groups, parts=parts, x_range=(0.0, end))
