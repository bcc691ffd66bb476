"""What all commands share: their order in the help, suggestions for misspelt names, and how much is printed."""

from __future__ import annotations

import difflib
from typing import Any

import click

from dcase_energy.cli.terminal import log, set_verbosity
from dcase_energy.text import visible


class OrderedGroup(click.Group):
    """Lists its commands in the order of their definition, and suggests one where a name is misspelt."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of all commands."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; older releases of click suggest nothing, newer ones only what is loaded."""
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"`{ctx.command_path} --help` lists all."
            ctx.fail(f"No such command {visible(name)!r}. {hint}")
        return super().resolve_command(ctx, args)


def _quieter(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        set_verbosity(-1)


def _louder(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        set_verbosity(1)
    # Here the command is known, and whether it prints.
    if context.default_map and not isinstance(context.command, click.Group) and context.find_root().obj is not None:
        arguments = {one.name for one in context.command.params if isinstance(one, click.Argument)}
        names = {"paths" if name in arguments else name.replace("_", "-") for name in context.default_map}
        log(f"settings of {context.find_root().obj}: {', '.join(sorted(names))}")


def require_given(**values: object) -> None:
    """Refuse as click does what is required without another option alone."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if parameter.name in values and not values[parameter.name]:
            raise click.MissingParameter(ctx=context, param=parameter)


def with_verbosity(command: click.Command) -> click.Command:
    """Return a command, and the commands of a group, with ``-q`` and ``-v``; they are added once."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            with_verbosity(one)
    if not any(one.name == "quiet" for one in command.params):
        flag: dict[str, Any] = {"is_flag": True, "expose_value": False, "is_eager": True}
        command.params += [
            click.Option(["-q", "--quiet"], callback=_quieter, help="Print results and errors only.", **flag),
            click.Option(["-v", "--verbose"], callback=_louder, help="Print details of the work as well.", **flag),
        ]
    return command
