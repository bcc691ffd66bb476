"""The terminal: standard streams that may be closed, colours only where they are wanted, and log messages."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

import click

from dcase_energy.errors import StdoutError
from dcase_energy.text import visible


class _Stdout:
    """The standard output, whose failures are distinguished from those of files; a reader that has gone is not one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise _reason(error) from None

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise _reason(error) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _reason(error: OSError) -> Exception:
    return (
        error
        if isinstance(error, BrokenPipeError)
        else StdoutError(f"cannot write to stdout: {error.strerror or error}")
    )


class _Closed(io.RawIOBase):
    """Replaces a closed stdout: writing to it is an error, and nothing else is."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object, /) -> int:
        raise OSError(errno.EBADF, "it is closed")


def open_streams() -> None:
    """Give the program streams where it was started with closed ones (``>&-``), and watch over its stdout.

    Files that are opened later would take the numbers of closed streams, and what is printed would go into them.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    stdout: Any = sys.stdout
    if stdout is None:
        stdout = io.TextIOWrapper(io.BufferedWriter(_Closed()), encoding="utf-8")
    if not isinstance(stdout, _Stdout):
        sys.stdout = _Stdout(stdout)
    if sys.stderr is None:
        sys.stderr = nowhere()


def nowhere() -> TextIO:
    """Return a stream that drops everything, in place of one that failed, which Python would try again at exit."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - as long as the program runs


def style(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Colour a text unless NO_COLOR is set or the output is not a terminal (FORCE_COLOR overrides)."""
    if os.environ.get("NO_COLOR") or not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return text
    return click.style(text, fg=fg, bold=bold)


def log(text: str) -> None:
    """Print a log message to stderr; stdout is for results. Foreign text in it must be `visible`."""
    click.echo(text, err=True)


def say(text: str) -> None:
    """Print a log message with foreign text in it."""
    log("\n".join(map(visible, text.split("\n"))))
