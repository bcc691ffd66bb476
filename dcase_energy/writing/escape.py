"""Foreign text made harmless: one function a sink. What each undoes is tested by reading sheets back."""

from __future__ import annotations

import html as html_library
import re
import unicodedata

from dcase_energy.text import one_line

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#!|~$&]")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": r"{[}",
    "]": r"{]}",
    "-": r"{-}",
}
_LATEX_TABLE = str.maketrans(_LATEX)
_FOREIGN = re.compile("[^ -\u017f]")
_LIGATURE = re.compile(",(?=,)")
LATEX_LONGEST = 200
LATEX_LONGEST_SENTENCE = 2000


def csv_text(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula: a quote goes before what could begin one (CWE-1236).

    A plain negative number stays as it is: a carried column of figures must remain one. Text that already begins
    with such a quote gets another, so that taking one away gives back what was there. NUL is dropped.
    """
    text = text.replace("\0", "")
    start = unicodedata.normalize("NFKC", text.lstrip("' ")[:1])
    if start in _FORMULA_STARTS and not (start == "-" and _is_number(text)):
        return f"'{text}"
    return text


def html(text: str) -> str:
    """Keep text from being markup, in HTML and SVG, between tags and in attributes."""
    return html_library.escape(one_line(text))


def markdown(text: str) -> str:
    """Keep text from being markup: punctuation is escaped, addresses and mentions do not become links."""
    escaped = _MARKDOWN.sub(lambda match: f"\\{match[0]}", one_line(text))
    return escaped.replace("://", "&#58;//").replace("@", "&#64;").replace("www.", "www&#46;")


def latex(text: str, longest: int = LATEX_LONGEST) -> str:
    """Keep text from being commands. What the T1 encoding lacks goes through the preamble's ``foreign`` command.

    Text longer than a cell can hold is cut, and says so; a sentence may be longer.
    """
    line = one_line(text)
    if len(line) > longest:
        line = f"{line[:longest]} (cut, {len(line)} characters)"
    # Two commas become a quotation mark in T1.
    apart = _LIGATURE.sub(",{}", line.translate(_LATEX_TABLE))
    return _FOREIGN.sub(lambda m: f"\\foreign{{{ord(m[0]):04X}}}{{{m[0]}}}", apart)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    # Python reads more as a number than a spreadsheet does: `-inf`, `-1_0`, digits of other scripts.
    return text.isascii() and "_" not in text and text[-1:].isdigit()
