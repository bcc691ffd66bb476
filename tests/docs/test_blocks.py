"""Every command block of README and docs does what its page says, or says why it is not run."""

from __future__ import annotations

import pytest

from tests.docs.blocks import REASONS, ROOT, blocks_of, follow_page, list_of_left_out, pages


def with_blocks() -> list:
    return [page for page in pages() if any(block.reason is None for block in blocks_of(page))]


@pytest.mark.parametrize("page", with_blocks(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_do_what_it_says(page):
    follow_page(page)


def test_what_is_not_run_says_why_and_is_listed():
    left_out = [block for page in pages() for block in blocks_of(page) if block.reason is not None]
    assert [str(block) for block in left_out if not block.reason.startswith(REASONS)] == []
    assert (ROOT / "docs" / "not-run.md").read_text() == list_of_left_out()
