"""Other orders of the same systems: by energy-weighted score, one a team, fronts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dcase_energy.ranking.bases import energy_column, official_basis, ratio_column
from dcase_energy.ranking.figures import is_normalised
from dcase_energy.ranking.order import Ranked, Ranking, shared_ranks

ViewFigure = Callable[[Ranked], float | None]


@dataclass(frozen=True)
class View:
    """One order of some of the systems with a rank.

    Attributes
    ----------
    name, title
        For programs and for people.
    figure, column
        What it is ordered by, and the column of it; of a front, what the score is set against.
    figure_title
        Heading of that figure.
    sign
        1 where the highest figure is first, -1 where the lowest is.
    score, score_column
        Of a front, and of a track with a floor, the score and its column.
    rows
        Place in this view and system. Equal figures share a place.
    """

    name: str
    title: str
    figure: ViewFigure
    column: str
    figure_title: str
    sign: int
    rows: Sequence[tuple[int, Ranked]]
    score: ViewFigure | None = None
    score_column: tuple[str, str] = ("ranking_score", "Ranking score")


def views_of(ranking: Ranking) -> list[View]:
    """All views of a ranking that have a system in them."""
    placed, score = ranking.placed, ("ranking_score", "Ranking score", ranking.edition.ranking_sign)
    found = [ordered("score", "By ranking score", placed, ranking_score_of, *score)]
    found += [
        ordered(f"ew_{stage}", f"By energy-weighted score, {stage}", placed, _ew(stage), f"ew_ranking_score_{stage}",
                 "EW ranking score", 1)
        for stage in ranking.edition.stages
    ]  # fmt: skip
    found += [
        ordered("team_best", "Best system of each team", team_best(placed), ranking_score_of, *score),
        ordered("no_ensembles", "Without ensembles", single_systems(placed), ranking_score_of, *score),
    ]
    return [view for view in (*found, *fronts(ranking)) if view.rows]


def fronts(ranking: Ranking) -> list[View]:
    """The Pareto fronts of the ranking score against energies, MACs and parameters."""
    title, energies = "Pareto front: score against", energies_of(ranking)
    against: list[tuple[str, str, ViewFigure, str, str]] = [
        *(
            (f"front_{stage}", f"{title} {one.words}, {stage}", one.figure, one.column, one.unit)
            for stage, one in energies.items()
        ),
        ("front_macs", f"{title} {macs_title(ranking)}", lambda one: one.entry.macs, "macs", "MACs"),
        ("front_parameters", f"{title} parameters", lambda one: one.entry.total_parameters, "total_parameters",
         "Parameters"),
    ]  # fmt: skip
    return [
        View(name, title, figure, column, heading, -1,
             list(enumerate(pareto_front(ranking.placed, figure, ranking.edition.ranking_sign), 1)), ranking_score_of)
        for name, title, figure, column, heading in against
    ]  # fmt: skip


def macs_title(ranking: Ranking) -> str:
    """MACs, with the audio that they are counted for, and the counters where there are several."""
    counters = sorted({one.entry.macs_counter for one in ranking.placed if one.entry.macs_counter is not None})
    by = f", by different counters ({', '.join(counters)})" if len(counters) > 1 else ""
    return f"{ranking.edition.macs_title}{by}"


@dataclass(frozen=True, slots=True)
class ComparableEnergy:
    """The energy of a stage that systems are compared by.

    Attributes
    ----------
    words, heading, unit
        What it is, heading of its column on a page, and its unit.
    column, figure
        Its column, and the figure of a system.
    at_baseline
        Where an energy-weighted score is the score itself: that of the baseline; None where that is not known.
    """

    words: str
    heading: str
    unit: str
    column: str
    figure: ViewFigure
    at_baseline: float | None

    @property
    def axis(self) -> str:
        """Title of an axis, or of a column."""
        return self.words[0].upper() + self.words[1:] + (", kWh" if self.unit == "kWh" else "")


def comparable_energy(ranking: Ranking, stage: str) -> ComparableEnergy:
    """The energy on a common reference, a ratio, or as stated, whichever the edition has for a stage."""
    edition, one, reference = ranking.edition, ranking.edition.stages[stage], ranking.reference or {}
    if is_normalised(edition, reference, stage):
        return ComparableEnergy(
            "normalised energy",
            f"{one.title} energy, normalised kWh",
            "kWh",
            f"energy_{stage}_normalized_kwh",
            lambda row: row.figures.energy_normalized_kwh[stage],
            one.reference_kwh or reference.get(stage),
        )
    if edition.normalisation.kind == "ratio":
        return ComparableEnergy(
            "energy over the baseline's",
            f"{one.title} energy / baseline's",
            "Ratio",
            ratio_column(stage, official_basis(edition)),
            lambda row: row.figures.official_ratio[stage],
            1.0,
        )
    return ComparableEnergy(
        "energy as stated",
        f"{one.title} energy as stated, kWh",
        "kWh",
        energy_column(stage),
        lambda row: row.entry.energy_kwh.get(stage),
        one.reference_kwh,
    )


def energies_of(ranking: Ranking) -> dict[str, ComparableEnergy]:
    """The comparable energy of each stage."""
    return {stage: comparable_energy(ranking, stage) for stage in ranking.edition.stages}


def score_reference(ranking: Ranking) -> float | None:
    """The ranking score of the baseline where the edition divides scores by the baseline's: 1; None elsewhere."""
    rule = ranking.edition.ranking
    return 1.0 if rule.kind == "ratio_mean" and any(term.reference != 1 for term in rule.terms) else None


