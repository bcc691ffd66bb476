"""The order of a ranking: total, explicit, and never better for a figure that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.entry import Entry, Figures, Reference, figures


@dataclass(frozen=True)
class Ranked:
    """A system with its figures and its rank; None for a system that gets no rank."""

    rank: int | None
    entry: Entry
    figures: Figures


def rank_entries(entries: Sequence[Entry], edition: Edition, reference: Reference | None = None) -> list[Ranked]:
    """Order systems by ranking score, highest first.

    Equal scores share a rank (1, 2, 2, 4); among them the label decides the row. Systems without a score, and those
    that are excluded, come last without a rank, by label.
    """
    computed = [(entry, figures(entry, edition, reference)) for entry in entries]
    computed.sort(key=lambda pair: _sort_key(*pair))
    ranked: list[Ranked] = []
    for position, (entry, result) in enumerate(computed, 1):
        score = _score(entry, result)
        previous = ranked[-1] if ranked else None
        tied = previous is not None and score == _score(previous.entry, previous.figures)
        rank = previous.rank if tied and previous else position
        ranked.append(Ranked(None if score is None else rank, entry, result))
    return ranked


def _score(entry: Entry, result: Figures) -> float | None:
    return None if entry.excluded else result.ranking_score


def _sort_key(entry: Entry, result: Figures) -> tuple[bool, float, str]:
    score = _score(entry, result)
    return (score is None, 0.0 if score is None else -score, entry.label)
