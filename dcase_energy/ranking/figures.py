"""What follows from what is known of a system, by the formulas of an edition."""

from __future__ import annotations

from collections.abc import Mapping
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

    def by_column(self) -> dict[str, float | None]:
        """The figures that `inputs_of` names, by their columns."""
        found = {"ranking_score": self.ranking_score}
        for stage, ratio in self.energy_ratio.items():
            found |= {
                ratio_column(stage): ratio,
                f"energy_{stage}_normalized_kwh": self.energy_normalized_kwh[stage],
                **{f"ew_{name}_{stage}": weighted[stage] for name, weighted in self.weighted.items()},
                f"ew_ranking_score_{stage}": self.ew_ranking_score[stage],
            }
        return found


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


def inputs_of(edition: Edition) -> dict[str, tuple[str, ...]]:
    """The columns that have intervals where what they follow from has, each with the columns it follows from."""
    terms, basis = edition.ranking.names, official_basis(edition)
    found = {"ranking_score": terms}
    for stage in edition.stages:
        divided = (energy_column(stage), baseline_column(stage))
        weights = divided[:1] if edition.normalisation.kind == "none" else divided
        if basis != TOTAL:
            weights = (ratio_column(stage, basis),)
        found |= {
            ratio_column(stage): divided,
            f"energy_{stage}_normalized_kwh": divided,
            **{f"ew_{name}_{stage}": (name, *weights) for name in edition.weighted_scores},
            f"ew_ranking_score_{stage}": (*terms, *weights),
        }
    return found


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
