"""Text for terminals: foreign text made harmless, colours only where they are wanted."""

from __future__ import annotations

import os
import re
import sys

import click

# C0, C1, ESC, and the characters that reorder or hide text.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def visible(text: str) -> str:
    """Show control and direction characters as escapes, so that foreign text can neither move nor hide anything."""
    return _UNSAFE.sub(
        lambda match: f"\\u{ord(match[0]):04x}" if ord(match[0]) > 0xFF else f"\\x{ord(match[0]):02x}", text
    )


def style(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Colour a text unless NO_COLOR is set or the output is no terminal (FORCE_COLOR overrides)."""
    if os.environ.get("NO_COLOR") or not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return text
    return click.style(text, fg=fg, bold=bold)


def say(text: str) -> None:
    """Talk to the person: goes to stderr, so that data on stdout stays clean."""
    click.echo(text, err=True)
