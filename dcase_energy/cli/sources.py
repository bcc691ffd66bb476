"""Inputs of a command: files, folders, archives, patterns, standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcase_energy.cli import completion
from dcase_energy.cli.terminal import say, visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dcase_energy.submission.validate import Options

    _Paths = click.ParamType[tuple[Path, ...]]
else:
    # Older releases of click know no parameters of this type.
    _Paths = click.ParamType

MAX_STDIN_BYTES = 200_000_000
_PATTERN = frozenset("*?[")


class _Sources(_Paths):
    """A path that exists, ``-``, or a pattern that matches something (Windows leaves patterns to the program)."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Path, ...]:
        text = os.fsdecode(value)
        if text == "-" or os.path.lexists(text):
            return (Path(text),)
        matches = tuple(map(Path, sorted(glob.glob(text)))) if _PATTERN & set(text) else ()  # noqa: PTH207
        if not matches:
            self.fail(f"Path '{visible(text)}' does not exist.", param, ctx)
        return matches

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return completion.files(incomplete)


def sources_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """``PATH...``: at least one; patterns are expanded, a path given twice counts once."""

    def flat(ctx: click.Context, param: click.Parameter, value: tuple[tuple[Path, ...], ...]) -> tuple[Path, ...]:  # noqa: ARG001
        return tuple(dict.fromkeys(path for paths in value for path in paths))

    argument = click.argument("paths", nargs=-1, required=True, type=_Sources(), metavar="PATH...", callback=flat)
    return argument(function)


def jobs_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--jobs N``; 0 is one for each processor."""

    def number(ctx: click.Context, param: click.Parameter, value: int) -> int:  # noqa: ARG001
        return value or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))

    return click.option(
        "--jobs",
        type=click.IntRange(0),
        default=1,
        show_default=True,
        callback=number,
        metavar="N",
        help="Packages read at a time, 0 for as many as there are processors.",
    )(function)


def get_options(paths: tuple[Path, ...], durations_s: Mapping[str, float] | None) -> Options:
    """What validation looks at; reads standard input where it is asked for."""
    from dcase_energy.submission.package import STDIN
    from dcase_energy.submission.validate import Options

    stdin = _read_stdin() if STDIN in paths else None
    return Options(durations_s=durations_s, stdin=stdin)


def _read_stdin() -> bytes:
    if sys.stdin is None:
        raise click.UsageError("standard input is closed")
    data = sys.stdin.buffer.read(MAX_STDIN_BYTES + 1)
    if len(data) > MAX_STDIN_BYTES:
        raise click.UsageError(f"more than {MAX_STDIN_BYTES:,} bytes on standard input; give the file's name")
    return data


def get_durations(path: Path | None) -> dict[str, float] | None:
    """Durations of clips in seconds; a file that cannot be used is a usage error."""
    if path is None:
        return None
    from dcase_energy.scoring.truth import read_durations

    clips, findings = read_durations(path)
    for finding in findings:
        say(visible(f"{finding.where}: {finding.severity} {finding.code} {finding.message}"))
    if findings or not clips:
        raise click.UsageError("the durations cannot be used")
    return clips
