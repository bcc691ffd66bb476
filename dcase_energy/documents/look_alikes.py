"""Characters that people take for others: spaces besides the one of ASCII, letters and signs of other scripts."""

from __future__ import annotations

import re
import unicodedata

from dcase_energy.text import DIRECTIONS, HIDDEN, JOINERS

# Cyrillic, Greek and Latin letters that look like one of ASCII in common fonts; forms such as full-width letters and
# ligatures are brought to ASCII by Unicode's own table (NFKC).
_LETTERS = {
    "a": "\u0430\u03b1\u0251",
    "b": "\u0184",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u0454\u212e",
    "g": "\u0261\u0581",
    "h": "\u04bb",
    "i": "\u0456\u03b9\u0131\u0269",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba",
    "l": "\u04cf\u01c0",
    "m": "\u043c",
    "n": "\u03b7\u0578",
    "o": "\u043e\u03bf\u0585\u1d0f",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "r": "\u0433",
    "s": "\u0455\ua731",
    "t": "\u0442\u03c4",
    "u": "\u03c5\u057d",
    "v": "\u03bd\u0475",
    "w": "\u051d\u0461",
    "x": "\u0445\u03c7",
    "y": "\u0443\u03b3\u04af",
    "A": "\u0410\u0391",
    "B": "\u0412\u0392",
    "C": "\u0421\u03f9",
    "D": "\u13a0",
    "E": "\u0415\u0395",
    "H": "\u041d\u0397",
    "I": "\u0406\u0399\u04c0",
    "J": "\u0408",
    "K": "\u041a\u039a",
    "M": "\u041c\u039c",
    "N": "\u039d",
    "O": "\u041e\u039f",
    "P": "\u0420\u03a1",
    "S": "\u0405",
    "T": "\u0422\u03a4",
    "X": "\u0425\u03a7",
    "Y": "\u0423\u03a5\u04ae",
    "Z": "\u0396",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
    "_": "\u203f\u02cd",
}
_TO_ASCII = {ord(other): letter for letter, others in _LETTERS.items() for other in others}

# Spaces of Unicode besides the one of ASCII, and characters without any width.
BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2800"
INVISIBLE = f"{HIDDEN}{DIRECTIONS}{JOINERS}\ufe00-\ufe0f"
ODD_BLANK = re.compile(f"[{BLANKS}{INVISIBLE}]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
COLONS = "\uff1a\ufe55\ufe13\ua789\u2236\u02d0\u05c3"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7\uff0d\ufe63"
QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02"

_NAMES = {"\t": "a tab", "\ufeff": "a byte order mark inside the text"}


def named(character: str) -> str:
    """A character in words and as a code point: ``a no-break space (U+00A0)``."""
    code = f"U+{ord(character):04X}"
    name = _NAMES.get(character) or unicodedata.name(character, "").lower()
    if not name:
        return f"control character {code}"
    # Names of scripts keep their capital: a Cyrillic small letter a.
    name = re.sub(r"^(cyrillic|greek|latin|armenian|hebrew|hangul|braille)", lambda match: match[0].capitalize(), name)
    article = "" if name.startswith("a ") else "an " if name[0] in "aeioAEIO" else "a "
    return f"{article}{name} ({code})"


def without_odd_blanks(text: str) -> str:
    """The text with an ordinary space for each other one, and without characters that have no width."""
    return ODD_BLANK.sub(" ", _INVISIBLE.sub("", text))


def meant(word: str) -> str | None:
    r"""The word in ASCII that a person reads, where some of its characters only look like it; else None.

    A word that is wholly of another script is taken for one of another language.

    Examples
    --------
    >>> meant("tr\u0430ining"), meant("\uff4eame"), meant("training"), meant("\u043d\u0435\u0442")
    ('training', 'name', None, None)
    """
    if word.isascii():
        return None
    formed = unicodedata.normalize("NFKC", without_odd_blanks(word)).strip()
    if not formed.isascii():
        if not re.search("[A-Za-z]", formed):
            return None
        formed = formed.translate(_TO_ASCII)
    return formed if formed.isascii() and formed else None


def oddities(word: str) -> list[str]:
    """The characters of a word that are not of ASCII, each once, in words."""
    return [named(character) for character in dict.fromkeys(word) if not character.isascii()]
