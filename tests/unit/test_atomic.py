"""Writing files at once: what a replaced file keeps."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dcase_energy.writing.files import replace_files, umask, why_no_folder, why_not_writable, write_bytes

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


def test_a_replaced_set_keeps_the_modes_of_its_files(tmp_path):
    folder = tmp_path / "ranking"
    folder.mkdir()
    (folder / "old.csv").touch(mode=0o600)
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
    replace_files(tmp_path / "sheets", {"a.csv": b"x", "b.csv": b"y"})
    assert (tmp_path / "sheets" / "a.csv").is_char_device()
    assert (tmp_path / "sheets" / "b.csv").read_bytes() == b"y"


OLD = {"ranking.csv": b"old csv", "ranking.html": b"old html", "notes.txt": b"mine"}
NEW = {"ranking.csv": b"new csv", "ranking.html": b"new html", "ranking_views.csv": b"new views"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    return folder


def dies_at(step: int, folder: Path) -> bool:
    """Replace the files in a child that is gone, as by SIGKILL, at its given call of the system; whether it was."""
    child = os.fork()
    if child == 0:
        left = step

        def counted(function):
            def call(*arguments, **named):
                nonlocal left
                left -= 1
                if left < 0:
                    os._exit(9)
                return function(*arguments, **named)

            return call

        for name in ("open", "write", "fsync", "rename", "replace", "chmod", "chown", "unlink", "mkdir"):
            setattr(os, name, counted(getattr(os, name)))
        try:
            replace_files(folder, NEW)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_killed_at_every_step_each_file_is_old_or_new(tmp_path):
    changed = []
    for step in range(500):
        killed = dies_at(step, make(tmp_path / "results"))
        found = contents(tmp_path / "results")
        assert found.pop("notes.txt") == OLD["notes.txt"]
        assert all(content in (OLD.get(name), NEW[name]) for name, content in found.items()), f"step {step}: {found}"
        changed.append(sum(content == NEW[name] for name, content in found.items()))
        if not killed:
            break
    assert not killed
    assert len(changed) > 10
    assert (changed, changed[0], changed[-1]) == (sorted(changed), 0, len(NEW))
    # All are written and synced (two calls each at least) before the first takes its place.
    assert changed.count(0) > 2 * len(NEW)


def test_a_full_disk_leaves_the_old(tmp_path, monkeypatch):
    real = os.fsync

    def full(handle: int) -> None:
        if os.fstat(handle).st_size == len(NEW["ranking_views.csv"]):
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    folder = make(tmp_path / "results")
    with pytest.raises(OSError, match="No space"):
        replace_files(folder, NEW)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == OLD


def test_a_folder_that_cannot_be_synced_does_not_fail_what_was_written(tmp_path, monkeypatch):
    """The new file was in its place, and the error said that it could not be written."""

    def files_only(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", files_only)
    folder = make(tmp_path / "results")
    replace_files(folder, NEW)
    assert contents(folder).items() >= NEW.items()


def test_a_new_folder_is_made_and_a_link_to_one_is_followed(tmp_path):
    replace_files(tmp_path / "new" / "results", NEW)
    assert contents(tmp_path / "new" / "results") == NEW
    (tmp_path / "link").symlink_to("new/results")
    replace_files(tmp_path / "link", {"ranking.csv": b"newer"})
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "new" / "results") == NEW | {"ranking.csv": b"newer"}


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
