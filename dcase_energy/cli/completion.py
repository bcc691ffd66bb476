"""What a shell offers when the tab key is hit: names of editions, codes of rules, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def files(incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to name files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def editions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Editions that come with the program; where none begins so, it may be an own one: files."""
    from click.shell_completion import CompletionItem

    from dcase_energy.editions.shipped import edition_names

    return [CompletionItem(name) for name in edition_names() if name.startswith(incomplete)] or files(incomplete)


def rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Codes of rules with their titles (bash shows the codes alone), and names of rules and guards."""
    from click.shell_completion import CompletionItem

    from dcase_energy.cli.rule_book import load_rules
    from dcase_energy.measure.guards import GUARDS

    known = load_rules()
    codes = [CompletionItem(rule.code, help=rule.title) for rule in known if rule.code.startswith(incomplete.upper())]
    names = [rule.name for rule in known] + [guard.code for guard in GUARDS]
    return codes or [CompletionItem(name) for name in names if name.startswith(incomplete)]
