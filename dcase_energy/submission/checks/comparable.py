"""Whether a system's energies may be divided by the calibration that was chosen (K801)."""

from __future__ import annotations

from collections.abc import Iterator

from dcase_energy.findings import Finding, Severity
from dcase_energy.measure.plan import BASELINE_STAGES
from dcase_energy.rules import Rule, define
from dcase_energy.submission.checks.system import System, each_system
from dcase_energy.submission.comparable import why_not_divided

NOT_COMPARABLE = define(
    Rule(
        code="K801",
        name="not-comparable",
        title="A system's energy is divided by the baseline's only where both were measured in the same way",
        why="The same baseline training cost 0.37 to 1.83 kWh on different GPUs, and a tracker's figure changed by a "
        "factor of two between its versions: a ratio across either says nothing about the system.",
        bad="system on an RTX 3090, baseline on an A100",
        good="both on the RTX 3090 the system was trained on",
        fix="calibrate on the hardware the system was measured on, with the same tracker and the same settings",
        severity=Severity.WARNING,
    )
)


@each_system
def measured_alike(system: System) -> Iterator[Finding]:
    """System and calibration were measured on the same hardware in the same way; else no stage is divided."""
    found = system.baseline.calibration
    if found is None:
        return
    stages_of: dict[str, list[str]] = {}
    for stage in BASELINE_STAGES:
        both = stage in found.record.stages and system.figures.get(f"energy_{stage}_kwh") is not None
        if both and (reason := why_not_divided(system, found.record, stage)):
            stages_of.setdefault(reason, []).append(stage)
    for reason, stages in stages_of.items():
        fields = tuple(f"energy_{stage}_kwh" for stage in stages)
        where = system.where(fields[0])
        message = f"{' and '.join(stages)} not divided by the baseline's: {reason[:200]}"
        yield NOT_COMPARABLE.finding(where, message, withholds=fields)
