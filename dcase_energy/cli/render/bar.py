"""Bars with the time that is left, on a terminal alone: over items, and over what only its marks show."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from dcase_energy.cli.terminal import live, quiet
from dcase_energy.text import visible
from dcase_energy.units import format_duration

_LONGEST_NAME = 30
_WIDTH = 20


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


def show_bar(done: float | None, left_s: float | None, text: str) -> None:
    """Write the bar anew, in place of the one before; messages of others appear above it.

    Parameters
    ----------
    done, left_s
        What is done, 0 to 1, and the seconds that are left; None where that is not known.
    text
        What is done now, and the figure so far.
    """
    parts = [text.strip()]
    if left_s is not None:
        parts.insert(0, f"{format_duration(max(left_s, 0.0))} left")
    if done is not None:
        share = min(max(done, 0.0), 1.0)
        filled = round(_WIDTH * share)
        parts.insert(0, f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {share:4.0%}")
    live(visible("  ".join(parts))[: max(shutil.get_terminal_size().columns - 1, 20)])
