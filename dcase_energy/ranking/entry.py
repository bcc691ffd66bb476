"""One system in a ranking: what is known of it, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dcase_energy.editions.model import Edition
from dcase_energy.ranking.normalize import (
    energy_ratio,
    energy_weighted_psds,
    energy_weighted_psds_of_ratio,
    kwh_per_psds_point,
    normalised_energy_kwh,
    ranking_score,
)
from dcase_energy.stats import Interval

STAGES = ("training", "test")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a system. None means that it is not known.

    Attributes
    ----------
    score
        The score that the edition ranks by in place of both PSDS.
    scores_are
        ``scored`` from outputs, ``stated`` in the metadata, ``given`` in a table.
    energy_kwh, baseline_kwh
        By stage. In editions with one baseline figure it stands under both stages.
    baseline_gpu_kwh, energy_gpu_kwh
        Training energy of the GPU alone, where records hold it.
    baseline_evidence
        ``declared``, ``record`` or ``recomputed``; None without a baseline.
    baseline_source
        Where the baseline's energy comes from, for people; None without a baseline.
    components_kwh, baseline_components_kwh
        Training energy by component (``gpu``, ``cpu``, ``ram``) of the system and of its baseline, where records or
        columns hold it; None is a component that was not measured.
    intervals
        Known intervals by column name (``psds1``, ``energy_training_kwh``, ``energy_baseline_test_kwh``, ...).
    replicates
        Both PSDS of each replicate of a bootstrap over clips, the same clips for all systems; empty without one.
    gpu_model
        In one spelling, from records or from what the team wrote of its hardware.
    not_comparable
        By stage, why the system's energy may not be divided by the baseline's; such figures stay missing.
    last_share
        Share of the training energy that went into the last 5 % of the score, where an epoch log holds it.
    excluded
        Why the system gets no rank; None if it gets one.
    findings
        Codes of what validation found.
    extra
        Other columns of an input table, as text.
    """

    label: str
    team: str
    psds1: float | None = None
    psds2: float | None = None
    score: float | None = None
    collar_f1: float | None = None
    intersection_f1: float | None = None
    scores_are: str | None = None
    energy_kwh: Mapping[str, float | None] = field(default_factory=dict)
    baseline_kwh: Mapping[str, float | None] = field(default_factory=dict)
    energy_gpu_kwh: float | None = None
    baseline_gpu_kwh: float | None = None
    baseline_evidence: str | None = None
    baseline_source: str | None = None
    components_kwh: Mapping[str, float | None] = field(default_factory=dict)
    baseline_components_kwh: Mapping[str, float | None] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    replicates: Sequence[tuple[float, float]] = ()
    gpu_model: str | None = None
    not_comparable: Mapping[str, str] = field(default_factory=dict)
    last_share: float | None = None
    total_parameters: int | None = None
    macs: int | None = None
    ensemble_subsystems: int | None = None
    excluded: str | None = None
    findings: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def comparable_baseline_kwh(self, stage: str) -> float | None:
        """The baseline's energy of a stage; None where there is none that this system may be divided by."""
        return None if stage in self.not_comparable else self.baseline_kwh.get(stage)


@dataclass(frozen=True, slots=True)
class Figures:
    """What follows from an entry by the formulas of an edition; energies by stage.

    ``kwh_per_point`` is energy over hundredths of PSDS1: normalised energy where the edition, or a reference, has it.
    """

    energy_ratio: Mapping[str, float | None]
    energy_ratio_training_gpu: float | None
    energy_normalized_kwh: Mapping[str, float | None]
    ew_psds1: Mapping[str, float | None]
    ew_psds2: Mapping[str, float | None]
    ranking_score: float | None
    ew_ranking_score: Mapping[str, float | None]
    kwh_per_point: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Reference:
    """The common reference of an edition of ratios: an organiser's own calibration, kWh by stage."""

    energy_kwh: Mapping[str, float]


def figures(entry: Entry, edition: Edition, reference: Reference | None = None) -> Figures:
    """Apply an edition's formulas to one system."""
    ratios = {
        stage: energy_ratio(entry.energy_kwh.get(stage), entry.comparable_baseline_kwh(stage)) for stage in STAGES
    }
    normalised = {stage: _normalised(entry, edition, reference, stage) for stage in STAGES}
    weighted = {
        name: {
            stage: _weighted(getattr(entry, name), entry, edition, ratios[stage], normalised[stage], stage)
            for stage in STAGES
        }
        for name in ("psds1", "psds2")
    }
    references = psds_references(edition)
    return Figures(
        energy_ratio=ratios,
        energy_ratio_training_gpu=energy_ratio(
            entry.energy_gpu_kwh, None if "training" in entry.not_comparable else entry.baseline_gpu_kwh
        ),
        energy_normalized_kwh=normalised,
        ew_psds1=weighted["psds1"],
        ew_psds2=weighted["psds2"],
        ranking_score=entry.score if named_score(edition) else ranking_score(entry.psds1, entry.psds2, *references),
        ew_ranking_score={
            stage: ranking_score(weighted["psds1"][stage], weighted["psds2"][stage], *references) for stage in STAGES
        },
        kwh_per_point={
            stage: kwh_per_psds_point(comparable_energy_kwh(entry, edition, normalised, stage), entry.psds1)
            for stage in STAGES
        },
    )


def psds_references(edition: Edition) -> tuple[float, float]:
    """The divisors of both PSDS."""
    references = {term.score: term.reference for term in edition.ranking.terms}
    return references.get("psds1", 1.0), references.get("psds2", 1.0)


def named_score(edition: Edition) -> str | None:
    """The score that an edition ranks by in place of both PSDS."""
    return next((name for name in edition.ranking.names if name not in {"psds1", "psds2"}), None)


def comparable_energy_kwh(
    entry: Entry, edition: Edition, normalised: Mapping[str, float | None], stage: str
) -> float | None:
    """Normalised energy where the edition has it (or a reference gives it), the system's own elsewhere."""
    if edition.normalisation.kind == "common_reference" or normalised[stage] is not None:
        return normalised[stage]
    return entry.energy_kwh.get(stage)


def _normalised(entry: Entry, edition: Edition, reference: Reference | None, stage: str) -> float | None:
    rule = edition.normalisation
    system, baseline = entry.energy_kwh.get(stage), entry.comparable_baseline_kwh(stage)
    if rule.kind == "common_reference" and rule.baseline_kwh is not None:
        return normalised_energy_kwh(system, baseline, rule.baseline_kwh, rule.decimals)
    if rule.kind == "ratio" and reference is not None and stage in reference.energy_kwh:
        return normalised_energy_kwh(system, baseline, reference.energy_kwh[stage])
    return None


def _weighted(
    psds: float | None, entry: Entry, edition: Edition, ratio: float | None, normalised: float | None, stage: str
) -> float | None:
    own = edition.stages[stage].reference_kwh
    if own is None:
        return energy_weighted_psds_of_ratio(psds, ratio)
    energy = entry.energy_kwh.get(stage) if edition.normalisation.kind == "none" else normalised
    return energy_weighted_psds(psds, energy, own)
