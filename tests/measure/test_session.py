"""A session with real child processes and a pretended meter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dcase_energy.errors import ChildFailedError, MeterError
from dcase_energy.measure.journal import JournalWriter, read_journal
from dcase_energy.measure.marks import Marks
from dcase_energy.measure.recorder import Instruments
from dcase_energy.measure.session import Session
from tests.measure.worlds import ClockMeter, work


def run(tmp_path, body, meter=None, on_mark=lambda mark, reading: {}, idle_s=0.0):
    path = tmp_path / "journal.jsonl"
    journal = JournalWriter(path)
    meter = meter or ClockMeter()
    try:
        session = Session(lambda mark: Instruments(meter), journal, idle_s=idle_s)
        session.run(work(tmp_path, body), os.environ, on_mark, tmp_path)
    finally:
        journal.close()
    return read_journal(path)


@pytest.mark.parametrize(("uuid", "context"), [('gpu_uuid="GPU-a"', True), ('device="cpu"', False)], ids=["gpu", "cpu"])
def test_idle_power_says_whether_the_work_was_on_the_gpu_meanwhile(tmp_path, uuid, context):
    body = f'marks.send("begin", "session", {uuid})\nmarks.send("end", "session")\n'
    entries = run(tmp_path, body, idle_s=0.01)
    idle = [(entry["when"], entry["gpu_context"]) for entry in entries if entry["entry"] == "idle"]
    assert idle == [("before", context), ("after", context)]


def test_marks_are_answered_and_written_with_their_readings(tmp_path):
    seen = []

    def on_mark(mark, reading):
        seen.append((mark["edge"], mark["phase"], mark.get("n")))
        return {"go_on": mark.get("n") != 2}

    entries = run(
        tmp_path,
        """
        n = 0
        while True:
            n += 1
            marks.send("begin", "steps", n=n)
            if not marks.send("end", "steps", n=n)["go_on"]:
                break
        """,
        on_mark=on_mark,
    )
    assert seen == [("begin", "steps", 1), ("end", "steps", 1), ("begin", "steps", 2), ("end", "steps", 2)]
    assert [e["entry"] for e in entries] == ["meter", "mark", "mark", "mark", "mark", "reading", "finish"]
    marks = [e for e in entries if e["entry"] == "mark"]
    # 100 W over the ten seconds between two readings of the pretended clock.
    assert marks[1]["reading"]["gpu_kwh"] - marks[0]["reading"]["gpu_kwh"] == pytest.approx(100 * 10 / 3.6e6)
    assert entries[-1]["complete"] is True


def test_work_without_marks_runs_too(tmp_path):
    entries = run(tmp_path, "pass")
    assert [e["entry"] for e in entries] == ["finish"]


def test_failing_work_leaves_a_journal_that_says_so(tmp_path):
    meter = ClockMeter()
    with pytest.raises(ChildFailedError, match="exit code 7"):
        run(tmp_path, 'marks.send("begin", "steps")\nraise SystemExit(7)', meter)
    entries = read_journal(tmp_path / "journal.jsonl")
    assert entries[-1] == {**entries[-1], "entry": "finish", "complete": False}
    assert meter.stopped


def test_work_killed_by_a_signal_is_a_failure(tmp_path):
    with pytest.raises(ChildFailedError, match="-9"):
        run(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


def test_a_meter_that_fails_ends_the_work(tmp_path):
    class Broken(ClockMeter):
        def read(self):
            raise MeterError("no figure")

    started = time.monotonic()
    with pytest.raises(MeterError, match="no figure"):
        run(tmp_path, 'marks.send("begin", "steps")\nimport time\ntime.sleep(60)', Broken())
    assert time.monotonic() - started < 30


def test_work_outside_a_session_makes_marks_that_do_nothing():
    assert Marks(None, None).send("begin", "steps") == {}


def test_work_ends_when_its_session_is_gone(tmp_path):
    """A session that is killed must not leave a training running unmeasured."""
    script = tmp_path / "session.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\n"
        "from dcase_energy.measure.journal import JournalWriter\nfrom dcase_energy.measure.session import Session\n"
        "from dcase_energy.measure.recorder import Instruments\n"
        "from tests.measure.worlds import ClockMeter, work\nfolder = Path(sys.argv[1])\n"
        "body = 'import os, pathlib, time\\npathlib.Path(\"pid\").write_text(str(os.getpid()))\\n'\n"
        'body += \'while True:\\n    marks.send("begin", "steps")\\n    time.sleep(0.05)\\n\'\n'
        "Session(lambda mark: Instruments(ClockMeter()), JournalWriter(folder / 'j.jsonl')).run("
        "work(folder, body), os.environ, lambda mark, reading: {}, folder)\n"
    )
    root = os.fspath(tmp_path.cwd())
    session = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env={**os.environ, "PYTHONPATH": root})
    pid_file = tmp_path / "pid"
    _until(lambda: pid_file.exists() and pid_file.read_text())
    _until(lambda: read_journal(tmp_path / "j.jsonl"))
    session.send_signal(signal.SIGKILL)
    session.wait()
    pid = int(pid_file.read_text())
    _until(lambda: not _alive(pid))
    assert read_journal(tmp_path / "j.jsonl")[0]["entry"] == "meter"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_is_written_down(tmp_path, number):
    body = f"import os, time\nmarks.send('begin', 'steps')\nos.kill(os.getppid(), {int(number)})\ntime.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, body)
    entries = read_journal(tmp_path / "journal.jsonl")
    assert entries[-1]["complete"] is False
    assert entries[-2]["entry"] == "reading"


def _until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that was not waited for yet has ended, too.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_meter_that_gives_no_number_is_a_failure_not_a_figure(tmp_path, value):
    class Mad(ClockMeter):
        def read(self):
            reading = super().read()
            return reading if self.reads < 2 else replace(reading, cpu_kwh=value)

    with pytest.raises(MeterError, match="counter-sane: the meter gave"):
        run(tmp_path, 'marks.send("begin", "steps")\nmarks.send("end", "steps")', Mad())
    assert [e["entry"] for e in read_journal(tmp_path / "journal.jsonl")] == ["meter", "mark", "reading", "finish"]
