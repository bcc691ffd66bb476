from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dcase_baseline.crnn import CRNN
from dcase_baseline.evaluate import (
    median_filter,
    postprocess,
    score_clips,
    weak_macro_f1,
)
from dcase_baseline.features import LogMel
from dcase_baseline.recipe import load_recipe

from tests.baseline.slow_intersection_f1 import intersection_f1, runs
from tests.baseline.tiny import tiny_pools, tiny_recipe

EVALUATION = load_recipe("dcase2023").evaluation


def read_golden() -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(window, input, output) triples from `data/median_filter.txt`."""
    lines = (Path(__file__).parent / "data" / "median_filter.txt").read_text().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    values = [(name, int(window), np.array(numbers, dtype=np.float32)) for name, window, *numbers in rows]
    return [(window, a, b) for (_, window, a), (_, _, b) in zip(values[::2], values[1::2], strict=True)]


def test_the_median_filter_is_scipys():
    golden = read_golden()
    assert len(golden) >= 6
    for window, given, expected in golden:
        np.testing.assert_array_equal(median_filter(given[None, :, None], window)[0, :, 0], expected)


@pytest.mark.parametrize("frames", [1, 3, 7])
def test_the_median_filter_is_the_obvious_one(frames):
    values = np.random.default_rng(0).random((3, 20, 4), dtype=np.float32)
    filtered = median_filter(values, frames)
    assert filtered.dtype == values.dtype
    half = frames // 2
    for clip in range(3):
        for label in range(4):
            row = values[clip, :, label]
            mirrored = [*row[:half][::-1], *row, *row[len(row) - half :][::-1]]
            slow = [sorted(mirrored[t : t + frames])[half] for t in range(20)]
            np.testing.assert_array_equal(filtered[clip, :, label], slow)


def test_the_ends_are_mirrored_not_filled_with_zeros():
    values = np.full((1, 9, 1), 0.8, dtype=np.float32)
    assert (median_filter(values, 7) == np.float32(0.8)).all()  # scipy.signal.medfilt would end in zeros


def test_tags_are_above_the_threshold_not_at_it():
    assert weak_macro_f1(np.float32([[0.5, 0.50001, 0.49]]), np.uint8([[1, 1, 1]]), 0.5) == pytest.approx(1 / 3)


def filtered_detections(scores, config):
    """Detections at the threshold, in the order of the recipe's year."""
    if config.median_filter_on == "binarised":
        return median_filter(scores > config.threshold, config.median_filter_frames)
    return postprocess(scores, config) > config.threshold


@pytest.mark.parametrize("threshold", [0.01, 0.25, 0.5, 0.75])
def test_filtering_detections_as_in_2022_or_scores_as_in_2023_gives_the_same_detections(threshold):
    scores = np.random.default_rng(1).integers(0, 5, (6, 156, 10)).astype(np.float32) / 4  # ties at the threshold
    year = {year: replace(load_recipe(f"dcase{year}").evaluation, threshold=threshold) for year in (2022, 2023)}
    old, new = (filtered_detections(scores, year[y]) for y in (2022, 2023))
    assert old.dtype == new.dtype == bool
    np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(old, postprocess(scores, year[2022]) > threshold)
    assert 0 < old.mean() < 1


def test_weak_f1_is_that_of_the_slow_twin():
    rng = np.random.default_rng(2)
    scores, targets = rng.random((30, 10), dtype=np.float32), rng.integers(0, 2, (30, 10)).astype(np.uint8)
    scores[:, 3], targets[:, 3] = 0.1, 0  # no target and no detection of this class
    scores[:, 4] = 0.1  # all of this one were missed
    f1 = []
    for label in range(10):
        pairs = [(scores[i, label] > 0.5, targets[i, label] == 1) for i in range(30)]
        hit, extra, missed = (
            sum(pair == kind for pair in pairs) for kind in ((True, True), (True, False), (False, True))
        )
        f1.append(2 * hit / (2 * hit + extra + missed) if hit else 0.0)
    assert f1[3] == f1[4] == 0
    assert weak_macro_f1(scores, targets, 0.5) == pytest.approx(np.mean(f1))


def test_perfect_tags_score_one():
    targets = np.eye(10, dtype=np.uint8)
    assert weak_macro_f1(targets.astype(np.float32), targets, 0.5) == 1


@pytest.fixture(scope="module")
def networks():
    recipe = tiny_recipe()
    torch.manual_seed(0)
    return {name: CRNN(recipe, execution_path="fast") for name in ("student", "teacher")}


def test_scores_are_those_of_each_network_clip_by_clip(networks):
    recipe, pool = tiny_recipe(), tiny_pools()["strong_validation"]
    front_end = LogMel(recipe.features)
    scores = score_clips(networks, front_end, pool, recipe)
    for name, network in networks.items():
        assert not network.training
        assert scores[name].frames.shape == (5, recipe.output_frames, 10)
        assert scores[name].clips.shape == (5, 10)
        for clip in range(5):  # whatever the batch: 2 + 2 + 1
            audio = torch.from_numpy(pool.audio[clip : clip + 1])
            with torch.no_grad():
                strong, weak = network(front_end(front_end.magnitudes(audio)))
            np.testing.assert_allclose(scores[name].frames[clip], strong[0].T, atol=1e-6)
            np.testing.assert_allclose(scores[name].clips[clip], weak[0], atol=1e-6)
    assert np.abs(scores["student"].frames - scores["teacher"].frames).max() > 1e-3


def test_some_clips_can_be_chosen(networks):
    recipe, pool = tiny_recipe(), tiny_pools()["strong_validation"]
    front_end = LogMel(recipe.features)
    whole, some = (score_clips(networks, front_end, pool, recipe, chosen) for chosen in (None, range(1, 4)))
    np.testing.assert_allclose(some["student"].frames, whole["student"].frames[1:4], atol=1e-6)


def test_the_slow_intersection_f1_knows_the_obvious_cases():
    recipe, pool = load_recipe("dcase2023"), tiny_pools()["strong_validation"]
    perfect = np.zeros((5, 625, 10), dtype=np.float32)  # frames of 16 ms: finer than any event
    from dcase_baseline.soundscapes import CLASSES

    for clip, events in enumerate(pool.events):
        for onset, offset, label in events:
            perfect[clip, int(onset / 0.016) : int(np.ceil(offset / 0.016)), CLASSES.index(label)] = 1
    present = {label for events in pool.events for _, _, label in events}
    share = len(present) / 10  # a class that is not there has no true positive and counts 0
    assert recipe.model.n_classes == 10
    assert intersection_f1(perfect, pool, 0.5, 0.5, 0.016) == pytest.approx(share)
    assert intersection_f1(perfect, pool, 0.7, 0.7, 0.016) == pytest.approx(share)
    assert intersection_f1(0 * perfect, pool, 0.5, 0.5, 0.016) == 0
    assert intersection_f1(perfect[::-1], pool, 0.5, 0.5, 0.016) < share
    assert runs(np.array([1, 1, 0, 1], dtype=bool), 0.5) == [(0, 1), (1.5, 2)]
