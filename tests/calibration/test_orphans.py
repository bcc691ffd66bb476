"""Whatever is killed, nothing that it started lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.cli.run import ROOT
from tests.study.clusters import has_ended, wait_for

PREPARING = """
import sys
from dataclasses import replace
from pathlib import Path
from dcase_energy.calibration.run import run_calibration
from dcase_energy.measure.recorder import Instruments
from tests.calibration.killable import FixedPowerMeter, plan

clips = {"strong": 16, "weak": 1600, "unlabelled": 16, "weak_validation": 1, "strong_validation": 8, "test": 8}
run_calibration(
    replace(plan(1), clips=clips), Path(sys.argv[1]), make_instruments=lambda mark: Instruments(FixedPowerMeter())
)
"""
POOL = """
import time
from dcase_energy.parallel import run_all

if __name__ == "__main__":
    list(run_all(time.sleep, [60] * 4, jobs=2))
"""


def start(tmp_path, script: str) -> subprocess.Popen[bytes]:
    path = tmp_path / "script.py"
    path.write_text(script)
    variables = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'baseline'}",
        "DCASE_ENERGY_LOCK": str(tmp_path / "lock"),
        "TMPDIR": str(tmp_path),
    }
    return subprocess.Popen([sys.executable, str(path), str(tmp_path / "c.json")], env=variables)


def descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


# The session's child, the tracker of a pool and a worker; clips are made in the child where there is one core.
PREPARES = 3 if len(os.sched_getaffinity(0)) > 1 else 1


@pytest.mark.parametrize(
    ("script", "least"),
    [
        pytest.param(PREPARING, 1, id="the session, while torch is loaded"),
        pytest.param(PREPARING, PREPARES, id="the session, while clips are made"),
        pytest.param(POOL, 3, id="a command with a pool"),
    ],
)
def test_no_process_outlives_what_started_it(tmp_path, script, least):
    session = start(tmp_path, script)
    try:
        wait_for(lambda: len(descendants(session.pid)) >= least)
        started = descendants(session.pid)
        session.send_signal(signal.SIGKILL)
        wait_for(lambda: all(has_ended(one.pid) for one in started), 10)
    finally:
        session.kill()
        session.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_session_leaves_no_workers(tmp_path, number):
    session = start(tmp_path, PREPARING)
    try:
        wait_for(lambda: len(descendants(session.pid)) >= PREPARES)
        started = descendants(session.pid)
        session.send_signal(number)
        wait_for(lambda: all(has_ended(one.pid) for one in [session, *started]))
    finally:
        session.kill()
        session.wait()


def test_workers_end_without_the_help_of_linux(tmp_path):
    """As on other systems: by the pipe alone."""
    script = "import dcase_energy.orphans\ndcase_energy.orphans.ask_system = lambda: None\n" + POOL
    session = start(tmp_path, script)
    try:
        wait_for(lambda: len(descendants(session.pid)) >= 3)
        started = descendants(session.pid)
        session.send_signal(signal.SIGKILL)
        wait_for(lambda: all(has_ended(one.pid) for one in started), 10)
    finally:
        session.kill()
        session.wait()
