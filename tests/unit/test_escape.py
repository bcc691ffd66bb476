"""What makes foreign text harmless, character by character; `test_sheets.py` reads whole sheets back."""

from __future__ import annotations

import pytest

from dcase_energy.writing.escape import LATEX_LONGEST, LATEX_LONGEST_SENTENCE, csv_text, html, latex, markdown

PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", *"＝＋－＠", "﹢", "﹣", "₊", "⁼"])
@pytest.mark.parametrize("before", ["", "'", " ", "' '", "\0"])
def test_csv_puts_a_quote_before_what_could_begin_a_formula(before, start):
    text = f"{before}{start}1+1"
    assert csv_text(text) == "'" + text.replace("\0", "")


@pytest.mark.parametrize("text", ["", "'", " ", "a=1", "1-2", "x", "'x", "X=1", "é", "0.5", "(=1)", "a\n=1", "=", "0"])
def test_csv_leaves_other_text_alone(text):
    assert csv_text(text) == (f"'{text}" if text == "=" else text)


@pytest.mark.parametrize("text", ["-1", "-0.1", "-1e3", "-1E-3", "-.5", " -7", "-1.5e+10"])
def test_csv_leaves_a_negative_number_a_number(text):
    assert csv_text(text) == text


@pytest.mark.parametrize("text", ["-", "-1_0", "-inf", "-nan", "-１", "-1-1", "-1.", "--1", "-0x1", "+1", "'-1", "-1 "])
def test_csv_takes_nothing_else_for_a_negative_number(text):
    assert csv_text(text) == f"'{text}"


def test_csv_drops_nul_before_it_looks():
    assert csv_text("\0=1") == "'=1"
    assert csv_text("a\0b\0") == "ab"


def test_markdown_escapes_what_is_markup():
    """Within a cell of a table: emphasis, code, links, HTML, entities, formulas, headings, its border."""
    assert {c for c in PRINTABLE if markdown(c) == f"\\{c}"} == {*"\\`*_{}[]<>#!|~$&"}
    assert {c for c in PRINTABLE if markdown(c) not in {c, f"\\{c}"}} == {"@"}
    assert markdown("a|b\nc") == "a\\|b c"


def test_markdown_makes_no_links_of_addresses():
    text = markdown("http://a.b www.c.d e@f http://g@www.h")
    assert text == "http&#58;//a.b www&#46;c.d e&#64;f http&#58;//g&#64;www&#46;h"


LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "[": "{[}", "]": "{]}", "-": "{-}",
}  # fmt: skip


def test_latex_escapes_what_is_a_command_or_a_ligature():
    assert {c: latex(c) for c in PRINTABLE} == {c: LATEX.get(c, c) for c in PRINTABLE}
    assert latex("a\\b") == r"a\textbackslash{}b"
    assert latex("a,b,,c,,,d") == "a,b,{},c,{},{},d"
    assert latex("a\nb\x1b") == r"a b\textbackslash{}x1b"


def test_latex_hands_on_what_its_encoding_lacks():
    """T1 has the letters of Latin-1 and of Latin Extended-A, up to the long s."""
    own = [chr(code) for code in range(0xA0, 0x180) if code != 0xAD]
    assert [latex(c) for c in own] == own
    assert latex("\u0180") == "\\foreign{0180}{\u0180}"
    assert latex("a研b") == "a\\foreign{7814}{研}b"
    assert latex("\U0001f52c") == "\\foreign{1F52C}{\U0001f52c}"


def test_latex_cuts_what_no_page_holds_and_says_so():
    whole = "x" * LATEX_LONGEST
    assert latex(whole) == whole
    assert latex(whole + "y") == f"{whole} (cut, {LATEX_LONGEST + 1} characters)"
    assert LATEX_LONGEST == 200


def test_latex_lets_a_sentence_be_longer():
    whole = "x" * 2000
    assert latex(whole, LATEX_LONGEST_SENTENCE) == whole
    assert latex(whole + "y", LATEX_LONGEST_SENTENCE) == f"{whole} (cut, 2001 characters)"


def test_html_leaves_no_markup_and_no_end_of_an_attribute():
    assert {c: html(c) for c in PRINTABLE if html(c) != c} == {
        "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#x27;"
    }  # fmt: skip
    assert html("a\n<\u200b") == "a &lt;\\u200b"
