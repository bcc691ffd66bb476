"""The page that lists all guards, made from them."""

from __future__ import annotations

import re

from dcase_energy.measure.guards.catalogue import GUARDS
from dcase_energy.measure.guards.model import GuardSpec
from dcase_energy.measure.guards.pairs import COMPARED

_HEAD = """# Guards

<!-- Made from the program by `dcase-energy doctor --guards`; do not edit. -->

A guard looks at the journal of a measurement and says `ok`, `warn` or `invalid`, with the value it judged. One that is
`invalid` makes the record no evidence (`valid: false`, with its reasons); nothing is hidden and no figure is changed.
Verdicts are computed from the journal, by whoever asks: the one stored in a record is trusted by nobody. Guards that
are our own choice only warn. Those marked *pair* also look at a system's record beside its baseline's.

| | guard | looks | holds | judged by | because |
|-:|---|---|---|---|---|
"""


def guards_page() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(_row(guard) for guard in GUARDS)


def _row(guard: GuardSpec) -> str:
    limits = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in guard.thresholds.items())
    marks = [mark for mark, is_so in (("pair", guard.code in COMPARED), ("only warns", guard.advisory)) if is_so]
    code = f"`{guard.code}`" + (f" ({', '.join(marks)})" if marks else "")
    cells = (str(guard.number), code, guard.moment, guard.title, limits, guard.source)
    return "| " + " | ".join(re.sub(r"\|", r"\\|", cell) for cell in cells) + " |\n"
