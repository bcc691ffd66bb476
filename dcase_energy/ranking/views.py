"""Other orders of the same systems: by energy-weighted score, one a team, fronts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dcase_energy.ranking.entry import comparable_energy_kwh
from dcase_energy.ranking.order import Ranked, Ranking, shared_ranks

Figure = Callable[[Ranked], float | None]


@dataclass(frozen=True)
class View:
    """One order of some of the systems with a rank.

    Attributes
    ----------
    name, title
        For programs and for people.
    figure
        What it is ordered by, highest first; of a front, what the score is set against, lowest first.
    figure_title
        Heading of that figure.
    rows
        Place in this view and system. Equal figures share a place.
    """

    name: str
    title: str
    figure: Figure
    figure_title: str
    rows: Sequence[tuple[int, Ranked]]


def views_of(ranking: Ranking) -> list[View]:
    """All views of a ranking that have a system in them."""
    placed = ranking.placed
    found = [
        _ordered("score", "By ranking score", placed, _score, "Ranking score"),
        _ordered("ew_training", "By energy-weighted score, training", placed, _ew("training"), "EW ranking score"),
        _ordered("ew_test", "By energy-weighted score, test", placed, _ew("test"), "EW ranking score"),
        _ordered("team_best", "Best system of each team", team_best(placed), _score, "Ranking score"),
        _ordered("no_ensembles", "Without ensembles", single_systems(placed), _score, "Ranking score"),
    ]
    found += [_front(name, title, placed, figure, heading) for name, title, figure, heading in fronts(ranking)]
    return [view for view in found if view.rows]


def fronts(ranking: Ranking) -> list[tuple[str, str, Figure, str]]:
    """What a score may be set against: name, title, figure and its heading."""
    energy, title = energy_title(ranking), "Pareto front: score against"
    unit = "Ratio" if energy == "energy over the baseline's" else "kWh"
    return [
        ("front_training", f"{title} {energy}, training", energy_figure(ranking, "training"), unit),
        ("front_test", f"{title} {energy}, test", energy_figure(ranking, "test"), unit),
        ("front_macs", f"{title} MACs", lambda one: one.entry.macs, "MACs"),
        ("front_parameters", f"{title} parameters", lambda one: one.entry.total_parameters, "Parameters"),
    ]


def energy_title(ranking: Ranking) -> str:
    """What the comparable energy of this ranking is."""
    kind = ranking.edition.normalisation.kind
    if kind == "common_reference" or (kind == "ratio" and ranking.reference is not None):
        return "normalised energy"
    return "energy over the baseline's" if kind == "ratio" else "energy as stated"


def energy_figure(ranking: Ranking, stage: str) -> Figure:
    """The comparable energy of a system: normalised, a ratio, or as stated, whichever the edition has."""
    if energy_title(ranking) == "energy over the baseline's":
        return lambda one: one.figures.energy_ratio[stage]
    return lambda one: comparable_energy_kwh(one.entry, ranking.edition, one.figures.energy_normalized_kwh, stage)


def team_best(placed: Sequence[Ranked]) -> list[Ranked]:
    """The best system of each team; the first by label where two are equal."""
    best: dict[str, Ranked] = {}
    for one in placed:
        best.setdefault(one.entry.team, one)
    return list(best.values())


def single_systems(placed: Sequence[Ranked]) -> list[Ranked]:
    """Systems that declare no more than one subsystem."""
    return [one for one in placed if (one.entry.ensemble_subsystems or 1) <= 1]


def pareto_front(placed: Sequence[Ranked], figure: Figure) -> list[Ranked]:
    """Systems that no other beats: none has as high a score for less, nor a higher one for as little.

    Ordered by rising figure. Systems without the figure, or with none above zero, are not on it.
    """
    points = [(value, one) for one in placed if (value := figure(one)) is not None and value > 0]
    points.sort(key=lambda point: (point[0], -(point[1].figures.ranking_score or 0.0), point[1].entry.label))
    front: list[tuple[float, Ranked]] = []
    for value, one in points:
        score = one.figures.ranking_score or 0.0
        last = front[-1] if front else None
        best = None if last is None else last[1].figures.ranking_score
        same = last is not None and (value, score) == (last[0], best)
        if best is None or score > best or same:
            front.append((value, one))
    return [one for _, one in front]


def _score(one: Ranked) -> float | None:
    return one.figures.ranking_score


def _ew(stage: str) -> Figure:
    return lambda one: one.figures.ew_ranking_score[stage]


def _ordered(name: str, title: str, systems: Sequence[Ranked], figure: Figure, heading: str) -> View:
    pairs = [(value, one) for one in systems if (value := figure(one)) is not None]
    pairs.sort(key=lambda pair: (-pair[0], pair[1].entry.label))
    ranks = shared_ranks([value for value, _ in pairs])
    return View(name, title, figure, heading, [(rank, one) for rank, (_, one) in zip(ranks, pairs, strict=True)])


def _front(name: str, title: str, placed: Sequence[Ranked], figure: Figure, heading: str) -> View:
    return View(name, title, figure, heading, list(enumerate(pareto_front(placed, figure), 1)))
