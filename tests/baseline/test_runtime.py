from __future__ import annotations

import pytest
from dcase_baseline.recipe import load_recipe
from dcase_baseline.runtime import memory_needed_gb, process_environment

PUBLISHED = load_recipe("dcase2023")

# Peak resident memory, GB, of five steps and 48 validated clips; torch 2.13, 2 threads.
MEASURED = {
    ("fast", 4): 1.75,
    ("fast", 8): 1.78,
    ("fast", 16): 2.50,
    ("fast", 32): 4.63,
    ("fast", 48): 6.61,
    ("reference", 4): 1.35,
    ("reference", 8): 1.55,
    ("reference", 16): 2.15,
    ("reference", 32): 3.61,
    ("reference", 48): 5.29,
}


@pytest.mark.parametrize(("path", "batch"), list(MEASURED))
def test_the_memory_estimate_is_near_what_was_measured(path, batch):
    estimate = memory_needed_gb(PUBLISHED.with_batch_size(batch), path)
    assert 0.95 < estimate / MEASURED[path, batch] < 1.4


def test_a_small_recipe_needs_little_and_clips_in_memory_count():
    smoke = load_recipe("smoke")
    assert 0.6 < memory_needed_gb(smoke, "fast") < 1.2
    assert memory_needed_gb(smoke, "fast", 1000) - memory_needed_gb(smoke, "fast") == pytest.approx(0.32)


def test_the_reference_path_gets_its_threads_and_nothing_else():
    assert process_environment("reference", 3) == {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}


def test_the_fast_path_keeps_freed_memory_and_does_not_spin():
    assert process_environment("fast", 1) == {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "17179869184",
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "KMP_BLOCKTIME": "0",
    }


@pytest.mark.parametrize("ask", [lambda: process_environment("quick", 1), lambda: memory_needed_gb(PUBLISHED, "quick")])
def test_an_unknown_path_is_refused(ask):
    with pytest.raises(ValueError, match="expected reference or fast, found 'quick'"):
        ask()
