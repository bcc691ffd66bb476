"""`dcase-energy pack`."""

from __future__ import annotations

from pathlib import Path

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import existing, get_denominator, get_edition_or_guess, guessed_edition_option
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import Severity
from dcase_energy.text import plural


@click.command(epilog="Example: dcase-energy pack my_submission/ --output my_submission.zip")
@click.argument("folder", type=existing(file=False), metavar="DIR")
@guessed_edition_option()
@click.option("--calibration", type=existing(folder=False), help="Record to divide by instead of the package's own.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="[default: DIR.zip beside DIR]",
)
@click.option("--strict", is_flag=True, help="Do not pack with warnings either.")
def command(folder: Path, edition_name: str | None, calibration: Path | None, output: Path | None, strict: bool) -> int:
    """Validate a package folder, then write the submission zip.

    Nothing is written while there is an error. Links, hidden files and system litter stay out; the same files give the
    same bytes. The zip is there whole or not at all.
    """
    from dcase_energy.cli import render
    from dcase_energy.errors import WriteError
    from dcase_energy.submission.packing import write_zip
    from dcase_energy.submission.validate import validate_paths
    from dcase_energy.writing.files import why_not_writable

    target = output or folder.resolve().parent / f"{folder.resolve().name}.zip"
    if (reason := why_not_writable(target)) is not None:
        fail(visible(f"cannot write {target}: {reason}"))
    edition = get_edition_or_guess(edition_name, [folder])
    validation = validate_paths([folder], edition, get_denominator(calibration, edition))
    if validation.findings:
        click.echo(render.findings_text(validation), nl=False)
    errors, warnings = validation.count(Severity.ERROR), validation.count(Severity.WARNING)
    if errors or (strict and warnings):
        fail(f"not packed: {plural(errors, 'error')}, {plural(warnings, 'warning')} (edition {edition.name})")
    try:
        packed = write_zip(folder, target)
    except WriteError as error:
        fail(visible(str(error)))
    say(visible(f"{target}: {len(packed.names)} files, {packed.size_bytes:,} bytes, sha256 {packed.sha256}"))
    return 0
