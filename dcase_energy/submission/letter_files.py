"""Letters as files: for each team a page that needs nothing else, and a text for mail."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from dcase_energy import __version__
from dcase_energy.findings import Severity
from dcase_energy.rules import get
from dcase_energy.scoring.rules import CLIPS_MISSING, CLIPS_UNKNOWN
from dcase_energy.sheets.formats.html import template_at
from dcase_energy.sheets.table import show
from dcase_energy.submission.letters import Letter, LetterItem, changes_of
from dcase_energy.text import one_line, plural

if TYPE_CHECKING:
    from dcase_energy.editions.model import Edition
    from dcase_energy.submission.checks.system import System

_WIDTH = 88
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #56606b; --line: #d5dae0; --paper: #fff; --error: #a3150d; --warning: #704000; --ok: #176f32; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --soft: #a8b1bb; --line: #3a424b; --paper: #14171a; --error: #ffb4ab; --warning: #ffcf8a; --ok: #6fd08c; } }
body { font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 52rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.15rem; margin: 1.5rem 0 .4rem; } h3 { font-size: 1rem; margin: .8rem 0 .2rem; } p { margin: .2rem 0; }
li { margin: .6rem 0; break-inside: avoid; } dl { margin: .2rem 0; } dl div { display: flex; gap: .8rem; } dt { color: var(--soft); flex: none; width: 9rem; } section dt { width: 17rem; } dd { margin: 0; min-width: 0; } small, footer { color: var(--soft); }
.error { color: var(--error); font-weight: 600; } .warning { color: var(--warning); font-weight: 600; } .ok { color: var(--ok); font-weight: 600; } .info { color: var(--soft); font-weight: 600; }
@media (max-width: 40rem) { dl div { display: block; } } @page { margin: 15mm; }
"""  # noqa: E501
_HEADINGS = {
    Severity.ERROR: "To fix: errors",
    Severity.WARNING: "To check: warnings",
    Severity.INFO: "For information",
}


def letter_files(letters: Sequence[tuple[str, Letter]], edition: Edition) -> dict[str, bytes]:
    """Return the files of letters, each with the name of its files without the ending."""
    files = {}
    for name, letter in letters:
        files[f"{name}.html"] = _page(letter, edition)
        files[f"{name}.txt"] = ("\n".join(_lines(letter, edition)) + "\n").encode()
    return files


def _verdict(letter: Letter) -> str:
    accepted = sum(fine for _, fine in letter.systems)
    counts = [plural(len(letter.of(severity)), str(severity)) for severity in (Severity.ERROR, Severity.WARNING)]
    systems = f"{plural(len(letter.systems), 'system')}: {accepted:,} accepted, {len(letter.systems) - accepted:,} not"
    return f"{systems if letter.systems else 'No system could be read'}; {' and '.join(counts)}."


def _changes(letter: Letter) -> str:
    if (found := changes_of([letter])) is None:
        return ""
    return f"Since the last letter: {found.fixed:,} fixed, {found.new:,} new, {found.still:,} still there."


def _groups(letter: Letter) -> list[tuple[str, list[LetterItem]]]:
    waived = [item for item in letter.items if item.finding.waived is not None]
    groups = [(heading, letter.of(severity)) for severity, heading in _HEADINGS.items()]
    return [(heading, items) for heading, items in [*groups, ("Waived by the organisers", waived)] if items]


def _read(system: System) -> Iterator[tuple[str, str]]:
    """What was taken from the metadata and the files of a system."""
    if system.submission.name:
        yield "name", system.submission.name
    for name, value in system.figures.items():
        yield name, f"{value!r} kWh" if name.endswith("_kwh") else show(value)
    if system.outputs:
        yield "runs with outputs", show(len(system.outputs))


def _rows(item: LetterItem) -> Iterator[tuple[str, str]]:
    """Where it is, what was expected and found, how to fix it, and why there is a rule."""
    finding, rule = item.finding, get(item.finding.code)
    if item.systems:
        yield "system", ", ".join(item.systems)
    yield "where", item.place
    if finding.where.path:
        yield "key", finding.where.path
    known = {"expected": finding.expected, "found": finding.found}
    yield from ((name, text) for name, text in known.items() if text)
    if finding.waived is not None:
        yield "waived", finding.waived
    elif finding.hint:
        yield "how to fix it", finding.hint
    if rule is not None and finding.waived is None and finding.severity is not Severity.INFO:
        yield "why", rule.why


def _lines(letter: Letter, edition: Edition) -> Iterator[str]:
    yield from (one_line(letter.team), edition.title, "", _verdict(letter))
    yield from filter(None, [_changes(letter)])
    if letter.systems:
        yield from ("", "Systems, figures as they were read", "")
    for system, accepted in letter.systems:
        yield f"* {one_line(system.name)}: {'accepted' if accepted else 'NOT accepted'}"
        yield from (f"    {name + ':':<30} {one_line(value)}" for name, value in _read(system))
    for heading, items in _groups(letter):
        yield from ("", heading)
        for number, item in enumerate(items, 1):
            yield ""
            state = {None: "", True: " (new)", False: " (still there)"}[item.is_new]
            yield from _wrapped(f"{number}. {item.finding.code} ", one_line(item.finding.message) + state)
            for name, value in _rows(item):
                yield from _wrapped(f"    {name + ':':<15}", one_line(value))
    if letter.fixed:
        yield from ("", "Fixed since the last letter", "", *(f"* {one_line(one)}" for one in letter.fixed))
    yield from ("", f"Edition {edition.name}, dcase-energy {__version__}.")
    yield f"On your machine: {_command(letter, edition)}"


def _command(letter: Letter, edition: Edition) -> str:
    """The command that finds the same at the team's; clips are missing only where it is known which there are."""
    of_clips = {CLIPS_MISSING.code, CLIPS_UNKNOWN.code} & {item.finding.code for item in letter.items}
    return f"dcase-energy validate YOUR_FOLDER --edition {edition.name}{' --durations TSV' if of_clips else ''}"


def _wrapped(start: str, text: str) -> list[str]:
    return wrap(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
        break_long_words=False,
    ) or [start]


def _page(letter: Letter, edition: Edition) -> bytes:
    from markupsafe import Markup

    page: str = template_at(Path(__file__).parent / "letter.html.jinja").render(
        letter=letter,
        edition=edition,
        version=__version__,
        style=Markup(_STYLE),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode(),
        verdict=_verdict(letter),
        changes=_changes(letter),
        groups=_groups(letter),
        read=_read,
        rows=_rows,
        command=_command(letter, edition),
    )
    return page.encode()
