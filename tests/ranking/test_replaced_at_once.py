"""Killing `rank` at any moment leaves the old sheets or the new, all of them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dcase_energy.writing import folders
from dcase_energy.writing.folders import replace_files
from tests.cli.run import ROOT

OLD = {"ranking.csv": b"old csv", "ranking.html": b"old html", "ranking.json": b"old json"}
NEW = {"ranking.csv": b"new csv", "ranking.html": b"new html", "ranking_views.csv": b"new views"}
MINE = {"notes.txt": b"mine"}
# Everything that may change a file system on the way, as the modules call it.
CALLS = ("open", "fsync", "rename", "replace", "link", "chmod", "unlink", "rmdir", "mkdir")
LIBRARY: Any = os  # its members come and go below


def dies_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that is gone, as by SIGKILL, at its given call; whether it got that far."""
    child = os.fork()
    if child == 0:
        left = step

        def counted(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    LIBRARY._exit(9)
                return function(*arguments, **named)

            return call

        for name in CALLS:
            setattr(LIBRARY, name, counted(getattr(os, name)))
        folders._swap = counted(folders._swap)
        try:
            work()
        finally:
            LIBRARY._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def make(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_killed_at_every_step_all_are_old_or_all_are_new(tmp_path):
    target = tmp_path / "results"
    seen = []
    for step in range(500):
        make(target, OLD | MINE)
        (target / "ranking_views.csv").unlink(missing_ok=True)
        killed = dies_at(step, lambda: replace_files(target, NEW))
        found = contents(target)
        assert found in (OLD | MINE, OLD | NEW | MINE), f"step {step}: {found}"
        seen.append(found == OLD | NEW | MINE)
        replace_files(target, contents(target))
        assert [path.name for path in tmp_path.iterdir()] == ["results"], f"step {step} left something behind"
        if not killed:
            break
    assert not killed
    assert len(seen) > 15
    assert seen == sorted(seen)
    assert seen[-1]


def test_killed_at_every_step_a_new_folder_is_whole_or_not_there(tmp_path):
    for step in range(500):
        target = tmp_path / str(step) / "results"
        killed = dies_at(step, lambda target=target: replace_files(target, NEW))
        assert not target.exists() or contents(target) == NEW
        if not killed:
            break
    assert contents(target) == NEW


def test_where_names_cannot_be_exchanged_each_file_is_old_or_new(tmp_path):
    target = tmp_path / "results"
    for step in range(500):
        make(target, OLD | MINE)
        (target / "subfolder").mkdir(exist_ok=True)
        killed = dies_at(step, lambda: replace_files(target, NEW))
        found = {path.name: path.read_bytes() for path in target.iterdir() if path.is_file() and path.name[0] != "."}
        assert all(found[name] in (OLD.get(name), NEW.get(name), MINE.get(name)) for name in found)
        replace_files(target, {})
        assert not [path.name for path in target.iterdir() if path.name.startswith(".")]
        if not killed:
            break
    assert not replace_files(target, NEW)
    assert {name: (target / name).read_bytes() for name in NEW} == NEW
    assert (target / "subfolder").is_dir()


def test_it_does_not_pull_the_folder_away_from_under_somebody(tmp_path, monkeypatch):
    make(tmp_path / "results", OLD)
    monkeypatch.chdir(tmp_path / "results")
    before = Path().stat().st_ino
    assert not replace_files(Path(), NEW)
    assert Path().stat().st_ino == before
    assert contents(Path().resolve()) == OLD | NEW


def test_mode_link_and_other_files_stay(tmp_path):
    make(tmp_path / "real", OLD | MINE)
    (tmp_path / "real").chmod(0o750)
    (tmp_path / "real" / "link").symlink_to("nowhere")
    (tmp_path / "results").symlink_to("real")
    assert replace_files(tmp_path / "results", NEW)
    assert (tmp_path / "results").is_symlink()
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o750
    assert (tmp_path / "real" / "link").is_symlink()
    (tmp_path / "real" / "link").unlink()
    assert contents(tmp_path / "results") == OLD | NEW | MINE


def test_a_running_process_is_not_swept_away(tmp_path):
    make(tmp_path / "results", OLD)
    mine = Path(tempfile.mkdtemp(prefix=f".results.dcase-energy-{os.getpid()}-", suffix=".tmp", dir=tmp_path))
    replace_files(tmp_path / "results", NEW)
    assert mine.is_dir()


def test_a_full_disk_leaves_the_old(tmp_path, monkeypatch):
    make(tmp_path / "results", OLD)
    real = os.fsync

    def full(handle: int) -> None:
        if os.fstat(handle).st_size == len(NEW["ranking_views.csv"]):
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_files(tmp_path / "results", NEW)
    assert contents(tmp_path / "results") == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


TABLE = ROOT / "tests/data/dcase2023_task4a_results_sample.csv"


def rank_into(output: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dcase_energy", "rank", str(TABLE), "--edition", "dcase2023-task4a"]
    command += ["--output-dir", str(output), "--formats", "csv,md,html,latex,xlsx,json"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(process: subprocess.Popen[bytes]) -> bool:
    """Whether it was still there to be killed."""
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[dict[str, bytes], float]:
    """The sheets, and how long they take."""
    output = tmp_path_factory.mktemp("undisturbed") / "results"
    started = time.monotonic()
    assert rank_into(output).wait() == 0
    return contents(output), time.monotonic() - started


def test_rank_is_killed_for_real_while_it_works(tmp_path, undisturbed):
    new, takes_s = undisturbed
    output = tmp_path / "results"
    old = dict.fromkeys(new, b"old")
    killed = 0
    for part in (0.1, 0.4, 0.6, 0.8, 0.9, 0.95):
        make(output, old)
        process = rank_into(output)
        time.sleep(takes_s * part)
        killed += kill(process)
        assert contents(output) in (old, new)
    assert killed >= 2


def test_rank_is_killed_for_real_while_it_writes(tmp_path, undisturbed):
    """As soon as the folder that is to take the place of the old one appears, and a little later."""
    new, _ = undisturbed
    output = tmp_path / "results"
    old = dict.fromkeys(new, b"old")
    left_behind = 0
    for delay_s in (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008):
        make(output, old)
        process = rank_into(output)
        while process.poll() is None and len(list(tmp_path.iterdir())) < 2:
            pass
        time.sleep(delay_s)
        kill(process)
        assert contents(output) in (old, new)
        left_behind += len(list(tmp_path.iterdir())) > 1
        replace_files(output, contents(output))
        assert list(tmp_path.iterdir()) == [output], "the next run sweeps away what a killed one left"
    assert left_behind >= 1
