"""Options that several commands share, under one name each, and how their values become objects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.api.shared import check_device
from dcase_energy.arguments import AtLeastOne, JobCount, ResampleCount, Seed
from dcase_energy.cli.parameters import Duration, PathName, SetFile, Sources, bounded, offer_files
from dcase_energy.errors import InputError
from dcase_energy.text import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
MAX_STDIN_BYTES = 200_000_000


class Option(click.Option):
    """An option that also has names of earlier versions, which no help text shows.

    Parameters
    ----------
    old
        These names.
    """

    def __init__(self, *args: Any, old: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.old = old

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Add the option under all its names."""
        shown, self.opts = self.opts, [*self.opts, *self.old]
        super().add_to_parser(parser, ctx)
        self.opts = shown


def option(*names: str, **settings: Any) -> Decorator:
    """Return a `click.option` that takes ``old`` names."""
    return click.option(*names, cls=Option, **settings)


def _editions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer the shipped editions; where none begins so, it may be an own one: files."""
    from click.shell_completion import CompletionItem

    from dcase_energy.editions.shipped import edition_names

    return [CompletionItem(name) for name in edition_names() if name.startswith(incomplete)] or offer_files(incomplete)


def sources_argument(name: str, metavar: str, *, required: bool = True, stdio: bool = False) -> Decorator:
    """Return an argument of paths, where ``required`` at least one; patterns are expanded, each path counts once.

    ``stdio`` says whether ``-`` is standard input.
    """

    def flat(ctx: click.Context, param: click.Parameter, value: tuple[tuple[Path, ...], ...]) -> tuple[Path, ...]:  # noqa: ARG001
        return tuple(dict.fromkeys(path for paths in value for path in paths))

    return click.argument(name, nargs=-1, required=required, type=Sources(stdio=stdio), metavar=metavar, callback=flat)


def edition_option(default: str | None = None) -> Decorator:
    """Return ``--edition``; without a default it is guessed."""
    guessed = "" if default else " [default: guessed from labels and keys, else generic]"
    return click.option(
        "--edition",
        default=default,
        show_default=default is not None,
        metavar="NAME|PATH",
        help=f"Challenge edition.{guessed}",
        shell_complete=_editions,
    )


def format_option(
    *formats: str, default: str | None = "text", short: bool = True, text: str | None = None
) -> Decorator:
    """Return ``--format``; ``short`` is false where ``-f`` is the command's ``--formats``."""
    names = [*(["-f"] if short else []), "--format", "output_format"]
    return click.option(*names, type=click.Choice(formats), default=default, show_default=bool(default), help=text)


def output_option(what: str) -> Decorator:
    """Return ``--output FILE``."""
    text = f"Write {what} to this file instead of stdout."
    return click.option("-o", "--output", type=PathName(folder=False, stdio=True), callback=_writable, help=text)


def output_dir_option(
    default: str | None, *, short: bool = True, old: Sequence[str] = (), text: str = "Folder to write to."
) -> Decorator:
    """Return ``--output-dir FOLDER``; ``short`` is false where ``-o`` is the command's ``--output``."""
    return option(
        *(["-o"] if short else []),
        "--output-dir",
        type=PathName(file=False),
        metavar="FOLDER",
        default=default,
        show_default=default is not None,
        callback=_writable,
        old=old,
        help=text,
    )


def _writable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:  # noqa: ARG001
    return None if path in (None, Path("-")) else writable(path, folder=parameter.name == "output_dir")


def writable(path: Path, *, folder: bool) -> Path:
    """Return the path; refuse one that cannot be written, as far as that shows before the work is done."""
    from dcase_energy.writing.files import why_no_folder, why_not_writable

    if (reason := (why_no_folder if folder else why_not_writable)(path)) is not None:
        raise InputError(visible(f"cannot write {path}: {reason}"))
    return path


def list_option(name: str, allowed: Sequence[str], default: str, text: str, *, old: Sequence[str] = ()) -> Decorator:
    """Return an option that takes several words of a list, with commas between them."""
    names = ["-f", name] if name == "--formats" else [name]
    return option(*names, default=default, show_default=True, callback=_words(name, allowed), old=old, help=text)


