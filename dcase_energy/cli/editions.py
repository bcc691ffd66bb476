"""`dcase-energy editions` and `dcase-energy schema`."""

from __future__ import annotations

from pathlib import Path

import click

from dcase_energy.cli.options import edition_option, emit, format_option, output_option
from dcase_energy.cli.render.json import dumped


@click.command(epilog="Example: dcase-energy editions")
@format_option("text", "json")
def command(output_format: str) -> int:
    """List the editions that come with the program."""
    from dcase_energy.editions.shipped import titles

    listed = [{"name": name, "title": title} for name, title in titles().items()]
    if output_format == "json":
        text = dumped({"schema_version": "1.0", "editions": listed})
    else:
        text = "\n".join(f"{one['name']:<20} {one['title']}" for one in listed)
    emit(text, None)
    return 0


@click.command(epilog="Example: dcase-energy schema --edition generic --output submission.schema.json")
@edition_option("generic")
@click.option(
    "--record",
    type=click.Choice(["calibration", "energy", "receipt"]),
    help="Print the schema of this kind of record instead.",
)
@output_option("the schema")
def schema(edition: str, record: str | None, output: Path | None) -> int:
    """Print the JSON Schema (draft-07) of an edition's metadata file, for editors and other tools."""
    from dcase_energy.editions.loader import load_edition
    from dcase_energy.editions.schema import submission_schema
    from dcase_energy.measure.records import record_schema
    from dcase_energy.submission.receipt import receipt_schema

    if record == "receipt":
        made = receipt_schema()
    else:
        made = submission_schema(load_edition(edition)) if record is None else record_schema(record)
    emit(dumped(made), output)
    return 0
