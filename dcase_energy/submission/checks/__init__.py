"""Checks of systems, one file a family. A check yields findings and changes nothing.

`CHECKS` and what `check_together` runs are the whole list. A check gets a `System`, or the systems of one team, and may
assume that fields which are not None are of the right kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dcase_energy.findings import Finding
from dcase_energy.submission.checks import (
    baseline,
    comparable,
    complexity,
    emissions,
    emissions_processes,
    energy,
    evidence,
    metadata,
    names,
    plausibility,
    results,
)
from dcase_energy.submission.checks.across import TEAM_CHECKS, by_team
from dcase_energy.submission.checks.evidence import records_alike
from dcase_energy.submission.checks.outputs import outputs_alike, outputs_of_all
from dcase_energy.submission.checks.pool import Peer, baselines_in_line
from dcase_energy.submission.checks.system import System

CHECKS: tuple[Callable[[System], Iterator[Finding]], ...] = (
    names.task_known,
    names.label_matches_place,
    names.label_is_own,
    names.label_names_subtask,
    names.not_named_baseline,
    metadata.one_corresponding_author,
    metadata.not_of_template,
    metadata.address_has_scheme,
    metadata.none_is_null,
    metadata.sampling_rate_usual,
    metadata.no_hash,
    energy.stages_together,
    energy.some_energy,
    energy.baseline_known,
    energy.not_from_readme,
    energy.possible,
    energy.stages_plausible,
    energy.enough_digits,
    emissions.emissions_in_metadata,
    emissions.emissions_there,
    emissions.emissions_usable,
    emissions.emissions_alike,
    emissions.emissions_of_one_scope,
    emissions.emissions_appended,
    emissions.emissions_unreported,
    emissions_processes.processes_added_rightly,
    evidence.record_fits,
    evidence.one_calibration,
    evidence.declared_is_recorded,
    evidence.evidence_there,
    evidence.own_evidence_there,
    complexity.macs_of_one_clip,
    complexity.macs_enough_for_parameters,
    complexity.size_of_parameters,
    complexity.pretrained_counted,
    complexity.teacher_not_counted,
    results.percent_not_fraction,
    plausibility.power_possible,
    plausibility.energies_usual,
    plausibility.over_baseline_plausible,
    plausibility.hardware_agrees,
    baseline.baseline_plausible,
    comparable.measured_alike,
)


# Far more than any edition allows: a package of thousands has a finding for that, and pairs of all would take hours.
_LARGEST_TEAM = 100


def check_together(systems: Sequence[System], pool: Sequence[Peer] = ()) -> Iterator[Finding]:
    """What only shows in systems beside each other: those of one team, and all of them with the pool of others."""
    for team in by_team(systems).values():
        for check in TEAM_CHECKS:
            yield from check(team[:_LARGEST_TEAM])
        yield from names.report_there(team)
        yield from outputs_of_all(team)
    if systems:
        yield from names.labels_differ(systems)
        yield from outputs_alike(systems, [{} if one.outputs is None else one.outputs.digests for one in systems])
        yield from records_alike(systems)
        yield from baselines_in_line(systems, pool)
