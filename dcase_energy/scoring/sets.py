"""Sets of clips of an edition, each with its own ground truth and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dcase_energy.editions.model import Edition
from dcase_energy.scoring.clip_tables import Truth
from dcase_energy.scoring.conventions import Conventions
from dcase_energy.scoring.windows import are_windows


def of_sets(conventions: Conventions, edition: Edition, truths: Mapping[str, Truth]) -> Conventions:
    """Conventions for the sets whose ground truth is known: the scores of others are not computed.

    Windows are joined in sets of the edition that say so and whose clips are named like windows: those of an evaluation
    set have anonymous names, and each is judged by itself.
    """
    sets = edition.outputs.sets
    if not sets:
        return conventions
    first = next(iter(truths))
    scores = {name: one for name, one in conventions.scores.items() if conventions.set_of.get(name, first) in truths}
    set_of = {name: conventions.set_of.get(name, first) for name in scores}
    joined = {name for name, truth in truths.items() if sets[name].windows == "join" and are_windows(truth.clips)}
    return replace(conventions, scores=scores, set_of=set_of, joined=frozenset(joined))
