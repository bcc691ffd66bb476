"""Ranking by a score that an edition names in place of both PSDS: which column it is, and what to say without one."""

from __future__ import annotations

from dataclasses import replace

from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.documents.tables import read_table
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import Score
from dcase_energy.editions.shipped import edition_names
from dcase_energy.findings import Finding
from dcase_energy.ranking.entry import Entry, named_score

_PSDS = ("psds1", "psds2")


def _own(edition: Edition) -> dict[str, Score]:
    name = named_score(edition)
    return {} if name is None else {name: edition.scores[name]}


def required_columns(edition: Edition) -> tuple[str, ...]:
    """Columns that a table of results must have."""
    if named := named_score(edition):
        return ("label", named)
    return ("label", *_PSDS, "energy_training_kwh", "energy_test_kwh")


def why_not_ranked_by(data: bytes, file: str, edition: Edition) -> Finding | None:
    """Say how to name the score of a table that has none of the edition's; None where it has one, or no header."""
    header = read_table(data.partition(b"\n")[0], file, required=("label",), delimiter=",")
    for name, score in _own(edition).items():
        if score.better == "lower":
            message = f"edition {edition.name} ranks by {name}, of which lower is better: `rank` cannot do that yet"
            return TABLE_HEADER.finding(header.where(), message, hint="rank by a score of which higher is better")
    ranked_by = tuple(_own(edition)) or _PSDS
    if not header.columns or set(ranked_by) & set(header.columns):
        return None
    known = {name: score for name in edition_names() for score in _own(load_edition(name)) if score in header.columns}
    own = f"name the column in your own edition: [scores.{next(iter(known.values()), 'NAME')}] with a title"
    of_project = ", ".join(f"--edition {name} ({score})" for name, score in known.items())
    message = f"no column {' or '.join(ranked_by)}, by which edition {edition.name} ranks"
    hint = f"name an edition that ranks by another ({of_project}), or {own}" if known else own
    found = ", ".join(header.columns)[:200]
    return TABLE_HEADER.finding(
        header.where(), f"{message}; {hint}", expected=", ".join(ranked_by), found=found, hint=hint
    )


def unranked(entry: Entry, edition: Edition) -> Entry:
    """A system without a rank, with the reason where it is that the edition's score is not known."""
    if entry.excluded is not None or "psds1_dev" in edition.fields:
        return entry
    reason = f"edition {edition.name} names no score to rank by ([scores.NAME] in an edition does)"
    for name, score in _own(edition).items():
        reason = f"{score.title} is not known: a table of results gives it in the column {name}"
    return replace(entry, excluded=reason)
