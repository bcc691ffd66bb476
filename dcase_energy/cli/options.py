"""Options that several commands share, and how their values become objects."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli import completion
from dcase_energy.cli.main import fail
from dcase_energy.cli.terminal import say, visible

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.findings import Finding
    from dcase_energy.measure.record_file import RecordFile
    from dcase_energy.measure.records import Calibration
    from dcase_energy.scoring.data import GroundTruth
    from dcase_energy.scoring.truth import Overlapping
    from dcase_energy.submission.inbox import Packages
    from dcase_energy.submission.records import Calibrated

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def edition_option(default: str = "generic") -> _Decorator:
    """``--edition``."""
    return click.option(
        "--edition",
        "edition_name",
        default=default,
        show_default=True,
        metavar="NAME|PATH",
        help="Challenge edition.",
        shell_complete=completion.editions,
    )


def existing(*, file: bool = True, folder: bool = True) -> click.Path:
    """A path that must exist."""
    return click.Path(exists=True, file_okay=file, dir_okay=folder, path_type=Path)


def output_option(what: str) -> _Decorator:
    """``--output FILE``."""
    text = f"Write {what} to this file instead of stdout."
    return click.option("--output", type=click.Path(dir_okay=False, path_type=Path), callback=writable_file, help=text)


def writable_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:  # noqa: ARG001
    """A file that can be written, as far as that shows before the work is done."""
    from dcase_energy.writing.files import why_not_writable

    return _refuse(path, None if path is None else why_not_writable(path))


def writable_folder(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:  # noqa: ARG001
    """A folder that can be written, or made."""
    from dcase_energy.writing.files import why_no_folder

    return _refuse(path, None if path is None else why_no_folder(path))


def _refuse(path: Path | None, reason: str | None) -> Path | None:
    if reason is not None:
        raise click.UsageError(visible(f"cannot write {path}: {reason}"))
    return path


def record_file(output: Path, *, force: bool) -> RecordFile:
    """Where a record is written; a usage error where it cannot be written with its journal beside it."""
    from dcase_energy.measure.record_file import RecordFile

    if not output.parent.is_dir() or not os.access(output.parent, os.W_OK):
        raise click.UsageError(f"the folder {output.parent} does not exist or cannot be written")
    if output.exists() and not output.is_file():
        raise click.UsageError(f"{output} is not a regular file: a record has its journal beside it")
    return RecordFile(output, force=force)


def ground_truth_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--ground-truth`` and ``--durations``."""
    truth = click.option("--ground-truth", type=existing(folder=False), metavar="TSV", help="Annotated events.")
    durations = click.option("--durations", type=existing(folder=False), metavar="TSV", help="Durations of all clips.")
    return truth(durations(function))


def get_ground_truth(
    truth: Path | None,
    durations: Path | None,
    edition: Edition,
    collected: list[Finding] | None = None,
    overlapping: Overlapping = "merge",
) -> GroundTruth | None:
    """Read ground truth; only one of the two files is a usage error, and files with errors end the command.

    What is found is printed, and added to ``collected`` where that is given.
    """
    if truth is None and durations is None:
        return None
    if truth is None or durations is None:
        raise click.UsageError("--ground-truth and --durations belong together")
    from dcase_energy.findings import Severity
    from dcase_energy.scoring.truth import read_ground_truth

    found, findings = read_ground_truth(truth, durations, edition.classes, overlapping=overlapping)
    if collected is not None:
        collected += findings
    for finding in findings:
        if finding.severity is not Severity.INFO:
            say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}"))
            if finding.severity is Severity.ERROR and finding.hint:
                say(visible(f"      fix:      {finding.hint}"))
    if found is None:
        fail("the ground truth or the durations have errors: nothing is scored")
    return found


def get_edition(name: str) -> Edition:
    """Load an edition; an unknown one is a usage error."""
    from dcase_energy.editions.loader import load_edition
    from dcase_energy.errors import EditionError

    try:
        return load_edition(name)
    except EditionError as error:
        raise click.UsageError(str(error)) from None


def guessed_edition_option() -> _Decorator:
    """``--edition`` of commands that guess it: give its value to `get_edition_or_guess`."""
    text = "Challenge edition. [default: guessed from the labels, else generic]"
    return click.option("--edition", "edition_name", metavar="NAME|PATH", help=text, shell_complete=completion.editions)


def get_edition_or_guess(
    name: str | None, paths: Sequence[Path], stdin: bytes | None = None, labels: Sequence[str] = ()
) -> Edition:
    """The edition named, or the one that labels and keys point to; a guess is printed."""
    if name is not None:
        return get_edition(name)
    from dcase_energy.submission.guess import guess_edition

    guess = guess_edition(paths, stdin, labels)
    if guess.reason is not None:
        say(visible(f"edition {guess.edition.name}, {guess.reason}; --edition names another"))
    return guess.edition


def check_plots() -> None:
    """Where figures are asked for and matplotlib is missing, the command ends before any work."""
    from dcase_energy.errors import PlotError
    from dcase_energy.sheets.plots.files import require_matplotlib

    try:
        require_matplotlib()
    except PlotError as error:
        raise click.UsageError(str(error)) from None


def say_packages(packages: Packages) -> None:
    """How many packages there are in a folder of packages."""
    if packages.inbox:
        say(packages.counted())


def get_calibration(path: Path | None) -> Calibration | None:
    """Load a calibration record; one that cannot be used is a usage error."""
    if path is None:
        return None
    from dcase_energy.errors import RecordError
    from dcase_energy.measure.records import load_calibration

    try:
        return load_calibration(path)
    except RecordError as error:
        raise click.UsageError(f"{error}{_what_it_is(path)}") from None


def get_baseline(path: Path | None) -> Calibration | None:
    """Load a calibration record to divide by or to compare with; what is scaled for that is printed to stderr."""
    from dcase_energy.calibration.rescaling import rescaled

    record = get_calibration(path)
    if record is None:
        return None
    record, note = rescaled(record)
    if note is not None:
        say(visible(f"{path}: {note}"))
    return record


def _what_it_is(path: Path) -> str:
    """What a file is that was given for a record, where that is known."""
    from dcase_energy.documents.codecarbon.reading import has_codecarbons_header
    from dcase_energy.documents.files import kind_of_file, open_plain

    try:
        with open_plain(path) as file:
            is_codecarbons = has_codecarbons_header(file.read(10_000))
    except OSError:
        return ""
    kind = "a file of CodeCarbon" if is_codecarbons else kind_of_file(path)
    return f"; it is {kind}" if kind else ""


def get_denominator(path: Path | None, edition: Edition) -> Calibrated | None:
    """Load the calibration to divide by: a file that is not one is a usage error, an unusable one ends the command."""
    if path is None:
        return None
    from dcase_energy.errors import RecordError, UnusableError
    from dcase_energy.submission.baseline_choice import load_denominator

    try:
        return load_denominator(path, edition)
    except RecordError as error:
        raise click.UsageError(str(error)) from None
    except UnusableError as error:
        fail(visible(str(error)))


def emit(text: str, output: Path | None) -> None:
    """Write to a file, atomically, or to stdout."""
    from dcase_energy.writing.files import write_text

    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        write_text(output, text if text.endswith("\n") else text + "\n")
    except OSError as error:
        raise click.UsageError(f"cannot write {output}: {error.strerror}") from None
