"""Where a system would stand in the field of a past results table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.order import Ranked, Ranking, make_ranking
from dcase_energy.ranking.views import View, fronts, views_of

OWN = "own"


@dataclass(frozen=True)
class Standing:
    """The place of one system in one order of the field.

    Attributes
    ----------
    view
        The order.
    place, of
        Its place, and among how many systems with a figure.
    figure
        What the view orders by, for this system.
    above, below
        The nearest systems of the field with their figures; None at either end.
    """

    view: View
    place: int
    of: int
    figure: float
    above: tuple[str, float] | None
    below: tuple[str, float] | None


def in_field(own: Sequence[Entry], field: Sequence[Entry], edition: Edition) -> Ranking:
    """Rank own systems among those of a field; a system of the field with an own label gives way.

    The own ones carry a column ``own``, so that sheets show which they are.
    """
    labels = {entry.label for entry in own}
    marked = [replace(entry, extra={**entry.extra, OWN: "yes"}) for entry in own]
    return make_ranking([*marked, *(entry for entry in field if entry.label not in labels)], edition)


def standings(ranking: Ranking, label: str) -> list[Standing]:
    """Where a system stands by score and by energy-weighted score.

    Orders that it has no figure for are left out, and those for which no system of the field has one.
    """
    found = []
    for view in views_of(ranking):
        if view.name not in {"score", *(f"ew_{stage}" for stage in ranking.edition.stages)}:
            continue
        at = next((index for index, (_, one) in enumerate(view.rows) if one.entry.label == label), None)
        if at is not None and any(_of_field(other) for _, other in view.rows):
            place, one = view.rows[at]
            above = next((_named(view, other) for _, other in reversed(view.rows[:at]) if _of_field(other)), None)
            below = next((_named(view, other) for _, other in view.rows[at + 1 :] if _of_field(other)), None)
            found.append(Standing(view, place, len(view.rows), view.figure(one) or 0.0, above, below))
    return found


def on_fronts(ranking: Ranking, label: str) -> list[str]:
    """Titles of the Pareto fronts that a system is on, where a system of the field has the figure too."""
    field = [one for one in ranking.placed if _of_field(one)]
    return [
        view.title
        for view in fronts(ranking)
        if any(view.figure(one) is not None for one in field) and any(one.entry.label == label for _, one in view.rows)
    ]


def score_alone(ranking: Ranking, own: Ranked) -> tuple[float, int, int] | None:
    """For a system that is not ranked: its score, the rank that it alone would give, and among how many.

    None if it is ranked, or has no score.
    """
    score = own.figures.ranking_score
    if own.rank is not None or score is None:
        return None
    sign = ranking.edition.ranking_sign
    scores = [one.figures.ranking_score or 0.0 for one in ranking.placed if _of_field(one)]
    return score, 1 + sum(sign * (other - score) > 0 for other in scores), len(scores) + 1


def baseline_of(ranking: Ranking) -> Ranked | None:
    """The organisers' baseline in the field: the first system whose label says so."""
    named = [one for one in ranking.placed if "baseline" in one.entry.label.casefold() and _of_field(one)]
    return min(named, key=lambda one: one.entry.label) if named else None


def _of_field(one: Ranked) -> bool:
    return OWN not in one.entry.extra


def _named(view: View, one: Ranked) -> tuple[str, float]:
    return one.entry.label, view.figure(one) or 0.0
