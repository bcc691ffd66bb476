"""Text for terminals: foreign text made harmless, colours only where they are wanted."""

from __future__ import annotations

import os
import sys

import click

from dcase_energy.text import visible as visible


def style(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Colour a text unless NO_COLOR is set or the output is not a terminal (FORCE_COLOR overrides)."""
    if os.environ.get("NO_COLOR") or not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return text
    return click.style(text, fg=fg, bold=bold)


def say(text: str) -> None:
    """Print a log message to stderr; stdout is for results."""
    click.echo(text, err=True)
