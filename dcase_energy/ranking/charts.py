"""The charts of a ranking: score against energy and size, ranks by energy, energy by component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.measure.meter import COMPONENTS
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.tradeoffs import asked_fronts
from dcase_energy.ranking.views import (
    View,
    ViewFigure,
    energies_of,
    macs_title,
    pareto_front,
    rank_pairs,
    ranking_score_of,
    score_reference,
)
from dcase_energy.sheets.plots.chart import Chart, ChartPart, ReferenceLine, Series
from dcase_energy.text import plural

MOST_BARS = 30
# The row of a system, itself, and its place.
_Placed = tuple[int, Ranked, float, float]


def charts_of(ranking: Ranking) -> list[Chart]:
    """Return the charts that a ranking has figures for."""
    found = [
        *(
            _against(
                ranking,
                energy.figure,
                Chart(f"score_energy_{stage}", f"Score against {energy.words}, {stage}", f"{energy.axis} ({stage})"),
                energy.at_baseline,
            )
            for stage, energy in energies_of(ranking).items()
        ),
        *(_shift(ranking, stage) for stage in ranking.edition.stages),
        _against(ranking, lambda one: one.entry.macs, Chart("score_macs", "Score against MACs", macs_title(ranking))),
        _against(
            ranking,
            lambda one: one.entry.total_parameters,
            Chart("score_parameters", "Score against parameters", "Parameters"),
        ),
        _components(ranking),
        *(
            _against(ranking, view.figure, Chart(view.name, view.title, view.figure_title), view=view)
            for view in asked_fronts(ranking)
        ),
    ]
    return [chart for chart in found if chart.groups or any(one.points for one in chart.series)]


def _series(points: Sequence[_Placed]) -> Series:
    return Series(
        [(x, y) for _, _, x, y in points],
        marker=0,
        names=[one.entry.label for _, one, _, _ in points],
        rows=[row for row, _, _, _ in points],
    )


def _layers(points: Sequence[_Placed], front: Sequence[_Placed] = ()) -> list[Series]:
    """Baselines and a front above the others, each in its colour and with its names."""
    ahead = {row for row, *_ in front}
    others = [point for point in points if point[0] not in ahead and not point[1].entry.is_baseline]
    compared = [point for point in points if point[0] not in ahead and point[1].entry.is_baseline]
    named = replace(_series(compared), colour="compared", marker=3, named=True)
    return [_series(others), named, replace(_series(front), colour="accent", named=True)]


def _against(
    ranking: Ranking, figure: ViewFigure, chart: Chart, reference: float | None = None, view: View | None = None
) -> Chart:
    """The score of all systems against a figure, with the Pareto front as a staircase: each step holds to the next.

    The score, and the front, are those of the ``view`` where one is given.
    """
    placed, score_of = ranking.placed, (view and view.score) or ranking_score_of
    ahead = [one for _, one in view.rows] if view else pareto_front(placed, figure, ranking.edition.ranking_sign)
    front = {id(one): place for place, one in enumerate(ahead)}
    points = [
        (row, one, x, y)
        for row, one in enumerate(placed)
        if (x := figure(one)) is not None and x > 0 and (y := score_of(one)) is not None
    ]
    best = sorted((point for point in points if id(point[1]) in front), key=lambda point: front[id(point[1])])
    steps = [(x, y) for _, _, x, y in best] + ([(max(x for _, _, x, _ in points), best[-1][3])] if best else [])
    others, compared, on_front = _layers(points, best)
    references = [ReferenceLine("x", reference, "baseline's energy")] if reference else []
    if view is None and (score := score_reference(ranking)) is not None:
        references.append(ReferenceLine("y", score, "baseline's score"))
    return replace(
        chart, y_title=view.score_column[1] if view else "Ranking score", x_log=True, references=references,
        series=[others, Series(steps, colour="accent", line=0, steps=True), compared, on_front],
        note=f"The line is the Pareto front.{_missing(len(placed) - len(points))}",
    )  # fmt: skip


def _missing(count: int) -> str:
    return f" {plural(count, 'system')} without the figure {'is' if count == 1 else 'are'} not in it." if count else ""


def _shift(ranking: Ranking, stage: str) -> Chart:
    """Both ranks are among the systems that have both."""
    pairs = rank_pairs(ranking, stage)
    rows = {id(one): row for row, one in enumerate(ranking.placed)}
    points = [(rows[id(one)], one, float(score), float(weighted)) for one, score, weighted in pairs]
    note = "Above the dashed line a system gains by its energy, below it loses. Both ranks are among these systems."
    return Chart(
        f"rank_ew_rank_{stage}", f"Rank by score and by energy-weighted score, {stage}", "Rank by score",
        "Rank by energy-weighted score", series=_layers(points), ranks=True,
        note=note + _missing(len(ranking.placed) - len(points)),
    )  # fmt: skip


def _components(ranking: Ranking) -> Chart:
    """Systems and baselines whose energies by component are known."""
    bars = [
        (name, known)
        for one in ranking.placed
        for name, known in (
            (one.entry.label, one.entry.components_kwh),
            (f"baseline of {one.entry.label}", one.entry.baseline_components_kwh),
        )
        if known
    ]
    stage = ranking.edition.component_stage
    title = f"{ranking.edition.stages[stage].title} energy by component" if stage else ""
    left_out = len(bars) - MOST_BARS
    bars = bars[:MOST_BARS]
    return Chart(
        "components", title, "kWh", groups=[name for name, _ in bars],
        parts=[ChartPart(part.upper(), [known.get(part) for _, known in bars]) for part in COMPONENTS], stacked=True,
        note=f"{left_out:,} more are left out." if left_out > 0 else "",
    )  # fmt: skip
