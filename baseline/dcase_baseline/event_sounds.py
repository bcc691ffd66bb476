"""Ten generators of sound events, one for each DESED class: how the sound is made, in a few lines each.

A generator takes a random generator and a number of samples and returns that many samples at 16 kHz, float64, sounding
from the first to the last, at any level. They are caricatures: distinct enough to be learnt in a minute, with the
spectral and temporal habits of their class. Speed comes from two tricks: coloured noise is drawn in the frequency
domain, and a harmonic sound of changing pitch reads one period from a table.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
LOOP_LENGTH = 80_000
TABLE_LENGTH = 4096  # samples in one period of a harmonic sound; errors stay 60 dB below it

Signal = npt.NDArray[np.float64]
Rng = np.random.Generator
Gain = Callable[[Signal], Signal]  # frequency in Hz -> amplitude


def coloured_noise(rng: Rng, n: int, gain: Gain) -> Signal:
    """Gaussian noise with the given amplitude spectrum, shape (n,), of unit power.

    Longer noise is a loop of 5 s. It has no seam, since an inverse FFT is periodic.
    """
    size = min(-(-n // 1000) * 1000, LOOP_LENGTH)  # no large prime factor: the FFT is fast
    hz = np.arange(size // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / size)  # (size // 2 + 1,)
    spectrum = rng.standard_normal((len(hz), 2)).view(np.complex128)[:, 0]  # (size // 2 + 1,)
    noise = np.fft.irfft(spectrum * gain(hz), size)  # (size,)
    noise /= np.sqrt(np.mean(noise**2)) + 1e-12
    return np.resize(noise, n)  # (n,)


def band(low_hz: float, high_hz: float, order: int = 2) -> Gain:
    """A smooth band-pass: 1 inside, falling by 6 * order dB an octave outside."""

    def gain(hz: Signal) -> Signal:
        above = 1 / (1 + (hz / high_hz) ** (2 * order))
        below = 1 - 1 / (1 + (hz / low_hz) ** (2 * order))
        return np.sqrt(above * below)

    return gain


def peaks(*centres_hz: float, width_hz: float, floor: float = 0.05) -> Gain:
    """Resonances of equal height and half-width ``width_hz`` over a constant floor."""

    def gain(hz: Signal) -> Signal:
        offsets = (hz - np.array(centres_hz)[:, None]) / width_hz  # (n_centres, len(hz))
        return floor + (1 / (1 + offsets**2)).sum(axis=0)

    return gain


def harmonics(f0_hz: Signal, gain: Gain) -> Signal:
    """A harmonic sound of changing pitch, shape of ``f0_hz`` (n,), of unit power.

    The spectrum is ``gain`` at the multiples of the mean pitch, up to 7 kHz for the highest pitch.
    """
    count = max(1, int(7000 / f0_hz.max()))
    k = np.arange(1, count + 1)  # (count,)
    half = np.zeros(TABLE_LENGTH // 2 + 1, dtype=np.complex128)
    # Schroeder's phases spread the period's energy: no click once a period.
    half[1 : count + 1] = gain(k * f0_hz.mean()) * np.exp(-1j * np.pi * k * k / count)
    period = np.fft.irfft(half)  # (TABLE_LENGTH,)
    period /= np.sqrt(np.mean(period**2)) + 1e-12
    phase = np.cumsum(f0_hz) * (TABLE_LENGTH / SAMPLE_RATE)  # (n,) in table samples
    return period[phase.astype(np.int64) % TABLE_LENGTH]  # (n,)


def wander(rng: Rng, n: int, rate_hz: float) -> Signal:
    """A slow random curve between -1 and 1 with a corner every ``1 / rate_hz`` s, shape (n,)."""
    corners = int(n / SAMPLE_RATE * rate_hz) + 2
    return np.interp(np.arange(n) * (rate_hz / SAMPLE_RATE), np.arange(corners), rng.uniform(-1, 1, corners))


def burst(n: int, attack_s: float, decay_s: float) -> Signal:
    """A linear rise, then an exponential fall, shape (n,)."""
    t = np.arange(n) / SAMPLE_RATE
    return np.minimum(t / attack_s, 1.0) * np.exp(-np.maximum(t - attack_s, 0) / decay_s)


def repeated(rng: Rng, n: int, period_s: tuple[float, float], sound: Callable[[], Signal]) -> Signal:
    """Sounds one after the other, a random period apart; the first starts at 0, shape (n,)."""
    out = np.zeros(n)
    start = 0
    while start < n:
        one = sound()[: n - start]
        out[start : start + len(one)] += one
        start += int(rng.uniform(*period_s) * SAMPLE_RATE)
    return out


def alarm_bell_ringing(rng: Rng, n: int) -> Signal:
    """Beeps, a two-tone siren or a bell struck again and again."""
    f0, rate_hz = rng.uniform(900, 2500), rng.uniform(4, 8)
    t = np.arange(n) / SAMPLE_RATE
    kind = rng.integers(3)
    if kind == 0:
        on = (t * rate_hz) % 1 < 0.7
        return harmonics(np.full(n, f0), lambda hz: (f0 / hz) ** 2) * on
    if kind == 1:
        second = (t * rate_hz) % 1 < 0.5
        return harmonics(np.where(second, f0, f0 * rng.uniform(1.15, 1.4)), lambda hz: (f0 / hz) ** 2)
    partials = f0 * np.array([1.0, 2.76, 5.4])[:, None]  # (3, 1): of a struck bar
    length = int(0.5 * SAMPLE_RATE)
    tail = t[:length] if length <= n else np.arange(length) / SAMPLE_RATE
    stroke = (np.sin(2 * np.pi * partials * tail) * (partials < 7500)).sum(0) * burst(length, 0.002, 0.15)
    return repeated(rng, n, (1 / rate_hz, 1 / rate_hz), lambda: stroke)


def blender(rng: Rng, n: int) -> Signal:
    """A low motor that spins up, under a band of noise that shakes with the load."""
    t = np.arange(n) / SAMPLE_RATE
    f0 = rng.uniform(110, 190) * (1 - 0.5 * np.exp(-t / 0.2)) * (1 + 0.03 * wander(rng, n, 4))
    motor = harmonics(f0, lambda hz: 1 / (1 + hz / 600))
    noise = coloured_noise(rng, n, band(500, 2500))
    return motor + rng.uniform(0.6, 1.0) * noise * (1 + 0.5 * wander(rng, n, 8))


def cat(rng: Rng, n: int) -> Signal:
    """Meows: a pitch that rises and falls, through an opening mouth."""
    base_hz, mouth_hz = rng.uniform(420, 650), rng.uniform(1200, 2200)

    def meow() -> Signal:
        length = int(rng.uniform(0.5, 0.9) * SAMPLE_RATE)
        arc = np.sin(np.pi * np.arange(length) / length)  # (length,) 0 -> 1 -> 0
        return harmonics(base_hz * (0.8 + 0.5 * arc), peaks(mouth_hz, width_hz=500)) * arc**0.5

    return repeated(rng, n, (0.7, 1.1), meow)


def dishes(rng: Rng, n: int) -> Signal:
    """Clinks: a few dishes with inharmonic partials that ring briefly, struck at random."""
    length = int(0.2 * SAMPLE_RATE)
    t = np.arange(length) / SAMPLE_RATE
    decay = burst(length, 0.001, rng.uniform(0.02, 0.05))
    dish = [
        (np.sin(2 * np.pi * rng.uniform(1800, 7500, (5, 1)) * t) * rng.uniform(0.3, 1, (5, 1))).sum(0) * decay
        for _ in range(3)
    ]
    return repeated(rng, n, (0.05, 0.3), lambda: dish[rng.integers(3)] * rng.uniform(0.4, 1))


def dog(rng: Rng, n: int) -> Signal:
    """Barks: short bursts of a falling, rough voice."""
    base_hz, throat_hz = rng.uniform(280, 480), rng.uniform(800, 1300)

    def bark() -> Signal:
        length = int(rng.uniform(0.14, 0.24) * SAMPLE_RATE)
        fall = np.linspace(1.2, 0.7, length)
        voice = harmonics(base_hz * fall, peaks(throat_hz, width_hz=400))
        breath = coloured_noise(rng, length, band(500, 3000))
        return (voice + 0.5 * breath) * burst(length, 0.02, 0.08)

    return repeated(rng, n, (0.25, 0.5), bark)


def electric_shaver_toothbrush(rng: Rng, n: int) -> Signal:
    """A steady buzz, rich in harmonics, hardly any noise."""
    f0 = rng.uniform(210, 280) * (1 + 0.01 * wander(rng, n, 2))
    buzz = harmonics(f0, peaks(rng.uniform(3000, 4500), width_hz=1500, floor=0.3))
    return buzz + 0.1 * coloured_noise(rng, n, band(2000, 6000))


def frying(rng: Rng, n: int) -> Signal:
    """A hiss of hot fat, with crackles at random."""
    hiss = coloured_noise(rng, n, band(rng.uniform(2500, 3500), 7500))
    crackle = np.zeros(n)
    hits = rng.integers(n, size=max(1, int(n / SAMPLE_RATE * rng.uniform(20, 60))))
    crackle[hits] = rng.uniform(5, 25, len(hits)) * rng.choice([-1.0, 1.0], len(hits))
    return hiss + np.convolve(crackle, [1.0, -0.8, 0.5, -0.3, 0.2])[:n]


def running_water(rng: Rng, n: int) -> Signal:
    """A stream: bright noise over two resonances that gurgle."""
    stream = coloured_noise(rng, n, band(1000, 4000, order=1))
    low, high = rng.uniform(450, 650), rng.uniform(900, 1400)
    gurgle = coloured_noise(rng, n, peaks(low, high, width_hz=60, floor=0.0))
    return stream + gurgle * np.maximum(wander(rng, n, 14) + 0.2, 0) * 4


def speech(rng: Rng, n: int) -> Signal:
    """Syllables: a gliding voice through three formants, some opened by a fricative."""
    base_hz = rng.uniform(95, 230)

    def syllable() -> Signal:
        length = int(rng.uniform(0.12, 0.22) * SAMPLE_RATE)
        formants = (rng.uniform(300, 800), rng.uniform(900, 2200), rng.uniform(2300, 3000))
        pitch = base_hz * np.linspace(rng.uniform(0.9, 1.2), rng.uniform(0.8, 1.1), length)
        voice = harmonics(pitch, peaks(*formants, width_hz=90)) * np.sin(np.pi * np.arange(length) / length) ** 0.5
        if rng.random() < 0.3:
            fricative = int(0.06 * SAMPLE_RATE)
            voice[:fricative] += 0.5 * coloured_noise(rng, fricative, band(3500, 7000))
        return voice

    return repeated(rng, n, (0.16, 0.3), syllable)


def vacuum_cleaner(rng: Rng, n: int) -> Signal:
    """A roar of air with the whine of a fast motor on top."""
    f0 = rng.uniform(420, 650) * (1 + 0.005 * wander(rng, n, 1))
    roar = coloured_noise(rng, n, band(100, 500, order=1))
    return roar + harmonics(f0, lambda hz: 1 / (1 + (hz / 1500) ** 2))


# In index order of the targets; short sounds come and go, long ones stay.
GENERATORS: dict[str, Callable[[Rng, int], Signal]] = {
    "Alarm_bell_ringing": alarm_bell_ringing,
    "Blender": blender,
    "Cat": cat,
    "Dishes": dishes,
    "Dog": dog,
    "Electric_shaver_toothbrush": electric_shaver_toothbrush,
    "Frying": frying,
    "Running_water": running_water,
    "Speech": speech,
    "Vacuum_cleaner": vacuum_cleaner,
}
SHORT = frozenset({"Alarm_bell_ringing", "Cat", "Dishes", "Dog", "Speech"})
