"""What follows from what is known of a system, by the formulas of an edition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dcase_energy.editions.model import Edition
from dcase_energy.editions.parts import Score
from dcase_energy.ranking.bases import TOTAL, baseline_column, energy_column, official_basis, ratio_by, ratio_column
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.normalize import (
    energy_weighted,
    kwh_per_point,
    normalised_energy_kwh,
    ranking_score,
    weighted_by_ratio,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What follows from an entry by the formulas of an edition; energies by stage.

    Attributes
    ----------
    energy_ratio
        Of total energies.
    official_ratio
        By the basis of the edition: what systems are compared by.
    weighted
        Energy-weighted scores by score and stage.
    kwh_per_point
        Energy over points of the first of these scores: normalised energy where the edition, or a reference, has it.
    """

    energy_ratio: Mapping[str, float | None]
    official_ratio: Mapping[str, float | None]
    energy_normalized_kwh: Mapping[str, float | None]
    weighted: Mapping[str, Mapping[str, float | None]]
    ranking_score: float | None
    ew_ranking_score: Mapping[str, float | None]
    kwh_per_point: Mapping[str, float | None]


# The common reference of an edition of ratios: an organiser's own calibration, kWh by stage; None without one.
Reference = Mapping[str, float] | None


def figures(entry: Entry, edition: Edition, reference: Reference = None) -> Figures:
    """Apply an edition's formulas to one system."""
    stages, terms = edition.stages, edition.ranking.names
    basis = official_basis(edition)
    ratios = {stage: ratio_by(entry, edition, stage, basis) for stage in stages}
    normalised = {stage: _normalised(entry, edition, reference, stage) for stage in stages}
    scores = {name: _possible(entry.scores.get(name), score) for name, score in edition.scores.items()}
    weighted = {
        name: {stage: _weighted(scores[name], entry, edition, ratios, normalised, stage) for stage in stages}
        for name in edition.weighted_scores
    }
    whole = set(terms) <= set(weighted) and edition.ranking.kind != "min_max"
    first = edition.weighted_scores[:1]
    return Figures(
        energy_ratio={stage: ratio_by(entry, edition, stage) for stage in stages},
        official_ratio=ratios,
        energy_normalized_kwh=normalised,
        weighted=weighted,
        ranking_score=ranking_score([scores[name] for name in terms], edition.ranking),
        ew_ranking_score={
            stage: ranking_score([weighted[name][stage] for name in terms], edition.ranking) if whole else None
            for stage in stages
        },
        kwh_per_point={
            stage: kwh_per_point(
                normalised[stage] if is_normalised(edition, reference, stage) else entry.energy_kwh.get(stage),
                scores[name],
                edition.scores[name].points,
            )
            for stage in stages
            for name in first
        },
    )


def is_normalised(edition: Edition, reference: Reference, stage: str) -> bool:
    """Whether the energies of a stage are those on a common reference, of the edition or of an organiser."""
    kind = edition.normalisation.kind
    return kind == "common_reference" or (kind == "ratio" and stage in (reference or {}))


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure that follows from others.

    Attributes
    ----------
    name
        Its column.
    value
        Where it is among the figures of a system.
    inputs
        Columns that it follows from.
    """

    name: str
    value: Callable[[Figures], float | None]
    inputs: tuple[str, ...]


def derived(edition: Edition) -> list[Derived]:
    """The figures of an edition that have intervals where what they follow from has."""
    terms = edition.ranking.names
    found = [Derived("ranking_score", lambda figures: figures.ranking_score, terms)]
    for stage in edition.stages:
        divided = (energy_column(stage), baseline_column(stage))
        weights = divided[:1] if edition.normalisation.kind == "none" else divided
        if (basis := official_basis(edition)) != TOTAL:
            weights = (ratio_column(stage, basis),)
        tables: list[tuple[str, Callable[[Figures], Mapping[str, float | None]], tuple[str, ...]]] = [
            (ratio_column(stage), lambda figures: figures.energy_ratio, divided),
            (f"energy_{stage}_normalized_kwh", lambda figures: figures.energy_normalized_kwh, divided),
            *((f"ew_{name}_{stage}", _weighted_score(name), (name, *weights)) for name in edition.weighted_scores),
            (f"ew_ranking_score_{stage}", lambda figures: figures.ew_ranking_score, (*terms, *weights)),
        ]
        found += [Derived(name, of_stage(table, stage), inputs) for name, table, inputs in tables]
    return found


def of_stage(table: Callable[[Figures], Mapping[str, float | None]], stage: str) -> Callable[[Figures], float | None]:
    """The figure of one stage."""
    return lambda figures: table(figures).get(stage)


def _weighted_score(name: str) -> Callable[[Figures], Mapping[str, float | None]]:
    return lambda figures: figures.weighted[name]


def _possible(value: float | None, score: Score) -> float | None:
    return value if value is not None and score.allows(value) else None


def _normalised(entry: Entry, edition: Edition, reference: Reference, stage: str) -> float | None:
    rule = edition.normalisation
    system, baseline = entry.energy_kwh.get(stage), entry.comparable_baseline_kwh(stage)
    if rule.kind == "common_reference" and rule.baseline_kwh is not None:
        return normalised_energy_kwh(system, baseline, rule.baseline_kwh, rule.decimals)
    if rule.kind == "ratio" and reference is not None and stage in reference:
        return normalised_energy_kwh(system, baseline, reference[stage])
    return None


def _weighted(
    score: float | None,
    entry: Entry,
    edition: Edition,
    ratios: Mapping[str, float | None],
    normalised: Mapping[str, float | None],
    stage: str,
) -> float | None:
    own = edition.stages[stage].reference_kwh
    if own is None:
        return weighted_by_ratio(score, ratios[stage])
    energy = entry.energy_kwh.get(stage) if edition.normalisation.kind == "none" else normalised[stage]
    return energy_weighted(score, energy, own)
