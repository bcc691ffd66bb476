"""`dcase-energy editions`."""

from __future__ import annotations

import click


@click.command(epilog="Example: dcase-energy editions")
def command() -> int:
    """List the editions that come with the program."""
    from dcase_energy.editions.shipped import titles

    for name, title in titles().items():
        click.echo(f"{name:<20} {title}")
    return 0
