"""Records for people: figures first, then how they were obtained, then what the guards say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcase_energy.cli.terminal import style
from dcase_energy.text import visible
from dcase_energy.units import format_duration, format_energy

if TYPE_CHECKING:
    from dcase_energy.measure.records import Calibration, Energy, Guard, Stage


def record_text(record: Calibration | Energy) -> str:
    """Return a record as the commands print it."""
    lines: list[str] = []
    whole = record.kind == "calibration"
    for name, stage in record.stages.items():
        lines += _stage_lines(name, stage, whole=whole)
    if (scoring := getattr(record, "scoring", None)) is not None:
        lines += _stage_lines("scoring", scoring, whole=True)
    for repeats in record.repeats.values():
        if repeats.coefficient_of_variation is not None:
            what = "runs" if whole else "windows"
            lines.append(f"  {repeats.n} {what}, coefficient of variation {repeats.coefficient_of_variation:.1%}")
    scores = getattr(record, "scores", {})
    if reached := [f"{key} {value:.3f}" for key, value in scores.items() if value is not None]:
        note = getattr(record, "data", {}).get("note")
        lines.append(f"scores of this run{f' ({note})' if note else ''}: {', '.join(reached)}")
    lines += [f"tier: {style(record.tier, bold=True)}", *guard_lines(record.guards)]
    lines.append("valid" if record.valid else style("INVALID", fg="red", bold=True) + ": " + "; ".join(record.reasons))
    return "\n".join(lines)


def guard_lines(guards: Sequence[Guard]) -> list[str]:
    """Return what the guards say that did not pass."""
    return [f"  {guard.state:<7} {guard.code}: {visible(guard.message)}" for guard in guards if guard.state != "ok"]


def _stage_lines(name: str, stage: Stage, *, whole: bool) -> list[str]:
    energy = stage.full_recipe_energy_kwh if whole else stage.energy_kwh
    bounds = stage.full_recipe_energy_interval if whole else stage.energy_interval
    interval = ""
    if bounds is not None:
        low, high = (format_energy(end, like_kwh=energy) for end in (bounds.low, bounds.high))
        interval = f" ({low} to {high}; {bounds.label})"
    of = " for the full recipe," if whole else ""
    lines = [
        f"{style(name, bold=True)}: {format_energy(energy)}{interval}{of} "
        f"in {format_duration(stage.full_recipe_duration_s)}",
        f"  measured: {format_energy(stage.energy_kwh)} in {format_duration(stage.duration_s)}: {stage.work}",
    ]
    for component, part in stage.components.items():
        amount = "not measured" if part.energy_kwh is None else format_energy(part.energy_kwh)
        how = part.detail if part.method == "not measured" else f"{part.method}: {part.detail}"
        lines.append(f"  {component}: {amount}, {how}")
    if stage.estimated_share:
        lines.append(f"  {stage.estimated_share:.0%} of the energy is estimated")
    if stage.net_energy_kwh is not None:
        lines.append(f"  without idle power, for information: {format_energy(stage.net_energy_kwh)}")
    return lines
