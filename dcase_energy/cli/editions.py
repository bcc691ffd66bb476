"""`dcase-energy editions`."""

from __future__ import annotations

import click


@click.command(epilog="Example: dcase-energy editions")
def command() -> int:
    """List the editions that come with the program."""
    from dcase_energy.editions.loader import edition_names, load_edition

    for name in edition_names():
        click.echo(f"{name:<20} {load_edition(name).title}")
    return 0
