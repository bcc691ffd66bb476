"""Types of the values of options and arguments."""

from __future__ import annotations

import glob
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from dcase_energy.arguments import SomeSeconds, bounds_in
from dcase_energy.text import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _Paths = click.ParamType[tuple[Path, ...]]
    _Seconds = click.ParamType[float]
else:
    # Older releases of click know no parameters of this type.
    _Paths = _Seconds = click.ParamType

_PATTERN = frozenset("*?[")


def offer_files(incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to name files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


class PathName(click.Path):
    """A path. ``-`` is standard input or output where ``allow_dash`` says so, and refused elsewhere."""

    def __init__(self, *, exists: bool = False, file: bool = True, folder: bool = True, stdio: bool = False) -> None:
        super().__init__(exists=exists, file_okay=file, dir_okay=folder, allow_dash=stdio, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        dash = os.fsdecode(value) == "-"
        if dash and not self.allow_dash:
            stream = "input" if self.exists else "output"
            self.fail(f"standard {stream} is not possible here: give a name (./- for a file called -)", param, ctx)
        path = super().convert(value, param, ctx)
        # Path("./-") is Path("-") as well.
        return path if dash or path != Path("-") else path.absolute()


class Sources(_Paths):
    """A path that exists, or a pattern that matches something (Windows leaves patterns to the program).

    Parameters
    ----------
    stdio
        Whether ``-`` is standard input; else it is refused.
    """

    name = "path"

    def __init__(self, *, stdio: bool = False) -> None:
        self.stdio = stdio

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Path, ...]:
        """Return the paths that are meant."""
        text = os.fsdecode(value)
        if text == "-" or os.path.lexists(text):
            # A link that leads nowhere exists, too.
            return (PathName(exists=text == "-", stdio=self.stdio).convert(text, param, ctx),)
        matches = tuple(map(Path, sorted(glob.glob(text)))) if _PATTERN & set(text) else ()  # noqa: PTH207
        if not matches:
            self.fail(f"Path '{visible(text)}' does not exist.", param, ctx)
        return matches

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Leave it to the shell to name files."""
        return offer_files(incomplete)


class SetFile(PathName):
    """A file of ground truth; ``NAME=FILE`` is that of one set of clips, unless a file of this name exists."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name of the set, empty without one, and the path."""
        if isinstance(value, tuple):
            return value
        text = os.fsdecode(value)
        name, equals, path = ("", "", text) if os.path.lexists(text) else text.partition("=")
        return (name if equals else ""), super().convert(path if equals else text, param, ctx)


class Number(click.FloatRange):
    """A finite number within limits; NaN would be within any, as no comparison with it holds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{visible(str(value))!r} is not a finite number", param, ctx)
        return number


def bounded(alias: Any) -> click.IntRange | Number:
    """Return the type of an option for a number as `dcase_energy.arguments` bounds it."""
    kind, bounds = get_args(alias)
    if kind is int:
        return click.IntRange(bounds.low, bounds.high)
    return Number(bounds.low, bounds.high, min_open=bounds.low_open, max_open=bounds.high_open)


class Duration(_Seconds):
    """A duration such as ``90``, ``90s``, ``10m`` or ``1h30m``, in seconds as `dcase_energy.arguments` bounds them."""

    name = "duration"

    def __init__(self, alias: Any = SomeSeconds) -> None:
        self.least_s = bounds_in(alias).low

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        from dcase_energy.units import parse_duration

        seconds = parse_duration(str(value))
        if seconds is None:
            self.fail(f"{visible(str(value))!r} is not a duration; write for example 90s, 10m or 1h30m", param, ctx)
        if seconds < self.least_s:
            self.fail(f"{visible(str(value))!r} is shorter than {self.least_s:g} s", param, ctx)
        return seconds
