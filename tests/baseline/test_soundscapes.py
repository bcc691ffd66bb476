from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from dcase_baseline.event_sounds import GENERATORS, SHORT
from dcase_baseline.soundscapes import (
    CLASSES,
    N_SAMPLES,
    PROFILES,
    SAME_CLASS_GAP_S,
    SAMPLE_RATE,
    make_clips,
    place_events,
    soundscape,
)

DATA = Path(__file__).parent / "data"
GOLDEN = [
    (0, "strong", 0, "easy"),
    (0, "strong", 1, "easy"),
    (0, "test", 7, "easy"),
    (5, "weak", 2, "hard"),
    (5, "test", 99, "hard"),
]


def name(key: tuple) -> str:
    return "/".join(map(str, key))


def test_classes_are_those_of_desed_in_order():
    assert CLASSES == (
        "Alarm_bell_ringing",
        "Blender",
        "Cat",
        "Dishes",
        "Dog",
        "Electric_shaver_toothbrush",
        "Frying",
        "Running_water",
        "Speech",
        "Vacuum_cleaner",
    )


def test_events_are_those_of_the_reviewed_file():
    lines = [
        f"{name(key)}\t{onset:.3f}\t{offset:.3f}\t{label}"
        for key in GOLDEN
        for onset, offset, label in soundscape(*key)[1]
    ]
    assert ["clip\tonset\toffset\tevent_label", *lines] == (DATA / "soundscape_events.tsv").read_text().splitlines()


def test_levels_are_those_of_the_reviewed_file():
    # Mean magnitude in each second. Not the samples: another processor's sine may differ in the last bit.
    rows = [line.split("\t") for line in (DATA / "soundscape_levels.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == [name(key) for key in GOLDEN]
    for key, row in zip(GOLDEN, rows, strict=True):
        levels = np.abs(soundscape(*key)[0].astype(float)).reshape(10, -1).mean(axis=1)
        np.testing.assert_allclose(levels, np.array(row[1:], dtype=float), atol=0.2)


def test_a_clip_can_be_made_again():
    first, second = soundscape(3, "weak", 11), soundscape(3, "weak", 11)
    assert first[0].dtype == np.int16
    assert first[0].shape == (N_SAMPLES,)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]


def test_a_clip_does_not_depend_on_those_before_it():
    audio, events = make_clips(3, "weak", range(8, 13))
    for index in (12, 8, 10):
        alone = soundscape(3, "weak", index)
        np.testing.assert_array_equal(audio[index - 8], alone[0])
        assert events[index - 8] == alone[1]


@pytest.mark.parametrize(
    "other", [(4, "weak", 11, "easy"), (3, "test", 11, "easy"), (3, "weak", 12, "easy"), (3, "weak", 11, "hard")]
)
def test_seed_subset_index_and_profile_each_make_another_clip(other):
    clip, another = soundscape(3, "weak", 11, "easy"), soundscape(*other)
    assert not np.array_equal(clip[0], another[0])
    assert clip[1] != another[1]


@pytest.mark.parametrize("profile", list(PROFILES))
def test_events_keep_to_the_profile(profile):
    settings, rng = PROFILES[profile], np.random.default_rng(0)
    clips = [place_events(rng, settings) for _ in range(3000)]
    assert {len(events) for events in clips} == {1, 2, 3}
    for events in clips:
        assert events == sorted(events)
        for onset, offset, label in events:
            shortest, longest = settings.short_s if label in SHORT else settings.long_s
            assert 0 <= onset < offset <= 10
            assert shortest - 0.001 <= offset - onset <= longest + 0.001
            assert [round(1000 * time) / 1000 for time in (onset, offset)] == [onset, offset]
    counts = Counter(label for events in clips for _, _, label in events)
    assert set(counts) == set(CLASSES)
    ratio = sum(counts[label] for label in SHORT) / sum(counts[label] for label in set(CLASSES) - SHORT)
    assert ratio == pytest.approx(settings.short_weight, rel=0.15)


@pytest.mark.parametrize("profile", list(PROFILES))
def test_events_of_one_class_keep_their_distance(profile):
    rng, pairs = np.random.default_rng(1), 0
    for _ in range(3000):
        by_class: dict[str, list[tuple[float, float]]] = {}
        for onset, offset, label in place_events(rng, PROFILES[profile]):
            by_class.setdefault(label, []).append((onset, offset))
        for spans in by_class.values():
            for (_, end), (start, _) in pairwise(spans):
                assert start - end >= SAME_CLASS_GAP_S - 1e-9
                pairs += 1
    assert pairs > 100  # it happens, so it was tested


@pytest.mark.parametrize("n", [6_400, 48_000, 152_000])
@pytest.mark.parametrize("label", CLASSES)
def test_a_sound_fills_its_time(label, n):
    sound = GENERATORS[label](np.random.default_rng(2), n)
    assert sound.shape == (n,)
    assert np.isfinite(sound).all()
    loudness = np.array([np.sqrt(np.mean(part**2)) for part in np.array_split(sound, n // 6_400)])  # 0.4 s each
    assert (loudness > 0.05 * loudness.max()).all()


def test_sounds_of_two_classes_differ_more_than_two_of_one():
    # Mean log spectrum in 16 bands, level removed: what a network has at least to learn from.
    def colour(label: str, seed: int) -> np.ndarray:
        power = np.abs(np.fft.rfft(GENERATORS[label](np.random.default_rng(seed), 32_000))) ** 2
        bands = np.log(np.array([part.mean() for part in np.array_split(power[1:], 16)]) + 1e-6)
        return bands - bands.mean()

    colours = np.array([[colour(label, seed) for seed in range(8)] for label in CLASSES])  # (10, 8, 16)
    centres = colours.mean(axis=1)
    within = np.sqrt(((colours - centres[:, None]) ** 2).sum(axis=-1)).mean()
    between = np.sqrt(((centres[:, None] - centres[None]) ** 2).sum(axis=-1))[~np.eye(10, dtype=bool)]
    assert np.median(between) > 1.5 * within


def test_events_stand_out_from_the_background():
    ratios = []
    for index in range(40):
        audio, events = soundscape(0, "strong", index)
        if len(events) == 1:
            (onset, offset, _) = events[0]
            power = audio.astype(float) ** 2
            start, stop = round(onset * SAMPLE_RATE), round(offset * SAMPLE_RATE)
            outside = np.concatenate([power[: max(0, start - 800)], power[stop + 5000 :]])
            ratios.append(10 * np.log10(power[start:stop].mean() / outside.mean()))
    assert len(ratios) > 5
    assert min(ratios) > 9  # 12 dB and more, reverberation apart


def test_nothing_is_clipped_and_nothing_is_silent():
    audio, _ = make_clips(0, "loud", range(40), "hard")
    assert np.abs(audio.astype(int)).max() <= round(0.99 * 32767)
    assert np.abs(audio.astype(int)).max(axis=1).min() > 300


def test_an_unknown_profile_is_refused():
    with pytest.raises(KeyError):
        soundscape(0, "strong", 0, "medium")
