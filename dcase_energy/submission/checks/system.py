"""What a check looks at, and how it is registered.

A check is a function that yields findings and changes nothing. Its decorator says what it is called with: one system,
the systems of one team, or all systems beside the pool of other teams' results. Fields of a submission that are not
None are of the kind that the edition says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dcase_energy.editions.model import Edition
from dcase_energy.findings import Finding, Where
from dcase_energy.rules import Rule
from dcase_energy.submission.baseline_choice import Baseline
from dcase_energy.submission.evidence import Records
from dcase_energy.submission.figures import agrees
from dcase_energy.submission.metadata import Metadata
from dcase_energy.submission.model import Submission
from dcase_energy.submission.package import SystemFiles

if TYPE_CHECKING:
    from dcase_energy.scoring.score_files import ScoreFiles


@dataclass(frozen=True)
class System:
    """One system of a team.

    Attributes
    ----------
    files, metadata
        Where it stands, and its metadata as read.
    edition
        Whose rules apply.
    records
        The package's own records and CodeCarbon files.
    outputs
        What was read of the score files of each run, by its number; None where they were not read.
    baseline
        What its energies are divided by.
    """

    files: SystemFiles
    metadata: Metadata
    edition: Edition
    records: Records = field(default_factory=Records)
    outputs: Mapping[int, ScoreFiles] | None = None
    baseline: Baseline = field(default_factory=Baseline)

    @property
    def submission(self) -> Submission:
        """The canonical submission; fields that were refused are None."""
        return self.metadata.submission

    @property
    def figures(self) -> Mapping[str, float]:
        """All numbers of the metadata by canonical field; what is missing or refused is absent."""
        return self.metadata.submission.figures

    @property
    def energy_fields(self) -> list[str]:
        """The fields of the stages' energies that the edition has; the first stage trains, the last is inference."""
        return [one.energy for one in self.edition.stages.values() if one.energy in self.edition.fields]

    @property
    def baselines(self) -> dict[str, float]:
        """The baseline's energies that the metadata states, by field."""
        fields = dict.fromkeys(one.baseline for one in self.edition.stages.values())
        return {name: self.figures[name] for name in fields if name in self.figures}

    def states(self, field: str, *energies_kwh: float | None) -> bool:
        """Whether a figure of the metadata is one of some measured energies, rounded as it is written."""
        value, text = self.figures.get(field), self.metadata.text(field)
        return value is not None and any(agrees(value, text, one) for one in energies_kwh if one is not None)

    def where(self, field: str) -> Where:
        """Place of a field of the metadata, or of the mapping it is missing from."""
        return self.metadata.where(field)

    def finding(self, rule: Rule, field: str, message: str, **more: Any) -> Finding:
        """A finding of a rule at a field of the metadata; for ``more`` see `Rule.finding`."""
        return rule.finding(self.where(field), message, **more)

    @property
    def name(self) -> str:
        """The label, or the file's name where the label cannot be used."""
        return self.submission.label or self.files.stem


@dataclass(frozen=True)
class Peer:
    """A system to compare with: its team, the GPU models named, and its baseline energies in kWh by canonical field."""

    team: str
    boards: frozenset[str]
    baseline_kwh: Mapping[str, float]


SystemCheck = Callable[[System], Iterator[Finding]]
TeamCheck = Callable[[Sequence[System]], Iterator[Finding]]
PoolCheck = Callable[[Sequence[System], Sequence[Peer]], Iterator[Finding]]
SYSTEM_CHECKS: list[SystemCheck] = []
TEAM_CHECKS: list[tuple[TeamCheck, int | None]] = []
POOL_CHECKS: list[PoolCheck] = []


def each_system(check: SystemCheck) -> SystemCheck:
    """Call a check with each system by itself."""
    SYSTEM_CHECKS.append(check)
    return check


def each_team(largest: int | None = None) -> Callable[[TeamCheck], TeamCheck]:
    """Call a check with the systems of each team; of a larger team only with the first ``largest``."""

    def register(check: TeamCheck) -> TeamCheck:
        TEAM_CHECKS.append((check, largest))
        return check

    return register


def all_systems(check: PoolCheck) -> PoolCheck:
    """Call a check once, with all systems validated and the pool of other teams' systems."""
    POOL_CHECKS.append(check)
    return check
