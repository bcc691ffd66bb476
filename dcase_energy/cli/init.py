"""`dcase-energy init`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.options import edition_option, emit, format_option, together
from dcase_energy.cli.parameters import PathName
from dcase_energy.cli.terminal import say
from dcase_energy.errors import InputError
from dcase_energy.measure.plan import BASELINE_STAGES

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition

# `validate` reads the edition from it; hidden, so that no package holds it.
_SCHEMA_BESIDE = ".dcase-energy/{edition}/submission.schema.json"


@click.command(epilog="Example: dcase-energy init Adams_UNI_task4_1 --calibration calibration.json")
@click.argument("label")
@edition_option()
@click.option(
    "--calibration",
    type=PathName(exists=True, folder=False),
    metavar="RECORD",
    help="Calibration record: the baseline on your hardware.",
)
@together(
    *(
        click.option(
            f"--{stage}",
            type=PathName(exists=True, folder=False),
            help=f"Energy record, or CodeCarbon file, of the {stage} of your system.",
        )
        for stage in BASELINE_STAGES
    )
)
@click.option(
    "--allow-invalid",
    is_flag=True,
    help="Also use the figure of a measurement that a guard found invalid, and mark it in a comment.",
)
@click.option(
    "--schema",
    metavar="URL|PATH",
    help="JSON Schema named for editors.  [default: one that is written beside the file]",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@format_option("text", "json", text="json prints what was written, for programs.")
@click.option(
    "-o",
    "--output",
    type=PathName(folder=False, stdio=True),
    metavar="FILE",
    help="Where to write, - for stdout.  [default: LABEL/LABEL.meta.yaml]",
)
def command(
    label: str,
    edition: str | None,
    calibration: Path | None,
    allow_invalid: bool,
    schema: str | None,
    force: bool,
    output: Path | None,
    output_format: str,
    **records: Any,
) -> int:
    """Write a commented metadata file for a system, filled from records.

    Every field of the edition is included and explained. Mandatory fields without a known value stay empty, and
    `validate` lists them. Editors that know the YAML language server complete and check the file by the schema that its
    first line names; it is written beside the file, into a hidden folder that `pack` leaves out, so that this needs no
    internet.
    """
    from dcase_energy.api.metadata import edition_for_label, figures_of_records
    from dcase_energy.editions.shipped import edition_names
    from dcase_energy.submission.template import SCHEMA_URL, template

    rules = edition_for_label(label, edition, say)
    values, origin = figures_of_records(rules, calibration, records, allow_invalid=allow_invalid, log=say)
    if output == Path("-"):
        if output_format == "json":
            raise click.UsageError("--output - prints the file: --format json, what was written, has nothing to say")
        published = SCHEMA_URL.format(edition=rules.name) if rules.name in edition_names() else None
        emit(template(rules, label, values, schema or published, origin, named=edition), None)
        return 0
    target = output or Path(label) / f"{label}.meta.yaml"
    beside = _SCHEMA_BESIDE.format(edition=rules.name)
    text = template(rules, label, values, schema or beside, origin, named=edition)
    _write(target, text, force=force)
    if schema is None:
        _write_schema(rules, target.parent / beside)
    chosen = "" if edition is None else f" --edition {shlex.quote(edition)}"
    validating = f"dcase-energy validate{chosen} {shlex.quote(str(target))}"
    if output_format == "json":
        emit(_as_json(label, rules, target, validating, values, origin), None)
    else:
        say(f"{target}: edition {rules.name}; fill in what is empty, then:\n  {validating}")
    return 0


def _as_json(
    label: str, rules: Edition, target: Path, validating: str, values: dict[str, str], origin: dict[str, str]
) -> str:
    from dcase_energy.cli.render.json import dumped

    filled = {name: {"value": value, "from": origin[name]} for name, value in values.items()}
    made = {"label": label, "edition": rules.name, "file": str(target), "validate": validating, "filled": filled}
    return dumped({"schema_version": "1.0", **made})


def _write_schema(edition: Edition, path: Path) -> None:
    """Write the schema for editors; without it they ask for the internet, and nothing else is missing."""
    from dcase_energy.cli.render.json import dumped
    from dcase_energy.editions.schema import submission_schema

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        emit(dumped(submission_schema(edition)), path)
    except (OSError, InputError) as error:
        say(f"warning: the schema for editors was not written: {error}")


def _write(target: Path, text: str, *, force: bool) -> None:
    if (target.exists() or target.is_symlink()) and not force:
        raise InputError(f"{target} exists already; --force overwrites it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {target.parent}: {error.strerror}") from None
    emit(text, target)
