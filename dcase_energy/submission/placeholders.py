"""Text of a template that was never filled in, recognised whatever the edition and the field."""

from __future__ import annotations

import re
from typing import Any

# What templates ask for; with "your" before it, the whole value is an instruction to the reader.
_ASKED = (
    "abbreviation|address|affiliation|author|code|department|description|e-?mail|first ?name|git(?:hub|lab)?|"
    "institut(?:e|ion)|label|last ?name|link|location|method|mail|model|name|organi[sz]ation|paper|repo(?:sitory)?|"
    "repository|submission|surname|system|team|title|university|url|value|website"
)
_PLACEHOLDER = re.compile(
    rf"""
    your(?:\ own)?(?:[ _-]?(?:{_ASKED}))+(?:\ here)?(?:@.*)?   # Your name, YOUR_GITHUB_URL, your.name@...
    | \(?x{{2,}}\)?(?:@x+[ .]x+)?       # xx, (xx), xxx, xxx@xxx.xx
    | \?{{2,}} | \.{{3,}} | \u2026       # ??, ...
    | (?-i:TODO|FIXME)\b.* | tbd | tba | change ?me | placeholder
    | (?:to\ be\ )?(?:filled|fill|filled\ in|fill\ in|completed|announced|determined)(?:\ (?:me|this|here))?(?:\ in)?
    | (?:insert|enter|write|put|fill\ in)\ .{{1,40}}\ here
    | lorem\ ipsum\b.*
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Words in pointed or square brackets are to be replaced whatever they say; a figure or an address may stand in some.
_IN_BRACKETS = re.compile(r"<[^<>@/0-9][^<>@/]*>|\[[A-Za-z][^\[\]/0-9]*\]|\{\{?[^{}]*\}\}?")
# Words for nothing, which YAML reads as text.
_NONE_WORDS = frozenset({"none", "null", "nil", "n/a", "na", "nan", "not applicable", "-", "--", "!!null"})
_LONGEST = 80
FILL_IN = "write your own value, or null where that is allowed"


def placeholder(value: Any) -> str | None:
    """The text of a template that a value is, as it stands in the file; None if it is something else.

    A text in square or curly brackets without quotes is a list or a mapping to YAML.

    Examples
    --------
    >>> placeholder(["YOUR_GITHUB_URL"]), placeholder("xxx"), placeholder("<your name>"), placeholder("BEATs")
    ('[YOUR_GITHUB_URL]', 'xxx', '<your name>', None)
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        inner = placeholder(value[0])
        return None if inner is None else f"[{inner}]"
    if isinstance(value, dict) and len(value) == 1:
        ((key, below),) = value.items()
        return f"{{{key}}}" if below is None and placeholder(key) else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    plain = text.strip("<>[](){}\"'*_ ").replace("_", " ").replace(".", " ") if text.strip(".") else text
    return text if _PLACEHOLDER.fullmatch(plain) or _IN_BRACKETS.fullmatch(text) else None


def is_none_word(value: Any) -> bool:
    """Whether a value is a text that means nothing, such as ``None`` or ``n/a``: YAML has null for that."""
    return isinstance(value, str) and value.strip().casefold() in _NONE_WORDS
