"""`dcase-energy doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.options import emit, output_option
from dcase_energy.cli.terminal import style, visible

if TYPE_CHECKING:
    from dcase_energy.measure.doctor import Diagnosis

_COLOURS = {"ok": "green", "warn": "yellow", "invalid": "red"}
_TIERS = {
    "measured": "every device the work runs on is read by a sensor",
    "mixed": "some devices are read by sensors, others estimated",
    "estimated": "no sensor is read: energy is mostly time multiplied by a constant",
}


@click.command(epilog="Example: dcase-energy doctor --format json")
@click.option("--gpu", default="auto", show_default=True, help="auto, none, all, numbers as in nvidia-smi, or UUIDs.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--guards", is_flag=True, help="List all guards with the numbers they judge by, in Markdown, and end.")
@output_option("the diagnosis")
def command(gpu: str, output_format: str, guards: bool, output: Path | None) -> int:
    """What can be measured on this machine: each component, by which means, and what would make it better.

    Starts the real meter for a moment. Exit code 1 if a measurement would be refused here; load that may have gone in
    a minute does not count.
    """
    if guards:
        from dcase_energy.measure.guards.page import guards_page

        emit(guards_page(), output)
        return 0
    import json

    from dcase_energy.measure.doctor import diagnose

    found = diagnose(Path(), gpu=gpu)
    text = json.dumps(found.as_json(), indent=2) if output_format == "json" else render(found)
    emit(text, output)
    return int(found.refuses)


def render(found: Diagnosis) -> str:
    """A diagnosis for people."""
    lines = []
    for component in found.components:
        lines.append(f"{style(component.name, bold=True):<4} {component.method}: {visible(component.detail)}")
        if component.better:
            lines.append(f"     {component.better}")
    for gpu in found.gpus:
        counter = "energy counter" if gpu["counter"] else "no energy counter"
        counted = "counted" if gpu["counted"] else "not counted"
        lines.append(f"     GPU {gpu['index']}: {visible(str(gpu['name']))}, {counter}, {counted}")
    if found.tier is not None:
        lines.append(f"{style('tier', bold=True)} {found.tier}: {_TIERS[found.tier]}")
    lines.append("")
    for remark in found.remarks:
        state = style(f"{remark.state:<7}", fg=_COLOURS[remark.state])
        lines.append(f"{state} {remark.code}: {visible(remark.message)}")
        if remark.remedy:
            lines.append(f"        {remark.remedy}")
    return "\n".join(lines)
