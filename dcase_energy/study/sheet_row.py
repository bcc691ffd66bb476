"""What every kind of imported sheet is read into."""

from __future__ import annotations

from dataclasses import dataclass

from dcase_energy.study.runs import Figures


@dataclass(frozen=True)
class Row:
    """One run of a sheet; ``line`` is where it stands."""

    line: int
    gpu: str | None
    batch_size: int | None
    epochs: int | None
    figures: Figures
