"""What a check looks at."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcase_energy.editions.model import Edition
from dcase_energy.submission.baseline_choice import Baseline
from dcase_energy.submission.model import Submission
from dcase_energy.submission.outputs import Outputs
from dcase_energy.submission.package import SystemFiles
from dcase_energy.submission.reading import Metadata
from dcase_energy.submission.records import Records


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
        What was read of its score files; None where they were not looked at.
    baseline
        What its energies are divided by.
    """

    files: SystemFiles
    metadata: Metadata
    edition: Edition
    records: Records = field(default_factory=Records)
    outputs: Outputs | None = None
    baseline: Baseline = field(default_factory=Baseline)

    @property
    def submission(self) -> Submission:
        """The canonical submission; fields that were refused are None."""
        return self.metadata.submission

    @property
    def name(self) -> str:
        """The label, or the file's name where there is no usable label."""
        return self.submission.label or self.files.stem
