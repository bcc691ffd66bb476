"""The terminal: standard streams that may be closed, colours only where they are wanted, and log messages."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextvars import ContextVar
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


def colours() -> bool | None:
    """Whether colours are forced or forbidden; None where each stream decides, as click does: only on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def style(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Colour a text unless NO_COLOR is set; what prints it drops the colours where its stream wants none."""
    wanted = colours()
    if wanted is None:
        wanted = sys.stdout.isatty() or sys.stderr.isatty()
    return click.style(text, fg=fg, bold=bold or None) if wanted else text


_VERBOSITY: ContextVar[int] = ContextVar("verbosity", default=0)


def set_verbosity(level: int) -> None:
    """Choose how much is printed: -1 results and errors, 0 log messages as well, 1 more of them."""
    _VERBOSITY.set(level)


def verbose() -> bool:
    """Whether more is wanted than usual."""
    return _VERBOSITY.get() > 0


def quiet() -> bool:
    """Whether only results and errors are wanted."""
    return _VERBOSITY.get() < 0


def log(text: str) -> None:
    """Print a log message to stderr; stdout is for results. Foreign text in it must be `visible`."""
    if not quiet():
        to_stderr(text)


def say(text: str) -> None:
    """Print a log message with foreign text in it."""
    log(_visible_lines(text))


def complain(text: str) -> None:
    """Print an error to stderr, whatever ``--quiet`` says."""
    to_stderr(_visible_lines(text))


def to_stderr(text: str) -> None:
    """Print what no option silences; foreign text in it must be `visible`."""
    end_live()
    click.echo(text, err=True, color=colours())


_LIVE: ContextVar[bool] = ContextVar("live", default=False)


def live_wanted() -> bool:
    """Whether a line that is written again and again can be shown: stderr is a terminal that can take lines back."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not quiet()


def live(text: str) -> None:
    """Write a line of stderr in place of the last one that this function wrote."""
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
    _LIVE.set(True)


def end_live() -> None:
    """Take the line of `live` away, before something else is printed."""
    if _LIVE.get():
        _LIVE.set(False)
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _visible_lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))
