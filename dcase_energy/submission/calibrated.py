"""A calibration record as it was found: in a package, by the caller's choice, or among this machine's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration


@dataclass(frozen=True)
class Calibrated:
    """A calibration record as it was found.

    Attributes
    ----------
    record
        The record.
    source
        What to call it, for people.
    evidence
        ``record``, or ``recomputed`` where it follows from the journal beside it.
    entries
        The entries of that journal; empty where it is only a record.
    believed
        Whether its figures can be what its journal and its own limits of power say; a finding says why not.
    name
        Its name in the tree of a package; None where it comes from elsewhere: the caller's choice.
    """

    record: Calibration
    source: str
    evidence: str = "record"
    entries: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    believed: bool = True
    name: str | None = None
