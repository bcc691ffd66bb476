"""Every command block of README and docs does what its page says, or says why it is not run."""

from __future__ import annotations

import pytest

from tests.docs.blocks import (
    REASONS,
    ROOT,
    Block,
    BlockError,
    Reader,
    blocks_of,
    follow_page,
    list_of_left_out,
    matches,
    pages,
)


def with_blocks() -> list:
    return [page for page in pages() if any(block.reason is None for block in blocks_of(page))]


@pytest.mark.parametrize("page", with_blocks(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_do_what_it_says(page):
    follow_page(page)


def test_what_is_not_run_says_why_and_is_listed():
    left_out = [block for page in pages() for block in blocks_of(page) if block.reason is not None]
    assert [str(block) for block in left_out if not block.reason.startswith(REASONS)] == []
    assert (ROOT / "docs" / "not-run.md").read_text() == list_of_left_out()


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("a\nb\n", ["a", "b"], True),
        ("a\nb\n", ["a"], False),
        ("a\n", ["a", "b"], False),
        ("a\nx\ny\nb\n", ["a", "...", "b"], True),
        ("a\nb\n", ["a", "...", "b"], True),
        ("a\nx\nc\n", ["a", "...", "b"], False),
        ("a  \n", ["a"], True),
        ("", [], True),
        ("a\n", [], False),
        ("a.c\n", ["abc"], False),
    ],
)
def test_what_is_printed_is_compared_line_by_line(printed, shown, same):
    assert matches(printed, shown) is same


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sh", "true\nfalse\ntrue\n"),
        ("python", "raise SystemExit(1)\n"),
        ("console", "$ echo one\ntwo\n"),
        ("console", "$ false\n"),
        ("console", "$ (exit 2)\n$ echo $?\n1\n"),
        ("console", "one\n"),
    ],
)
def test_a_block_that_does_otherwise_fails(kind, text, tmp_path):
    with pytest.raises(BlockError):
        Reader(tmp_path).follow(Block(ROOT / "README.md", 1, kind, text, None))


def test_a_block_that_shows_its_exit_code_passes(tmp_path):
    text = "$ dcase-energy explain NONE1 2>/dev/null\n$ echo $?\n2\n"
    Reader(tmp_path).follow(Block(ROOT / "README.md", 1, "console", text, None))
