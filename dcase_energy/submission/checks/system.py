"""What a check looks at."""

from __future__ import annotations

from dataclasses import dataclass

from dcase_energy.editions.model import Edition
from dcase_energy.measure.records import Calibration
from dcase_energy.submission.model import Submission
from dcase_energy.submission.package import SystemFiles
from dcase_energy.submission.reading import Metadata


@dataclass(frozen=True)
class System:
    """One system of a team: its files, its metadata, the calibration record of its package (None if it has none)."""

    files: SystemFiles
    metadata: Metadata
    edition: Edition
    calibration: Calibration | None

    @property
    def submission(self) -> Submission:
        """The canonical submission; fields that were refused are None."""
        return self.metadata.submission

    @property
    def name(self) -> str:
        """The label, or the file's name where there is no usable label."""
        return self.submission.label or self.files.stem
