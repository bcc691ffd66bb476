"""Records for people: how the figures were obtained, what the guards say, and last the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from dcase_energy.cli.terminal import style
from dcase_energy.text import plural, visible
from dcase_energy.units import format_duration, format_energy

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Energy, Guard, Stage
    from dcase_energy.stats import Interval

TIERS = {
    "measured": "every device the work runs on is read by a sensor",
    "mixed": "some devices are read by sensors, others estimated",
    "estimated": "no sensor is read: energy is mostly time multiplied by a constant",
}
# Guards that warn in nearly every record of some machines.
_MINOR = ("scope", "virtualised", "tracker-config", "warnings-captured")
# What the tracker warns of and readers should know, by words of its message; the other warnings are in the record.
_NOTED = {
    "but we don't know it": "the tracker does not know this processor and assumes a power by its number of threads",
    "unable to detect your CPU": "the tracker could not find out which processor this is and assumes a power",
    "falling back to psys": "the processor's counter is that of the whole platform",
    "on a global constant": "the tracker assumes the same power for every processor",
}
_QUICK = (
    "some minutes cannot show throttling that sets in later, nor rare bursts of other work: whole epochs (without "
    "--quick) do, and the probes of `measure`"
)


def record_text(record: Calibration | Energy, more: Sequence[str] = (), *, full: bool = False) -> str:
    """Return a record as the commands print it, with ``more`` lines at the end of its summary.

    Without ``full`` warnings that are usual on such a machine are only named, and scores of the baseline are left out.
    """
    return "\n".join([*_details(record, full=full), "", *_summary(record), *more])


def guard_lines(guards: Sequence[Guard]) -> list[str]:
    """Return what the guards say that did not pass: what refuses first, what is usual last."""
    spoken = [guard for guard in guards if guard.state != "ok"]
    spoken.sort(key=lambda guard: (guard.state != "invalid", guard.code in _MINOR))
    lines = []
    for (state, code), same in groupby(spoken, key=lambda guard: (guard.state, guard.code)):
        lines.append(f"  {state:<7} {code}: {'; '.join(dict.fromkeys(visible(guard.message) for guard in same))}")
    return lines


def _details(record: Calibration | Energy, *, full: bool) -> Iterator[str]:
    """How the figures were obtained, and what speaks against them."""
    from dcase_energy.calibration.comparing import with_scoring

    stages = with_scoring(record)
    for name, stage in stages.items():
        spent = f"{format_energy(stage.energy_kwh)} in {format_duration(stage.duration_s)}"
        yield f"{name}: measured {spent}: {stage.work}"
    for component in dict.fromkeys(component for stage in stages.values() for component in stage.components):
        yield from _component_lines(component, stages)
    for words, meaning in _NOTED.items():
        if any(words in warning for warning in record.warnings):
            yield f"cpu: {meaning}"
    for name, stage in stages.items():
        if stage.memory_bytes is not None:
            on_gpu = f", {stage.gpu_memory_bytes / 1e9:.3g} GB on GPUs" if stage.gpu_memory_bytes is not None else ""
            yield f"{name}: at most {stage.memory_bytes / 1e9:.3g} GB of memory were seen{on_gpu}"
        if stage.net_energy_kwh is not None:
            yield f"{name}: without idle power, for information: {format_energy(stage.net_energy_kwh)}"
    for name, repeats in record.repeats.items():
        if repeats.coefficient_of_variation is not None:
            what = "runs" if record.kind == "calibration" else "windows"
            yield f"{name}: {repeats.n} {what}, coefficient of variation {repeats.coefficient_of_variation:.1%}"
    if full:
        yield from _score_lines(record)
    minor = [guard for guard in record.guards if guard.state == "warn" and guard.code in _MINOR and not full]
    if lines := guard_lines([guard for guard in record.guards if guard not in minor]):
        yield "guards (`dcase-energy explain NAME` says what each wants):"
        yield from lines
    if minor:
        names = ", ".join(dict.fromkeys(guard.code for guard in minor))
        yield f"  warn    {names}: as usual on such a machine, `dcase-energy records show` prints them"


def _score_lines(record: Calibration | Energy) -> Iterator[str]:
    scores = record.scores if record.kind == "calibration" else {}
    if reached := [f"{key} {value:.3f}" for key, value in scores.items() if value is not None]:
        note = getattr(record, "data", {}).get("note")
        yield f"scores of this run{f' ({note})' if note else ''}: {', '.join(reached)}"


def _component_lines(name: str, stages: dict[str, Stage]) -> Iterator[str]:
    """How a component was measured, once, and its energy in each stage."""
    parts = {stage: one.components[name] for stage, one in stages.items() if name in one.components}
    for how in dict.fromkeys((part.method, part.detail) for part in parts.values()):
        known = {
            stage: part.energy_kwh
            for stage, part in parts.items()
            if (part.method, part.detail) == how and part.energy_kwh is not None
        }
        amounts = ", ".join(f"{stage} {format_energy(energy)}" for stage, energy in known.items())
        yield visible(f"{name} {how[0]}, {how[1]}{f': {amounts}' if amounts else ''}")


def _summary(record: Calibration | Energy) -> Iterator[str]:
    """The figures, how sure they are, and the verdict."""
    from dcase_energy.calibration.comparing import bounds_of, with_scoring

    stages = with_scoring(record)
    for name, stage in stages.items():
        recipe = record.kind == "calibration" and record.workload is None
        yield _figure_line(name, stage, whole=record.kind == "calibration", of=" for the full recipe" if recipe else "")
    for name in record.figures:
        if (hours := record.gpu_hours(name)) is not None:
            yield f"{name}: {hours:.3g} GPU-hours on {plural(len(record.devices), 'GPU')}"
    if record.batch_job is not None:
        yield visible(f"job: {record.batch_job.system} {record.batch_job.id}")
    bounds = {name: bounds_of(stage) for name, stage in stages.items()}
    for label in dict.fromkeys(one.label for one in bounds.values() if one is not None):
        yield f"interval: {label}"
    if record.kind == "calibration":
        yield from _between_lines(record)
    if stages:
        yield f"tier: {style(record.tier, bold=True)}: {TIERS[record.tier]}"
    if record.kind == "calibration" and record.quick:
        yield _QUICK
    if not record.valid:
        refusing = dict.fromkeys(reason.partition(":")[0] for reason in record.reasons)
        yield f"{style('INVALID', fg='red', bold=True)}: {', '.join(refusing)}; this record is not used as evidence"
    else:
        yield style("valid", fg="green", bold=True)


def _figure_line(name: str, stage: Stage, *, whole: bool, of: str) -> str:
    """Energy, time and interval of a stage; of a calibration also the part of the interval that is this session's."""
    from dcase_energy.calibration.comparing import bounds_of

    energy_kwh = stage.full_recipe_energy_kwh if whole else stage.energy_kwh

    def ends(bounds: Interval) -> str:
        return " to ".join(format_energy(end, like_kwh=energy_kwh) for end in (bounds.low, bounds.high))

    took = format_duration(stage.full_recipe_duration_s)
    line = f"{style(name, bold=True)}: {style(format_energy(energy_kwh), bold=True)}{of} in {took}"
    bounds, session = bounds_of(stage), stage.within_session_interval
    if bounds is not None:
        line += f"; {ends(bounds)}"
        if session is not None and (session.low, session.high) != (bounds.low, bounds.high):
            line += f", this session alone {ends(session)}"
    return line


def _between_lines(record: Calibration) -> Iterator[str]:
    """What is known of the difference between sessions, which the intervals hold."""
    from dcase_energy.stats import ENOUGH_SESSIONS

    between = record.between_sessions
    if between is None:
        return
    if between.sessions < ENOUGH_SESSIONS:
        known = f"known after {ENOUGH_SESSIONS} calibrations here, {between.sessions} so far"
        yield f"sessions are assumed to differ by {between.relative_sd:.1%} ({known})"
    else:
        yield f"{between.sessions} sessions of this machine differ by {between.relative_sd:.1%}"
