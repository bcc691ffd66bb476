"""Waveform to network input: mel magnitudes, then decibels, then min-max per clip.

The two halves stand apart because mixup mixes linear magnitudes (DESED_task, local/sed_trainer.py:83-94, :230-269):

    waveform (B, 160000) -> mel magnitudes (B, 128, 626) -> [mixup] -> features in [0, 1] (B, 128, 626)

torchaudio computes the magnitudes where it can be imported. Its only wheel beside a recent CPU build of torch is a
CUDA build that cannot be, so there is an own front-end of the same operations in the same order: the result is the
same bit for bit, and a test holds that.
"""

from __future__ import annotations

import functools
import importlib
import math
from types import ModuleType

import torch
from torch import Tensor, nn

from dcase_baseline.recipe import FeatureConfig

INT16_SCALE = 1 / 32768  # what audio readers divide by; full scale is [-1, 1)


@functools.cache
def _torchaudio() -> ModuleType | None:
    """Import torchaudio, or None where it is absent or was built for another torch."""
    try:
        return importlib.import_module("torchaudio")
    except (ImportError, OSError, RuntimeError):  # OSError: a CUDA library that is not there
        return None


def front_end_name() -> str:
    """Say which code computes the mel magnitudes: ``torchaudio <version>`` or ``torch.stft``."""
    torchaudio = _torchaudio()
    return "torch.stft" if torchaudio is None else f"torchaudio {torchaudio.__version__}"


def mel_filters(config: FeatureConfig) -> Tensor:
    """Triangular filters on the HTK mel scale, not normalised (O'Shaughnessy 1987).

    Returns
    -------
    Tensor
        Shape (n_fft // 2 + 1, n_mels), float32.
    """
    low, high = (2595.0 * math.log10(1.0 + hz / 700.0) for hz in (config.f_min_hz, config.f_max_hz))
    mels = torch.linspace(low, high, config.n_mels + 2)  # band edges: left, peak, right overlap
    edges_hz = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)  # (n_mels + 2,)
    bins_hz = torch.linspace(0, config.sample_rate_hz // 2, config.n_fft // 2 + 1)  # (n_bins,)
    widths_hz = edges_hz[1:] - edges_hz[:-1]  # (n_mels + 1,)
    distance_hz = edges_hz[None, :] - bins_hz[:, None]  # (n_bins, n_mels + 2)
    rising = -distance_hz[:, :-2] / widths_hz[:-1]  # (n_bins, n_mels)
    falling = distance_hz[:, 2:] / widths_hz[1:]  # (n_bins, n_mels)
    return torch.minimum(rising, falling).clamp(min=0.0)  # (n_bins, n_mels)


class StftMel(nn.Module):
    """Mel magnitudes by ``torch.stft``: what torchaudio's ``MelSpectrogram(power=1)`` does."""

    window: Tensor
    filters: Tensor

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.n_fft, self.hop_length = config.n_fft, config.hop_length
        window = torch.hamming_window(config.window_length, periodic=False)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("filters", mel_filters(config), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Transform (B, n_samples) to (B, n_mels, n_frames)."""
        spectrum = torch.stft(
            waveform,
            self.n_fft,
            self.hop_length,
            win_length=len(self.window),
            window=self.window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )  # (B, n_bins, n_frames)
        # Frames before bins and back: the order of the product decides its last bits.
        mel = torch.matmul(spectrum.abs().transpose(-1, -2), self.filters)  # (B, n_frames, n_mels)
        return mel.transpose(-1, -2)  # (B, n_mels, n_frames)


def mel_front_end(config: FeatureConfig) -> nn.Module:
    """Build the module that maps waveforms (B, n_samples) to magnitudes (B, n_mels, n_frames)."""
    torchaudio = _torchaudio()
    if torchaudio is None:
        return StftMel(config)
    return torchaudio.transforms.MelSpectrogram(
        sample_rate=config.sample_rate_hz,
        n_fft=config.n_fft,
        win_length=config.window_length,
        hop_length=config.hop_length,
        f_min=config.f_min_hz,
        f_max=config.f_max_hz,
        n_mels=config.n_mels,
        window_fn=torch.hamming_window,
        wkwargs={"periodic": False},
        power=1,
    )


class LogMel(nn.Module):
    """The whole front-end of one recipe.

    Parameters
    ----------
    config
        The recipe's ``features`` table.
    """

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        self.mel = mel_front_end(config)

    @torch.no_grad()
    def magnitudes(self, audio: Tensor) -> Tensor:
        """Compute linear mel magnitudes.

        Parameters
        ----------
        audio
            Shape (B, n_samples): int16 samples, or floats in [-1, 1].

        Returns
        -------
        Tensor
            Shape (B, n_mels, n_frames), float32.
        """
        scale = 1.0 if audio.is_floating_point() else INT16_SCALE
        return self.mel(audio.to(torch.float32) * scale)

    def decibels(self, magnitudes: Tensor) -> Tensor:
        """Convert magnitudes to dB: 20 log10(max(x, 1e-5)), clamped to [-50, 80]; same shape."""
        # torchaudio's AmplitudeToDB would also subtract 20 * log10(reference 1) = 0.
        db = 20.0 * torch.log10(magnitudes.clamp(min=self.config.magnitude_floor))
        return db.clamp(self.config.db_min, self.config.db_max)

    @torch.no_grad()
    def forward(self, magnitudes: Tensor) -> Tensor:
        """Turn magnitudes into network input: dB, then each clip scaled to [0, 1] on its own.

        Shape (B, n_mels, n_frames) in and out. Later states of the reference scale to [-1, 1];
        the published ones do not.
        """
        db = self.decibels(magnitudes)
        low = db.amin(dim=(1, 2), keepdim=True)  # (B, 1, 1)
        high = db.amax(dim=(1, 2), keepdim=True)  # (B, 1, 1)
        return (db - low) / (high - low + self.config.scaler_epsilon)
