"""`dcase-energy validate` and `dcase-energy pack`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli.options import (
    calibration_option,
    durations_option,
    edition_option,
    emit,
    format_option,
    jobs_option,
    output_option,
    read_stdin,
    sources_argument,
    strict_option,
    waivers_option,
    writable,
)
from dcase_energy.cli.parameters import PathName
from dcase_energy.cli.render import FINDING_FORMATS, MOST_PACKAGES, reporter
from dcase_energy.cli.render.bar import progress_bar
from dcase_energy.cli.terminal import say
from dcase_energy.findings import Severity
from dcase_energy.text import plural, visible

if TYPE_CHECKING:
    from dcase_energy.submission.validate import Validation


@click.command(epilog="Example: dcase-energy validate examples/packages --edition generic")
@sources_argument("paths", "PATH...", required=False, stdio=True)
@edition_option()
@calibration_option
@durations_option("Durations of the clips that the outputs must contain; NAME=TSV, repeated, for each set of clips.")
@click.option(
    "--pool",
    multiple=True,
    type=PathName(exists=True, folder=False),
    metavar="CSV",
    help="Results of other teams to compare with; may be repeated.",
)
@waivers_option
@click.option(
    "--fix", is_flag=True, help="Apply safe fixes (quoting, misspelled keys, trailing spaces) and print the diff."
)
@click.option("--diff", is_flag=True, help="Print what --fix would change, without changing it.")
@jobs_option("Packages read")
@format_option(*FINDING_FORMATS, default=None, text="[default: text; github in GitHub Actions]")
@output_option("the findings")
@click.option(
    "--receipt",
    type=PathName(folder=False),
    metavar="FILE",
    help="Also write a receipt: hashes, edition, what was checked and found.",
)
@click.option(
    "--check-receipt",
    type=PathName(exists=True, folder=False),
    metavar="FILE",
    help="Report whether packages, edition or verdict changed since this receipt was written. Without PATH, the "
    "packages that it lists are checked.",
)
@click.option("--summary", is_flag=True, help="Print one line per package instead of the findings.")
@click.option("--statistics", is_flag=True, help="Print counts of packages, systems and findings by rule instead.")
@click.option(
    "--letters",
    type=PathName(file=False),
    callback=lambda _context, _parameter, path: None if path is None else writable(path, folder=True),
    metavar="FOLDER",
    help="Also write a letter to each team, as HTML and as text. A second run with the same folder also reports what "
    "changed.",
)
@click.option("--select", metavar="CODES", help="Report only these rule codes or prefixes, for example `E,M101`.")
@click.option("--ignore", metavar="CODES", help="Do not report these rule codes or prefixes.")
@strict_option
def command(
    paths: tuple[Path, ...],
    edition: str | None,
    fix: bool,
    diff: bool,
    output_format: str | None,
    output: Path | None,
    summary: bool,
    statistics: bool,
    letters: Path | None,
    select: str | None,
    ignore: str | None,
    strict: bool,
    receipt: Path | None,
    check_receipt: Path | None,
    **options: Any,
) -> int:
    """Check metadata files, package folders and zip archives (- is standard input).

    Every finding is shown at once, with its place, what was expected, what was found and how to fix it. Systems of one
    team are compared with each other, and the baseline's energy with that of other teams on the same GPU model, from
    all PATHs and the tables of --pool. Exit code 1 if there is an error (with --strict: or a warning).
    """
    # Else pydantic looks through all installed packages for plugins: a tenth of the time that one file takes.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from dcase_energy.api.receipts import refuse_receipt, write_receipt
    from dcase_energy.api.validating import rule_codes, validate

    what = _what(summary, statistics)
    reporter(output_format or "text", what)
    chosen, dropped = rule_codes(select, "--select"), rule_codes(ignore, "--ignore")
    if (fix or diff or receipt or check_receipt) and Path("-") in paths:
        raise click.UsageError("--fix, --diff, --receipt and --check-receipt are about files, and - is standard input")
    if check_receipt is not None:
        if select or ignore or strict or fix or diff or receipt:
            raise click.UsageError("--check-receipt takes --select, --ignore and --strict from the receipt")
        if output_format or output or summary or statistics or letters:
            raise click.UsageError("--check-receipt prints what changed, as text: it lists and writes no findings")
        return _compare(check_receipt, paths, edition, options)
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'.")
    if receipt is not None:
        refuse_receipt(receipt)
    stdin = read_stdin(paths)
    if fix or diff:
        _fix(paths, edition, write=not diff)
    with progress_bar("packages") as progress:
        found = validate(
            paths, edition=edition, stdin=stdin, select=chosen, ignore=dropped, log=say, progress=progress, **options
        )
    _show(found, output_format, output, what)
    if letters is not None:
        _write_letters(found, letters)
    if found.packages.inbox:
        say(found.packages.counted())
    say(_counts(found))
    if receipt is not None:
        del options["jobs"]
        chosen_too: dict[str, Any] = {"select": chosen, "ignore": dropped, "strict": strict, "edition": edition}
        say(f"receipt: {receipt}, digest {write_receipt(found, paths, receipt, **chosen_too, **options).digest}")
    return int(found.count(Severity.ERROR) > 0 or (strict and found.count(Severity.WARNING) > 0))


def _what(summary: bool, statistics: bool) -> str:
    """Return what is listed."""
    if summary and statistics:
        raise click.UsageError("--summary and --statistics are two listings: choose one")
    return "summary" if summary else "statistics" if statistics else "findings"


def _fix(paths: tuple[Path, ...], edition: str | None, *, write: bool) -> None:
    from dcase_energy.api.validating import fix

    done = "fixed" if write else "would fix"
    fix(
        paths,
        edition=edition,
        write=write,
        on_change=lambda change: say(f"{change.diff}\n{change.file}: {done}: {'; '.join(change.what)}"),
    )


def _show(found: Validation, output_format: str | None, output: Path | None, what: str) -> None:
    """Print the findings; those of many packages, where no format is asked for, as far as they fit a screen."""
    if output_format is None and what == "findings":
        if os.environ.get("GITHUB_ACTIONS") == "true":
            output_format = "github"
        elif output is None and len(found.packages.paths) > MOST_PACKAGES:
            what = "listing"
    text = reporter(output_format or "text", what)(found)
    if text or output is not None:
        emit(text, output)


def _compare(receipt: Path, paths: tuple[Path, ...], edition: str | None, options: dict[str, Any]) -> int:
    """Print what changed since a receipt was written."""
    from dcase_energy.api.receipts import check_receipt

    found = check_receipt(receipt, paths, edition=edition, log=say, **options)
    then = found.receipt
    verdict, packages = "passed" if then.verdict.passed else "failed", plural(len(then.packages), "package")
    click.echo(visible(f"receipt of {then.created} by dcase-energy {then.tool_version}: {packages}, {verdict}"))
    for what in ("package", "edition", "inputs", "verdict"):
        changes = getattr(found, what)
        click.echo(f"{what + ':':<9} {'changed' if changes else 'unchanged'}")
        for text in changes:
            click.echo(visible(f"  {text}"))
    for text in found.notes:
        click.echo(visible(f"note:     {text}"))
    return int(not found.holds)


def _write_letters(found: Validation, folder: Path) -> None:
    from dcase_energy.api.validating import write_letters

    written, changes = write_letters(found, folder, log=say)
    say(f"{folder}: {plural((len(written) - 1) // 2, 'letter')}, each as .html and .txt")
    if changes is not None:
        counts = f"{changes.fixed:,} fixed, {changes.new:,} new, {changes.still:,} still there"
        say(f"since the letters before: {plural(changes.fixed + changes.still + changes.new, 'finding')}: {counts}")


def _counts(found: Validation) -> str:
    errors, warnings = found.count(Severity.ERROR), found.count(Severity.WARNING)
    files = f"{plural(found.files, 'metadata file')} (edition {found.edition.name})"
    waived = sum(one.waived is not None for one in found.findings)
    counts = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}"
    text = f"{files}: {counts if errors or warnings else 'no problems found'}"
    return f"{text}, {plural(waived, 'finding')} waived" if waived else text


@click.command(epilog="Example: dcase-energy pack my_submission/ --output my_submission.zip")
@click.argument("folder", type=PathName(exists=True, file=False), metavar="FOLDER")
@edition_option()
@calibration_option
@click.option(
    "-o",
    "--output",
    type=PathName(folder=False),
    help="Zip file to write.  [default: FOLDER.zip beside FOLDER]",
)
@strict_option
@format_option("text", "json")
def pack_command(folder: Path, output_format: str, **options: Any) -> int:
    """Validate a package folder, then write the submission zip.

    Nothing is written while there is an error. Links, hidden files and files of the operating system are left out. The
    same files always give the same zip, byte for byte. The zip is written completely or not at all.
    """
    from dcase_energy.api.validating import pack
    from dcase_energy.cli.render.json import dumped, finding_fields
    from dcase_energy.errors import DcaseEnergyError

    found, packed = pack(folder, log=say, **options)
    if output_format == "json":
        zip_file = None if packed is None else {**asdict(packed), "path": str(packed.path)}
        listed = [finding_fields(one) for one in found.findings]
        emit(dumped({"schema_version": "1.0", "zip": zip_file, "findings": listed}), None)
    elif found.findings:
        click.echo(reporter("text")(found), nl=False)
    if packed is None:
        raise DcaseEnergyError(f"not packed: {_counts(found)}")
    files = plural(len(packed.names), "file")
    say(f"{packed.path}: {files}, {packed.size_bytes:,} bytes, sha256 {packed.sha256}")
    return 0
