"""Whether the energy and the duration of a system stand to the baseline's in the same way (K808)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcase_energy.findings import Finding, Severity
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.comparable import own_records, why_not_divided
from dcase_energy.submission.checks.plausibility import works_of
from dcase_energy.submission.checks.system import System, each_system

if TYPE_CHECKING:
    from dcase_energy.measure.compared import Compared, Pair

TIME_UNLIKE = define(
    Rule(
        code="K808",
        name="time-unlike-energy",
        title="The energy ratio and the time ratio of a system agree within 25 %",
        why="Both are taken from the same two records. Where they disagree, the mean power of the system is not that "
        "of the baseline: it uses the hardware more, or less, or clocks and power limits changed between the two. In "
        "the organisers' runs of 2022 one GPU model jumps between 110 and 190 W.",
        bad="4.0 times the baseline's energy in 2.3 times its time",
        good="4.0 times the baseline's energy in 3.6 times its time",
        fix="look at power limit, clocks and throttling in both records, and calibrate again right before or after the "
        "system; if the system does use the hardware in another way, nothing is wrong",
        severity=Severity.WARNING,
    )
)
MOST_APART = 1.25


def compared_stages(system: System) -> dict[str, Compared]:
    """Return the stages of a system whose energy stands in a record, as does the baseline's."""
    baseline = system.baseline
    if baseline.calibration is None:
        return {}
    # Most metadata is validated without records: only here are the statistics of measuring imported.
    from dcase_energy.measure.compared import compared

    found = {}
    for stage, own in own_records(system).items():
        mine, other = own.record.figures.get(stage), baseline.stages.get(stage)
        if mine is not None and other is not None:
            tiers = {own.record.tier.value, baseline.calibration.record.tier.value}
            found[stage] = compared(mine, other, estimated="estimated" in tiers)
    return found


def declared_times(system: System) -> dict[str, Pair]:
    """Return the training time that a team states, with its baseline's; empty where a record of its energy has it.

    A time that is the sum of several parts, or of several devices, is not compared with one on one device.
    """
    from dcase_energy.measure.compared import Pair
    from dcase_energy.measure.plan import BASELINE_STAGES

    stage = BASELINE_STAGES[0]
    baseline, parts = system.baseline.stages.get(stage), works_of(system)
    if baseline is None or stage not in system.edition.stages or stage in compared_stages(system) or len(parts) != 1:
        return {}
    own_s, baseline_s = parts[0].duration_s, baseline.full_recipe_duration_s
    known = own_s is not None and baseline_s > 0 and parts[0].devices == 1
    return {stage: Pair(own_s or 0.0, baseline_s)} if known else {}


@each_system
def times_agree(system: System) -> Iterator[Finding]:
    """In each stage that is divided, where times are known: of records, or of a training as its team states it."""
    calibration = system.baseline.calibration
    if calibration is None:
        return
    recorded = {stage: one.time for stage, one in compared_stages(system).items()}
    stated = declared_times(system)
    for stage, time in {**recorded, **stated}.items():
        own_kwh, baseline_kwh = (
            system.figures.get(system.edition.stages[stage].energy),
            system.baseline.energy_kwh.get(stage),
        )
        if time is None or not own_kwh or not baseline_kwh:
            continue
        energy, duration = own_kwh / baseline_kwh, time.system / time.baseline
        power = energy / duration
        if 1 / MOST_APART <= power <= MOST_APART or why_not_divided(system, calibration.record, stage):
            continue
        how = " as stated" if stage in stated else ""
        message = f"{stage}: {energy:.3g} times the baseline's energy in {duration:.3g} times its time{how}"
        field = system.edition.stages[stage].energy
        yield system.finding(
            TIME_UNLIKE,
            field,
            message,
            expected="0.8 to 1.25 times its mean power",
            found=f"{power:.3g} times its power",
        )
