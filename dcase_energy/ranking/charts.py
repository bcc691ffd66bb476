"""The charts of a ranking: score against energy and size, ranks by energy, energy by component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.measure.meter import COMPONENTS
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.views import ViewFigure, energy_figure, energy_title, macs_title, pareto_front
from dcase_energy.sheets.plots.chart import Chart, ChartPart, Series

MOST_BARS = 30
_UNITS = {"normalised energy": "Normalised energy", "energy as stated": "Energy as stated"}


def charts_of(ranking: Ranking) -> list[Chart]:
    """Return the charts that a ranking has figures for."""
    placed, title = ranking.placed, energy_title(ranking)
    unit = f"{_UNITS[title]}, kWh" if title in _UNITS else "Energy over the baseline's"
    found = [
        *(
            _against(
                ranking, energy_figure(ranking, stage), f"energy_{stage}", f"{title}, {stage}", f"{unit} ({stage})"
            )
            for stage in ranking.edition.stages
        ),
        *(_shift(stage, placed) for stage in ranking.edition.stages),
        _against(ranking, lambda one: one.entry.macs, "macs", "MACs", macs_title(ranking)),
        _against(ranking, lambda one: one.entry.total_parameters, "parameters", "parameters", "Parameters"),
        _components(placed),
    ]
    return [chart for chart in found if chart.groups or any(one.points for one in chart.series)]


def _series(rows: Sequence[tuple[int, Ranked, float, float]]) -> Series:
    return Series(
        [(x, y) for _, _, x, y in rows],
        marker=0,
        names=[one.entry.label for _, one, _, _ in rows],
        rows=[row for row, _, _, _ in rows],
    )


def _against(ranking: Ranking, figure: ViewFigure, name: str, against: str, x_title: str) -> Chart:
    """The score of all systems against a figure, with the Pareto front as a staircase: each step holds to the next."""
    placed = ranking.placed
    front = {id(one): place for place, one in enumerate(pareto_front(placed, figure, ranking.edition.ranking_sign))}
    points = [
        (row, one, x, one.figures.ranking_score)
        for row, one in enumerate(placed)
        if (x := figure(one)) is not None and x > 0 and one.figures.ranking_score is not None
    ]
    others = _series([point for point in points if id(point[1]) not in front])
    best = _series(sorted((point for point in points if id(point[1]) in front), key=lambda point: front[id(point[1])]))
    end = [(max(point[2] for point in points), best.points[-1][1])] if points else []
    line = Series([*best.points, *end], colour="accent", line=0, steps=True)
    return Chart(
        f"score_{name}", f"Score against {against}", x_title, "Ranking score",
        series=[others, line, replace(best, colour="accent")], x_log=True,
        note=f"The line is the Pareto front.{_missing(len(placed) - len(points))}",
    )  # fmt: skip


def _missing(count: int) -> str:
    return f" {count:,} systems without the figure are not in it." if count else ""


def _shift(stage: str, placed: Sequence[Ranked]) -> Chart:
    points = [
        (row, one, float(one.rank), float(one.baselines[stage].ew_rank))
        for row, one in enumerate(placed)
        if stage in one.baselines and one.rank is not None
    ]
    note = "Above the dashed line a system gains by its energy, below it loses."
    return Chart(
        f"rank_ew_rank_{stage}", f"Rank by score and by energy-weighted score, {stage}", "Rank by score",
        "Rank by energy-weighted score", series=[_series(points)], ranks=True,
        note=note + _missing(len(placed) - len(points)),
    )  # fmt: skip


def _components(placed: Sequence[Ranked]) -> Chart:
    """Systems and baselines whose energies by component are known."""
    bars = [
        (name, known)
        for one in placed
        for name, known in (
            (one.entry.label, one.entry.components_kwh),
            (f"baseline of {one.entry.label}", one.entry.baseline_components_kwh),
        )
        if known
    ]
    left_out = len(bars) - MOST_BARS
    bars = bars[:MOST_BARS]
    return Chart(
        "components", "Training energy by component", "kWh", groups=[name for name, _ in bars],
        parts=[ChartPart(part.upper(), [known.get(part) for _, known in bars]) for part in COMPONENTS], stacked=True,
        note=f"{left_out:,} more are left out." if left_out > 0 else "",
    )  # fmt: skip
