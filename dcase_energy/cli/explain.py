"""`dcase-energy explain`."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path

import click

import dcase_energy
from dcase_energy.cli import completion
from dcase_energy.cli.terminal import style
from dcase_energy.rules import Rule

FAMILIES = {
    "N": "Names and layout",
    "M": "Metadata",
    "E": "Energy",
    "C": "Complexity",
    "R": "Stated results",
    "S": "Systems beside each other",
    "P": "Plausibility",
    "X": "Records",
    "V": "Evidence",
    "K": "Ranking",
    "W": "CodeCarbon files",
    "O": "Outputs",
    "Z": "Packages as files",
    "Y": "YAML",
    "T": "Tables and files",
    "G": "Ground truth",
    "U": "Studies",
}


@click.command(epilog="Example: dcase-energy explain E201")
@click.argument("codes", nargs=-1, metavar="[CODE]...", shell_complete=completion.rules)
@click.option("--markdown", is_flag=True, help="The page of all rules, as it stands in docs/rules.md.")
def command(codes: tuple[str, ...], markdown: bool) -> int:
    """Tell why a rule is there, with a bad and a good example; without CODE list all rules.

    CODE may also be a rule's name, such as energy-not-positive.
    """
    rules = load_rules()
    if markdown:
        click.echo(page(rules), nl=False)
    elif not codes:
        for rule in rules:
            click.echo(f"{rule.code}  {rule.severity:<7}  {rule.title}")
    for code in codes:
        click.echo(_text(_find(code, rules)))
    return 0


def load_rules() -> list[Rule]:
    """All rules of the program, by code: importing the modules that hold them registers them."""
    from dcase_energy.rules import all_rules

    package = Path(dcase_energy.__file__).parent
    for path in sorted(package.rglob("*rules.py")):
        importlib.import_module(".".join(["dcase_energy", *path.relative_to(package).with_suffix("").parts]))
    # Rules may also stand beside their checks.
    importlib.import_module("dcase_energy.submission.validate")
    return all_rules()


def _find(code: str, rules: list[Rule]) -> Rule:
    known = {rule.code.casefold(): rule for rule in rules} | {rule.name: rule for rule in rules}
    rule = known.get(code.strip().casefold())
    if rule is None:
        close = difflib.get_close_matches(code.strip().casefold(), known, n=1)
        hint = f" Did you mean {known[close[0]].code} ({known[close[0]].name})?" if close else ""
        raise click.UsageError(f"no rule {code!r}.{hint} `dcase-energy explain` lists all")
    return rule


def _text(rule: Rule) -> str:
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


def page(rules: list[Rule]) -> str:
    """The documentation page of all rules: a table of each family, then every rule."""
    order = {letter: index for index, letter in enumerate(FAMILIES)}
    rules = sorted(rules, key=lambda rule: (order.get(rule.code[0], len(order)), rule.code))
    lines = [
        "# Rules",
        "",
        "<!-- Made by `dcase-energy explain --markdown > docs/rules.md` from the rules themselves; do not edit. -->",
        "",
        "An error makes `dcase-energy validate` end with 1, a warning only under `--strict`. An edition may weigh a",
        "rule otherwise (`[severities]` in its `edition.toml`). `--select` and `--ignore` take codes and beginnings of",
        "codes. Nothing inside a submission can switch a rule off.",
    ]
    family = ""
    for rule in rules:
        if rule.code[0] != family:
            family = rule.code[0]
            lines += [
                "",
                f"## {family}: {FAMILIES.get(family, family)}",
                "",
                "| code | severity | demands |",
                "|---|---|---|",
            ]
            lines += [
                f"| [{one.code}](#{one.anchor}) | {one.severity} | {_cell(one.title)} |"
                for one in rules
                if one.code[0] == family
            ]
        lines += [
            "",
            f"### {rule.code} {rule.name}",
            "",
            f"{_prose(rule.title)}. ({rule.severity})",
            "",
            _prose(rule.why),
        ]
        lines += ["", "Bad:", "", "```yaml", rule.bad, "```", "", "Good:", "", "```yaml", rule.good, "```", ""]
        lines += [f"Mend: {_prose(rule.fix)}."]
    return "\n".join(lines) + "\n"


def _prose(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")
