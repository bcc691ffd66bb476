"""The part of an edition that says what outputs a package contains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dcase_energy.editions.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSet(Part):
    """One of several sets of clips, each with its own ground truth, whose score files lie in the same folders.

    Attributes
    ----------
    classes
        Those that are scored; all of the edition where it is empty. Score files have columns of all.
    windows
        Whether clips named like windows of longer files are joined to these files.
    """

    classes: tuple[str, ...] = ()
    windows: Literal["separate", "join"] = "separate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs(Part):
    """What outputs a package contains; `none`: they are not checked.

    Attributes
    ----------
    sets
        Sets of clips by name, where there are several.
    clips, runs
        Number of clips, where it is known, and of runs.
    unprocessed
        Whether outputs before post-processing belong beside those after it.
    file
        Of `clip_table`: pattern (a regular expression) of the names of a system's tables, where there is one for each
        group of clips, which the first parenthesis names; without it a table is called ``<label>.output.csv``.
    header
        Whether the first line of a table names its columns; else they are the clip and what comes next below.
    id, label, score, text
        Columns of the clip, and of its class, its score (the higher, the more anomalous) or its text.
    probabilities
        Whether there is a column for each class.
    groups
        Columns of the ground truth that figures are reported by, such as the device; the first names the group of a
        table where ``file`` has one.
    """

    kind: Literal["score_folders", "clip_table", "none"] = "score_folders"
    clips: int | None = None
    runs: int = 1
    unprocessed: bool = False
    sets: dict[str, OutputSet] = field(default_factory=dict)
    file: str | None = None
    header: bool = True
    id: str = "filename"
    label: str | None = None
    score: str | None = None
    text: str | None = None
    probabilities: bool = False
    groups: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Columns of a table of clips, but those of probabilities."""
        return [self.id, *(name for name in (self.label, self.score, self.text) if name is not None)]

    def __post_init__(self) -> None:
        self.require_positive("clips", "runs")
        if self.kind == "clip_table" and len(self.columns) < 2 and not self.probabilities:
            raise ValueError("kind = 'clip_table' needs a column: label, score, text or probabilities")
