"""One system in a ranking: what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.compared import Compared, Pair
from dcase_energy.measure.measured_table import StageCost
from dcase_energy.ranking.epochs import EpochLog
from dcase_energy.stats import Interval
from dcase_energy.text import more


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a system. None means that it is not known.

    Attributes
    ----------
    name
        Of the system, for people; None where only its label is known.
    scores
        By name, in the unit of the edition.
    scores_are
        ``scored`` from outputs, ``stated`` in the metadata, ``given`` in a table.
    energy_kwh, baseline_kwh
        By stage. In editions with one baseline figure it stands under both stages.
    baseline_evidence
        ``declared``, ``record`` or ``recomputed``; None without a baseline.
    baseline_source
        Where the baseline's energy comes from, for people; None without a baseline.
    components_kwh, baseline_components_kwh
        Energy by component (``gpu``, ``cpu``, ``ram``) of the system and of its baseline, in the stage that the edition
        reports so, where records or columns hold it; None is a component that was not measured.
    compared
        By stage, the records of system and baseline beside each other; empty where one of them has none.
    declared_times
        By stage, the seconds that a team states and those of its baseline, where no record holds them.
    within_session
        By stage, the interval of the baseline's energy without what differs between sessions, where that is known.
    intervals
        Known intervals by column name (a score, ``energy_<stage>_kwh``, ``energy_baseline_<stage>_kwh``, ratios by
        bases other than totals, ...).
    replicates
        By score, that of each replicate of a bootstrap over clips, the same clips for all systems; empty without one.
    gpu_model
        In one spelling, from records or from what the team wrote of its hardware.
    not_comparable
        By stage, why the system's energy may not be divided by the baseline's; such figures stay missing.
    epochs
        The log of its training's epochs, where there is one.
    duration_s, gpu_hours, batch_jobs
        By stage, what the system's own records hold: seconds, GPU-hours, and the job of a batch system.
    excluded
        Why the system gets no rank; None if it gets one.
    findings
        Codes of what validation found.
    waived
        By code, why the organiser accepts such a finding of this system.
    extra
        Other columns of an input table, as text.
    unread
        Whether it represents a package in which no system could be read.
    measured, declared_kwh
        By stage, what the organiser measured, and the energy that was declared in its place; empty where they did not.
    """

    label: str
    team: str
    scores: Mapping[str, float | None] = field(default_factory=dict)
    scores_are: str | None = None
    energy_kwh: Mapping[str, float | None] = field(default_factory=dict)
    baseline_kwh: Mapping[str, float | None] = field(default_factory=dict)
    baseline_evidence: str | None = None
    baseline_source: str | None = None
    components_kwh: Mapping[str, float | None] = field(default_factory=dict)
    baseline_components_kwh: Mapping[str, float | None] = field(default_factory=dict)
    compared: Mapping[str, Compared] = field(default_factory=dict)
    declared_times: Mapping[str, Pair] = field(default_factory=dict)
    within_session: Mapping[str, Interval] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    replicates: Mapping[str, Sequence[float]] = field(default_factory=dict)
    gpu_model: str | None = None
    not_comparable: Mapping[str, str] = field(default_factory=dict)
    epochs: EpochLog | None = None
    duration_s: Mapping[str, float | None] = field(default_factory=dict)
    gpu_hours: Mapping[str, float | None] = field(default_factory=dict)
    batch_jobs: Mapping[str, str] = field(default_factory=dict)
    total_parameters: int | None = None
    macs: int | None = None
    macs_counter: str | None = None
    ensemble_subsystems: int | None = None
    excluded: str | None = None
    findings: tuple[str, ...] = ()
    waived: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    unread: bool = False
    measured: Mapping[str, StageCost] = field(default_factory=dict)
    declared_kwh: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def open_findings(self) -> str | None:
        """Codes of what was found and not waived, for a cell."""
        return " ".join(code for code in self.findings if code not in self.waived) or None

    @property
    def waived_findings(self) -> str | None:
        """Codes of what was found and waived, each with the reason, for a cell."""
        return "; ".join(f"{code}: {self.waived[code]}" for code in self.findings if code in self.waived) or None

    @property
    def is_baseline(self) -> bool:
        """Whether it is the organisers' baseline, which says so in its label."""
        return self.label.casefold().startswith("baseline")

    def measured_over_declared(self, stage: str) -> float | None:
        """The measured energy of a stage over the declared one; None where one of them is not known."""
        declared, measured = self.declared_kwh.get(stage), self.energy_kwh.get(stage)
        return measured / declared if measured and declared else None

    def comparable_baseline_kwh(self, stage: str) -> float | None:
        """The baseline's energy of a stage; None where there is none that this system may be divided by."""
        return None if stage in self.not_comparable else self.baseline_kwh.get(stage)

    def with_baseline(self, edition: Edition, stage: str, factor: float) -> Entry:
        """The system with so many times its baseline energy of a stage, by every basis."""
        compared, parts, own = dict(self.compared), self.baseline_components_kwh, self.baseline_kwh.get(stage)
        if stage in compared:
            compared[stage] = compared[stage].with_baseline(factor)
        if stage == edition.component_stage:
            parts = {name: value and factor * value for name, value in parts.items()}
        baseline_kwh = {**self.baseline_kwh, stage: own and factor * own}
        return replace(self, baseline_kwh=baseline_kwh, compared=compared, baseline_components_kwh=parts)


def why_excluded(findings: Iterable[Finding]) -> str | None:
    """Why a system gets no rank: its first error, and how many more there are; None without an error."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    return f"{errors[0].code} {errors[0].message}{more(len(errors) - 1)}" if errors else None


def component_column(edition: Edition, part: str, *, baseline: bool = False) -> str:
    """Name of the column of a component's energy."""
    return f"energy_{'baseline_' if baseline else ''}{edition.component_stage}_{part}_kwh"
