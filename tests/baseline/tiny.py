"""A recipe of toy size, and clips for it, so that a test trains in a second."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from dcase_baseline.data import Pools, SyntheticSource, load_pools
from dcase_baseline.recipe import Recipe, load_recipe


def tiny_recipe() -> Recipe:
    """Three steps of 2 + 2 + 4 clips an epoch, three epochs, output frames of 256 ms."""
    smoke = load_recipe("smoke")
    return replace(
        smoke,
        name="tiny",
        features=replace(smoke.features, n_fft=4096, window_length=4096, hop_length=2048, n_mels=16),
        model=replace(smoke.model, channels=(4, 8), pooling=((2, 4), (1, 4)), rnn_units=8),
        data=replace(
            smoke.data,
            strong_clips=6,
            weak_clips=7,
            unlabelled_clips=12,
            weak_validation_clips=3,
            strong_validation_clips=5,
            test_clips=4,
        ),
        batch=replace(smoke.batch, strong=2, weak=2, unlabelled=4),
        optimisation=replace(smoke.optimisation, epochs=3, warmup_epochs=1),
        evaluation=replace(smoke.evaluation, batch_size=2),
    )


@cache
def tiny_pools() -> Pools:
    """All subsets of `tiny_recipe`, made once for all tests; no test writes into them."""
    return load_pools(SyntheticSource(seed=3), tiny_recipe(), tiny_recipe().clips)


SUBSETS = ("strong", "weak", "unlabelled", "weak_validation", "strong_validation", "test")
