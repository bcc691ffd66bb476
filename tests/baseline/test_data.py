from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from dcase_baseline.batches import BatchLoader
from dcase_baseline.data import Pool, SyntheticSource, encode_strong, encode_weak, load_pools
from dcase_baseline.recipe import load_recipe
from dcase_baseline.soundscapes import soundscape

from tests.baseline.tiny import SUBSETS, tiny_pools, tiny_recipe

PUBLISHED = load_recipe("dcase2023")
DOG = 4


def marked_pool(subset: str, n: int, value: int, recipe=PUBLISHED) -> Pool:
    """Clips of four samples that say where they come from: value, then their index."""
    audio = np.array([[value, index, 0, 0] for index in range(n)], dtype=np.int16)
    target = np.zeros((n, recipe.model.n_classes, recipe.output_frames), dtype=np.uint8)
    target[np.arange(n), 0, np.arange(n) % recipe.output_frames] = 1
    weak = np.zeros((n, recipe.model.n_classes), dtype=np.uint8)
    weak[np.arange(n), np.arange(n) % 10] = 1
    return Pool(subset, tuple(map(str, range(n))), audio, None, target, weak, "marked")


def marked_pools(strong=300, weak=1420, unlabelled=500, recipe=PUBLISHED):
    sizes = {"strong": strong, "weak": weak, "unlabelled": unlabelled}
    return {name: marked_pool(name, n, value, recipe) for value, (name, n) in enumerate(sizes.items(), start=1)}


# Frames are 64 ms. From int(onset / 64 ms) up to, not including, ceil(offset / 64 ms).
@pytest.mark.parametrize(
    ("onset", "offset", "first", "stop"),
    [
        (0.0, 10.0, 0, 156),  # the last 16 ms of the clip have no frame
        (0.0, 0.001, 0, 1),
        (0.064, 0.128, 1, 2),  # on the boundaries: that frame alone
        (0.063, 0.129, 0, 3),
        (0.640, 1.280, 10, 20),
        (9.983, 9.984, 155, 156),
        (9.984, 10.0, 0, 0),  # beyond the last frame
        (0.5, 0.5, 7, 8),  # no length, inside a frame: that frame
        (0.64, 0.64, 0, 0),  # no length, on a boundary: nothing
        (-1.0, 0.1, 0, 2),
        (9.9, 12.0, 154, 156),
        (11.0, 12.0, 0, 0),
    ],
)
def test_events_mark_the_frames_they_touch(onset, offset, first, stop):
    target = encode_strong([(onset, offset, "Dog")], PUBLISHED)
    assert target.shape == (10, 156)
    assert np.flatnonzero(target[DOG]).tolist() == list(range(first, stop))
    assert target.sum() == max(0, stop - first)


def test_a_time_on_a_frame_boundary_is_on_it():
    # 2.752 / 0.064 is 42.99999999999999 in floats; a dozen other boundaries go wrong like it.
    for frame in range(156):
        target = encode_strong([(round(0.064 * frame, 3), round(0.064 * (frame + 1), 3), "Dog")], PUBLISHED)
        assert np.flatnonzero(target[DOG]).tolist() == [frame]


def test_events_of_one_class_and_of_several_add_up():
    target = encode_strong([(0.0, 0.1, "Dog"), (0.1, 0.3, "Dog"), (0.0, 0.05, "Cat")], PUBLISHED)
    assert [np.flatnonzero(row).tolist() for row in target[[2, DOG]]] == [[0], [0, 1, 2, 3, 4]]
    assert encode_strong([], PUBLISHED).sum() == 0


def test_an_output_frame_is_the_recipes():
    target = encode_strong([(0.256, 0.513, "Dog")], tiny_recipe())  # frames of 256 ms
    assert target.shape == (10, 39)
    assert np.flatnonzero(target[DOG]).tolist() == [1, 2]


def test_weak_labels_are_the_classes_there():
    assert np.flatnonzero(encode_weak({"Speech", "Cat"})).tolist() == [2, 8]
    assert encode_weak([]).sum() == 0


@pytest.mark.parametrize(
    "encode", [lambda label: encode_weak([label]), lambda label: encode_strong([(0, 1, label)], PUBLISHED)]
)
def test_an_unknown_label_is_named(encode):
    with pytest.raises(ValueError, match=r"expected one of Alarm_bell_ringing, .* found 'dog'"):
        encode("dog")


def test_pools_hold_what_their_subset_is_labelled_with():
    pools = tiny_pools()
    assert tuple(pools) == SUBSETS
    held = {name: (p.events is not None, p.strong is not None, p.weak is not None) for name, p in pools.items()}
    strong, weak, none = (True, True, False), (False, False, True), (False, False, False)
    assert list(held.values()) == [strong, weak, none, weak, strong, strong]
    assert [len(pool) for pool in pools.values()] == [6, 7, 12, 3, 5, 4]
    audio, events = soundscape(3, "strong", 5)
    np.testing.assert_array_equal(pools["strong"].audio[5], audio)
    assert list(pools["strong"].events[5]) == events
    np.testing.assert_array_equal(pools["strong"].strong[5], encode_strong(events, tiny_recipe()))
    labels = {label for _, _, label in soundscape(3, "weak", 6)[1]}
    np.testing.assert_array_equal(pools["weak"].weak[6], encode_weak(labels))
    assert len({clip for pool in pools.values() for clip in pool.clips}) == 37


