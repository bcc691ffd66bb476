"""The one table of unsafe characters, against what Unicode says of each character."""

from __future__ import annotations

import unicodedata

import pytest

from dcase_energy.text import more, one_line, plural, printable, visible

# Unicode counts these among format characters, and they are seen: signs before Arabic numbers, hieroglyphs in groups.
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
# Letters and marks that nothing is drawn for.
BLANK_LETTERS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
JOINERS = "\u200c\u200d"


def is_unsafe(code: int) -> bool:
    category = unicodedata.category(chr(code))
    return code not in SEEN and (category in {"Cc", "Cf", "Cs", "Zl", "Zp"} or code in BLANK_LETTERS)


def spelled(code: int) -> str:
    if chr(code) in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[chr(code)]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def test_what_cannot_be_seen_or_turns_text_is_spelled_out_and_nothing_else_is():
    known = [code for code in (*range(0x20000), *range(0xE0000, 0xE0080)) if unicodedata.category(chr(code)) != "Cn"]
    wrong = {hex(code): got for code in known if (got := visible(chr(code))) != expected(code)}
    assert wrong == {}


def expected(code: int) -> str:
    return spelled(code) if is_unsafe(code) else chr(code)


@pytest.mark.parametrize("joiner", JOINERS)
def test_joiners_stay_between_characters_that_need_them(joiner):
    whole = f"\u0645\u06cc{joiner}\u062e \U0001f469{joiner}\U0001f52c"
    assert visible(whole) == whole
    for text in (f"a{joiner}b", f"a{joiner}\u0645", f"\u0645{joiner}a", f"{joiner}\u0645", f"\u0645{joiner}"):
        assert visible(text) == text.replace(joiner, f"\\u{ord(joiner):04x}")


def test_one_line_has_spaces_for_line_ends_and_tabs():
    assert one_line("a\r\nb\n\rc\td\u2028e\u2029f\u200bg\x1b") == "a b  c d e f\\u200bg\\x1b"


@pytest.mark.parametrize(
    ("count", "nouns", "text"),
    [(0, ("run",), "0 runs"), (1, ("run",), "1 run"), (2, ("class", "classes"), "2 classes"),
     (1, ("class", "classes"), "1 class"), (1234, ("run",), "1,234 runs")],
)  # fmt: skip
def test_plurals(count, nouns, text):
    assert plural(count, *nouns) == text


@pytest.mark.parametrize(
    ("count", "what", "text"), [(0, (), ""), (1, (), " (and 1 more)"), (1234, ("files",), " (and 1,234 more files)")]
)
def test_how_many_more(count, what, text):
    assert more(count, *what) == text


def test_halves_of_characters_are_spelled_out_to_be_written():
    assert printable("a\ud800é") == "a\\ud800é"
