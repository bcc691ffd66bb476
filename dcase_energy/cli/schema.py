"""`dcase-energy schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dcase_energy.cli.options import edition_option, emit, get_edition, output_option


@click.command(epilog="Example: dcase-energy schema --edition generic --output submission.schema.json")
@edition_option()
@output_option("the schema")
def command(edition_name: str, output: Path | None) -> int:
    """Print the JSON Schema (draft-07) of an edition's metadata file, for editors and other tools."""
    edition = get_edition(edition_name)
    from dcase_energy.editions.schema import submission_schema

    emit(json.dumps(submission_schema(edition), indent=2, ensure_ascii=False), output)
    return 0