def test_other_sizes_can_be_asked_for():
    pools = load_pools(SyntheticSource(), tiny_recipe(), {"strong": 2, "test": tiny_recipe().clips["test"]})
    assert {name: len(pool) for name, pool in pools.items()} == {"strong": 2, "test": 4}


def test_a_recipe_of_another_geometry_is_refused():
    recipe = tiny_recipe()
    other = replace(recipe, features=replace(recipe.features, clip_duration_s=5.0))
    with pytest.raises(ValueError, match="80000"):
        SyntheticSource().load(other, "strong", 1)


UNGUARDED = """
import hashlib, torch
from dcase_baseline.data import SyntheticSource
from dcase_baseline.recipe import load_recipe
for workers in (1, 2):
    pool = SyntheticSource(seed=1, workers=workers).load(load_recipe("smoke"), "strong", 70)
    print(hashlib.sha256(pool.audio.tobytes() + repr(pool.events).encode()).hexdigest())
"""


def test_workers_make_the_same_clips_and_do_not_run_the_script_again(tmp_path):
    # A script without a guard, with torch loaded: a forked worker could hang, a spawned one would run it again.
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    alone, together = result.stdout.split()
    assert alone == together


@pytest.mark.parametrize(("size", "steps"), [(48, 118), (4, 1420)])
def test_an_epoch_goes_once_through_the_scarcest_subset(size, steps):
    recipe = PUBLISHED.with_batch_size(size)
    loader = BatchLoader(recipe, marked_pools(strong=10_000, unlabelled=14_412), seed=0)
    orders = loader.order(1, recipe.steps_per_epoch)
    assert [order.shape for order in orders] == [(steps, size // 4), (steps, size // 4), (steps, size // 2)]
    for order in orders:
        assert len(np.unique(order)) == order.size


def test_a_batch_is_strong_then_weak_then_unlabelled():
    loader = BatchLoader(PUBLISHED, marked_pools(), seed=0)
    batches = list(loader.epoch(1, 4))
    assert len(batches) == 4
    for step, batch in enumerate(batches):
        assert batch.audio.dtype == torch.int16
        assert batch.audio[:, 0].tolist() == [1] * 12 + [2] * 12 + [3] * 24
        assert (batch.strong.shape, batch.weak.shape) == ((12, 10, 156), (12, 10))
        assert batch.strong.dtype == batch.weak.dtype == torch.float32
        order = [indices[step].tolist() for indices in loader.order(1, 4)]
        assert batch.audio[:, 1].tolist() == [index for part in order for index in part]
        assert batch.strong[:, 0].argmax(dim=1).tolist() == [index % 156 for index in order[0]]
        assert batch.weak.argmax(dim=1).tolist() == [index % 10 for index in order[1]]


def test_an_epoch_has_the_steps_of_the_recipe():
    recipe = tiny_recipe()
    assert len(list(BatchLoader(recipe, tiny_pools(), seed=0).epoch(1))) == recipe.steps_per_epoch == 3


def test_orders_follow_from_seed_epoch_and_subset():
    loader = BatchLoader(PUBLISHED, marked_pools(1420, 1420, 2840), seed=0)
    first = loader.order(1, 118)
    again = BatchLoader(PUBLISHED, marked_pools(1420, 1420, 2840), seed=0).order(1, 118)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])  # strong and weak are shuffled on their own
    assert not np.array_equal(first[0], loader.order(2, 118)[0])
    assert not np.array_equal(first[0], BatchLoader(PUBLISHED, marked_pools(1420), seed=1).order(1, 118)[0])


def test_a_small_pool_is_gone_through_again_and_that_is_said():
    loader = BatchLoader(PUBLISHED, marked_pools(strong=100, unlabelled=20_000), seed=0)
    strong = loader.order(1, 118)[0].reshape(-1)  # 1416 of 100 clips
    rounds = strong[:1400].reshape(14, 100)
    assert (np.sort(rounds, axis=1) == np.arange(100)).all()
    assert len({tuple(order) for order in rounds}) == 14


def test_an_epoch_can_be_left_early():
    loader = BatchLoader(PUBLISHED, marked_pools(), seed=0)
    batches = loader.epoch(1)
    next(batches)
    batches.close()
    assert len(list(loader.epoch(1, 2))) == 2


def test_the_next_batch_is_made_while_the_last_is_used():
    loader = BatchLoader(PUBLISHED, marked_pools(), seed=0)
    made = []
    make = loader._make
    loader._make = lambda order, step: made.append(step) or make(order, step)
    batches = loader.epoch(1, 4)
    next(batches)
    next(batches)
    batches.close()  # waits for the thread
    assert made == [0, 1, 2]


def test_an_error_in_the_thread_reaches_the_loop():
    loader = BatchLoader(PUBLISHED, marked_pools(), seed=0)
    loader.weak = loader.weak[:3]
    with pytest.raises(IndexError):
        list(loader.epoch(1, 4))


def test_batches_need_clips_and_targets():
    pools = marked_pools()
    with pytest.raises(ValueError, match="found none of weak, unlabelled"):
        BatchLoader(PUBLISHED, {"strong": pools["strong"], "weak": marked_pool("weak", 0, 2)}, seed=0)
    with pytest.raises(ValueError, match="targets"):
        BatchLoader(PUBLISHED, {**pools, "weak": replace(pools["weak"], weak=None)}, seed=0)
