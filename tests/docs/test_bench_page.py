"""The page of benchmarks says machine, versions and everything that was printed, failures too."""

from __future__ import annotations

from benchmarks.run import page_of, with_sections_of


def test_everything_that_was_printed_is_in_the_page():
    results = [("start_up", "a 1 ms\nb 2 ms\n", 0), ("scoring", "psds_eval: not built\n", 1)]
    page = page_of("2026-01-01, some processor", "numpy 2.0", results)
    assert "2026-01-01, some processor; numpy 2.0." in page
    for line in ("## Start up", "a 1 ms", "b 2 ms", "psds_eval: not built", "failed with exit code 1"):
        assert line in page
    assert page.count("failed with") == 1
    assert page.count("```") == 4


def test_one_benchmark_done_again_replaces_its_section_and_says_when():
    page = page_of("2026-01-01, some processor", "numpy 2.0", [("start_up", "a 1 ms\n", 0), ("rank", "b 2 ms\n", 0)])
    again = page_of("2026-01-02, other processor", "numpy 2.1", [("start_up", "a 3 ms\n", 0)])
    fixed = with_sections_of(page, again)
    assert "a 1 ms" not in fixed
    assert fixed.index("a 3 ms") < fixed.index("2026-01-02, other processor; numpy 2.1.") < fixed.index("b 2 ms")
    assert fixed.count("## ") == 2
    assert "2026-01-01, some processor; numpy 2.0." in fixed
