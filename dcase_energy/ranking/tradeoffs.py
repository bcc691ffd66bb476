"""Views that are asked for: any score against any cost, and the least energy above a floor of the score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.documents.numbers import parse_number
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import EfficientTrack
from dcase_energy.errors import InputError
from dcase_energy.ranking.order import Ranked, Ranking
from dcase_energy.ranking.sheet import SystemColumn, columns_of
from dcase_energy.ranking.views import (
    View,
    ViewFigure,
    energies_of,
    ordered,
    pareto_front,
    ranking_score_of,
    views_of,
)

# A longer name, or one with other characters, is not one for a file on every system.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_OPTION = re.compile(r"(?P<share>[0-9.]+)(?P<percent> ?%)?(?::(?P<of>best|baseline))?")


def track_of(text: str) -> EfficientTrack | None:
    """Return the track that a text such as ``0.9``, ``90%`` or ``1:baseline`` names; None where it names none.

    Examples
    --------
    >>> track_of("95%:baseline")
    EfficientTrack(share=0.95, of='baseline')
    """
    match = _OPTION.fullmatch(text.strip())
    share = None if match is None else parse_number(match["share"])
    if match is None or share is None or not share > 0:
        return None
    share = share / 100 if match["percent"] else share
    of_baseline = match["of"] == "baseline"
    return EfficientTrack(share=share, of="baseline" if of_baseline else "best") if of_baseline or share <= 1 else None


def with_views(ranking: Ranking, against: Sequence[tuple[str, str]], track: EfficientTrack | None) -> Ranking:
    """The ranking with views that are asked for; a track takes the place of the edition's.

    Raises
    ------
    InputError
        If a score or a cost is not a column with numbers, a score has no direction, or a floor cannot be computed.
    """
    edition = ranking.edition if track is None else replace(ranking.edition, efficient=track)
    asked = replace(ranking, edition=edition, against=tuple(dict.fromkeys(against)))
    known = {column.name: column for column in columns_of(ranking)}
    for name in (name for pair in asked.against for name in pair):
        if name not in known or not any(_figure(known[name])(one) is not None for one in ranking.systems):
            numbers = [
                one.name for one in known.values() if any(_figure(one)(row) is not None for row in ranking.systems)
            ]
            what = "holds no number" if name in known else "is not a column of the ranking"
            raise InputError(f"{name} {what}: any of {', '.join(numbers)} can be given")
    for score, cost in asked.against:
        if _direction(edition, score) is None:
            scores = [one.name for one in known.values() if one.interval_of is None and _direction(edition, one.name)]
            raise InputError(
                f"{score}:{cost}: edition {edition.name} does not say whether a high or a low {score} is better; it "
                f"says so of {', '.join(scores)}. The score comes before the cost; your own edition can name another "
                f"score ([scores.{score}] with `better`)"
            )
    if track is not None:
        _floor(ranking, track)
    return asked


def all_views(ranking: Ranking) -> list[View]:
    """All views of a ranking, those that are asked for behind the others."""
    return [*views_of(ranking), *_efficient(ranking), *asked_fronts(ranking)]


def asked_fronts(ranking: Ranking) -> list[View]:
    """The Pareto fronts of scores against costs that are asked for."""
    columns = {column.name: column for column in columns_of(ranking)} if ranking.against else {}
    found = [
        _front(ranking, columns[score], columns[cost], place) for place, (score, cost) in enumerate(ranking.against, 1)
    ]
    return [view for view in found if view.rows]


def _front(ranking: Ranking, score: SystemColumn, cost: SystemColumn, place: int) -> View:
    """The Pareto front of a score against a cost, of all systems with a rank; its name is that of a file, too."""
    figure, sign = _figure(cost), _direction(ranking.edition, score.name) or 1
    front = pareto_front(ranking.placed, figure, sign, _figure(score))
    title = f"Pareto front: {score.title} against {cost.title}"
    name = f"front_{score.name}_{cost.name}"
    if not _PLAIN_NAME.fullmatch(name):
        name = f"front_{place}"
    rows = list(enumerate(front, 1))
    return View(name, title, figure, cost.name, cost.title, -1, rows, _figure(score), (score.name, score.title))


def _direction(edition: Edition, name: str) -> int | None:
    """1 where the higher figure of a column is better, -1 where the lower one is; None if nothing says it."""
    if name == "ranking_score":
        return edition.ranking_sign
    if name in edition.scores:
        return 1 if edition.scores[name].better == "higher" else -1
    return 1 if name.startswith("ew_") and not name.startswith("ew_rank_") else None


def why_no_track(ranking: Ranking) -> list[str]:
    """Why there is no efficient track although the edition has one."""
    try:
        _ = None if ranking.edition.efficient is None else _floor(ranking, ranking.edition.efficient)
    except InputError as error:
        return [f"No {error}."]
    return []


def _efficient(ranking: Ranking) -> list[View]:
    """By energy of each stage, the least first, systems whose ranking score reaches the floor."""
    track = ranking.edition.efficient
    if track is None or why_no_track(ranking):
        return []
    floor = _floor(ranking, track)
    sign = ranking.edition.ranking_sign
    above = [one for one in ranking.placed if sign * ((one.figures.ranking_score or 0.0) - floor) >= 0]
    whose = "the best" if track.of == "best" else "the baseline's"
    words = f"ranking score {'at least' if sign > 0 else 'at most'} {floor:.4g}, {track.share:.4g} of {whose}"
    found = []
    for stage, energy in energies_of(ranking).items():
        title = f"Efficient track, {stage}: least {energy.words} among systems with a {words}"
        view = ordered(f"efficient_{stage}", title, above, energy.figure, energy.column, energy.axis, -1)
        found.append(replace(view, score=ranking_score_of))
    return [view for view in found if view.rows]


def _floor(ranking: Ranking, track: EfficientTrack) -> float:
    """The ranking score that a system must reach; where lower is better, the share divides.

    Raises
    ------
    InputError
        If there is no score that a share of can be taken.
    """
    rule = ranking.edition.ranking
    placed = [one for one in ranking.placed if track.of == "best" or one.entry.is_baseline]
    sign = ranking.edition.ranking_sign
    score = max((sign * (one.figures.ranking_score or 0.0) for one in placed), default=None)
    if score is None:
        raise InputError(
            "efficient track: no system of the baseline has a rank; its label begins with 'baseline'. Add its row or "
            "package, or take a share of the best score (SHARE:best)"
        )
    if rule.kind == "mean_rank" or score * sign <= 0:
        raise InputError(
            f"efficient track: a share of a ranking score of {score * sign:.4g} by kind = '{rule.kind}' says nothing: "
            "it needs a score above 0 that is not a mean of ranks"
        )
    return score * sign * track.share if sign > 0 else score * sign / track.share


def _figure(column: SystemColumn) -> ViewFigure:
    """The numbers of a column; those of other columns of an input table are text there."""

    def value(ranked: Ranked) -> float | None:
        found = column.value(ranked)
        return parse_number(found) if isinstance(found, str) else found

    return value
