"""DESED from disk: what is read is what was written, and what is wrong is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from dcase_baseline.data import SyntheticSource, load_pools
from dcase_baseline.desed import DesedSource, read_clip
from dcase_baseline.desed_writer import write_desed_folder
from dcase_baseline.measured import ground_truth
from dcase_baseline.recipe import load_recipe
from dcase_baseline.soundscapes import CLASSES

from dcase_energy.errors import DesedError

RECIPE = load_recipe("smoke")
CLIPS = 8


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("desed") / "small"
    write_desed_folder(root, CLIPS, seed=3)
    return root


@pytest.fixture
def folder(written, tmp_path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "desed"))


def source(root: Path) -> DesedSource:
    return DesedSource(root, root.parent)


def test_what_is_read_is_what_was_made(written):
    made = SyntheticSource(seed=3)
    for subset in ("strong", "strong_validation", "test", "unlabelled"):
        read = source(written).load(RECIPE, subset, 100)
        expected = made.load(RECIPE, subset, len(read))
        assert np.array_equal(read.audio, expected.audio)
        assert read.clips == expected.clips
        if read.strong is not None:
            assert np.array_equal(read.strong, expected.strong)
        assert (read.strong is None) == (expected.strong is None)


def test_the_weak_clips_are_split_as_the_reference_splits_them(written):
    # local/train_sed.py: weak_df.sample(frac=0.9, random_state=42); the rest, in the table's order, validates.
    table = pd.read_csv(written / "metadata/train/weak.tsv", sep="\t")
    train = table.sample(frac=0.9, random_state=42)
    valid = table.drop(train.index)
    one = source(written)
    for subset, expected in (("weak", train), ("weak_validation", valid)):
        read = one.load(RECIPE, subset, 100)
        assert [f"{clip}.wav" for clip in read.clips] == list(expected["filename"])
        labels = [{CLASSES[i] for i in np.flatnonzero(row)} for row in read.weak]
        assert labels == [set(cell.split(",")) for cell in expected["event_labels"]]


def test_missing_clips_are_named_and_the_others_used(folder):
    (folder / "audio/train/synthetic21_train/soundscapes/strong_00002.wav").unlink()
    one = source(folder)
    before = source(folder).load(RECIPE, "weak", 100).clips
    pool = one.load(RECIPE, "strong", 100)
    assert len(pool) == CLIPS - 1
    about = one.manifest.about()
    assert (about["strong_missing"], about["strong_missing_first"]) == (1, "strong_00002.wav")
    # A missing weak clip leaves the others on the side they were on.
    gone = before[0]
    (folder / f"audio/train/weak/{gone}.wav").unlink()
    assert source(folder).load(RECIPE, "weak", 100).clips == before[1:]


def test_the_manifest_tells_one_set_from_another(folder):
    def digest() -> str:
        one = source(folder)
        load_pools(one, RECIPE, {"strong": 100, "test": 100})
        return one.manifest.sha256()

    before = digest()
    assert digest() == before
    clip = next((folder / "audio/validation/validation").glob("*.wav"))
    clip.write_bytes(clip.read_bytes() + b"\0\0")
    assert digest() != before


def test_the_resampled_twin_and_a_nested_folder_are_found(folder, tmp_path):
    audio = folder / "audio/validation/validation"
    audio.rename(audio.with_name("validation_16k"))
    (tmp_path / "outer").mkdir()
    folder.rename(tmp_path / "outer" / "dataset")
    assert len(source(tmp_path / "outer").load(RECIPE, "test", 100)) == 2


def test_other_rates_channels_and_lengths_become_the_recipes(tmp_path):
    time_s = np.arange(44_100 * 12) / 44_100
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s)
    soundfile.write(tmp_path / "long.wav", np.stack([tone, np.zeros_like(tone)], axis=1), 44_100)
    clip = read_clip(tmp_path / "long.wav", 16_000, 160_000)  # (160000,)
    spectrum = np.abs(np.fft.rfft(clip[16_000:32_000] / 32768.0))  # (8001,), 1 Hz a bin
    assert spectrum.argmax() == 440
    assert spectrum[440] / 8000 == pytest.approx(0.25, rel=1e-3)  # the mean of both channels
    soundfile.write(tmp_path / "short.wav", np.full(8_000, 0.25), 16_000)
    clip = read_clip(tmp_path / "short.wav", 16_000, 160_000)
    assert (clip[:8_000] == 8192).all()
    assert not clip[8_000:].any()


def test_a_large_subset_is_kept_in_a_file(written, tmp_path, monkeypatch):
    monkeypatch.setattr("dcase_baseline.desed.IN_MEMORY_BYTES", 1000)
    pool = DesedSource(written, tmp_path).load(RECIPE, "strong", 100)
    assert isinstance(pool.audio, np.memmap)
    assert np.array_equal(pool.audio, source(written).load(RECIPE, "strong", 0 + 100).audio)


TABLE = "metadata/validation/validation.tsv"
HEADER = "filename\tonset\toffset\tevent_label\n"
GOOD = "test_00000.wav\t0.1\t0.5\tDog\ntest_00001.wav\t0.1\t0.5\tDog\n"
BROKEN = {
    "columns": ("file\tonset\toffset\tevent_label\n" + GOOD, ":1: header: missing filename"),
    "label": (HEADER + GOOD + "test_00001.wav\t0.1\t0.5\tBird\n", ":4: expected one of Alarm_bell_ringing"),
    "number": (
        HEADER + GOOD + "test_00001.wav\t0,1\t0.5\tDog\n",
        ":4: column 'onset' is not a number",
    ),
    "order": (HEADER + GOOD + "test_00001.wav\t0.9\t0.5\tDog\n", ":4: expected 0 <= onset <= offset"),
    "nan": (HEADER + GOOD + "test_00001.wav\tnan\t0.5\tDog\n", ":4: column 'onset' is not a number"),
    "cells": (HEADER + GOOD + "test_00001.wav\t0.1\n", ":4: ragged row: expected 4 cells"),
    "long": (HEADER + GOOD + "a" * 200_000 + "/b.wav\t0.1\t0.5\tDog\n", ":4: expected the name of a clip"),
    "path": (HEADER + GOOD + "../../secret.wav\t0.1\t0.5\tDog\n", ":4: expected the name of a clip"),
    "empty": ("", "validation.tsv: no header"),
    "missing": (HEADER + "".join(f"gone_{i}.wav\t0.1\t0.5\tDog\n" for i in range(9)), "0 clips of 9 are there"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_named_with_its_line(folder, name):
    text, message = BROKEN[name]
    (folder / TABLE).write_text(text)
    with pytest.raises(DesedError) as caught:
        source(folder).load(RECIPE, "test", 100)
    assert message in str(caught.value)


def test_rows_with_empty_cells_are_clips_without_events(folder):
    (folder / TABLE).write_text(HEADER + "test_00000.wav\t\t\t\ntest_00001.wav\t0.1\t0.5\tDog\n")
    assert source(folder).load(RECIPE, "test", 100).events == ((), ((0.1, 0.5, "Dog"),))


def test_an_event_of_no_length_is_not_missed(folder):
    (folder / TABLE).write_text(HEADER + GOOD + "test_00000.wav\t0.7\t0.7\tDog\n")
    assert len(ground_truth(source(folder).load(RECIPE, "test", 100), RECIPE).events) == 2


def test_all_labels_of_a_clip_in_two_rows_count(folder):
    names = [path.name for path in (folder / "audio/train/weak").glob("*.wav")]
    rows = [f"{name}\t{label}\n" for label in ("Dog", "Cat") for name in names]
    (folder / "metadata/train/weak.tsv").write_text("filename\tevent_labels\n" + "".join(rows))
    assert set(source(folder).load(RECIPE, "weak", 100).weak.sum(axis=1)) == {2}


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\x00" * 1000], ids=["empty", "cut", "zeros"])
def test_a_clip_that_is_no_audio_is_named(folder, content):
    clip = folder / "audio/validation/validation/test_00001.wav"
    clip.write_bytes(content)
    with pytest.raises(DesedError, match=r"test_00001\.wav: expected audio"):
        source(folder).load(RECIPE, "test", 100)


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DesedError, match="found no audio/"):
        source(tmp_path)


def test_nothing_is_overwritten(folder):
    with pytest.raises(FileExistsError):
        write_desed_folder(folder, 1)
