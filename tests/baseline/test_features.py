from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from dcase_baseline import features
from dcase_baseline.features import LogMel, StftMel, front_end_name, mel_filters
from dcase_baseline.recipe import load_recipe

from tests.baseline.parity import PARITY, waveform

CONFIG = load_recipe("dcase2023").features


@pytest.mark.parametrize("name", ["mel", "log_mel", "features"])
def test_features_are_those_of_the_published_baseline(name):
    front_end = LogMel(CONFIG)
    mel = front_end.magnitudes(waveform())  # (1, 128, 626)
    ours = {"mel": mel, "log_mel": front_end.decibels(mel), "features": front_end(mel)}[name]
    assert ours.shape == (1, 128, 626)
    assert np.abs(ours[0].numpy() - PARITY[name]).max() <= 1e-5


# In a separate process: the stub in place of torchaudio's compiled part must not reach any other test.
TORCHAUDIO = """
import json, sys, types
extension = types.ModuleType("torchaudio._extension")
extension.fail_if_no_align = lambda function: function
extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
sys.modules["torchaudio._extension"] = extension
import torch
import torchaudio
from dcase_baseline.features import LogMel, StftMel, front_end_name
from dcase_baseline.recipe import load_recipe

equal = {}
for name in ("dcase2023", "smoke"):
    config = load_recipe(name).features
    torch.manual_seed(0)
    audio = torch.randint(-32768, 32767, (3, 160_000), dtype=torch.int16)
    theirs = LogMel(config)
    equal[name] = [type(theirs.mel).__module__.split(".")[0]]
    mel = theirs.magnitudes(audio)
    equal[name].append(torch.equal(mel, StftMel(config)(audio.float() / 32768)))
    to_db = torchaudio.transforms.AmplitudeToDB(stype="amplitude")
    to_db.amin = 1e-5
    equal[name].append(torch.equal(to_db(mel).clamp(-50, 80), theirs.decibels(mel)))
print(json.dumps([front_end_name(), torchaudio.__version__, equal]))
"""


def test_the_own_front_end_equals_torchaudio_bit_for_bit():
    result = subprocess.run([sys.executable, "-c", TORCHAUDIO], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    name, version, equal = json.loads(result.stdout)
    assert name == f"torchaudio {version}"
    assert equal == {"dcase2023": ["torchaudio", True, True], "smoke": ["torchaudio", True, True]}


@pytest.mark.parametrize("error", [ImportError, OSError, RuntimeError])
def test_a_torchaudio_that_cannot_be_imported_is_done_without(monkeypatch, error):
    def fail(name):
        raise error(name)

    features._torchaudio.cache_clear()
    monkeypatch.setattr(features.importlib, "import_module", fail)
    try:
        assert front_end_name() == "torch.stft"
        assert isinstance(features.mel_front_end(CONFIG), StftMel)
    finally:
        monkeypatch.undo()
        features._torchaudio.cache_clear()


def test_mel_filters_are_triangles_that_share_each_frequency():
    filters = mel_filters(CONFIG).numpy()  # (1025, 128)
    hz = np.linspace(0, 8000, 1025)
    mels = 2595 * np.log10(1 + hz / 700)
    spacing = 2595 * np.log10(1 + 8000 / 700) / 129
    inside = (mels >= spacing) & (mels <= 128 * spacing)  # between the first and the last peak
    assert filters.shape == (1025, 128)
    assert (filters.max(axis=0) > 0).all()
    np.testing.assert_allclose(filters.sum(axis=1)[inside], 1, atol=1e-3)
    assert ((filters > 0).sum(axis=1) <= 2).all()
    np.testing.assert_allclose(mels[filters.argmax(axis=0)], spacing * np.arange(1, 129), atol=spacing)


def test_integer_samples_are_fractions_of_full_scale():
    front_end = LogMel(CONFIG)
    audio = torch.randint(-32768, 32767, (2, 160_000), dtype=torch.int16)
    assert torch.equal(front_end.magnitudes(audio), front_end.magnitudes(audio.double().div(32768).float()))


def test_each_clip_is_scaled_on_its_own_and_silence_stays_finite():
    front_end = LogMel(CONFIG)
    audio = torch.cat([waveform(), 0.01 * waveform(), torch.zeros(1, 160_000)])
    scaled = front_end(front_end.magnitudes(audio))  # (3, 128, 626)
    assert scaled[:2].amin(dim=(1, 2)).tolist() == [0, 0]
    np.testing.assert_allclose(scaled[:2].amax(dim=(1, 2)), 1, atol=1e-6)
    assert scaled[2].abs().max() == 0
    alone = front_end(front_end.magnitudes(audio[1:2]))
    torch.testing.assert_close(scaled[1:2], alone, atol=1e-6, rtol=0)


def test_decibels_are_clamped_at_both_ends():
    magnitudes = torch.tensor([[[0.0, 1e-9, 1e-5, 10 ** (-50 / 20), 1.0, 10.0, 1e4, 1e6]]])
    expected = torch.tensor([[[-50.0, -50, -50, -50, 0, 20, 80, 80]]])
    torch.testing.assert_close(LogMel(CONFIG).decibels(magnitudes), expected, atol=1e-5, rtol=0)
