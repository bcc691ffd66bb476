"""What the published 2023 baseline computes, and the waveform and weights it computed it for.

``data/crnn_parity.npz`` was made with DCASE-REPO/DESED_task at f7dc296; how to make waveform and weights again is part
of its description.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

PARITY = np.load(Path(__file__).parent / "data" / "crnn_parity.npz")
NAMES: list[tuple[str, list[int]]] = [(name, shape) for name, shape in json.loads(str(PARITY["names"]))]


def waveform() -> Tensor:
    """Shape (1, 160000): a tone that comes and goes, a sweep, noise."""
    n = np.arange(160_000, dtype=np.float64)
    tone = np.where(n // 16_000 % 2 == 0, 0.3 * np.sin(2 * np.pi * 440 * n / 16_000), 0.0)
    sweep = 0.2 * np.sin(2 * np.pi * (200 + 150 * n / 16_000) * n / 16_000)
    noise = 0.05 * np.random.default_rng(0).standard_normal(160_000)
    return torch.from_numpy((tone + sweep + noise).astype(np.float32))[None]


def weights() -> dict[str, Tensor]:
    """A state dict whose every entry follows from its name."""
    state = {}
    for name, shape in NAMES:
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
            continue
        value = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
        value *= np.float32(0.08)
        if name.endswith("running_var"):
            value = np.abs(value) + np.float32(0.5)
        elif "batchnorm" in name and name.endswith(".weight"):
            value += np.float32(1)
        state[name] = torch.from_numpy(value)
    return state
