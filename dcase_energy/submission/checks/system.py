"""What a check looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcase_energy.editions.model import Edition
from dcase_energy.submission.model import Submission
from dcase_energy.submission.outputs import Outputs
from dcase_energy.submission.package import SystemFiles
from dcase_energy.submission.reading import Metadata
from dcase_energy.submission.records import Records

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration


@dataclass(frozen=True)
class System:
    """One system of a team.

    Attributes
    ----------
    files, metadata
        Where it stands, and its metadata as read.
    edition
        Whose rules apply.
    calibration
        The calibration record of its package, or the caller's for packages that have none; None without either.
    records
        The package's own records and CodeCarbon files.
    outputs
        What was read of its score files; None where they were not looked at.
    """

    files: SystemFiles
    metadata: Metadata
    edition: Edition
    calibration: Calibration | None
    records: Records = field(default_factory=Records)
    outputs: Outputs | None = None

    @property
    def submission(self) -> Submission:
        """The canonical submission; fields that were refused are None."""
        return self.metadata.submission

    @property
    def name(self) -> str:
        """The label, or the file's name where there is no usable label."""
        return self.submission.label or self.files.stem
