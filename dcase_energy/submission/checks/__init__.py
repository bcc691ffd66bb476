"""Checks of a system, one file a family. A check yields findings and changes nothing.

`CHECKS` is the whole list. A check gets a `System` and may assume that fields which are not None are of the right kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dcase_energy.findings import Finding
from dcase_energy.submission.checks import emissions, energy, evidence, metadata, names
from dcase_energy.submission.checks.system import System

CHECKS: tuple[Callable[[System], Iterator[Finding]], ...] = (
    names.label_matches_place,
    names.label_is_own,
    names.not_named_baseline,
    metadata.one_corresponding_author,
    energy.stages_together,
    energy.baseline_known,
    energy.not_from_readme,
    energy.stages_plausible,
    energy.enough_digits,
    emissions.emissions_in_metadata,
    emissions.emissions_there,
    emissions.emissions_alike,
    evidence.record_fits,
    evidence.declared_is_recorded,
    evidence.evidence_there,
)
