"""`dcase-energy schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dcase_energy.cli.options import edition_option, emit, get_edition, output_option


@click.command(epilog="Example: dcase-energy schema --edition generic --output submission.schema.json")
@edition_option()
@click.option("--record", type=click.Choice(["calibration", "energy"]), help="The schema of a kind of record instead.")
@output_option("the schema")
def command(edition_name: str, record: str | None, output: Path | None) -> int:
    """Print the JSON Schema (draft-07) of an edition's metadata file, for editors and other tools."""
    if record is not None:
        from dcase_energy.measure.records import record_schema

        emit(json.dumps(record_schema(record), indent=2, ensure_ascii=False), output)
        return 0
    edition = get_edition(edition_name)
    from dcase_energy.editions.schema import submission_schema

    emit(json.dumps(submission_schema(edition), indent=2, ensure_ascii=False), output)
    return 0
