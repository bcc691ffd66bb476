"""Text for people: characters that could hide or move something, plurals, and how many more there are."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The one table of characters that a reader cannot see or that change what a reader sees. Ranges are written as in a
# character class of a regular expression.
CONTROLS = "\x00-\x1f\x7f-\x9f"
LINE_ENDS = "\n\r\t\u2028\u2029"
DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Characters without width: soft hyphen, fillers, zero width space, word joiner, byte order mark, annotations, tags.
HIDDEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001-\U000e007f"
)
# Halves of characters: no encoding can write them.
SURROGATES = "\ud800-\udfff"
# Persian, scripts of India and compound emoji need these between two characters of theirs.
JOINERS = "\u200c\u200d"
UNSAFE = re.compile(
    f"[{CONTROLS}\u2028\u2029{DIRECTIONS}{HIDDEN}{SURROGATES}]|(?<![^\x00-\x7f])[{JOINERS}]|[{JOINERS}](?![^\x00-\x7f])"
)
_LINE_END = re.compile(rf"\r\n|[{LINE_ENDS}]")


def visible(text: str) -> str:
    r"""Return the text with unsafe characters spelled out, so that foreign text can neither move nor hide anything.

    Examples
    --------
    >>> visible("a\x1b[2Jb\u200bc")
    'a\\x1b[2Jb\\u200bc'
    """
    return UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def seen(text: str) -> str:
    r"""Return what of a text can be seen: unsafe characters are spaces, of which none are at its ends.

    Examples
    --------
    >>> seen("RTX 3090\n"), seen("\a\u3164")
    ('RTX 3090', '')
    """
    return UNSAFE.sub(" ", text).strip()


def one_line(text: str) -> str:
    """Return `visible` text for a cell or a sentence: line ends and tabs are spaces."""
    return visible(_LINE_END.sub(" ", text))


def shortened(text: str, longest: int) -> str:
    """Return the text, or its beginning with a mark that there is more.

    Examples
    --------
    >>> shortened("microphone", 10), shortened("microphones", 10)
    ('microphone', 'microphon…')
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Return the text with halves of characters spelled out, so that it can be written in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def plural(count: int, noun: str, plural_noun: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "run"), plural(2, "run"), plural(1200, "class", "classes")
    ('1 run', '2 runs', '1,200 classes')
    """
    return f"{count:,} {noun if count == 1 else plural_noun or noun + 's'}"


def more(count: int, what: str = "") -> str:
    """Return the words behind the first of several, with a space before them; nothing where there are no others.

    Examples
    --------
    >>> more(3), more(1200, "files"), more(0)
    (' (and 3 more)', ' (and 1,200 more files)', '')
    """
    return f" (and {count:,} more{' ' + what if what else ''})" if count > 0 else ""


def first_few(names: Sequence[str], most: int, word: str = ", ") -> str:
    """Return the first of some names, and how many others there are.

    Examples
    --------
    >>> first_few(["a", "b", "c"], 2), first_few(["a", "b"], 2, " or ")
    ('a, b (and 1 more)', 'a or b')
    """
    return word.join(names[:most]) + more(len(names) - most)
