"""What is in the plots of a ranking; how it is drawn, the page and the files decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcase_energy.ranking.entry import STAGES
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.views import Figure, energy_figure, energy_title, pareto_front

MOST_BARS = 30
_UNITS = {"normalised energy": "Normalised energy", "energy as stated": "Energy as stated"}


@dataclass(frozen=True, slots=True)
class Point:
    """One system in a scatter plot; ``row`` is its row in the ranking."""

    x: float
    y: float
    label: str
    row: int
    on_front: bool = False


@dataclass(frozen=True)
class Scatter:
    """A scatter plot.

    Attributes
    ----------
    name, title, x_title, y_title
        For a file's name and for people.
    points
        The systems.
    log_x
        Whether x is logarithmic: energies and counts span decades.
    ranks
        Whether both axes are ranks: 1 is at the top and the diagonal means no change.
    missing
        Number of ranked systems that have no figure to be drawn by.
    """

    name: str
    title: str
    x_title: str
    y_title: str
    points: Sequence[Point]
    log_x: bool = False
    ranks: bool = False
    missing: int = 0

    @property
    def front(self) -> list[Point]:
        """The points on the Pareto front, by rising x."""
        return sorted((point for point in self.points if point.on_front), key=lambda p: (p.x, p.y))


@dataclass(frozen=True)
class Bars:
    """Stacked bars: energy by component; None is a component that was not measured."""

    name: str
    title: str
    x_title: str
    parts: Sequence[str]
    bars: Sequence[tuple[str, Sequence[float | None]]]
    missing: int = 0


Chart = Scatter | Bars


def charts_of(ranking: Ranking) -> list[Chart]:
    """The plots that a ranking has figures for."""
    placed = ranking.placed
    found: list[Chart] = []
    title = energy_title(ranking)
    for stage in STAGES:
        unit = f"{_UNITS[title]}, kWh" if title in _UNITS else "Energy over the baseline's"
        figure = energy_figure(ranking, stage)
        name = f"score_energy_{stage}"
        found.append(_against(name, f"Score against {title}, {stage}", f"{unit} ({stage})", placed, figure))
    found += [_shift(stage, placed) for stage in STAGES]
    found.append(_against("score_macs", "Score against MACs", "MACs for 10 s", placed, lambda one: one.entry.macs))
    parameters = _against("score_parameters", "Score against parameters", "Parameters", placed, _parameters)
    found += [parameters, _components(placed)]
    return [chart for chart in found if (chart.bars if isinstance(chart, Bars) else chart.points)]


def _parameters(one: Ranked) -> float | None:
    return one.entry.total_parameters


def _against(name: str, title: str, x_title: str, placed: Sequence[Ranked], figure: Figure) -> Scatter:
    front = {one.entry.label for one in pareto_front(placed, figure)}
    points = [
        Point(x, one.figures.ranking_score, one.entry.label, row, one.entry.label in front)
        for row, one in enumerate(placed)
        if (x := figure(one)) is not None and x > 0 and one.figures.ranking_score is not None
    ]
    return Scatter(name, title, x_title, "Ranking score", points, log_x=True, missing=len(placed) - len(points))


def _shift(stage: str, placed: Sequence[Ranked]) -> Scatter:
    points = [
        Point(one.rank, one.baselines[stage].ew_rank, one.entry.label, row)
        for row, one in enumerate(placed)
        if stage in one.baselines and one.rank is not None
    ]
    title = f"Rank by score and by energy-weighted score, {stage}"
    return Scatter(
        f"rank_ew_rank_{stage}", title, "Rank by score", "Rank by energy-weighted score", points, ranks=True,
        missing=len(placed) - len(points),
    )  # fmt: skip


def _components(placed: Sequence[Ranked]) -> Bars:
    """The systems that tell their components, and the baselines that do."""
    parts = ("gpu", "cpu", "ram")
    bars: list[tuple[str, list[float | None]]] = []
    for one in placed:
        if one.entry.components_kwh:
            bars.append((one.entry.label, [one.entry.components_kwh.get(part) for part in parts]))
        if one.entry.baseline_components_kwh:
            name = f"baseline of {one.entry.label}"
            bars.append((name, [one.entry.baseline_components_kwh.get(part) for part in parts]))
    title = "Training energy by component"
    return Bars("components", title, "kWh", parts, bars[:MOST_BARS], missing=max(0, len(bars) - MOST_BARS))
