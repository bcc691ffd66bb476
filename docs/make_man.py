"""Makes the manual pages in `man/` from the commands themselves: ``make man``.

One page for ``dcase-energy`` and one for each command, as ``git`` has them. A wheel installs them into
``share/man/man1``, where ``man`` looks beside every ``bin`` on the search path. What is written does not depend on the
version of click.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dcase_energy import __version__
from dcase_energy.cli.main import COMMANDS, ISSUES_URL, cli

FOLDER = Path(__file__).resolve().parent.parent / "man"
PROGRAM = "dcase-energy"
EXITS = {
    "0": "no errors",
    "1": "findings, or work that could not be done",
    "2": "usage error",
    "3": "internal error; please paste the text that is printed into an issue",
    "130": "interrupted",
}
EXITS_OF_MEASURE = {
    "125": "the measurement failed",
    "126": "the command could not be executed",
    "127": "the command was not found",
    "otherwise": "that of the command",
}
VARIABLES = {
    "DCASE_ENERGY_DATA": "folder of calibration records, in place of ~/.local/share/dcase-energy",
    "NO_COLOR": "print without colours",
    "FORCE_COLOR": "print with colours where the output is not a terminal, too",
}


def main() -> int:
    """Write all pages and take away those of commands that are gone."""
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.1"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(made)} pages in {FOLDER}")
    return 0


def pages() -> dict[str, str]:
    """Text of each page by its file name."""
    return {f"{'-'.join(names)}.1": page(names, command) for names, command in commands()}


def commands() -> Iterator[tuple[list[str], click.Command]]:
    """Every command with the words that call it: the program itself first, those of a group after the group."""
    waiting: list[tuple[list[str], click.Command]] = [([PROGRAM], cli)]
    while waiting:
        names, command = waiting.pop(0)
        yield names, command
        if isinstance(command, click.Group):
            found = [(name, command.get_command(click.Context(command), name)) for name in _names(command)]
            waiting += [([*names, name], one) for name, one in found if one is not None and not one.hidden]


def page(names: list[str], command: click.Command) -> str:
    """One page in the macros of man(7)."""
    title = "-".join(names)
    context = click.Context(command, info_name=" ".join(names))
    exits = EXITS_OF_MEASURE if names[1:] == ["measure"] else EXITS
    parts = [
        ".\\" + '" Made by `make man` from the program; do not edit.',
        f'.TH "{_text(title.upper())}" "1" "" "dcase-energy {__version__}" "dcase-energy"',
        _section("NAME", f"{_text(title)} \\- {_text(_one_line(names, command))}"),
        _section("SYNOPSIS", f"\\fB{_text(' '.join(names))}\\fR {_text(_pieces(command))}"),
        _section("DESCRIPTION", _paragraphs(command.help or "")),
        _section("OPTIONS", _options(command, context)),
        _section("COMMANDS", _commands(names, command)),
        _section("EXIT STATUS", _list(exits)),
        _section("ENVIRONMENT", _list(VARIABLES)),
        _section("EXAMPLE", f".nf\n{_text((command.epilog or '').removeprefix('Example: '))}\n.fi")
        if command.epilog
        else "",
        _section("REPORTING BUGS", _text(ISSUES_URL)),
        _section("SEE ALSO", _see_also(names)),
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _names(group: click.Group) -> list[str]:
    return group.list_commands(click.Context(group))


def _one_line(names: list[str], command: click.Command) -> str:
    if len(names) == 2:
        return COMMANDS[names[1]][1]
    first = (command.help or "").split("\n\n")[0]
    return re.split(r"\.(?:\s|$)", " ".join(first.split()))[0]


def _pieces(command: click.Command) -> str:
    """What follows the command's name: ``[OPTIONS] SOURCE...``."""
    words = ["[OPTIONS]"]
    for param in command.params:
        if isinstance(param, click.Argument):
            name = param.metavar or (param.name or "").upper() + ("..." if param.nargs != 1 else "")
            words.append(name if param.required else f"[{name.strip('[]')}]")
    return " ".join([*words, *(["COMMAND [ARGS]..."] if isinstance(command, click.Group) else [])])


def _options(command: click.Command, context: click.Context) -> str:
    """Every option with its help, its choices and its default."""
    rows = [_option(param, context) for param in command.params if isinstance(param, click.Option) and not param.hidden]
    rows.append(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nShow the help text and exit.")
    return "\n".join(rows)


def _option(param: click.Option, context: click.Context) -> str:
    names = ", ".join(f"\\fB{_text(name)}\\fR" for name in param.opts)
    if param.secondary_opts:
        names += " / " + ", ".join(f"\\fB{_text(name)}\\fR" for name in param.secondary_opts)
    value = "" if param.is_flag or param.count else f" \\fI{_text(_metavar(param))}\\fR"
    notes = []
    if param.show_default and not param.is_flag:
        default = param.show_default if isinstance(param.show_default, str) else param.get_default(context, call=False)
        if isinstance(default, tuple | list):
            default = ", ".join(map(str, default))
        if isinstance(default, str | int | float):
            notes.append(f"Default: {default}.")
    if param.multiple:
        notes.append("May be given several times.")
    text = " ".join([_inline(" ".join((param.help or "").split())), *map(_text, notes)]).strip()
    return f".TP\n{names}{value}\n{_guarded(text)}"


def _metavar(param: click.Option) -> str:
    if param.metavar:
        return param.metavar
    if isinstance(param.type, click.Choice):
        return "|".join(map(str, param.type.choices))
    return {"integer": "N", "integer range": "N", "float": "X", "float range": "X"}.get(
        param.type.name, param.type.name.upper()
    )


def _commands(names: list[str], command: click.Command) -> str:
    if not isinstance(command, click.Group):
        return ""
    found = [(name, command.get_command(click.Context(command), name)) for name in _names(command)]
    lines = {"-".join([*names, name]): _one_line([*names, name], one) for name, one in found if one is not None}
    return "\n".join(f".TP\n.BR {_text(name)} (1)\n{_guarded(_text(line))}" for name, line in lines.items())


def _see_also(names: list[str]) -> str:
    """The page above, those beside it, or all where this is the first."""
    above = "" if len(names) == 1 else f".BR {_text('-'.join(names[:-1]))} (1),\n"
    return f"{above}.BR {_text('https://github.com/dcase-energy/dcase-energy')}"


def _list(rows: dict[str, str]) -> str:
    return "\n".join(f".TP\n\\fB{_text(name)}\\fR\n{_guarded(_text(text))}" for name, text in rows.items())


def _section(name: str, body: str) -> str:
    return f".SH {name}\n{body}" if body else ""


def _paragraphs(text: str) -> str:
    r"""Paragraphs of a help text; one that begins with ``\b`` keeps its lines, as click does it."""
    made = []
    for paragraph in re.split(r"\n\s*\n", text.split("\f")[0].strip()):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        if lines[0].strip() == "\b":
            made.append(".nf\n" + "\n".join(_guarded(_inline(line)) for line in lines[1:]) + "\n.fi")
        else:
            made.append(_guarded(_inline(" ".join(" ".join(lines).split()))))
    return "\n.PP\n".join(made)


def _inline(text: str) -> str:
    """Text in which what stands in backticks is bold."""
    return re.sub(r"`+([^`]+)`+", r"\\fB\1\\fR", _text(text))


def _text(text: str) -> str:
    """Text without commands of roff: backslashes and hyphens are literal."""
    return text.replace("\\", "\\e").replace("-", "\\-")


def _guarded(line: str) -> str:
    """A line that begins with a dot or a quote would be a command."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    sys.exit(main())
