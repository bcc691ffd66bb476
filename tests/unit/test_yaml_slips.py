"""Slips that make a file unreadable, or another one than was meant: each is named, at its place, by every parser."""

from __future__ import annotations

import pytest

from dcase_energy.documents.look_alikes import meant, named
from dcase_energy.documents.yaml import load_yaml
from tests.cases.builders.common import META, swap
from tests.unit.test_yaml import parser  # noqa: F401 - a fixture

TRAINING = "    training: 1.284"
NAME = "name: Example CRNN"

# What is replaced, by what; place and words of the one finding.
SLIPS = {
    "tab": (TRAINING, "\ttraining: 1.284", "25:1", "a tab (U+0009)"),
    "tab behind spaces": (TRAINING, "  \ttraining: 1.284", "25:3", "a tab (U+0009)"),
    "no-break space": (TRAINING, "\u00a0\u00a0\u00a0\u00a0training: 1.284", "25:1", "a no-break space (U+00A0)"),
    "em space": (TRAINING, "\u2003training: 1.284", "25:1", "an em space (U+2003)"),
    "ideographic space": (TRAINING, "\u3000\u3000training: 1.284", "25:1", "an ideographic space (U+3000)"),
    "zero width, first": (TRAINING, "\u200b" + TRAINING, "25:1", "a zero width space (U+200B)"),
    "zero width, behind spaces": (TRAINING, "    \u200btraining: 1.284", "25:5", "a zero width space (U+200B)"),
    "byte order mark": (TRAINING, "    \ufefftraining: 1.284", "25:5", "a byte order mark inside the text (U+FEFF)"),
    "no blank": (TRAINING, "    training:1.284", "25:14", "a space is missing after the colon of training"),
    "no blank, last": ("test: 0.0198", "test:0.0198", "28:19", "a space is missing after the colon of baseline_test"),
    "no blank, first": ("label: A", "label:A", "2:9", "a space is missing after the colon of label"),
    "no blank, alone": (
        "      PSDS1: 0.352\n      PSDS2: 0.557\n",
        "      PSDS1:0.352\n",
        "33:7",
        "a space is missing after the colon of PSDS1",
    ),
    "odd blank after colon": (TRAINING, "    training:\u00a01.284", "25:14", "a no-break space (U+00A0)"),
    "odd blank, alone": (
        "      PSDS1: 0.352\n      PSDS2: 0.557\n",
        "      PSDS1:\u20030.352\n",
        "33:7",
        "an em space (U+2003)",
    ),
    "full-width colon": (TRAINING, "    training\uff1a1.284", "25:13", "a fullwidth colon (U+FF1A)"),
    "equals sign": (TRAINING, "    training = 1.284", "25:14", "an equals sign"),
    "no colon": (TRAINING, "    training 1.284", "25:13", "a colon is missing after training"),
    "no colon, above": ("energy_consumption:", "energy_consumption", "24:21", "a colon is missing"),
    "no blank after hyphen": ("- lastname", "-lastname", "6:6", "a space is missing after the hyphen"),
    "en dash": ("- lastname", "\u2013 lastname", "6:5", "an en dash (U+2013)"),
    "bullet": ("- lastname", "\u2022 lastname", "6:5", "a bullet (U+2022)"),
    "too deep": ("    macs", "     macs", "22:6", "5 spaces found; 4 would fit"),
    "not deep enough": ("    macs", "   macs", "22:4", "3 spaces found; 4 would fit"),
    "first too deep": (TRAINING, "  " + TRAINING, "25:7", "6 spaces found; 4 would fit"),
    "first not deep enough": (TRAINING, "   training: 1.284", "25:4", "3 spaces found; 4 would fit"),
    "block not deep enough": ("  source_code", " source_code", "29:2", "1 space found; 2 would fit"),
    "item": ("      firstname", "     firstname", "7:6", "5 spaces found; 6 would fit"),
    "colon in text": (NAME, "name: Example: CRNN", "3:9", "a text that holds ': ' must be in quotes"),
    "at sign": (NAME, "name: @home", "3:9", "a text that begins with @ must be in quotes"),
    "per cent": (NAME, "name: %home", "3:9", "a text that begins with % must be in quotes"),
    "open quote": (NAME, 'name: "Example CRNN', "3:9", 'the quotation mark " is not closed'),
    "open quote, last": ("PSDS2: 0.557", 'PSDS2: "0.557', "34:14", 'the quotation mark " is not closed'),
    "text after quote": (NAME, 'name: "Example" CRNN', "3:9", "text after the closing quotation mark"),
    "curly quotes": (NAME, "name: \u201cExample: CRNN\u201d", "3:9", "a left double quotation mark (U+201C)"),
    "open bracket": (NAME, "name: [Example, CRNN", "3:9", "begins with [ is a list"),
    "text after bracket": (NAME, "name: [Example] CRNN", "3:9", "begins with [ is a list"),
    "backslash": (NAME, 'name: "C:\\data"', "3:9", "a backslash in double quotes"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_at_its_place(parser, slip):  # noqa: F811
    old, new, place, words = SLIPS[slip]
    (finding,) = load_yaml(swap(META, old, new).encode(), "x.yaml").findings
    assert finding.code in {"Y002", "Y010"}
    assert f"{finding.where.line}:{finding.where.column}" == place
    assert words in finding.message
    assert finding.hint


def test_one_kind_of_blank_throughout_is_one_finding_at_its_first_place(parser):  # noqa: F811
    (finding,) = load_yaml(META.replace("  ", "\u00a0\u00a0").encode(), "x.yaml").findings
    assert (finding.code, finding.where.line, finding.where.column) == ("Y002", 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a: https://x.org/y\nb:\n  https://x.org/y\n",
        "a:\n  - task4:sed\n",
        "a: Foo\u00a0Bar\n",
        "a:\n  see: note\n",
        "a: -x\nb: \u2013 so\n",
        "na\u00efve: 1\n",
        "\u043d\u0435\u0442: 1\n",
        "a: \u201cwords\u201d\n",
    ],
)
def test_what_only_resembles_a_slip_is_left_alone(parser, text):  # noqa: F811
    document = load_yaml(text.encode(), "x.yaml")
    assert document.findings == []
    assert document.data


@pytest.mark.parametrize(
    ("key", "character"),
    [
        ("tr\u0430ining", "a Cyrillic small letter a (U+0430)"),
        ("training\u200b", "a zero width space (U+200B)"),
        ("tr\u03b1ining", "a Greek small letter alpha (U+03B1)"),
        ("train\u00adng".replace("ng", "ing"), "a soft hyphen (U+00AD)"),
        ("\uff54raining", "a fullwidth latin small letter t (U+FF54)"),
    ],
)
def test_a_key_that_only_looks_plain_is_shown_with_its_characters(key, character):
    document = load_yaml(f"{key}: 1\nb: 2\n".encode(), "x.yaml")
    (finding,) = document.findings
    assert finding.code == "Y013"
    assert character in finding.message
    assert finding.hint == "write the key as training"
    # What was meant is for a person to say: the value is neither used nor missing.
    assert document.data == {"b": 2}
    assert document.refused == {("training",)}


def test_letters_of_one_script_are_words_of_a_language():
    assert [meant(word) for word in ("\u043d\u0435\u0442", "na\u00efve", "\u00b5W", "training", "")] == [None] * 5


def test_characters_without_a_name_have_their_code_point():
    assert named("\x03") == "control character U+0003"


OFFICE = b"PK\x03\x04" + bytes(26)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04\x14" + bytes(400), "a zip archive"),
        (OFFICE + b"[Content_Types].xml" + b"word/document.xml", "a Word document (a zip archive)"),
        (OFFICE + b"xl/workbook.xml", "an Excel workbook (a zip archive)"),
        (OFFICE + b"mimetypeapplication/vnd.oasis.opendocument.text", "an OpenDocument text (a zip archive)"),
        (b"%PDF-1.7\n%", "a PDF"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "a gzip file"),
        (b"\n<!DOCTYPE html>\n<html>", "a page (HTML)"),
        (b"<?xml version='1.0'?>", "an XML file"),
        (b"{\\rtf1\\ansi label}", "an RTF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of an old office program"),
        ("a: 1".encode("utf-16"), "a text in UTF-16"),
        ("a: 1".encode("utf-16-be"), "a text in UTF-16 or UTF-32"),
        ("a: 1".encode("utf-32"), "a text in UTF-32"),
    ],
)
def test_a_file_of_another_kind_is_named(data, words):
    (finding,) = load_yaml(data, "x.yaml").findings
    assert (finding.code, finding.where.line) == ("Y001", 1)
    assert words in finding.message
