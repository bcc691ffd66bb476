"""Where a system would stand in the field of a past results table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.order import Ranked, Ranking, make_ranking
from dcase_energy.ranking.views import View, fronts, views_of

OWN = "own"


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of one system in one order of the field.

    Attributes
    ----------
    order
        ``score``, or ``ew_STAGE`` by energy-weighted score.
    place, of
        Its place, and among how many systems with a figure.
    figure
        What the systems are ordered by, of this one.
    above, below
        The nearest systems of the field with their figures; None at either end.
    """

    order: str
    place: int
    of: int
    figure: float
    above: tuple[str, float] | None
    below: tuple[str, float] | None


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """Where one system stands in the field.

    Attributes
    ----------
    standings
        By score, then by energy-weighted score of each stage; without those that it, or all of the field, lack.
    fronts
        Titles of the Pareto fronts that it is on, where a system of the field has the figure, too.
    alone
        Of a system that has a score and is not ranked: the score, the rank that it alone would give, and among how
        many.
    """

    standings: Sequence[Standing]
    fronts: Sequence[str]
    alone: tuple[float, int, int] | None


def in_field(own: Sequence[Entry], field: Sequence[Entry], edition: Edition) -> Ranking:
    """Rank own systems among those of a field; a system of the field with an own label gives way.

    The own ones carry a column ``own``, so that sheets show which they are.
    """
    labels = {entry.label for entry in own}
    marked = [replace(entry, extra={**entry.extra, OWN: "yes"}) for entry in own]
    return make_ranking([*marked, *(entry for entry in field if entry.label not in labels)], edition)


def places_in_field(ranking: Ranking) -> dict[str, FieldPlace]:
    """Where own systems, and behind them the organisers' baseline, stand in the field, by label."""
    names = ("score", *(f"ew_{stage}" for stage in ranking.edition.stages))
    orders = [view for view in views_of(ranking) if view.name in names and any(_of_field(one) for _, one in view.rows)]
    ahead = [view for view in fronts(ranking) if any(view.figure(one) is not None for one in _placed_field(ranking))]
    baseline = baseline_of(ranking)
    shown = [*(one for one in ranking.systems if not _of_field(one)), *([] if baseline is None else [baseline])]
    return {
        one.entry.label: FieldPlace(
            [found for view in orders if (found := _standing(view, one)) is not None],
            [view.title for view in ahead if any(other is one for _, other in view.rows)],
            _score_alone(ranking, one),
        )
        for one in shown
    }


def baseline_of(ranking: Ranking) -> Ranked | None:
    """The organisers' baseline in the field, of several the first by label; None without one."""
    named = [one for one in _placed_field(ranking) if one.entry.is_baseline]
    return min(named, key=lambda one: one.entry.label, default=None)


def _standing(view: View, one: Ranked) -> Standing | None:
    at = next((index for index, (_, other) in enumerate(view.rows) if other is one), None)
    if at is None:
        return None
    above = next((_named(view, other) for _, other in reversed(view.rows[:at]) if _of_field(other)), None)
    below = next((_named(view, other) for _, other in view.rows[at + 1 :] if _of_field(other)), None)
    return Standing(view.name, view.rows[at][0], len(view.rows), view.figure(one) or 0.0, above, below)


def _score_alone(ranking: Ranking, own: Ranked) -> tuple[float, int, int] | None:
    score = own.figures.ranking_score
    if own.rank is not None or score is None:
        return None
    sign = ranking.edition.ranking_sign
    scores = [one.figures.ranking_score or 0.0 for one in _placed_field(ranking)]
    return score, 1 + sum(sign * (other - score) > 0 for other in scores), len(scores) + 1


def _of_field(one: Ranked) -> bool:
    return OWN not in one.entry.extra


def _placed_field(ranking: Ranking) -> list[Ranked]:
    return [one for one in ranking.placed if _of_field(one)]


def _named(view: View, one: Ranked) -> tuple[str, float]:
    return one.entry.label, view.figure(one) or 0.0
