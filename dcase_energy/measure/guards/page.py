"""The page that lists all guards, made from them."""

from __future__ import annotations

import re

from dcase_energy.measure.guards import GUARDS
from dcase_energy.measure.guards.model import GuardSpec
from dcase_energy.measure.guards.pairs import COMPARED

_HEAD = """# Guards

<!-- Made from the program by `dcase-energy doctor --guards`; do not edit. -->

A guard is an automatic check of a measurement. It reads the journal and reports `ok`, `warn` or `invalid`, with the
value that it checked. If one guard is `invalid`, the record cannot be used as evidence (`valid: false`, with the
reasons), but every figure stays in it unchanged. Stored verdicts are ignored: they are recomputed from the journal.
Guards marked *only warns* follow a convention of this project and never make a record invalid. Guards marked *pair*
also compare a system's record with its baseline's. `dcase-energy explain CODE` prints the section of a guard.

| | guard | when | passes when | limits | rationale |
|-:|---|---|---|---|---|
"""

# Each limit in words, by its name in the guards.
_IN_WORDS = {
    "constants": "constants differ by at most {:.1%}",
    "constants_of_1_0": "by {:.0%} for records of version 1.0",
    "drift": "change of at most {:.0%}",
    "ok_share": "ok up to {:.0%} of the processors",
    "warn_share": "invalid above {:.0%}",
    "min_s": "at least {:g} s of measurement",
    "wrap_share": "gap of at most {:g} of the time to an overflow",
    "max_gap_s": "gap of at most {:g} s",
    "suspend_s": "sleep of at most {:g} s",
    "over_limit": "at most {:g} times the highest power",
    "under_idle": "at least {:g} times the idle power",
    "ok": "ok up to {:.0%}",
    "warn": "invalid above {:.0%}",
    "sum": "difference of at most {:.0%}",
    "mads": "at most {:g} median absolute deviations off",
    "floor": "or {:.0%} of the median",
    "slope": "trend of at most {:.0%}",
    "runs": "at least {:g} runs",
    "days": "at most {:g} days apart",
    "idle": "idle power differs by at most {:.0%}",
    "probed": "probes differ from the calibration by at most {:.0%}",
    "ram_share": "constant of memory at most {:.0%} of the energy",
    "min_w": "mean power from {:g} W",
    "max_w": "to {:g} W",
    "min_ratio": "ratio from {:g}",
    "max_ratio": "to {:g}",
    "ticks": "ok from {:g} changes",
    "fewest": "invalid below {:g}",
    "off": "difference of at most {:.1%}",
}


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
        "Limits": limits,
        "Only warns": "its limits are a convention of this project" if guard.advisory else "",
        "Pair": "it also compares a system's record with its baseline's" if guard.code in COMPARED else "",
        "Fix": guard.fix,
    }
    return {name: text for name, text in known.items() if text}


def sentence(text: str) -> str:
    """A title as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def _limits(guard: GuardSpec) -> str:
    return ", ".join(_IN_WORDS[name].format(value) for name, value in guard.limits.items()).replace("%", " %")


def _row(guard: GuardSpec) -> str:
    marks = [mark for mark, is_so in (("pair", guard.code in COMPARED), ("only warns", guard.advisory)) if is_so]
    code = f"[`{guard.code}`](#{guard.code})" + (f" ({', '.join(marks)})" if marks else "")
    cells = (str(guard.number), code, guard.moment, guard.title, _limits(guard), guard.source)
    return "| " + " | ".join(re.sub(r"\|", r"\\|", cell) for cell in cells) + " |\n"
