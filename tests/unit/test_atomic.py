"""Writing files at once: what a replaced file keeps."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dcase_energy.writing.files import umask, why_no_folder, why_not_writable, write_bytes
from dcase_energy.writing.folders import replace_files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o666, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path, bits):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    path.chmod(bits)
    write_bytes(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", bits)


def test_a_new_file_and_one_in_the_place_of_a_link_get_what_the_umask_allows(tmp_path):
    write_bytes(tmp_path / "new", b"")
    (tmp_path / "private").touch(mode=0o600)
    (tmp_path / "link").symlink_to("private")
    write_bytes(tmp_path / "link", b"new")
    assert {mode(tmp_path / "new"), mode(tmp_path / "link")} == {0o666 & ~umask()}
    assert mode(tmp_path / "private") == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "theirs"
    path.touch(mode=0o600)
    os.chown(path, 1234, 2345)
    write_bytes(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (1234, 2345, 0o600)


@pytest.mark.parametrize("with_a_folder_inside", [False, True], ids=["exchanged", "one by one"])
def test_a_replaced_set_keeps_the_modes_of_its_files(tmp_path, with_a_folder_inside):
    folder = tmp_path / "ranking"
    folder.mkdir()
    (folder / "old.csv").touch(mode=0o600)
    if with_a_folder_inside:
        (folder / "inside").mkdir()
    replace_files(folder, {"old.csv": b"1", "new.csv": b"2"})
    assert (mode(folder / "old.csv"), mode(folder / "new.csv")) == (0o600, 0o666 & ~umask())


def test_a_pipe_is_written_through_and_stays_one(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_bytes(pipe, b"all of it")
        (tmp_path / "link").symlink_to(pipe)
        write_bytes(tmp_path / "link", b", twice")
        assert os.read(reader, 100) == b"all of it, twice"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]


def test_devices_among_the_files_of_a_folder_stay_devices(tmp_path):
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "a.csv").symlink_to("/dev/null")
    assert replace_files(tmp_path / "sheets", {"a.csv": b"x", "b.csv": b"y"}) is False
    assert (tmp_path / "sheets" / "a.csv").is_char_device()
    assert (tmp_path / "sheets" / "b.csv").read_bytes() == b"y"


def test_what_cannot_be_written_is_known_before(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    assert why_not_writable(tmp_path / "file") is None
    assert why_not_writable(tmp_path / "new") is None
    assert why_not_writable(tmp_path / "link") is None
    assert why_not_writable(Path("/dev/null")) is None
    assert why_not_writable(tmp_path) == "Is a directory"
    assert why_not_writable(tmp_path / "no" / "file") == "No such file or directory"
    assert why_not_writable(tmp_path / "file" / "file") == "Not a directory"
    assert why_no_folder(tmp_path / "no" / "such") is None
    assert why_no_folder(tmp_path / "file" / "such") == "Not a directory"
    assert why_no_folder(tmp_path / "link") == "No such file or directory"
