"""Two records side by side, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dcase_energy.calibration.comparing import bounds_of
from dcase_energy.cli.render import padded
from dcase_energy.cli.render.record import guard_lines
from dcase_energy.cli.terminal import style
from dcase_energy.text import one_line, visible
from dcase_energy.units import format_duration, format_energy, format_significant

if TYPE_CHECKING:
    from dcase_energy.calibration.comparing import SideBySide, StagePair
    from dcase_energy.measure.records import Stage

SCHEMA_VERSION = "1.0"
_WIDEST = 40


def comparison_text(found: SideBySide) -> str:
    """Return the comparison for people."""
    lines = [f"first:  {visible(found.names[0])}", f"second: {visible(found.names[1])}", ""]
    if found.stages:
        rows = [row for pair in found.stages for row in _rows(pair)]
        lines += _table([("", "first", "second", "second / first"), *rows])
    else:
        lines.append("they have no stage in common")
    whose = "baseline: " if found.second.kind == "energy" else ""
    lines += [visible(f"{whose}{note}") for note in found.notes]
    if found.indicative:
        lines += ["", "the ratio is indicative (here: the second, there: the first):"]
        lines += [f"  {visible(why)}" for why in found.indicative]
    if found.differing:
        differing = [(f"{one.group}: {one.name}", _shown(one.first), _shown(one.second)) for one in found.differing]
        lines += ["", *_table([("what differs", "first", "second"), *differing])]
    if found.guards:
        lines += ["", "what the guards of pairs say:"]
        lines += guard_lines(found.guards) or ["  no guard objects"]
    return "\n".join(lines)


def comparison_json(found: SideBySide) -> dict[str, Any]:
    """Return the comparison for programs."""
    return {
        "schema_version": SCHEMA_VERSION,
        "first": found.names[0],
        "second": found.names[1],
        "stages": {pair.name: _stage_fields(pair) for pair in found.stages},
        "differing": [asdict(one) for one in found.differing],
        "guards": [guard.model_dump(mode="json") for guard in found.guards],
        "indicative": list(found.indicative),
        "notes": list(found.notes),
    }


def _stage_fields(pair: StagePair) -> dict[str, Any]:
    return {
        "ratio": pair.ratio,
        "interval": None if pair.interval is None else asdict(pair.interval),
        "duration_ratio": pair.duration_ratio,
        "ratios": {} if pair.compared is None else pair.compared.ratios,
        "energy_kwh": [stage.full_recipe_energy_kwh for stage in (pair.first, pair.second)],
        "duration_s": [stage.full_recipe_duration_s for stage in (pair.first, pair.second)],
    }


def _rows(pair: StagePair) -> list[tuple[str, ...]]:
    """Energy with its ratio, intervals, duration and components of one stage."""
    both = (pair.first, pair.second)
    ratio = "-" if pair.ratio is None else format_significant(pair.ratio)
    if pair.interval is not None:
        ratio += f" ({format_significant(pair.interval.low)} to {format_significant(pair.interval.high)})"
    time = "-" if pair.duration_ratio is None else format_significant(pair.duration_ratio)
    rows = [
        (pair.name, *(format_energy(stage.full_recipe_energy_kwh) for stage in both), ratio),
        ("  95 % interval", *(_interval(stage) for stage in both), ""),
        ("  duration", *(format_duration(stage.full_recipe_duration_s) for stage in both), time),
    ]
    others = {} if pair.compared is None else pair.compared.ratios
    rows += [(f"  basis {n}", "", "", format_significant(value)) for n, value in others.items() if n != "total"]
    names = dict.fromkeys([*pair.first.components, *pair.second.components])
    return [*rows, *((f"  {name}", *(_component(stage, name) for stage in both), "") for name in names)]


def _interval(stage: Stage) -> str:
    bounds = bounds_of(stage)
    if bounds is None:
        return "-"
    low, high = (format_energy(end, like_kwh=stage.full_recipe_energy_kwh) for end in (bounds.low, bounds.high))
    return f"{low} to {high}"


def _component(stage: Stage, name: str) -> str:
    part = stage.components.get(name)
    if part is None or part.full_recipe_energy_kwh is None:
        return "not measured"
    return f"{format_energy(part.full_recipe_energy_kwh)} {part.method}"


def _shown(value: object) -> str:
    """A value in a cell; hashes and other long texts are cut."""
    text = "-" if value is None or value == "" else one_line(str(value))
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of texts in columns; the first row is the head."""
    lines = ["  ".join(cells).rstrip() for cells in padded(rows)]
    return [style(lines[0], bold=True), *lines[1:]]
