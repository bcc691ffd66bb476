"""What a table needs to be ranked under an edition, and what to say where a score is missing."""

from __future__ import annotations

from dataclasses import replace

from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.documents.tables import read_table
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import stated_field
from dcase_energy.editions.shipped import edition_names
from dcase_energy.findings import Finding, Severity
from dcase_energy.ranking.entry import Entry


def energies_alone(edition: Edition) -> bool:
    """Whether an edition asks for energies and not for its scores: it ranks by them where they are."""
    asked, stated = set(edition.required), {stated_field(name) for name in edition.ranking.names}
    return not asked & stated and bool(asked & set(edition.energy_fields))


def required_columns(edition: Edition) -> tuple[str, ...]:
    """Columns that a table of results must have."""
    names = edition.ranking.names
    scores = () if energies_alone(edition) else names
    weighted = set(names) <= set(edition.weighted_scores) and names
    energies = [stage.energy for stage in edition.stages.values() if weighted or stage.energy in edition.required]
    return ("label", *scores, *energies)


def why_not_ranked_by(data: bytes, file: str, edition: Edition) -> Finding | None:
    """Say how to name the score of a table that has none of the edition's; None where it has one, or no header.

    A warning where the edition asks for energies alone: they are normalised, and no system is ranked.
    """
    header = read_table(data.partition(b"\n")[0], file, required=("label",), delimiter=",")
    ranked_by = edition.ranking.names
    if not header.columns or set(ranked_by) & set(header.columns):
        return None
    known = {
        name: score for name in edition_names() for score in load_edition(name).ranking.names if score in header.columns
    }
    own = f"name the column in your own edition: [scores.{next(iter(known.values()), 'NAME')}] with a title"
    of_project = ", ".join(f"--edition {name} ({score})" for name, score in known.items())
    message = f"no column {' or '.join(ranked_by)}, by which edition {edition.name} ranks"
    if not ranked_by:
        message = f"edition {edition.name} names no score to rank by"
    hint = f"name an edition that ranks by another ({of_project}), or {own}" if known else own
    found = ", ".join(header.columns)[:200]
    finding = TABLE_HEADER.finding(
        header.where(), f"{message}; {hint}", expected=", ".join(ranked_by), found=found, hint=hint
    )
    return finding.with_severity(Severity.WARNING) if energies_alone(edition) else finding


def unranked(entry: Entry, edition: Edition) -> Entry:
    """A system without a rank, with the reason where it is that a score of the edition is not known."""
    names = edition.ranking.names
    missing = {name: edition.scores[name].title for name in names if entry.scores.get(name) is None}
    if entry.excluded is not None or (names and not missing):
        return entry
    reason = f"edition {edition.name} names no score to rank by ([scores.NAME] in an edition does)"
    if missing:
        verb, columns = ("is", "it in the column") if len(missing) == 1 else ("are", "them in the columns")
        titles, names = " and ".join(missing.values()), tuple(missing)
        reason = f"{titles} {verb} not known: a table of results gives {columns} {' and '.join(names)}"
    return replace(entry, excluded=reason)
