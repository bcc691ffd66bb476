"""Ranks by score and by energy-weighted score among the same systems: those that have both."""

from __future__ import annotations

from collections.abc import Sequence

from dcase_energy.ranking.order import Ranked, Ranking, shared_ranks


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
