"""`dcase-energy validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.cli.options import edition_option, emit, existing, get_calibration, get_edition, output_option
from dcase_energy.cli.sources import get_durations, get_options, jobs_option, sources_argument
from dcase_energy.cli.terminal import say
from dcase_energy.findings import Severity

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation


@click.command(epilog="Example: dcase-energy validate examples/packages --edition generic")
@sources_argument
@edition_option()
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@output_option("the findings")
@click.option("--calibration", type=existing(folder=False), help="Record to use for packages that bring none.")
@click.option("--durations", type=existing(folder=False), metavar="TSV", help="Clips the outputs must hold.")
@jobs_option
@click.option("--strict", is_flag=True, help="Warnings fail too.")
def command(
    paths: tuple[Path, ...],
    edition_name: str,
    output_format: str,
    output: Path | None,
    calibration: Path | None,
    durations: Path | None,
    jobs: int,
    strict: bool,
) -> int:
    """Check metadata files, package folders and zip archives (- is standard input).

    Everything that is wrong is shown at once, each with its place, what was expected, what was found and how to mend
    it. Exit code 1 if there is an error (with --strict: or a warning).
    """
    edition, record = get_edition(edition_name), get_calibration(calibration)
    from dcase_energy.cli import render
    from dcase_energy.submission.validate import validate_paths

    options = get_options(paths, record, get_durations(durations))
    validation = validate_paths(paths, edition, options=options, jobs=jobs)
    text = render.findings_json(validation) if output_format == "json" else render.findings_text(validation)
    if text or output is not None:
        emit(text, output)
    say(_summary(validation))
    return int(validation.count(Severity.ERROR) > 0 or (strict and validation.count(Severity.WARNING) > 0))


def _summary(validation: Validation) -> str:
    errors, warnings = validation.count(Severity.ERROR), validation.count(Severity.WARNING)
    files = f"{validation.files} metadata file{'s' * (validation.files != 1)} (edition {validation.edition.name})"
    if not errors and not warnings:
        return f"{files}: nothing to mend"
    return f"{files}: {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
