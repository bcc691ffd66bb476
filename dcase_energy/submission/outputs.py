"""The score files of a system, run by run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcase_energy.scoring.score_files import ScoreFiles


@dataclass(frozen=True)
class Outputs:
    """What was found in the output folders of a system, by number of the run."""

    runs: dict[int, ScoreFiles] = field(default_factory=dict)
    unprocessed: dict[int, ScoreFiles] = field(default_factory=dict)

    @property
    def digests(self) -> dict[int, bytes]:
        """Of each run, by number."""
        return {number: run.digest for number, run in self.runs.items()}
