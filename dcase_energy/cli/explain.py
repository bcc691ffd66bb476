"""`dcase-energy explain`."""

from __future__ import annotations

import difflib
import itertools
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcase_energy.api.shared import load_rules
from dcase_energy.cli.options import emit, format_option
from dcase_energy.cli.terminal import style
from dcase_energy.errors import InputError
from dcase_energy.rules import Rule
from dcase_energy.text import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dcase_energy.measure.guards.model import GuardSpec

FAMILIES = {
    "N": "Names and layout",
    "M": "Metadata",
    "E": "Energy",
    "C": "Complexity",
    "R": "Stated results",
    "S": "Systems compared with each other",
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


def _known(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Offer codes of rules with their titles (bash shows the codes alone), and names of rules, guards and editions."""
    from click.shell_completion import CompletionItem

    from dcase_energy.editions.shipped import titles
    from dcase_energy.measure.guards import GUARDS

    known = load_rules()
    editions = [CompletionItem(name, help=title) for name, title in titles().items() if name.startswith(incomplete)]
    codes = [CompletionItem(rule.code, help=rule.title) for rule in known if rule.code.startswith(incomplete.upper())]
    names = [rule.name for rule in known] + [guard.code for guard in GUARDS]
    return codes or [CompletionItem(name) for name in names if name.startswith(incomplete)] + editions


@click.command(epilog="Example: dcase-energy explain E201")
@click.argument("codes", nargs=-1, metavar="[CODE]...", shell_complete=_known)
@click.option("--markdown", is_flag=True, help="Print Markdown; without CODE the page of all rules, docs/rules.md.")
@format_option("text", "json", text="json prints rules and guards; without CODE all of them.")
def command(codes: tuple[str, ...], markdown: bool, output_format: str) -> int:
    """Explain a rule, with a bad and a good example; without CODE list all rules and guards.

    CODE may also be a rule's name, such as energy-not-positive, a guard of a measurement, such as min-duration, or an
    edition, such as dcase2025-task1, by its name or path: then its package, calibration, limits, scores and
    fields are listed.
    """
    rules = load_rules()
    if output_format == "json":
        text = _as_json(codes, rules)
    elif codes:
        text = "\n".join(_explained(code, rules, markdown=markdown) for code in codes)
    else:
        text = page(rules) if markdown else _listed(rules)
    emit(text, None)
    return 0


def _listed(rules: list[Rule]) -> str:
    from dcase_energy.measure.guards import GUARDS

    lines = [f"{rule.code}  {rule.severity:<7}  {rule.title}" for rule in rules]
    return "\n".join([*lines, "", "Guards of a measurement:", *(f"{one.code:<17}  {one.title}" for one in GUARDS)])


def _as_json(codes: tuple[str, ...], rules: list[Rule]) -> str:
    from dcase_energy.cli.render.json import dumped
    from dcase_energy.measure.guards import GUARDS

    if editions := [code for code in codes if _is_edition(code)]:
        raise InputError(f"--format json prints rules and guards; {visible(editions[0])} is an edition: leave it out")
    found = [_find(code, rules) for code in codes] or [*rules, *GUARDS]
    of_rules = [asdict(one) for one in found if isinstance(one, Rule)]
    of_guards = [
        {"code": one.code, "title": one.title, "moment": one.moment, "limits": dict(one.limits), "fix": one.fix}
        for one in found
        if not isinstance(one, Rule)
    ]
    return dumped({"schema_version": "1.0", "rules": of_rules, "guards": of_guards})


def _explained(code: str, rules: list[Rule], *, markdown: bool) -> str:
    if _is_edition(code):
        from dcase_energy.api.edition_page import edition_page

        return edition_page(code.strip(), markdown=markdown).rstrip("\n")
    found = _find(code, rules)
    if isinstance(found, Rule):
        return _section(found) if markdown else _text(found)
    return _guard_text(found, markdown=markdown)


def _is_edition(code: str) -> bool:
    """Whether an edition is meant: a name that comes with the program, or a path."""
    from dcase_energy.editions.shipped import edition_names

    return code.strip() in edition_names() or Path(code).suffix == ".toml" or Path(code).is_dir()


def _find(code: str, rules: list[Rule]) -> Rule | GuardSpec:
    from dcase_energy.editions.shipped import edition_names

    wanted = code.strip().casefold()
    known: dict[str, Rule | GuardSpec] = {rule.code.casefold(): rule for rule in rules}
    known |= {rule.name: rule for rule in rules}
    if wanted not in known:
        from dcase_energy.measure.guards import BY_CODE

        known |= BY_CODE
    if wanted in known:
        return known[wanted]
    hint = ""
    if close := difflib.get_close_matches(wanted, [*known, *edition_names()], n=1):
        meant = known.get(close[0])
        code_meant = close[0] if meant is None else meant.code
        hint = f" Did you mean {code_meant}{f' ({meant.name})' if isinstance(meant, Rule) else ''}?"
    raise InputError(
        f"no rule {visible(repr(code))}.{hint} `dcase-energy explain` lists all rules and guards, "
        "`dcase-energy editions` all editions"
    )


def _guard_text(guard: GuardSpec, *, markdown: bool) -> str:
    from dcase_energy.measure.guards.page import facts, section, sentence

    if markdown:
        return section(guard)
    lines = [f"{style(guard.code, bold=True)} (guard, evaluated {guard.moment} the run)", sentence(guard.title), ""]
    return "\n".join([*lines, *(f"{name}: {text}" for name, text in facts(guard).items()), ""])


def _text(rule: Rule) -> str:
    bad, good = ("\n".join(f"    {line}" for line in text.split("\n")) for text in (rule.bad, rule.good))
    return (
        f"{style(rule.code, bold=True)} {rule.name} ({rule.severity})\n{rule.title}.\n\nWhy: {rule.why}\n\n"
        f"Bad:\n{bad}\nGood:\n{good}\n\nFix: {rule.fix}\n"
    )


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
        "rule otherwise (`[severities]` in its `edition.toml`). `--select` and `--ignore` take codes and prefixes of",
        "codes. Nothing inside a submission can switch a rule off.",
    ]
    for family, members in itertools.groupby(rules, key=lambda rule: rule.code[0]):
        of_family = list(members)
        lines += [
            "",
            f"## {family}: {FAMILIES.get(family, family)}",
            "",
            "| code | severity | requirement |",
            "|---|---|---|",
        ]
        lines += [f"| [{one.code}](#{one.anchor}) | {one.severity} | {_prose(one.title)} |" for one in of_family]
        for rule in of_family:
            lines += ["", _section(rule)]
    return "\n".join(lines) + "\n"


def _section(rule: Rule) -> str:
    lines = [f"### {rule.code} {rule.name}", "", f"{_prose(rule.title)}. ({rule.severity})", "", _prose(rule.why), ""]
    lines += ["Bad:", "", "```yaml", rule.bad, "```", "", "Good:", "", "```yaml", rule.good, "```", ""]
    return "\n".join([*lines, f"Fix: {_prose(rule.fix)}."])


def _prose(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")
