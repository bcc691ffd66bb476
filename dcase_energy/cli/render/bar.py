"""A bar with the time that is left, on a terminal alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from dcase_energy.cli.terminal import quiet
from dcase_energy.text import visible

_LONGEST_NAME = 30


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """Return what receives how many of how many are done, and which was the last; None where no one would see it."""
    if quiet() or not sys.stderr.isatty():
        yield None
        return
    bar: Any = None
    with ExitStack() as stack:

        def progress(done: int, total: int, name: str) -> None:
            nonlocal bar
            if total < 2:
                return
            if bar is None:
                show = lambda last: visible(last or "")[:_LONGEST_NAME]  # noqa: E731
                made = click.progressbar(length=total, label=what, file=sys.stderr, show_pos=True, item_show_func=show)
                bar = stack.enter_context(made)
            bar.update(done - bar.pos, name)

        yield progress
