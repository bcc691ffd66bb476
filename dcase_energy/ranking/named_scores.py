"""What a table needs to be ranked under an edition, and what to say where a score is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from dcase_energy.documents.rules import TABLE_HEADER
from dcase_energy.documents.tables import read_table
from dcase_energy.editions.loader import load_edition
from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import stated_field
from dcase_energy.editions.shipped import edition_names
from dcase_energy.errors import InputError
from dcase_energy.findings import Finding, Severity
from dcase_energy.ranking.entry import Entry
from dcase_energy.text import first_few

TEXT_COLUMNS = ("label", "team", "gpu_model", "baseline_source", "macs_counter")
COUNT_COLUMNS = ("total_parameters", "macs")
# Scores that a message names.
_SHOWN = 4


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


def known_columns(edition: Edition) -> tuple[str, ...]:
    """Columns of a table of results that have a meaning, however their names are capitalised."""
    return (*TEXT_COLUMNS, *COUNT_COLUMNS, *edition.scores, *edition.energy_fields)


def why_not_ranked_by(data: bytes, file: str, edition: Edition) -> Finding | None:
    """Say how to name the score of a table that has none of the edition's; None where it has one, or no header.

    A warning where the edition asks for energies alone: they are normalised, and no system is ranked.
    """
    line = data.partition(b"\n")[0]
    header = read_table(line, file, required=("label",), known=known_columns(edition), delimiter=",")
    ranked_by = edition.ranking.names
    if not header.columns or set(ranked_by) & set(header.columns):
        return None
    others = {name: load_edition(name).ranking.names for name in edition_names()}
    scores = [score for names in others.values() for score in names]
    columns = read_table(line, file, required=(), known=scores, delimiter=",").columns
    known = {name: score for name, names in others.items() for score in names if score in columns}
    some = first_few(ranked_by, _SHOWN, " or ")
    message = f"no column {some}, by which edition {edition.name} ranks"
    if not ranked_by:
        message = f"edition {edition.name} names no score to rank by"
    hints = [f"add {first_few(ranked_by, _SHOWN, ' and ')} to the table"] if ranked_by else []
    if known:
        editions = ", ".join(f"--edition {name} ({score})" for name, score in known.items())
        hints.append(f"name an edition that ranks by another ({editions})")
    hints.append(f"name the column in your own edition: [scores.{next(iter(known.values()), 'NAME')}] with a title")
    found = ", ".join(header.columns)[:200]
    finding = TABLE_HEADER.finding(
        header.where(), message, expected=", ".join(ranked_by)[:200], found=found, hint=", or ".join(hints)
    )
    return finding.with_severity(Severity.WARNING) if energies_alone(edition) else finding


def with_references(edition: Edition, entries: Sequence[Entry]) -> Edition:
    """An edition whose references are the scores of a system of the ranking, where it names one.

    Raises
    ------
    InputError
        If that system is not there, or one of these scores is not known or not greater than 0.
    """
    rule = edition.ranking
    if rule.reference_system is None:
        return edition
    found = next((entry for entry in entries if entry.label == rule.reference_system), None)
    terms = []
    for term in rule.terms:
        value = None if found is None else found.scores.get(term.score)
        if value is None or not 0 < value < math.inf:
            what = "is not among the systems" if found is None else f"has no {edition.scores[term.score].title} above 0"
            raise InputError(
                f"edition {edition.name} divides scores by those of {rule.reference_system}, which {what}: add its row "
                "or package, or write `reference` into the terms of [ranking] in place of reference_system"
            )
        terms.append(replace(term, reference=value))
    return replace(edition, ranking=replace(rule, terms=tuple(terms)))


def counting_least(entry: Entry, edition: Edition) -> list[str]:
    """Names of scores that are not known and count the least of their term."""
    if edition.ranking.missing != "least":
        return []
    terms = edition.ranking.terms
    return [term.score for term in terms if entry.scores.get(term.score) is None and math.isfinite(term.clip[0])]


def unranked(entry: Entry, edition: Edition) -> Entry:
    """A system without a rank, with the reason."""
    names, least = edition.ranking.names, counting_least(entry, edition)
    missing = [name for name in names if entry.scores.get(name) is None and name not in least]
    if entry.excluded is not None:
        return entry
    if not names:
        reason = f"edition {edition.name} names no score to rank by ([scores.NAME] in an edition does)"
        return replace(entry, excluded=reason)
    if missing:
        verb, columns = ("is", "it in the column") if len(missing) == 1 else ("are", "them in the columns")
        titles = " and ".join(edition.scores[name].title for name in missing)
        reason = f"{titles} {verb} not known: a table of results gives {columns} {' and '.join(missing)}"
        return replace(entry, excluded=reason)
    negative = [name for name in names if (entry.scores.get(name) or 0.0) < 0]
    if edition.ranking.kind == "harmonic_mean" and negative:
        titles = " and ".join(edition.scores[name].title for name in negative)
        return replace(entry, excluded=f"no harmonic mean: {titles} below 0")
    return replace(entry, excluded="it has no score")
