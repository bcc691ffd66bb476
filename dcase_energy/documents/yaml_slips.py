"""Why a text is not YAML, in words that a person can act on.

A parser reports the place where it can go no further, which often is the line after the slip, and its own state. Here
each known slip has a repair. A slip is named only where the text with its repair can be read further than before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from dcase_energy.documents.document import Place
from dcase_energy.documents.look_alikes import (
    BLANKS,
    COLONS,
    DASHES,
    INVISIBLE,
    ODD_BLANK,
    QUOTES,
    named,
    without_odd_blanks,
)
from dcase_energy.text import plural

# Larger texts are not read over and over, and no text more often than this: what the parser says must do.
MAX_CHARACTERS = 30_000
MAX_TRIALS = 60
_BACK = 30
_ITEM = r"(?:-[ ]+)*"
_ODD = f"{BLANKS}{INVISIBLE}"
_ODD_INDENT = re.compile(rf"[ ]*([\t{_ODD}])")
# A line of spaces, tabs and perhaps a comment; and a tab that separates, after the first character of a line.
_HARMLESS = re.compile(r"(?m)^(?=[ ]*\t)[ \t]+(?=#|$)")
_SEPARATING = re.compile(r"(?<=[^ \t\n])[ \t]*\t[ \t]*")
_OPEN_QUOTE = re.compile(rf"[ ]*{_ITEM}(?:[^\s:]+:[ ]+)?(?P<sign>[\"'])(?:(?!(?P=sign)).)*")
_ITEM_WITHOUT_BLANK = re.compile(r"-[A-Za-z_]")
_BLANK_LINE = re.compile(r"\s*(?:#.*)?")

# No pattern here may try a line from several places in each of several ways: lines are as long as their author likes.
# For the text with some lines changed: the line, from 0, where reading stops; infinite where it does not.
Stops = Callable[[Sequence[str]], float]


@dataclass(frozen=True)
class Slip:
    """What is wrong: place, message, what to do."""

    at: Place
    message: str
    hint: str


@dataclass(frozen=True)
class _Kind:
    """A kind of slip: what it looks like in a line, the line repaired, and how to speak of it.

    The pattern is compiled when it is first needed: most files have no slip.
    """

    pattern: str
    repair: Callable[[re.Match[str]], str]
    message: Callable[[re.Match[str]], str]
    hint: str
    spot: int | str = 0


def _quoted_value(match: re.Match[str]) -> str:
    return match["before"] + json.dumps(match["value"].rstrip(), ensure_ascii=False)


def _why_quotes(match: re.Match[str]) -> str:
    value = match["value"]
    first = value[0]
    if first in "\"'":
        if value.count(first) == 1:
            return f"the quotation mark {first} is not closed"
        if first == '"' and "\\" in value:
            return "a backslash in double quotes begins an escape, and this is not one that YAML has"
        return f"text after the closing quotation mark {first}"
    if first in "[{":
        return (
            f"a value that begins with {first} is a {'list' if first == '[' else 'mapping'}, and this one is not whole"
        )
    if first in "@`%&*!|>}],?#":
        return f"a text that begins with {first} must be in quotes"
    return "a text that holds ': ' must be in quotes"


_OTHER_COLON = _Kind(
    rf"(?P<before>[ ]*{_ITEM}[\w.@][\w.@-]*(?:[ ]+[\w.@-]+)*)[ ]*(?P<sign>[{COLONS}])[ ]*(?P<rest>.*)",
    lambda match: f"{match['before']}: {match['rest']}",
    lambda match: f"{named(match['sign'])} in place of a colon",
    "write an ordinary colon and a space",
    "sign",
)
_NO_BLANK = _Kind(
    rf"(?P<before>[ ]*{_ITEM}[A-Za-z_][\w.@-]*)(?P<sign>:)(?P<rest>(?!//)[^ \t:].*)",
    lambda match: f"{match['before']}: {match['rest']}",
    lambda match: f"a space is missing after the colon of {match['before'].strip(' -')}",
    "write a space after the colon",
    "rest",
)
_KINDS = (
    _Kind(
        rf"[ ]*{_ITEM}(?:[^\s:]+:[ ]*|-[ ]*)(?P<odd>[{_ODD}])",
        lambda match: without_odd_blanks(match.string),
        lambda match: f"{named(match['odd'])} where YAML needs an ordinary space",
        "replace it by ordinary spaces (U+0020)",
        "odd",
    ),
    _OTHER_COLON,
    _Kind(
        rf"(?P<before>[ ]*)(?P<sign>[{DASHES}*+])[ ]*(?P<rest>\S.*)",
        lambda match: f"{match['before']}- {match['rest']}",
        lambda match: f"{named(match['sign'])} in place of a hyphen",
        "begin an item of a list with a hyphen and a space",
        "sign",
    ),
    _Kind(
        rf"(?P<before>[^{QUOTES}]*?)(?P<sign>[{QUOTES}])(?P<rest>.*)",
        lambda match: re.sub(f"[{QUOTES}]", '"', match.string),
        lambda match: f"{named(match['sign'])} in place of a straight one",
        "write straight quotation marks",
        "sign",
    ),
    _NO_BLANK,
    _Kind(
        r"(?P<before>[ ]*)-(?P<rest>[\w\"'\[{].*)",
        lambda match: f"{match['before']}- {match['rest']}",
        lambda match: "a space is missing after the hyphen of an item",  # noqa: ARG005
        "write a space after the hyphen",
        "rest",
    ),
    _Kind(
        rf"(?P<before>[ ]*{_ITEM}(?P<key>[A-Za-z_][\w.@-]*))[ ]*(?P<sign>=)[ ]*(?P<rest>.*)",
        lambda match: f"{match['before']}: {match['rest']}",
        lambda match: f"an equals sign in place of the colon of {match['key']}",
        "write a colon and a space",
        "sign",
    ),
    _Kind(
        rf"(?P<before>[ ]*{_ITEM}(?!-[ ])[^\s:'\"\[{{][^:'\"\[{{]*:[ ]+)"
        r"(?P<value>[\"'\[{@`%&*!|>}\],?].*|[^\s#].*:(?:[ ].*)?)$",
        _quoted_value,
        _why_quotes,
        "put the whole value in quotes",
        "value",
    ),
    _Kind(
        rf"(?P<before>[ ]*{_ITEM}(?P<key>[A-Za-z_][\w.@-]*))(?P<rest>[ ]+[^:\s].*|[ ]*)$",
        lambda match: f"{match['before']}:{match['rest']}",
        lambda match: f"a colon is missing after {match['key']}",
        "write a colon and a space after the key; text that continues a value is indented further than its key",
        "rest",
    ),
)


def tabs_as_blanks(text: str) -> str:
    """Tabs that YAML allows and some parsers refuse as spaces: in empty lines, before comments, between tokens.

    Columns stay as they are; the indentation of what is not a comment is left alone.
    """
    if "\t" not in text:
        return text
    for harmless in (_HARMLESS, _SEPARATING):
        text = harmless.sub(lambda match: match[0].replace("\t", " "), text)
    return text


def find_slip(lines: Sequence[str], line: int, column: int, stops: Stops) -> Slip | None:
    """The slip because of which a parser stopped.

    Parameters
    ----------
    lines
        The text.
    line, column
        Where the parser stopped, from 0.
    stops
        Where it stops in a changed text.
    """
    if sum(map(len, lines)) > MAX_CHARACTERS:
        return None
    line, stops = min(line, len(lines) - 1), _limited(stops)
    if (blank := _blank(lines, line, column)) is not None:
        return blank
    for kind in _KINDS:
        if (found := _of_kind(kind, lines, line, stops)) is not None:
            return found
    return _indentation(lines, line, stops) or _unclosed(lines, line, stops)


def _limited(stops: Stops) -> Stops:
    """The same function for `MAX_TRIALS` calls; after them no change helps."""
    left = iter(range(MAX_TRIALS))
    return lambda lines: stops(lines) if next(left, None) is not None else -1


def _blank(lines: Sequence[str], line: int, column: int) -> Slip | None:
    """A tab, or a space of another kind, in the indentation near the place where the parser stopped."""
    if lines[line][column : column + 1] == "\t":
        return _odd_indent(line, column, "\t")
    found = None
    for index in _back(lines, line, _BACK):
        if match := _ODD_INDENT.match(lines[index]):
            found = _odd_indent(index, match.start(1), match[1])
        elif found is not None or index < line:
            break
    return found


def _odd_indent(line: int, column: int, character: str) -> Slip:
    hint = "indent with ordinary spaces (U+0020): YAML allows no others"
    return Slip(Place(line + 1, column + 1), f"{named(character)} in the indentation", hint)


def _back(lines: Sequence[str], line: int, most: int) -> Iterator[int]:
    """Lines that hold more than a comment, from one backwards."""
    return islice((index for index in range(line, -1, -1) if not _BLANK_LINE.fullmatch(lines[index])), most)


def _of_kind(kind: _Kind, lines: Sequence[str], line: int, stops: Stops) -> Slip | None:
    """The nearest line before the stop whose repair helps; else the first of several that only help together."""
    suspects = {index: match for index in _back(lines, line, _BACK) if (match := re.match(kind.pattern, lines[index]))}
    repaired = {index: kind.repair(match) for index, match in suspects.items()}
    helps = (index for index, text in repaired.items() if stops(_changed(lines, {index: text})) > line)
    index = next(helps, None)
    if index is None and len(suspects) > 1 and stops(_changed(lines, repaired)) > line:
        index = min(suspects)
    if index is None:
        return None
    match = suspects[index]
    return Slip(Place(index + 1, match.start(kind.spot) + 1), kind.message(match), kind.hint)


def _changed(lines: Sequence[str], repaired: dict[int, str]) -> list[str]:
    return [repaired.get(index, text) for index, text in enumerate(lines)]


def _indentation(lines: Sequence[str], line: int, stops: Stops) -> Slip | None:
    """A line that begins in a column where no mapping or list around it does: the one whose move helps most."""
    moves = []
    for index in _back(lines, line, 2):
        text = lines[index]
        indent = _indent(text)
        for other in dict.fromkeys(_columns(lines, index)):
            reached = stops(_changed(lines, {index: " " * other + text[indent:]}))
            if other != indent and reached > line:
                # Of moves that help equally the shortest, of two as short the one to the right, at the later line.
                moves.append(((reached, -abs(other - indent), other > indent, index), index, indent, other))
    if not moves:
        return None
    _, index, indent, other = max(moves)
    message = f"wrong indentation: {plural(indent, 'space')} found; {other} would fit the lines above and below"
    hint = "let all keys of one mapping begin in the same column; a key that holds keys has no other value"
    return Slip(Place(index + 1, indent + 1), message, hint)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _columns(lines: Sequence[str], index: int) -> Iterator[int]:
    """Columns where the lines around one begin, the nearest first; also of what follows the hyphen of an item."""
    before = list(_back(lines, index, _BACK))[1:]
    after = next((at for at in range(index + 1, len(lines)) if not _BLANK_LINE.fullmatch(lines[at])), None)
    for at in [*before[:1], *([after] if after is not None else []), *before[1:]]:
        yield len(lines[at]) - len(re.sub(rf"^[ ]*{_ITEM}", "", lines[at]))
        yield _indent(lines[at])


def _unclosed(lines: Sequence[str], line: int, stops: Stops) -> Slip | None:
    """A quotation mark that is opened somewhere before and not closed in its line."""
    for index in range(line, -1, -1):
        match = _OPEN_QUOTE.fullmatch(lines[index])
        if match and stops(_changed(lines, {index: lines[index] + match["sign"]})) > line:
            at, message = Place(index + 1, match.start("sign") + 1), f"the quotation mark {match['sign']} is not closed"
            return Slip(at, message, "close it, or put the whole value in quotes")
    return None


def slip_of_key(at: Place, key: str) -> Slip | None:
    """What a parser took for a plain key and a person would not: the text is YAML, but of another shape."""
    if ODD_BLANK.match(key):
        return _odd_indent(at.line - 1, at.column - 1, key[0])
    if _ITEM_WITHOUT_BLANK.match(key):
        at = Place(at.line, at.column + 1)
        return Slip(at, "a space is missing after the hyphen of an item", "write a space after the hyphen")
    return None


def taken_for_text(text: str) -> tuple[str, str] | None:
    """What keeps a text alone on its line from being a key with a value: message and advice; None if it is a text.

    Examples
    --------
    >>> taken_for_text("training:1.39")
    ('a space is missing after the colon of training', 'write a space after the colon')
    >>> taken_for_text("https://example.org") is taken_for_text("a text") is None
    True
    """
    for kind in (_NO_BLANK, _OTHER_COLON):
        match = re.fullmatch(kind.pattern, text)
        if match is not None and "\n" not in text and " " not in match["before"].strip():
            if odd := ODD_BLANK.match(match["rest"]):
                return f"{named(odd[0])} after the colon", "write an ordinary space (U+0020) after the colon"
            return kind.message(match), kind.hint
    return None
