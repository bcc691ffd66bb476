"""Records for people: how the figures were obtained, what the guards say, and last the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from dcase_energy.cli.terminal import style
from dcase_energy.text import visible
from dcase_energy.units import format_duration, format_energy

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Energy, Guard, Stage

TIERS = {
    "measured": "every device the work runs on is read by a sensor",
    "mixed": "some devices are read by sensors, others estimated",
    "estimated": "no sensor is read: energy is mostly time multiplied by a constant",
}
# Guards whose warnings stand in nearly every record of some machines, and move no figure.
_MINOR = ("scope", "virtualised", "tracker-config", "warnings-captured")
_QUICK = (
    "some minutes cannot show throttling that sets in later, nor rare bursts of other work; whole epochs (without "
    "--quick) do"
)


def record_text(record: Calibration | Energy, more: Sequence[str] = ()) -> str:
    """Return a record as the commands print it, with ``more`` lines at the end of its summary."""
    return "\n".join([*_details(record), "", *_summary(record), *more])


def guard_lines(guards: Sequence[Guard]) -> list[str]:
    """Return what the guards say that did not pass: what refuses first, what moves no figure last."""
    spoken = [guard for guard in guards if guard.state != "ok"]
    spoken.sort(key=lambda guard: (guard.state != "invalid", guard.code in _MINOR))
    lines = []
    for (state, code), same in groupby(spoken, key=lambda guard: (guard.state, guard.code)):
        lines.append(f"  {state:<7} {code}: {'; '.join(dict.fromkeys(visible(guard.message) for guard in same))}")
    return lines


def _details(record: Calibration | Energy) -> Iterator[str]:
    """How the figures were obtained, and what speaks against them."""
    from dcase_energy.calibration.comparing import with_scoring

    stages = with_scoring(record)
    for name, stage in stages.items():
        spent = f"{format_energy(stage.energy_kwh)} in {format_duration(stage.duration_s)}"
        yield f"{name}: measured {spent}: {stage.work}"
    for component in dict.fromkeys(component for stage in stages.values() for component in stage.components):
        yield from _component_lines(component, stages)
    for name, stage in stages.items():
        if stage.net_energy_kwh is not None:
            yield f"{name}: without idle power, for information: {format_energy(stage.net_energy_kwh)}"
    for name, repeats in record.repeats.items():
        if repeats.coefficient_of_variation is not None:
            what = "runs" if record.kind == "calibration" else "windows"
            yield f"{name}: {repeats.n} {what}, coefficient of variation {repeats.coefficient_of_variation:.1%}"
    scores = record.scores if record.kind == "calibration" else {}
    if reached := [f"{key} {value:.3f}" for key, value in scores.items() if value is not None]:
        note = getattr(record, "data", {}).get("note")
        yield f"scores of this run{f' ({note})' if note else ''}: {', '.join(reached)}"
    if lines := guard_lines(record.guards):
        yield "guards (`dcase-energy explain NAME` says what each wants):"
        yield from lines


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
    from dcase_energy.calibration.comparing import with_scoring

    whole = record.kind == "calibration"
    for name, stage in with_scoring(record).items():
        energy_kwh = stage.full_recipe_energy_kwh if whole else stage.energy_kwh
        of = " for the full recipe," if whole else ""
        took = format_duration(stage.full_recipe_duration_s)
        yield f"{style(name, bold=True)}: {style(format_energy(energy_kwh), bold=True)}{of} in {took}"
        yield from _interval_lines(record, stage, energy_kwh)
    yield f"tier: {style(record.tier, bold=True)}: {TIERS[record.tier]}"
    if whole and record.kind == "calibration" and record.quick:
        yield _QUICK
    if not record.valid:
        refusing = dict.fromkeys(reason.partition(":")[0] for reason in record.reasons)
        yield f"{style('INVALID', fg='red', bold=True)}: {', '.join(refusing)}; this record is not used as evidence"
    else:
        yield style("valid", fg="green", bold=True)


def _interval_lines(record: Calibration | Energy, stage: Stage, energy_kwh: float) -> Iterator[str]:
    """The interval of a figure; of a calibration in its two parts."""

    def ends(low: float, high: float) -> str:
        return f"{format_energy(low, like_kwh=energy_kwh)} and {format_energy(high, like_kwh=energy_kwh)}"

    if record.kind == "energy":
        if (bounds := stage.energy_interval) is not None:
            yield f"  between {ends(bounds.low, bounds.high)}: {bounds.label}"
        return
    bounds, session = stage.full_recipe_energy_interval, stage.within_session_interval
    if bounds is not None:
        yield f"  between {ends(bounds.low, bounds.high)}: {bounds.label}"
    if session is not None and bounds is not None and (session.low, session.high) != (bounds.low, bounds.high):
        yield f"  for this session alone between {ends(session.low, session.high)}; {_between(record)}"


def _between(record: Calibration) -> str:
    """What is known of the difference between sessions."""
    from dcase_energy.stats import ENOUGH_SESSIONS

    between = record.between_sessions
    if between is None or between.sessions < ENOUGH_SESSIONS:
        share, seen = ("", 0) if between is None else (f" by {between.relative_sd:.1%}", between.sessions)
        return f"sessions are assumed to differ{share} (known after {ENOUGH_SESSIONS} calibrations here; {seen} so far)"
    return f"{between.sessions} sessions of this machine differ by {between.relative_sd:.1%}"
