"""The page that lists all guards, made from them."""

from __future__ import annotations

import re

from dcase_energy.measure.guards import GUARDS
from dcase_energy.measure.guards.model import GuardSpec
from dcase_energy.measure.guards.pairs import COMPARED

_HEAD = """# Guards

<!-- Made from the program by `dcase-energy doctor --guards`; do not edit. -->

A guard looks at the journal of a measurement and says `ok`, `warn` or `invalid`, with the value it judged. With one
that is `invalid` the record cannot be used as evidence (`valid: false`, with its reasons); nothing is hidden and no
figure is changed. Stored verdicts are ignored: they are recomputed from the journal. Guards that are our own choice
only warn. Those marked *pair* also look at a system's record beside its baseline's. `dcase-energy explain CODE` prints
what is below the table for each of them.

| | guard | when | passes when | judged by | rationale |
|-:|---|---|---|---|---|
"""


def guards_page() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(_row(guard) for guard in GUARDS) + "".join(f"\n{section(guard)}" for guard in GUARDS)


def section(guard: GuardSpec) -> str:
    """What the page says of one guard, in Markdown."""
    lines = [f"## {guard.code}", "", f"{sentence(guard.title)} It is evaluated {guard.moment} the run.", ""]
    lines += [f"- {name}: {text}" for name, text in facts(guard).items()]
    return "\n".join(lines) + "\n"


def facts(guard: GuardSpec) -> dict[str, str]:
    """What is known of a guard, each under its word; what does not apply is left out."""
    limits = _limits(guard)
    known = {
        "Rationale": guard.source,
        "Judged by": limits,
        "Only warns": "it is our own choice" if guard.advisory else "",
        "Pair": "it also looks at a system's record beside its baseline's" if guard.code in COMPARED else "",
        "Fix": guard.fix,
    }
    return {name: text for name, text in known.items() if text}


def sentence(text: str) -> str:
    """A title as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def _limits(guard: GuardSpec) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in guard.limits.items())


def _row(guard: GuardSpec) -> str:
    marks = [mark for mark, is_so in (("pair", guard.code in COMPARED), ("only warns", guard.advisory)) if is_so]
    code = f"[`{guard.code}`](#{guard.code})" + (f" ({', '.join(marks)})" if marks else "")
    cells = (str(guard.number), code, guard.moment, guard.title, _limits(guard), guard.source)
    return "| " + " | ".join(re.sub(r"\|", r"\\|", cell) for cell in cells) + " |\n"
