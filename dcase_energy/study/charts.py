"""The charts of a study: energy per minute, F1 against energy, energy to the levels."""

from __future__ import annotations

from dcase_energy.sheets.plots.chart import Chart, ChartPart, Point, Series
from dcase_energy.study.outcome import cumulative_kwh
from dcase_energy.study.report import StudyReport
from dcase_energy.study.tables import PaperTable, Row, Statistic, natural_key

_LEVELS = {"kwh_at_f1_40": "F1 = 40 %", "kwh_at_95": "95 % of max F1", "kwh_at_max": "max F1", "kwh_last": "last epoch"}


def charts_of(study: StudyReport) -> list[Chart]:
    """Return the charts that these runs have figures for."""
    found = [_energy_per_minute(study), _f1_against_energy(study), _energy_to_levels(study)]
    return [chart for chart in found if chart.groups or any(one.points for one in chart.series)]


def _both(table: PaperTable) -> tuple[Row, ...]:
    return next(panel.rows for panel in table.panels if panel.by == "both")


def _ends(figure: Statistic) -> Point | None:
    """Ends of an error bar of one deviation to each side."""
    if figure.mean is None or figure.deviation is None:
        return None
    return max(0.0, figure.mean - figure.deviation), figure.mean + figure.deviation


def _energy_per_minute(study: StudyReport) -> Chart:
    """One line per GPU over the batch sizes, with the deviation of its runs."""
    rows, series, highest = _both(study.tables[0]), [], 0.0
    for index, gpu in enumerate(dict.fromkeys(row.gpu for row in rows)):
        known = [
            (float(row.batch_size), figure.mean, _ends(figure) or (figure.mean, figure.mean))
            for row in rows
            if row.gpu == gpu and row.batch_size and (figure := row.figures["minute_wh"]).mean is not None
        ]
        points, ends = [(batch, mean) for batch, mean, _ in known], [pair for _, _, pair in known]
        highest = max([highest, *(high for _, high in ends)])
        series.append(Series(points, gpu or "", index, line=0, marker=index, ends=ends))
    return Chart(
        "energy_per_minute", "Energy per minute of training, by GPU and batch size", "batch size (clips)",
        "energy per minute (Wh)", series=series, x_log=True,
        x_ticks=sorted({float(row.batch_size) for row in rows if row.batch_size}), y_range=(0.0, 1.06 * highest or 1.0),
    )  # fmt: skip


def _f1_against_energy(study: StudyReport) -> Chart:
    """A line for each run with epochs, else a point at its highest F1: colour by GPU, dashes or marker by batch."""
    gpus = sorted({run.about.gpu for run in study.runs}, key=natural_key)
    batches = sorted({run.about.batch_size for run in study.runs})
    series = []
    for (gpu, batch), members in study.members.items():
        colour, look = gpus.index(gpu), batches.index(batch)
        for run, outcome in members:
            spent = zip(cumulative_kwh(run.epochs), run.epochs, strict=True)
            curve = [(kwh, 100 * f1) for kwh, epoch in spent if (f1 := epoch.f1(study.criterion)) is not None]
            if curve:
                series.append(Series(curve, colour=colour, line=look))
            elif outcome.kwh_at_max is not None and outcome.max_f1_pct is not None:
                series.append(Series([(outcome.kwh_at_max, outcome.max_f1_pct)], colour=colour, marker=look))
    furthest, highest = (max((point[i] for one in series for point in one.points), default=0.0) for i in (0, 1))
    series += [Series((), gpu, index, line=0) for index, gpu in enumerate(gpus)]
    drawn = any(one.line is not None for one in series if one.points)
    series += [
        Series((), f"batch {batch}", "grey", line=index if drawn else None, marker=None if drawn else index)
        for index, batch in enumerate(batches)
    ]
    return Chart(
        "f1_against_energy", "F1 against the energy spent", "energy spent (kWh)",
        f"intersection-based F1, {study.criterion[0]}.{study.criterion[1]} (%)", series=series,
        x_range=(0.0, 1.02 * furthest or 1.0), y_range=(0.0, 1.05 * highest or 1.0),
    )  # fmt: skip


def _energy_to_levels(study: StudyReport) -> Chart:
    """Groups of bars: the levels for each GPU and batch size."""
    rows = _both(study.tables[1])
    parts = [
        ChartPart(title, [row.figures[name].mean for row in rows], [_ends(row.figures[name]) for row in rows])
        for name, title in _LEVELS.items()
    ]
    return Chart(
        "energy_to_levels", "Energy to the first epoch that reaches a level", "energy (kWh)",
        groups=[f"{row.gpu}, {row.batch_size}" for row in rows], parts=parts,
    )  # fmt: skip