def _words(name: str, allowed: Sequence[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def check(_: click.Context, __: click.Parameter, text: str) -> list[str]:
        chosen = [word.strip() for word in text.split(",") if word.strip()]
        unknown = [word for word in chosen if word not in allowed]
        if name == "--plots" and chosen in ([], ["none"]):
            return []
        if unknown or not chosen:
            wrong = visible(", ".join(unknown)) or "nothing"
            raise InputError(f"{name}: {wrong}; choose from {', '.join(allowed)}")
        return list(dict.fromkeys(chosen))

    return check


def jobs_option(what: str) -> Decorator:
    """Return ``--jobs N``."""
    text = f"{what} at a time, 0 for as many as there are processors."
    return click.option("-j", "--jobs", type=bounded(JobCount), default=1, show_default=True, metavar="N", help=text)


scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler whose workers do the work: tcp://HOST:PORT, or its scheduler file.",
)
bootstrap_option = click.option(
    "--bootstrap",
    type=bounded(ResampleCount),
    default=0,
    metavar="N",
    help="Compute intervals of scores from N resamples of the clips.",
)
strict_option = click.option("--strict", is_flag=True, help="Treat warnings as errors (exit code 1).")
calibration_option = click.option(
    "--calibration",
    type=PathName(exists=True, folder=False),
    metavar="RECORD",
    help="Calibration record to divide by instead of the packages' own.",
)

waivers_option = click.option(
    "--waivers",
    type=PathName(exists=True, folder=False),
    metavar="CSV",
    help="Findings that the organiser accepts: code, label, reason.",
)


def durations_option(text: str) -> Decorator:
    """Return ``--durations``."""
    return _by_set("--durations", text)


def _by_set(name: str, text: str) -> Decorator:
    file: Any = SetFile(exists=True, folder=False)
    return click.option(name, type=file, callback=_truth_files, metavar="TSV", multiple=True, help=text)


def _truth_files(
    context: click.Context, parameter: click.Parameter, given: tuple[tuple[str, Path], ...]
) -> Path | dict[str, Path] | None:
    """One file, or several by the name of their set."""
    found = dict(given)
    if len(found) < len(given):
        twice = next(name for name, _ in given if [one for one, _ in given].count(name) > 1)
        raise click.BadParameter(f"two files{f' of {visible(twice)}' if twice else ''}", context, parameter)
    return found.get("") if found.keys() <= {""} else found


def together(*options: Decorator) -> Decorator:
    """Return a decorator that adds several options, in their order."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(options):
            function = one(function)
        return function

    return add


ground_truth_options = together(
    _by_set(
        "--ground-truth",
        "Annotated events, or the class of each clip; NAME=TSV, repeated, for each set of clips of an edition that has "
        "several.",
    ),
    durations_option("Durations of all clips, given in the same way; not needed for tables of clips."),
)
estimate_option = click.option(
    "--allow-estimate", is_flag=True, help="Estimate the energy of a processor whose counters cannot be read."
)
wait_idle_option = click.option(
    "--wait-idle",
    "wait_idle_s",
    type=Duration(),
    metavar="DURATION",
    help="Wait until no other work runs on this machine, for at most this time (90s, 10m, 1h).",
)
# What and how the baseline is trained, by itself and in a study.
training_options = together(
    edition_option("generic"),
    click.option("--recipe", help="Recipe to train instead of the edition's (`smoke` is small enough for any laptop)."),
    click.option(
        "--data",
        type=PathName(exists=True, file=False),
        metavar="DESED_DIR",
        help="Folder with audio/ and metadata/ as DESED_task lays them out. [default: embedded synthetic soundscapes]",
    ),
    click.option(
        "--execution-path", type=click.Choice(["fast", "reference"]), help="How to train.  [default: the edition's]"
    ),
    click.option(
        "--device",
        default="auto",
        show_default=True,
        callback=lambda _, __, value: check_device(value),
        help="Device to train on: auto, cpu, cuda:0, ...",
    ),
    click.option("--threads", type=bounded(AtLeastOne), help="CPU threads.  [default: all usable]"),
    click.option(
        "--seed",
        type=bounded(Seed),
        default=42,
        show_default=True,
        help="Seed of the first repeat; each further repeat adds 1.",
    ),
    estimate_option,
)


def read_stdin(paths: Sequence[Path]) -> bytes | None:
    """Return standard input where a path is ``-``, else None; more than a package may have is a usage error."""
    if Path("-") not in paths:
        return None
    if sys.stdin is None:
        raise InputError("standard input is closed")
    data = sys.stdin.buffer.read(MAX_STDIN_BYTES + 1)
    if len(data) > MAX_STDIN_BYTES:
        raise InputError(f"more than {MAX_STDIN_BYTES:,} bytes on standard input; give the file's name")
    return data


def emit(text: str, output: Path | None) -> None:
    """Write to a file, atomically, or to stdout."""
    from dcase_energy.writing.files import write_text

    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    text = click.unstyle(text)
    try:
        write_text(output, text if text.endswith("\n") else text + "\n")
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror}") from None
