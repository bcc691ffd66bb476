"""Outputs are called the same only where their bytes are, whatever their checksums say."""

from __future__ import annotations

import zlib

import pytest

from dcase_energy.editions.loader import load_edition
from dcase_energy.submission.validate import validate_paths
from tests.builders.packages import LABEL, files, write

RUNS = [f"{LABEL}/{LABEL}_run{number}.output" for number in (1, 2)]


def codes(folder):
    found = validate_paths([folder], load_edition("generic")).findings
    return sorted(one.code for one in found if one.code in {"O621", "O628"})


def outputs(tmp_path, name, change):
    """A package of two runs with one score file replaced in run 2 by what ``change`` makes of run 1's files."""
    contents = files(runs=2)
    clips = sorted(one.rpartition("/")[2] for one in contents if one.startswith(RUNS[0]))
    first = [contents[f"{RUNS[0]}/{clip}"] for clip in clips]
    for clip, data in zip(clips, change(first), strict=True):
        contents[f"{RUNS[1]}/{clip}"] = data
    return write(tmp_path / name, contents)


@pytest.mark.parametrize("checksum", [zlib.crc32, lambda _: 0], ids=["crc32", "all the same"])
def test_runs_and_clips_are_compared_byte_for_byte(tmp_path, monkeypatch, checksum):
    monkeypatch.setattr(zlib, "crc32", checksum)

    def one_digit(first):
        return [data.replace(b"0.1", b"0.2", 1) for data in first]

    assert codes(outputs(tmp_path, "other", one_digit)) == []
    assert codes(outputs(tmp_path, "run", lambda first: first)) == ["O621"]
    assert codes(outputs(tmp_path, "clip", lambda first: [first[0], first[0], *first[2:]])) == ["O628"]
