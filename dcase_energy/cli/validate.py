"""`dcase-energy validate`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.main import fail
from dcase_energy.cli.options import (
    emit,
    existing,
    get_denominator,
    get_edition_or_guess,
    guessed_edition_option,
    output_option,
    say_packages,
)
from dcase_energy.cli.sources import get_durations, get_options, jobs_option, sources_argument
from dcase_energy.cli.terminal import say, visible
from dcase_energy.findings import Severity
from dcase_energy.text import plural

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.submission.checks.system import Peer
    from dcase_energy.submission.validate import Validation

# Module and function that write each format, by its name and whether it is a summary; imported when it is asked for.
_RENDERERS = {
    ("text", False): ("render", "findings_text"),
    ("json", False): ("render", "findings_json"),
    ("github", False): ("annotations", "findings_github"),
    ("sarif", False): ("sarif", "findings_sarif"),
    ("text", True): ("overview", "summary_text"),
    ("json", True): ("overview", "summary_json"),
}
FORMATS = ("text", "json", "github", "sarif")
_SUMMARY_FORMATS = ("text", "json")


def _looks(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options about what is shown."""
    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        click.option(
            "--format", "output_format", type=click.Choice(FORMATS), help="[default: text; github in GitHub Actions]"
        ),
        output_option("the findings"),
        click.option("--summary", is_flag=True, help="Print one line per package instead of the findings."),
        click.option(
            "--select",
            "selected",
            metavar="CODES",
            help="Report only these rule codes or prefixes, for example `E,M101`.",
        ),
        click.option("--ignore", "ignored", metavar="CODES", help="Report all but these."),
        click.option("--strict", is_flag=True, help="Treat warnings as errors (exit code 1)."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(epilog="Example: dcase-energy validate examples/packages --edition generic")
@sources_argument
@guessed_edition_option()
@click.option("--calibration", type=existing(folder=False), help="Record to divide by instead of the packages' own.")
@click.option("--durations", type=existing(folder=False), metavar="TSV", help="Clips the outputs must hold.")
@click.option(
    "--pool", "pools", multiple=True, type=existing(folder=False), metavar="CSV", help="Other teams' results."
)
@click.option(
    "--fix", is_flag=True, help="Apply safe fixes (quoting, misspelled keys, trailing spaces) and print the diff."
)
@click.option("--diff", is_flag=True, help="Print what --fix would change, without changing it.")
@jobs_option
@_looks
def command(
    paths: tuple[Path, ...],
    edition_name: str | None,
    calibration: Path | None,
    durations: Path | None,
    pools: tuple[Path, ...],
    fix: bool,
    diff: bool,
    jobs: int,
    output_format: str | None,
    output: Path | None,
    summary: bool,
    selected: str | None,
    ignored: str | None,
    strict: bool,
) -> int:
    """Check metadata files, package folders and zip archives (- is standard input).

    Every finding is shown at once, with its place, what was expected, what was found and how to fix it. Systems of one
    team are compared with each other, and the baseline's energy with that of other teams on the same GPU model: those
    given, and those in the tables named by --pool. Exit code 1 if there is an error (with --strict: or a warning).
    """
    # Else pydantic looks through all installed packages for plugins: a tenth of the time that one file takes.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from dcase_energy.cli.selection import codes, select
    from dcase_energy.errors import ParallelError
    from dcase_energy.submission.validate import validate_paths

    render = _renderer(output_format, summary)
    chosen = codes(selected, "--select"), codes(ignored, "--ignore")
    options = get_options(paths, get_durations(durations))
    edition = get_edition_or_guess(edition_name, paths, options.stdin)
    options = replace(options, calibration=get_denominator(calibration, edition))
    if fix or diff:
        _fix(paths, edition, write=fix and not diff)
    try:
        validation = validate_paths(paths, edition, options=options, pool=_pool(pools), jobs=jobs)
    except ParallelError as error:
        fail(str(error))
    validation = select(validation, *chosen)
    text = render(validation)
    if text or output is not None:
        emit(text, output)
    say_packages(validation.packages)
    say(_summary(validation))
    return int(validation.count(Severity.ERROR) > 0 or (strict and validation.count(Severity.WARNING) > 0))


def _renderer(output_format: str | None, summary: bool) -> Callable[[Validation], str]:
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    name = output_format or ("github" if in_actions and not summary else "text")
    if summary and name not in _SUMMARY_FORMATS:
        raise click.UsageError(f"--summary has the formats {' and '.join(_SUMMARY_FORMATS)}, not {name}")
    module, function = _RENDERERS[name, summary]
    render: Callable[[Validation], str] = getattr(importlib.import_module(f"dcase_energy.cli.{module}"), function)
    return render


def _pool(tables: tuple[Path, ...]) -> list[Peer]:
    """The systems in the tables; a table that cannot be used is a usage error."""
    if not tables:
        return []
    from dcase_energy.submission.checks.pool import read_pool

    peers: list[Peer] = []
    for path in tables:
        found, problems = read_pool(path)
        if problems:
            raise click.UsageError(f"--pool {problems[0].where}: {problems[0].message}")
        peers += found
    return peers


def _fix(paths: tuple[Path, ...], edition: Edition, *, write: bool) -> None:
    """Apply or only show the safe edits, the difference on stderr."""
    from dcase_energy.errors import WriteError
    from dcase_energy.submission.fixing import fix_paths

    try:
        for change in fix_paths(paths, edition, write=write):
            say("\n".join(visible(line) for line in change.diff.split("\n")))
            say(f"{visible(change.file)}: {'fixed' if write else 'would fix'}: {visible('; '.join(change.what))}")
    except WriteError as error:
        raise click.UsageError(str(error)) from None


def _summary(validation: Validation) -> str:
    errors, warnings = validation.count(Severity.ERROR), validation.count(Severity.WARNING)
    files = f"{plural(validation.files, 'metadata file')} (edition {validation.edition.name})"
    if not errors and not warnings:
        return f"{files}: no problems found"
    return f"{files}: {plural(errors, 'error')}, {plural(warnings, 'warning')}"