def team_best(placed: Sequence[Ranked]) -> list[Ranked]:
    """The best system of each team; the first by label where two are equal."""
    best: dict[str, Ranked] = {}
    for one in placed:
        best.setdefault(one.entry.team, one)
    return list(best.values())


def single_systems(placed: Sequence[Ranked]) -> list[Ranked]:
    """Systems that declare no more than one subsystem."""
    return [one for one in placed if (one.entry.ensemble_subsystems or 1) <= 1]


def pareto_front(
    placed: Sequence[Ranked], figure: ViewFigure, sign: int, score: ViewFigure | None = None
) -> list[Ranked]:
    """Systems that no other beats: none has as good a score for less, nor a better one for as little.

    Ordered by rising figure. Systems without the figure, or with none above zero, are not on it. ``score`` is the
    ranking score unless another is given, and ``sign`` 1 where higher ones are better, -1 where lower ones are.
    """
    scored = [(one, (score or ranking_score_of)(one)) for one in placed]
    points = [
        (value, -sign * points, one.entry.label, one)
        for one, points in scored
        if points is not None and (value := figure(one)) is not None and value > 0
    ]
    points.sort(key=lambda point: point[:3])
    front: list[tuple[float, float, str, Ranked]] = []
    for point in points:
        if not front or point[1] < front[-1][1] or point[:2] == front[-1][:2]:
            front.append(point)
    return [one for *_, one in front]


def ranking_score_of(one: Ranked) -> float | None:
    """The ranking score of a system."""
    return one.figures.ranking_score


def _ew(stage: str) -> ViewFigure:
    return lambda one: one.figures.ew_ranking_score[stage]


def ordered(
    name: str, title: str, systems: Sequence[Ranked], figure: ViewFigure, column: str, heading: str, sign: int
) -> View:
    """The view of systems in the order of a figure; those without it are left out, equal ones share a place."""
    pairs = [(value, one) for one in systems if (value := figure(one)) is not None]
    pairs.sort(key=lambda pair: (-sign * pair[0], pair[1].entry.label))
    ranks = shared_ranks([value for value, _ in pairs])
    rows = [(rank, one) for rank, (_, one) in zip(ranks, pairs, strict=True)]
    return View(name, title, figure, column, heading, sign, rows)


def rank_pairs(ranking: Ranking, stage: str) -> list[tuple[Ranked, int, int]]:
    """Return the systems with both scores in the order of the ranking, each with its two ranks among them.

    A system without an energy has no second rank, and counts in neither: else every system would seem to gain.
    """
    both = [one for one in ranking.placed if one.figures.ew_ranking_score[stage] is not None]
    by_score = _ranks([ranking.edition.ranking_sign * (one.figures.ranking_score or 0.0) for one in both])
    by_weighted = _ranks([one.figures.ew_ranking_score[stage] or 0.0 for one in both])
    return list(zip(both, by_score, by_weighted, strict=True))


def _ranks(scores: Sequence[float]) -> list[int]:
    """The rank of each score, the highest first; equal ones share theirs."""
    order = sorted(scores, reverse=True)
    ranks = dict(zip(order, shared_ranks(order), strict=True))
    return [ranks[score] for score in scores]
