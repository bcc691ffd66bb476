from __future__ import annotations

import pytest

from dcase_energy.documents.tables import read_table


def read(text: str | bytes, delimiter: str = "\t"):
    data = text.encode() if isinstance(text, str) else text
    return read_table(data, "t.tsv", required=["a", "b"], delimiter=delimiter)


def test_a_table_keeps_its_lines():
    table = read("a\tb\tmore\r\n1\t2\tx\r\n\r\n3\t4\ty\r\n")
    assert table.findings == []
    assert table.rows == [["1", "2", "x"], ["3", "4", "y"]]
    assert table.row_lines == [2, 4]


def test_a_quoted_cell_may_hold_line_ends():
    table = read('a,b\n"x\ny",2\n3,4\n', ",")
    assert table.rows == [["x\ny", "2"], ["3", "4"]]
    assert table.row_lines == [2, 4]


def test_tabs_are_never_quoted():
    assert read('a\tb\n"x\t2\n').rows == [['"x', "2"]]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["T105"]),
        ("a\n1\n", ["T102"]),
        ("a\tb\tb\n1\t2\t3\n", ["T102"]),
        ("a\tb\n1\n2\t3\n", ["T103"]),
        ("a\tb\n1\t2\t3\n", ["T103"]),
        (b"a\tb\n\xff\t2\n", ["T101"]),
        ("a\tb\n1\t2\n".encode("utf-16"), ["T101"]),
        (b"\x1f\x8b\x08\x00", ["T101"]),
    ],
)
def test_what_is_wrong(text, codes):
    assert [finding.code for finding in read(text).findings] == codes


def test_an_unterminated_quote_is_a_finding():
    assert [finding.code for finding in read('a,b\n"x,2\n', ",").findings] == ["T103"]


def test_numbers():
    table = read("a\tb\n1.5\tnan\n\t-2\n")
    assert table.number(0, "a") == 1.5
    assert table.number(0, "b") is None
    assert table.number(1, "a", empty=True) is None
    assert table.number(1, "b") == -2
    assert [(f.code, f.where.line, f.where.path) for f in table.findings] == [("T104", 2, "b")]
    assert table.number(1, "a") is None
    assert len(table.findings) == 2
