"""`dcase-energy init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.options import emit, existing, get_calibration, get_edition, guessed_edition_option
from dcase_energy.cli.terminal import say, visible

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition


@click.command(epilog="Example: dcase-energy init Adams_UNI_task4_1 --calibration calibration.json")
@click.argument("label")
@guessed_edition_option()
@click.option("--calibration", type=existing(folder=False), help="Record of the baseline on your hardware.")
@click.option(
    "--training", type=existing(folder=False), help="Energy record, or CodeCarbon file, of your system's training."
)
@click.option("--test", type=existing(folder=False), help="The same for its test inference.")
@click.option("--schema", metavar="URL|PATH", help="JSON Schema named for editors.  [default: the published one]")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option("--output", metavar="FILE", help="Where to write, - for stdout.  [default: LABEL/LABEL.meta.yaml]")
def command(
    label: str,
    edition_name: str | None,
    calibration: Path | None,
    training: Path | None,
    test: Path | None,
    schema: str | None,
    force: bool,
    output: str | None,
) -> int:
    """Write a commented metadata file for a system, filled from records.

    Every field of the edition is included and explained. Mandatory fields without a known value stay empty, and
    `validate` lists them. Editors that know the YAML language server complete and check the file by the schema in its
    first line.
    """
    from dcase_energy.editions.shipped import edition_names
    from dcase_energy.submission.template import SCHEMA_URL, template

    edition = _edition(edition_name, label)
    values, origin = _figures(edition, calibration, training, test)
    published = SCHEMA_URL.format(edition=edition.name) if edition.name in edition_names() else None
    text = template(edition, label, values, schema or published, origin)
    if output == "-":
        emit(text, None)
        return 0
    target = Path(output) if output is not None else Path(label) / f"{label}.meta.yaml"
    _write(target, text, force=force, make_folder=output is None)
    say(f"{visible(str(target))}: edition {edition.name}; fill in what is empty, then `dcase-energy validate {target}`")
    return 0


def _edition(name: str | None, label: str) -> Edition:
    from dcase_energy.submission.guess import edition_of_label, editions_of_task

    if name is None:
        guess = edition_of_label(label)
        if guess.reason is not None:
            say(f"edition {guess.edition.name}, {guess.reason}; --edition names another")
        elif known := editions_of_task(label):
            raise click.UsageError(f"several editions have this task: name one with --edition ({', '.join(known)})")
        edition = guess.edition
    else:
        edition = get_edition(name)
    if not re.fullmatch(edition.label_pattern, label):
        raise click.UsageError(
            f"{visible(label)!r} is not a label of edition {edition.name}, such as {edition.label_example}"
        )
    return edition


def _figures(
    edition: Edition, calibration: Path | None, training: Path | None, test: Path | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Values by field and where each comes from; a record that cannot be used is a usage error."""
    from dcase_energy.calibration.rescaling import rescaled
    from dcase_energy.errors import RecordError
    from dcase_energy.submission.filling import of_calibration, of_energy_record

    values: dict[str, str] = {}
    origin: dict[str, str] = {}
    record = get_calibration(calibration)
    note = None if record is None else rescaled(record)[1]
    if note is not None:
        say(visible(f"{calibration}: {note}"))
    try:
        sources = [
            *([(calibration, of_calibration(record, edition))] if calibration and record else []),
            *(
                (path, of_energy_record(path, stage))
                for path, stage in ((training, "training"), (test, "test"))
                if path
            ),
        ]
    except RecordError as error:
        raise click.UsageError(str(error)) from None
    for path, found in sources:
        if "hardware" in values and found.get("hardware", values["hardware"]) != values["hardware"]:
            say(visible(f"warning: {path} is of {found['hardware']}, the other records are of {values['hardware']}"))
        for name, value in found.items():
            if name in edition.fields and name not in values:
                values[name] = value
                origin[name] = f"from {path.name}"
    return values, origin


def _write(target: Path, text: str, *, force: bool, make_folder: bool) -> None:
    if (target.exists() or target.is_symlink()) and not force:
        raise click.UsageError(f"{target} exists already; --force overwrites it")
    try:
        if make_folder:
            target.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"cannot make the folder {target.parent}: {error.strerror}") from None
    emit(text, target)
