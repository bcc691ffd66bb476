"""`dcase-energy explain`."""

from __future__ import annotations

import click

from dcase_energy.cli.terminal import style
from dcase_energy.rules import Rule


@click.command(epilog="Example: dcase-energy explain E201")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def command(codes: tuple[str, ...]) -> int:
    """Tell why a rule is there, with a bad and a good example; without CODE list all rules."""
    import dcase_energy.ranking.rules
    import dcase_energy.study.rules
    import dcase_energy.submission.validate  # noqa: F401 - its import registers every rule
    from dcase_energy import rules

    if not codes:
        for rule in rules.all_rules():
            click.echo(f"{rule.code}  {rule.severity:<7}  {rule.title}")
        return 0
    for code in codes:
        known = rules.get(code)
        if known is None:
            raise click.UsageError(f"no rule {code!r}; `dcase-energy explain` lists all")
        click.echo(_page(known))
    return 0


def _page(rule: Rule) -> str:
    indented = {name: "\n".join(f"    {line}" for line in text.split("\n")) for name, text in _examples(rule).items()}
    return "\n".join(
        [
            f"{style(rule.code, bold=True)} {rule.name} ({rule.severity})",
            f"{rule.title}.",
            "",
            f"Why: {rule.why}",
            "",
            "Bad:",
            indented["bad"],
            "Good:",
            indented["good"],
            "",
            f"Mend: {rule.fix}",
            "",
        ]
    )


def _examples(rule: Rule) -> dict[str, str]:
    return {"bad": rule.bad, "good": rule.good}
