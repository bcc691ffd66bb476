"""The strict YAML reading, value by value (the rules about documents have their examples in ``acceptance``)."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import dcase_energy.documents.yaml as reader
from dcase_energy.documents.yaml import load_yaml

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def parser(request, monkeypatch):
    """PyYAML's own parser, and the one of libyaml where it is there."""
    monkeypatch.setattr(reader, "LOADER", request.param)
    return request.param


def load(text: str | bytes):
    return load_yaml(text.encode() if isinstance(text, str) else text, "x.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("!!null", None),
        ("!!null null", None),
        ("0123", 123),
        ("-7", -7),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("0x_", "0x_"),
        ("0o7", "0o7"),
        ("1:30:00", "1:30:00"),
        ("1e3", 1000.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-1.5e-3", -0.0015),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("1e400", "1e400"),
        ("9" * 5000, "9" * 5000),
        ("1e-400", 0.0),
        ("2024-01-02", "2024-01-02"),
        ("'1.5'", "1.5"),
        ('"a # b"', "a # b"),
        ("https://x/y#z", "https://x/y#z"),
        ("12 # a comment", 12),
        ("١٢", "١٢"),
    ],
)
def test_scalars(parser, text, value):
    document = load(f"a: {text}\n")
    assert {finding.code for finding in document.findings} <= {"Y012"}
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["Y006"]),
        ("# only a comment\n", ["Y006"]),
        ("just text\n", ["Y006"]),
        ("- a\n- b\n", ["Y006"]),
        ("a: 1\n---\nb: 2\n", ["Y008"]),
        ("a: &x [*x]\n", ["Y004", "Y004"]),
        ("a: &unused 1\n", ["Y004"]),
        ("base: {a: 1}\n<<: {b: 2}\n", ["Y004"]),
        ("[" * 100_000, ["Y007"]),
        ("a: " + "[" * 40 + "]" * 40, ["Y007"]),
        ("a: " + "[" * 40 + " @", ["Y007"]),
        ("{a: " * 2_000, ["Y007"]),
        ("- " * 2_000, ["Y007"]),
        ("".join(" " * depth + "a:\n" for depth in range(1_200)), ["Y007"]),
        ("".join(f"{' ' * depth}a:\n" for depth in range(20)) + "  b: [", ["Y002"]),
        ("\n".join(f"k{i}: 1" for i in range(50_000)), ["Y007"]),
        ("x" * 2_000_000 + ": 1", ["Y007"]),
        ("y" * 500 + ": 1", ["Y007"]),
        ('a: 1\n"a": 2\n', ["Y003"]),
        ("a: !!python/object/apply:os.system [ls]\n", ["Y005"]),
        ("a: !!binary aGk=\n", ["Y005"]),
        ("a: !mine 1\n", ["Y005"]),
        ("? [1]\n: 2\n", ["Y009"]),
        ("~: 1\n", ["Y009"]),
        ("a: 'unterminated\n", ["Y002"]),
        ("%YAML 3.0\n---\na: 1\n", ["Y002"]),
        ("a:\n\tb: 1\n", ["Y002"]),
        (b"a: \x00\n", ["Y010"]),
        (b"a: \xff\n", ["Y001"]),
        ("a: 1\n".encode("utf-16"), ["Y001"]),
        ('a: "\\x00"\n', ["Y010"]),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, str | bytes) else None,
)
def test_what_is_refused(parser, text, codes):
    document = load(text)
    assert [finding.code for finding in document.findings] == codes
    for finding in document.findings:
        assert finding.where.file == "x.yaml"


def test_a_billion_laughs_is_refused_at_the_first_anchor_and_not_expanded():
    lines = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    document = load("\n".join(lines))
    assert {finding.code for finding in document.findings} == {"Y004"}


def test_places_are_those_of_an_editor():
    document = load("a:\n  b: [1, {c: 2}]\n")
    assert (document.keys["a", "b"].line, document.keys["a", "b"].column) == (2, 3)
    place = document.values["a", "b", 1, "c"]
    assert (place.line, place.column) == (2, 14)


def test_a_missing_key_is_shown_at_its_parent():
    document = load("a:\n  b: 1\n")
    where = document.where(("a", "missing"))
    assert (where.line, where.column, where.path) == (1, 1, "a.missing")


def test_line_ends_and_a_byte_order_mark_change_nothing():
    for text in ("a: 1\nb: 2\n", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r", "\ufeffa: 1\nb: 2\n"):
        assert load(text).data == {"a": 1, "b": 2}


def test_the_first_of_two_equal_keys_counts():
    document = load("a: 1\na: {b: 2}\n")
    assert document.data == {"a": 1}
    assert document.texts["a",] == "1"


def test_a_refused_value_is_absent_but_remembered():
    document = load("a: !x 1\nb: 2\n")
    assert document.data == {"b": 2}
    assert document.refused == {("a",)}


def test_half_a_character_is_refused(parser):
    # libyaml refuses the escape, PyYAML's own parser makes the character, which is then refused.
    assert {finding.code for finding in load('a: "\\ud800"\n').findings} <= {"Y002", "Y010"}
    assert "a" not in (load('a: "\\ud800"\n').data or {})


class ReadsAhead:
    """A parser that refuses deep nesting before its first event, as that of PyYAML 6.0.4 does, in other words."""

    def __init__(self, text: str) -> None:
        self.text, self.inner = text, yaml.SafeLoader(text)

    def check_event(self) -> bool:
        if self.text.count("[") > 1_000:
            mark = yaml.Mark("x", 1_000, 0, 1_000, None, 0)
            raise yaml.scanner.ScannerError("in a flow collection", None, "no deeper, please", mark)
        return self.inner.check_event()

    def get_event(self) -> yaml.Event:
        return self.inner.get_event()

    def dispose(self) -> None:
        self.inner.dispose()


def test_depth_is_found_whatever_a_parser_says_about_it(monkeypatch):
    monkeypatch.setattr(reader, "LOADER", ReadsAhead)
    assert [finding.code for finding in load("[" * 5_000).findings] == ["Y007"]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\t# a comment\nb: 2\n",
        "a: 1 \t # a comment\nb: 2\n",
        "a:\t1\nb: 2\n",
        "a: 1\n\t# a comment\nb: 2\n",
        "a: 1\n \t \nb: 2\n",
        "a: 1\nb: 2\t\n",
        "\t\na: 1\nb: 2\n\t",
    ],
)
def test_tabs_that_yaml_allows_are_read(parser, text):
    document = load(text)
    assert document.findings == []
    assert document.data == {"a": 1, "b": 2}


def test_a_tag_that_changes_nothing_is_one_finding_and_the_values_count():
    document = load("a: !!map {b: 1}\nc: !!seq [1]\n")
    assert [finding.code for finding in document.findings] == ["Y005", "Y005"]
    assert document.data == {"a": {"b": 1}, "c": [1]}


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_findings_or_data(data):
    document = load(data)
    assert document.findings or document.data is not None


@settings(max_examples=300)
@given(st.text("ab:-[]{}&*!?|>'\"%@`#, \n\t0~", max_size=60))
def test_any_text_of_yaml_characters_ends_in_findings_or_data(text):
    document = load(text)
    assert document.findings or document.data is not None
