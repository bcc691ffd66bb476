"""Soundscapes made on the spot: ten seconds, one to three events of the DESED classes over a background.

A clip depends on (seed, subset, index, profile) and on nothing else, so any clip can be made again alone, in any order
and by any number of workers. NumPy may change a distribution's stream between releases and processors may differ in
the last bit of a sine: hash the events, and allow a step of one in the audio.

They exercise the whole pipeline, and energy per step does not depend on what the audio says. They are no substitute for
DESED: a network trained on them detects nothing in real recordings, and scores on them are comparable with nothing.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcase_baseline.event_sounds import GENERATORS, SAMPLE_RATE, SHORT, Rng, Signal, coloured_noise

CLASSES = tuple(GENERATORS)
CLIP_DURATION_S = 10.0
N_SAMPLES = round(CLIP_DURATION_S * SAMPLE_RATE)
SAME_CLASS_GAP_S = 0.15  # two events of one class are at least this far apart
FADE_S = 0.01
MAX_TRIES = 20  # to place an event; a clip too full for it stays without

Event = tuple[float, float, str]  # onset_s, offset_s, label


@dataclass(frozen=True, slots=True)
class Profile:
    """How hard a set is. Durations in s, foreground-to-background ratio in dB."""

    short_s: tuple[float, float]
    long_s: tuple[float, float]
    short_weight: float  # of each short class against 1 for each long one
    snr_db: tuple[float, float]


PROFILES = {
    # Short sounds are drawn more often, since long ones fill more frames.
    "easy": Profile(short_s=(0.8, 3.0), long_s=(2.5, 6.0), short_weight=13 / 7, snr_db=(12.0, 30.0)),
    # The range of DESED's own synthetic soundscapes.
    "hard": Profile(short_s=(0.4, 2.5), long_s=(3.0, 9.5), short_weight=1.0, snr_db=(6.0, 30.0)),
}


def soundscape(seed: int, subset: str, index: int, profile: str = "easy") -> tuple[npt.NDArray[np.int16], list[Event]]:
    """Make one clip.

    Parameters
    ----------
    seed, subset, index
        Which clip: of which set, of which part of it, and its number there.
    profile
        ``easy`` or ``hard``.

    Returns
    -------
    audio
        Shape (160000,), int16, 16 kHz.
    events
        (onset_s, offset_s, label), by onset; whole milliseconds, inside the clip.

    Examples
    --------
    >>> audio, events = soundscape(0, "strong", 0)
    >>> audio.shape, 1 <= len(events) <= 3
    ((160000,), True)
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(subset.encode()), index])))
    settings = PROFILES[profile]
    events = place_events(rng, settings)
    room = room_response(rng) if rng.random() < 0.5 else None
    mixture = background(rng)  # (160000,), power 1
    for onset_s, offset_s, label in events:
        start, stop = round(onset_s * SAMPLE_RATE), round(offset_s * SAMPLE_RATE)
        sound = _faded(GENERATORS[label](rng, stop - start))  # (stop - start,)
        sound *= 10 ** (rng.uniform(*settings.snr_db) / 20) / (np.sqrt(np.mean(sound**2)) + 1e-12)
        sound = sound if room is None else reverberated(sound, room)[: N_SAMPLES - start]
        mixture[start : start + len(sound)] += sound
    mixture *= 10 ** (rng.uniform(-56, -46) / 20)
    mixture *= min(1.0, 0.99 / np.abs(mixture).max())  # never clip
    return np.rint(mixture * 32767).astype(np.int16), events


def make_clips(
    seed: int, subset: str, indices: range, profile: str = "easy"
) -> tuple[npt.NDArray[np.int16], list[list[Event]]]:
    """Make several clips: audio of shape (len(indices), 160000) and the events of each."""
    clips = [soundscape(seed, subset, index, profile) for index in indices]
    audio = np.stack([clip[0] for clip in clips]) if clips else np.empty((0, N_SAMPLES), np.int16)
    return audio, [clip[1] for clip in clips]


def place_events(rng: Rng, profile: Profile) -> list[Event]:
    """Draw one to three events; of one class they do not overlap."""
    weights = np.array([profile.short_weight if label in SHORT else 1.0 for label in CLASSES])
    events: list[Event] = []
    for _ in range(rng.integers(1, 4)):
        for _ in range(MAX_TRIES):
            label = CLASSES[rng.choice(len(CLASSES), p=weights / weights.sum())]
            duration_ms = round(1000 * rng.uniform(*(profile.short_s if label in SHORT else profile.long_s)))
            onset_ms = int(rng.integers(0, round(1000 * CLIP_DURATION_S) - duration_ms + 1))
            event = (onset_ms / 1000, (onset_ms + duration_ms) / 1000, label)
            if not any(_collides(event, other) for other in events):
                events.append(event)
                break
    return sorted(events)


def background(rng: Rng) -> Signal:
    """Pink noise of power 1, with mains hum in half of the clips; shape (160000,)."""
    noise = coloured_noise(rng, N_SAMPLES, lambda hz: 1 / np.sqrt(np.maximum(hz, 40.0)))
    if rng.random() < 0.5:
        period = SAMPLE_RATE // int(rng.choice([50, 100]))  # in samples
        hum = np.sin(2 * np.pi * np.arange(period) / period)  # (period,)
        noise += rng.uniform(0.1, 0.5) * np.resize(hum, N_SAMPLES)
    return noise


def room_response(rng: Rng) -> Signal:
    """The direct sound, then noise that decays by 60 dB in 50 to 250 ms; shape (800 to 4000,)."""
    n = int(rng.uniform(0.05, 0.25) * SAMPLE_RATE)
    response = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)  # (n,)
    response *= rng.uniform(0.2, 0.6) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return response


def reverberated(sound: Signal, room: Signal) -> Signal:
    """Play a sound, shape (n,), in a room; shape (at least n + len(room) - 1,)."""
    size = -(-(len(sound) + len(room)) // 1000) * 1000  # nothing wraps around
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)  # (size,)


def _collides(event: Event, other: Event) -> bool:
    apart = event[0] - other[1] >= SAME_CLASS_GAP_S or other[0] - event[1] >= SAME_CLASS_GAP_S
    return event[2] == other[2] and not apart


def _faded(sound: Signal) -> Signal:
    """Fade in and out over 10 ms: no click at either end."""
    n = int(FADE_S * SAMPLE_RATE)
    ramp = np.arange(n) / n
    sound[:n] *= ramp
    sound[-n:] *= ramp[::-1]
    return sound
