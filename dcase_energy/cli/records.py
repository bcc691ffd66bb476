"""`dcase-energy records`: show, verify, compare and list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.groups import OrderedGroup
from dcase_energy.cli.options import Decorator, emit, format_option, sources_argument
from dcase_energy.cli.parameters import PathName
from dcase_energy.cli.render import details, headline
from dcase_energy.cli.render.json import dumped, finding_fields
from dcase_energy.cli.render.record import record_text
from dcase_energy.cli.terminal import style
from dcase_energy.text import more, visible
from dcase_energy.units import format_energy

if TYPE_CHECKING:
    from dcase_energy.api.records import ListedRecord, Verified
    from dcase_energy.measure.records import Calibration, Energy

SCHEMA_VERSION = "1.0"
_MOST_DIFFERENCES = 20


@click.group(
    cls=OrderedGroup, epilog="Example: dcase-energy records list && dcase-energy records verify calibration.json"
)
def command() -> None:
    """Print records of `calibrate` and `measure`, check them, compare two, or list those of this machine."""


def _record(name: str) -> Decorator:
    return click.argument(name, type=PathName(exists=True, folder=False), metavar=name.upper())


@command.command("show", epilog="Example: dcase-energy records show calibration.json")
@_record("record")
@format_option("text", "json")
def show_record(record: Path, output_format: str) -> int:
    """Print a record again.

    Its figures, how they were measured, what the guards say, and which editions can divide by it. The JSON is that of
    the file. The record's seal is checked, its journal is not: see `records verify`.
    """
    from dcase_energy.api.records import read_record

    found = read_record(record)
    if output_format == "json":
        text = dumped(found.model_dump(mode="json"))
    else:
        text = "\n".join([visible(f"{record}: {_about(found)}"), record_text(found, _usable(found), full=True)])
    emit(text, None)
    return 0


def _about(record: Calibration | Energy) -> str:
    """What a record is, in half a line."""
    if record.kind == "energy":
        return f"energy of stage {record.stage}, {record.created}"
    return f"calibration of recipe {record.recipe} ({record.how}), {record.created}"


def _usable(record: Calibration | Energy) -> list[str]:
    """Which editions can divide by a record, where it is a calibration."""
    from dcase_energy.api.records import edition_of_record
    from dcase_energy.cli.render.closing import usable_for

    return [usable_for(record, edition_of_record(record))] if record.kind == "calibration" else []


@command.command("verify", epilog="Example: dcase-energy records verify calibration.json")
@_record("record")
@format_option("text", "json")
def verify(record: Path, output_format: str) -> int:
    """Check a record against the journal beside it.

    Checks the record's digest, the chain of the journal and every figure. Exit code 1 if the record was changed, if it
    does not follow from its journal, or if it has none. A record that is marked as invalid is not an error here: it may
    still be unchanged.
    """
    from dcase_energy.api.records import verify_record

    found = verify_record(record)
    emit(dumped(_verified_fields(found)) if output_format == "json" else "\n".join(_verified_lines(found)), None)
    return int(not found.holds)


def _verified_lines(found: Verified) -> list[str]:
    lines = []
    for one in found.findings:
        lines.append(headline(one))
        # What to do is written for packages; here the last line says it.
        lines += [f"  {label}: {visible(text)}" for label, text in details(one).items() if label != "fix"]
    if found.differences:
        lines.append("what the journal gives otherwise:")
        lines += [f"  {visible(one)}" for one in found.differences[:_MOST_DIFFERENCES]]
        if others := more(len(found.differences) - _MOST_DIFFERENCES):
            lines.append(f" {others}")
    what = visible(f"{found.path}: {_about(found.record)}")
    if not found.holds:
        hint = "use record and journal as the program wrote them, side by side"
        return [*lines, f"{what}: {style('NOT VERIFIED', fg='red', bold=True)}; {hint}"]
    verdict = "valid" if found.record.valid else f"not valid: {found.record.why_invalid}"
    lines.append(f"{what}: {style('verified', fg='green')}, computed again from {visible(str(found.journal))}")
    return [*lines, f"its guards call it {visible(verdict)}"]


def _verified_fields(found: Verified) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "record": str(found.path),
        "journal": None if found.journal is None else str(found.journal),
        "kind": found.record.kind,
        "run_id": found.record.run_id,
        "verified": found.holds,
        "valid": found.record.valid,
        "findings": [finding_fields(one) for one in found.findings],
        "differences": list(found.differences),
    }


@command.command("compare", epilog="Example: dcase-energy records compare calibration.json calibration.2.json")
@_record("first")
@_record("second")
@format_option("text", "json")
def compare_two(first: Path, second: Path, output_format: str) -> int:
    """Compare two records side by side.

    Shows figures, their ratio, differences in machine, software and work, and the verdicts of guards. If one is a
    calibration and the other an energy record, the ratio is system over calibration, in any order of the arguments.
    """
    from dcase_energy.api.records import compare_records
    from dcase_energy.cli.render.side_by_side import comparison_json, comparison_text

    found = compare_records(first, second)
    emit(dumped(comparison_json(found)) if output_format == "json" else comparison_text(found), None)
    return 0


@command.command("list", epilog="Example: dcase-energy records list results/ --format json")
@sources_argument("sources", "[RECORD|FOLDER]...", required=False)
@format_option("text", "json")
def list_all(sources: tuple[Path, ...], output_format: str) -> int:
    """List the calibrations of this machine, or other records.

    Lists the calibrations that `calibrate` kept on this machine, and the records in the given files and folders. Each
    has its date, recipe, tier, verdict, energies, and the editions that can divide by it. Subfolders are not searched.
    `DCASE_ENERGY_DATA` sets another folder for kept calibrations.
    """
    from dcase_energy.api.records import list_records

    rows = list_records(sources)
    if output_format == "json":
        text = dumped({"schema_version": SCHEMA_VERSION, "records": [_row_fields(row) for row in rows]})
    else:
        lines = [line for row in rows for line in _row_lines(row)]
        text = "\n".join(lines or ["no record here; `dcase-energy calibrate --quick` makes one"])
    emit(text, None)
    return 0


def _row_lines(row: ListedRecord) -> list[str]:
    """What a record is, and in the lines below it where it is and what it is good for."""
    if row.record is None:
        return [visible(str(row.path)), f"  cannot be used: {visible(str(row.problem))}"]
    record = row.record
    verdict = "valid" if record.valid else "INVALID"
    state = verdict if record.complete else "not complete"
    energies = [f"{name} {format_energy(one.full_recipe_energy_kwh)}" for name, one in record.figures.items()]
    what = [_about(record), record.tier.value, state, *energies, *([] if row.here else ["of another machine"])]
    lines = [visible(", ".join(what)), visible(f"  {row.path}")]
    if record.kind == "calibration":
        lines.append(f"  usable as the baseline of: {', '.join(row.editions) or 'no edition'}")
    return lines


def _row_fields(row: ListedRecord) -> dict[str, Any]:
    if row.record is None:
        return {"file": str(row.path), "problem": row.problem}
    record = row.record
    calibration = record if record.kind == "calibration" else None
    return {
        "file": str(row.path),
        "problem": None,
        "kind": record.kind,
        "created": record.created,
        "recipe": None if calibration is None else calibration.recipe,
        "quick": None if calibration is None else calibration.quick,
        "tier": record.tier.value,
        "complete": record.complete,
        "valid": record.valid,
        "energy_kwh": {name: one.full_recipe_energy_kwh for name, one in record.figures.items()},
        "this_machine": row.here,
        "editions": None if calibration is None else list(row.editions),
    }
