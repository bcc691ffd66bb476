"""How the state of a study looks: a table, and JSON."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import TYPE_CHECKING

from dcase_energy import __version__
from dcase_energy.cli.render import padded
from dcase_energy.cli.render.json import dumped
from dcase_energy.cli.terminal import style
from dcase_energy.text import plural, visible
from dcase_energy.units import format_duration, format_significant

if TYPE_CHECKING:
    from dcase_energy.study.status import RunStatus, StudyStatus

_COLOURS = {"done": "green", "failed": "red", "running": "cyan", "interrupted": "yellow"}
_HEADER = ("run", "GPU", "batch", "state", "epochs", "kWh", "F1 (%)", "left")
_STATE, _NUMBERS = 3, {2, 4, 5, 6, 7}


def status_text(found: StudyStatus, now: datetime.datetime) -> str:
    """A table for people, and a line for the whole study."""
    if not found.runs:
        return "no run was made here"
    lines = []
    for cells in padded([_HEADER, *map(_cells, found.runs)], right=_NUMBERS):
        cells[_STATE] = style(cells[_STATE], fg=_COLOURS.get(cells[_STATE].strip()))
        lines.append("  ".join(cells).rstrip())
    states = ("done", "running", "waiting", "interrupted", "failed")
    counts = ", ".join(f"{count} {state}" for state in states if (count := found.count(state)))  # type: ignore[arg-type]
    lines += ["", f"{plural(len(found.runs), 'run')}: {counts}"]
    end = found.expected_end(now)
    if found.left_s and end is not None:
        lines.append(f"expected end: {end:%Y-%m-%d %H:%M} (in {format_duration(found.left_s)})")
    elif end is None:
        lines.append("expected end: not known before an epoch has ended")
    lines += [f"{run.name}: {visible(run.error)}" for run in found.runs if run.error]
    return "\n".join(lines)


def _cells(run: RunStatus) -> tuple[str, ...]:
    return (
        run.name,
        visible(run.gpu),
        str(run.batch_size),
        run.state,
        f"{run.epochs_done}/{'?' if run.epochs is None else run.epochs}",
        "" if run.energy_kwh is None else format_significant(run.energy_kwh),
        "" if run.f1 is None else f"{100 * run.f1:.1f}",
        "" if run.left_s is None else format_duration(run.left_s),
    )


def status_json(found: StudyStatus, now: datetime.datetime) -> str:
    """The same for programs."""
    end = found.expected_end(now)
    return dumped(
        {
            "schema_version": "1.0",
            "tool_version": __version__,
            "runs": [asdict(run) for run in found.runs],
            "left_s": found.left_s,
            "expected_end": None if end is None else end.isoformat(timespec="seconds"),
        }
    )
