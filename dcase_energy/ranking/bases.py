"""What energy ratios are made of: one basis for a whole sheet, and the ratio of each system by every basis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from dcase_energy.editions.model import Edition
from dcase_energy.measure.compared import Pair
from dcase_energy.ranking.entry import Entry
from dcase_energy.ranking.normalize import energy_ratio

SheetBasis = Literal["counted", "gpu", "total"]
TOTAL: Literal["total"] = "total"
DECLARED, WORK = "declared", "work"
# From the strongest to the weakest, with what each is made of.
BASES: dict[SheetBasis, str] = {
    "counted": "energies that sensors counted (GPU, processor, memory where it is counted), without any constant",
    "gpu": "the GPU's energy alone, which a sensor counted",
    TOTAL: "total energies as the tracker gives them, with the constants assumed for what no sensor counts",
}
# The same, and what the ratio of a system without records is made of.
BASES_IN_WORDS = BASES | {DECLARED: "the figures are declared in the metadata, without records of both measurements"}


def official_basis(edition: Edition) -> SheetBasis:
    """The basis by which systems are compared; that of ``best`` is not known before all systems are, and is total."""
    basis = edition.normalisation.basis
    return TOTAL if basis == "best" else basis


def with_basis(edition: Edition, entries: Sequence[Entry]) -> Edition:
    """Return the edition with one basis in the place of ``best``.

    The strongest that every system with a rank supports, in each stage of which it has a ratio at all; else totals.
    """
    if edition.normalisation.basis != "best":
        return edition
    names = edition.ranking.names
    ranked = [one for one in entries if one.excluded is None and None not in map(one.scores.get, names)]
    divided = [(one, stage) for one in ranked for stage in edition.stages if ratio_by(one, edition, stage) is not None]
    known = divided if edition.normalisation.kind == "ratio" else []
    supported: list[SheetBasis] = [
        basis for basis in BASES if known and all(basis in supported_bases(one, edition, stage) for one, stage in known)
    ]
    return replace(edition, normalisation=replace(edition.normalisation, basis=[*supported, TOTAL][0]))


def pair_by(entry: Entry, edition: Edition, stage: str, basis: str = TOTAL) -> Pair | None:
    """The energies (kWh) whose ratio by a basis is that of a system, with their intervals where known.

    None where its evidence does not have both, or they may not be compared.
    """
    if stage in entry.not_comparable:
        return None
    own, other = entry.energy_kwh.get(stage), entry.baseline_kwh.get(stage)
    bounds = entry.intervals.get(energy_column(stage)), entry.intervals.get(baseline_column(stage))
    if basis != TOTAL and stage in entry.compared:
        return entry.compared[stage].energies.get(basis)
    if basis == "gpu" and stage == edition.component_stage:  # of a table, which does not say how it was obtained
        own, other = entry.components_kwh.get(basis), entry.baseline_components_kwh.get(basis)
        bounds = None, None
    elif basis != TOTAL:
        return None
    return None if own is None or other is None else Pair(own, other, *bounds)


def ratio_by(entry: Entry, edition: Edition, stage: str, basis: str = TOTAL) -> float | None:
    """The energy ratio of a system by a basis; None where its evidence does not have it."""
    pair = pair_by(entry, edition, stage, basis)
    return None if pair is None else energy_ratio(pair.system, pair.baseline)


def supported_bases(entry: Entry, edition: Edition, stage: str) -> list[str]:
    """The bases that the records of a system support, the strongest first; none where a figure is only declared."""
    if stage in entry.declared_kwh:  # measured by the organiser, who gives totals
        return [TOTAL]
    known = BASES if stage in entry.compared else ()
    return [basis for basis in known if ratio_by(entry, edition, stage, basis) is not None]


def basis_of(entry: Entry, edition: Edition, stage: str) -> str | None:
    """The basis of a system's ratio: the sheet's, or the strongest that its evidence has instead; None without one."""
    if ratio_by(entry, edition, stage) is None:
        return None
    known, official = supported_bases(entry, edition, stage), official_basis(edition)
    return official if official in known else next(iter(known), DECLARED)


def weaker_bases(entry: Entry, edition: Edition) -> list[str]:
    """The bases of a system's ratios that are not by that of its sheet; none where the sheet's is totals."""
    official = official_basis(edition)
    found = [basis for stage in edition.stages if (basis := basis_of(entry, edition, stage)) is not None]
    return [] if official == TOTAL else [basis for basis in found if basis != official]


def time_ratio(entry: Entry, stage: str) -> float | None:
    """Duration of a system over that of the baseline: of records, or of a training as its team states it."""
    declared = None if stage in entry.not_comparable else entry.declared_times.get(stage)
    return _quotient(entry, stage, "time") if declared is None else declared.system / declared.baseline


def work_ratio(entry: Entry, stage: str) -> float | None:
    """CPU seconds of a system's own processes over those of the baseline; never ranked."""
    return _quotient(entry, stage, "work")


def _quotient(entry: Entry, stage: str, name: str) -> float | None:
    compared = None if stage in entry.not_comparable else entry.compared.get(stage)
    pair = None if compared is None else getattr(compared, name)
    return None if pair is None else pair.system / pair.baseline


def energy_column(stage: str) -> str:
    """Name of the column of a system's energy in sheets, whatever the edition calls its field."""
    return f"energy_{stage}_kwh"


def baseline_column(stage: str) -> str:
    """Name of the column of the baseline's energy of a stage, where an edition has one figure for all stages, too."""
    return f"energy_baseline_{stage}_kwh"


def ratio_column(stage: str, basis: str = TOTAL) -> str:
    """Name of the column of a ratio; that of totals has the stage alone."""
    return f"energy_ratio_{stage}" if basis == TOTAL else f"energy_ratio_{stage}_{basis}"


def name_basis(edition: Edition) -> str | None:
    """The basis for a heading; None in an edition without ratios."""
    return f"ratios by basis {official_basis(edition)}" if edition.normalisation.kind == "ratio" else None


def describe_basis(edition: Edition) -> str:
    """The basis of a sheet in one sentence."""
    basis = official_basis(edition)
    return f"Basis of the energy ratios: {basis}, {BASES[basis]}."
